//! Scans: their rows, what they found, and what a change of the database does to that.

use jiff::Timestamp;
use model::{Change, Digest, Finding, Gap, Inventory, Matchable, Reason, Severity};
use serde::{Deserialize, Serialize};

use super::ImagePlace;

/// Where an image's scan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanState {
    /// Asked for, not begun.
    Pending,
    /// A worker has it.
    InProgress,
    /// Done: there are findings, or there are none.
    Complete,
    /// It could not be done: `detail` says why.
    Failed,
}

impl ScanState {
    /// The word under which the state is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            ScanState::Pending => "pending",
            ScanState::InProgress => "in_progress",
            ScanState::Complete => "complete",
            ScanState::Failed => "failed",
        }
    }

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<ScanState> {
        let all = [
            ScanState::Pending,
            ScanState::InProgress,
            ScanState::Complete,
            ScanState::Failed,
        ];
        all.into_iter().find(|state| state.as_str() == word)
    }
}

/// The scan of one image (one manifest digest, whatever repositories hold it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanRow {
    /// The manifest's digest.
    pub image: Digest,
    /// Where it stands.
    pub state: ScanState,
    /// Why it failed, in words; empty otherwise.
    pub detail: String,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it ended, if it did.
    pub completed_at: Option<Timestamp>,
    /// Findings by severity, [`Severity::ALL`] order, as of the database revision in use; zeros
    /// before the first end.
    pub counts: [(Severity, u64); 6],
}

/// Under which ecosystem and name the advisory database speaks of a package.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PackageKey {
    /// `debian:12`, or a package type.
    pub ecosystem: String,
    /// The name in the form in which the database keeps it.
    pub name: String,
}

/// A matchable package, and what a database revision says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssessedPackage {
    /// The key of the findings' cache.
    pub matchable: Matchable,
    /// Where the database speaks of it, the main place first; none where nobody answers for it.
    pub keys: Vec<PackageKey>,
    /// Findings without locations.
    pub findings: Vec<Finding>,
    /// Comparisons that could not be decided.
    pub gaps: Vec<Gap>,
}

/// An assessed package of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPackage {
    /// Its number.
    pub id: i64,
    /// The package, and what is kept of it.
    pub assessed: AssessedPackage,
}

/// What a scan found, to be stored in one transaction.
#[derive(Clone, Debug)]
pub struct ScanResult {
    /// The manifest's digest.
    pub image: Digest,
    /// The whole inventory.
    pub inventory: Inventory,
    /// The catalog revision that made the inventory.
    pub catalog_revision: String,
    /// Each distinct matchable package of the inventory, assessed.
    pub packages: Vec<AssessedPackage>,
    /// Which of them came into the image together, by their places in `packages`: images share
    /// such sets. Each package is in one of them, and packages of one type, name and version are
    /// in the same.
    pub sets: Vec<Vec<usize>>,
    /// What assessed them: a database and the code that reads it; empty for none.
    pub judge: String,
    /// When it ended.
    pub completed_at: Timestamp,
}

/// A scan that found out nothing.
#[derive(Clone, Debug)]
pub struct ScanFailed {
    /// The manifest's digest.
    pub image: Digest,
    /// Why, in words.
    pub detail: String,
    /// The catalog revision that could not do it: another one may.
    pub catalog_revision: String,
    /// When it ended.
    pub completed_at: Timestamp,
}

/// What becomes of the scan of an image that is pushed.
#[derive(Clone, Copy, Debug)]
pub enum ScanOrder<'a> {
    /// Nobody wants it.
    None,
    /// A job does it: it is in progress from now on. One that is complete stays as it is.
    Later,
    /// It is done: this is what was found.
    Done(&'a ScanResult),
    /// It cannot be done, for this reason.
    Failed(&'a ScanFailed),
}

/// What the facts of an image are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactsVersion {
    /// Where the scan stands.
    pub state: ScanState,
    /// When it ended last.
    pub completed_at: Option<Timestamp>,
    /// Its sets of packages, each with the number of changes to what is said of them.
    pub sets: Vec<(i64, u64)>,
    /// The judge that all its findings are of; `None` while they are brought to another one.
    pub judge: Option<String>,
}

impl FactsVersion {
    /// Whether the facts are the same: they can be when they are of another judge.
    pub fn holds_the_same(&self, other: &FactsVersion) -> bool {
        self.state == other.state
            && self.completed_at == other.completed_at
            && self.sets == other.sets
    }
}

/// One weakness that is found, rated or fixed otherwise than before in packages of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeaknessChange {
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
    /// The packages by their numbers, each with the versions that hold a fix.
    pub packages: Vec<(i64, Vec<String>)>,
}

/// A stored package of which something else is said, or the same by another revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reassessed {
    /// Its number.
    pub id: i64,
    /// What is stored.
    pub before: AssessedPackage,
    /// What is to be.
    pub after: AssessedPackage,
}

/// How bringing a database revision in began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MatchBegun {
    /// The job is not held any more.
    NotHeld,
    /// All findings were of this revision; `None` where there was none, or where somebody began
    /// and did not come to the end: then any package may have been assessed by any of the two.
    From(Option<String>),
}

/// New assessments of stored packages, with the changes that they are: all or nothing.
#[derive(Clone, Debug)]
pub struct Reassessment {
    /// The packages. Only whoever holds the job changes what is said of one.
    pub packages: Vec<Reassessed>,
    /// What that changes. The packages of each are all in `packages`.
    pub changes: Vec<WeaknessChange>,
    /// The database revision that says so.
    pub database_revision: String,
    /// When.
    pub at: Timestamp,
    /// The most places of images that one event names.
    pub places: usize,
}

/// A place of an image that holds packages that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AffectedImage {
    /// The number of its scan: where the next page goes on.
    pub scan: i64,
    /// Where it is.
    pub place: ImagePlace,
    /// Those of its packages, with the findings that were asked for, without locations.
    pub packages: Vec<AssessedPackage>,
}
