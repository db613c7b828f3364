//! What happened, as the outbox keeps it: written in the transaction that did it, told to others
//! afterwards.

use jiff::Timestamp;
use model::{Change, Digest, Reason, RepositoryName, Severity, Tag};
use serde::{Deserialize, Serialize};

/// Something that happened, at its place in the order of all that did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its place in the order, from 1: its name to the outside.
    pub sequence: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What.
    pub what: Happening,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happening {
    /// A manifest was pushed, or a tag pointed at it.
    Pushed(ImageAction),
    /// A manifest or a tag was removed.
    Deleted(ImageAction),
    /// A scan ended, well or not.
    Scanned(ScanEnded),
    /// A weakness appeared in images that are stored, changed there, or went.
    Vulnerability(VulnerabilityChange),
}

impl Happening {
    /// Its word, under which it can be chosen.
    pub fn kind(&self) -> &'static str {
        match self {
            Happening::Pushed(_) => "pushed",
            Happening::Deleted(_) => "deleted",
            Happening::Scanned(_) => "scanned",
            Happening::Vulnerability(_) => "vulnerability",
        }
    }
}

/// What was done to an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageAction {
    /// Where.
    pub repository: RepositoryName,
    /// The manifest.
    pub digest: Digest,
    /// The tag, where one was pushed or removed.
    pub tag: Option<Tag>,
    /// The manifest's media type.
    pub media_type: String,
    /// Its artifact type, where it has one.
    pub artifact_type: Option<String>,
}

/// A place where an image is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ImagePlace {
    /// The repository.
    pub repository: RepositoryName,
    /// The manifest.
    pub digest: Digest,
    /// The tags that point at it there, sorted.
    pub tags: Vec<Tag>,
}

/// How a scan ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanEnded {
    /// The image that was scanned.
    pub image: Digest,
    /// Where it is, by repository; the first of them where `complete` is false.
    pub places: Vec<ImagePlace>,
    /// Whether these are all places.
    pub complete: bool,
    /// Why it failed; `None` where there are findings.
    pub failure: Option<String>,
    /// Findings by severity, worst first; zeros where it failed.
    pub counts: [u64; 6],
}

/// One weakness in all images that one change of the database, or of what is said in VEX,
/// touches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VulnerabilityChange {
    /// The CVE where there is one, otherwise the publisher's identifier.
    pub id: String,
    /// Its other identifiers, sorted.
    pub aliases: Vec<String>,
    /// What became of it.
    pub change: Change,
    /// Why.
    pub reason: Reason,
    /// The worst rating that it has in these packages now; for one that went, had.
    pub severity: Severity,
    /// What it is, in its publisher's words.
    pub description: String,
    /// The packages that have it, sorted.
    pub packages: Vec<ChangedPackage>,
    /// Where images with these packages are, by repository; the first where `complete` is false.
    pub places: Vec<ImagePlace>,
    /// Whether these are all places.
    pub complete: bool,
    /// The database revision that says so.
    pub database_revision: String,
}

/// A package of one version that a weakness is in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChangedPackage {
    /// The package's type, in the words of package URLs.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Versions that hold a fix, lowest first.
    pub fixed_in: Vec<String>,
}
