//! The nouns that every other crate speaks. There is no second set of types bridged by hand.
//!
//! Types here hold facts and check their own form; they open nothing, compare no advisories and
//! know no wire format. What a program reads (JSON, SARIF, ECR's shapes) is a view struct beside
//! its writer, never a `Serialize` of these: serde here serves our own stores only.

pub mod change;
pub mod coverage;
pub mod digest;
pub mod distro;
pub mod ecosystem;
pub mod evr;
pub mod exploitation;
pub mod finding;
pub mod inventory;
pub mod package;
pub mod platform;
pub mod problem;
pub mod reference;
pub mod scan;
pub mod severity;
pub mod suppression;
pub mod wildcard;

pub use change::{Change, Reason};
pub use coverage::{Coverage, Gap, GapKind};
pub use digest::Digest;
pub use distro::Distro;
pub use ecosystem::{Ecosystem, Stream};
pub use exploitation::{Cvss, Epss, Exploitation};
pub use finding::{AdvisoryRef, Finding, Location, Status};
pub use inventory::{ImageLayer, Installed, Inventory};
pub use package::{Matchable, Ownership, Package, PackageType, Source};
pub use platform::Platform;
pub use problem::{Problem, ProblemKind};
pub use reference::{Reference, RepositoryName, Tag};
pub use scan::{DatabaseFacts, Scan, SourceFacts, Target};
pub use severity::Severity;
pub use suppression::{Stated, SuppressedFinding, Suppression, VexStatement, VexStatus};
pub use wildcard::Wildcard;
