//! .NET: NuGet's packages of programs, and what projects are built from.

pub mod assembly;
mod deps;
mod lock;
mod paket;
mod project;

pub use deps::DEPENDENCIES;
pub use lock::{ASSETS, LOCK};
pub use paket::PAKET;
pub use project::{CONFIG, PROJECT};

use crate::text::word;

/// A package's name and version where both are usable. NuGet compares names without regard to
/// case; they are kept as they are written.
fn named(name: &str, version: &str) -> Option<(String, String)> {
    let name = word(name.as_bytes())?;
    let is_odd = |char: char| matches!(char, '/' | '\\' | '$' | '(' | ')' | '*' | '[' | ']' | ',');
    let version = word(version.as_bytes())?;
    (!name.contains(is_odd) && !version.contains(is_odd)).then_some((name, version))
}
