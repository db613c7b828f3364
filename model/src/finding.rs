//! What is wrong with a package: one finding per package and weakness.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Cvss, Digest, Package, Severity};

/// What the publisher says of the weakness in this package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A newer version holds a fix.
    Fixed,
    /// Affected, and no fix is out.
    Affected,
    /// Affected, and the publisher will not fix it.
    WillNotFix,
    /// Affected, and the release or the package gets no more fixes.
    EndOfLife,
    /// The publisher has not decided yet.
    UnderInvestigation,
    /// Affected, and the publisher puts the fix off: it finds the weakness a minor one.
    Deferred,
}

impl Status {
    /// Every status, for documents and tests.
    pub const ALL: [Status; 6] = [
        Status::Fixed,
        Status::Affected,
        Status::WillNotFix,
        Status::EndOfLife,
        Status::UnderInvestigation,
        Status::Deferred,
    ];

    /// The word as it is written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Fixed => "fixed",
            Status::Affected => "affected",
            Status::WillNotFix => "will_not_fix",
            Status::EndOfLife => "end_of_life",
            Status::UnderInvestigation => "under_investigation",
            Status::Deferred => "deferred",
        }
    }

    /// The status of that word.
    pub fn from_word(word: &str) -> Option<Status> {
        Status::ALL
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The record that decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AdvisoryRef {
    /// The source's name in the database: its directory's name.
    pub source: String,
    /// The publisher's own identifier of the record.
    pub id: String,
    /// Where the publisher explains it.
    pub url: Option<String>,
}

/// A place in an image.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// The file, without a leading slash.
    pub path: String,
    /// The diff id of the layer that introduced it.
    pub layer: Option<Digest>,
}

/// One weakness in one package of one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The CVE where there is one, otherwise the publisher's identifier.
    pub id: String,
    /// Every other identifier of the same weakness, sorted.
    pub aliases: Vec<String>,
    /// The rating, the distributor's first.
    pub severity: Severity,
    /// The base score, where a source gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cvss: Option<Cvss>,
    /// When the weakness was first published, where a source says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Timestamp>,
    /// What the publisher says.
    pub status: Status,
    /// The package.
    pub package: Package,
    /// Its package URL.
    pub purl: Option<String>,
    /// Versions that hold a fix, lowest first.
    pub fixed_in: Vec<String>,
    /// What the weakness is, in the publisher's words; empty where it gives none.
    pub description: String,
    /// The record that decided.
    pub advisory: AdvisoryRef,
    /// Where the package lies, sorted. Empty for a finding that is not joined to an image.
    pub locations: Vec<Location>,
}

impl Finding {
    /// All names of the weakness: its identifier, then its aliases.
    pub fn identifiers(&self) -> impl Iterator<Item = &str> {
        let aliases = self.aliases.iter().map(String::as_str);
        std::iter::once(self.id.as_str()).chain(aliases)
    }

    /// The order of all lists of findings: worst first, then by identifier and package.
    pub fn sort_key(&self) -> (Severity, &str, &Package) {
        (self.severity, &self.id, &self.package)
    }
}

/// How many findings of each severity, worst first.
pub fn count_by_severity(findings: &[Finding]) -> [(Severity, usize); 6] {
    Severity::ALL.map(|severity| {
        (
            severity,
            findings
                .iter()
                .filter(|finding| finding.severity == severity)
                .count(),
        )
    })
}
