//! How much of the question a scan could answer. INCOMPLETE is not CLEAN.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! gap_kinds {
    ($($variant:ident $word:literal $doc:literal),* $(,)?) => {
        /// The reasons for which an answer can fall short.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum GapKind {
            $(#[doc = $doc] $variant,)*
        }

        impl GapKind {
            /// Every kind, for documents and tests.
            pub const ALL: &'static [GapKind] = &[$(GapKind::$variant,)*];

            /// The kind as it is written in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(GapKind::$variant => $word,)* }
            }
        }
    };
}

gap_kinds! {
    NoPackageDatabase "no_package_database" "No package database was found in the image.",
    UnknownDistro "unknown_distro" "The image's distribution is not named, or not one that is known here.",
    EndOfLife "end_of_life" "The distribution's release gets no more fixes: silence means nothing.",
    NoFeed "no_feed" "The database holds no source that answers for this distribution or package type.",
    PartialFeed "partial_feed" "The source that answers holds only a part of what its publisher knows.",
    StaleFeed "stale_feed" "The source that answers is older than its age limit.",
    UndatedFeed "undated_feed" "The source that answers does not say of which date it is.",
    BrokenFeed "broken_feed" "The source could not be read when the database was built.",
    Unreadable "unreadable" "A file, layer or record could not be read.",
    Limit "limit" "A limit was reached: what lies beyond it was not looked at.",
    Unsupported "unsupported" "Something is there that is not catalogued here.",
    Undecided "undecided" "Two versions could not be compared.",
    FindingsBehind "findings_behind" "The findings are still being brought to the database in use.",
}

impl fmt::Display for GapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One reason, with its details in words.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// Which.
    pub kind: GapKind,
    /// What, where and what to do.
    pub detail: String,
}

impl Gap {
    /// A gap of a kind.
    pub fn new(kind: GapKind, detail: impl Into<String>) -> Gap {
        Gap {
            kind,
            detail: detail.into(),
        }
    }
}

/// The whole in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// Every package was compared with a source that answers for it.
    Complete,
    /// Something was not: the gaps say what.
    Incomplete,
    /// Nothing could be looked at.
    Unsupported,
}

impl Completeness {
    /// The word as it is written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Completeness::Complete => "complete",
            Completeness::Incomplete => "incomplete",
            Completeness::Unsupported => "unsupported",
        }
    }
}

impl fmt::Display for Completeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The verdict on completeness and its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// In one word.
    pub verdict: Completeness,
    /// Sorted, each once.
    pub gaps: Vec<Gap>,
}

impl Coverage {
    /// The verdict that follows from the gaps. `looked_at` is false where there was nothing that
    /// could be compared at all.
    pub fn from_gaps(mut gaps: Vec<Gap>, looked_at: bool) -> Coverage {
        gaps.sort();
        gaps.dedup();
        let verdict = match (looked_at, gaps.is_empty()) {
            (false, _) => Completeness::Unsupported,
            (true, true) => Completeness::Complete,
            (true, false) => Completeness::Incomplete,
        };
        Coverage { verdict, gaps }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_never_complete() {
        let gap = || Gap::new(GapKind::Limit, "x");
        let verdict = |gaps, looked| Coverage::from_gaps(gaps, looked).verdict;
        assert_eq!(verdict(vec![], true), Completeness::Complete);
        assert_eq!(verdict(vec![gap(), gap()], true), Completeness::Incomplete);
        assert_eq!(verdict(vec![], false), Completeness::Unsupported);
        assert_eq!(Coverage::from_gaps(vec![gap(), gap()], true).gaps.len(), 1);
    }
}
