//! A whole answer: target, inventory, findings, coverage and the database that decided.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Coverage, Digest, Finding, Inventory, Platform, Problem, Stated, SuppressedFinding};

/// What was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// What the person called it: a path, or `repository:tag`.
    pub name: String,
    /// The manifest's digest, or the image id for a docker-save archive; none for a directory.
    pub digest: Option<Digest>,
    /// What the image runs on, where it says.
    pub platform: Option<Platform>,
}

/// One source of the advisory database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFacts {
    /// Its directory's name.
    pub name: String,
    /// How many records were accepted.
    pub advisories: u64,
    /// The newest date in its input.
    pub date: Option<Timestamp>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// The advisory database, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// A digest of its content.
    pub revision: String,
    /// The newest date in its input, never the clock.
    pub built: Option<Timestamp>,
    /// Its sources, sorted by name.
    pub sources: Vec<SourceFacts>,
}

/// A scan, complete in itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// What was looked at.
    pub target: Target,
    /// The database that decided.
    pub database: DatabaseFacts,
    /// How much could be answered.
    pub coverage: Coverage,
    /// What is in it.
    pub inventory: Inventory,
    /// What is wrong with it and counts, in [`Finding::sort_key`] order.
    pub findings: Vec<Finding>,
    /// What is wrong with it and was taken out of account, in the same order.
    pub suppressed: Vec<SuppressedFinding>,
    /// What VEX documents say of findings that count all the same, in the same order.
    pub stated: Vec<Stated>,
}
