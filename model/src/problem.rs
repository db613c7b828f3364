//! What went wrong while something was read. A reader that meets garbage goes on and says so.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The ways in which a read can fall short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The bytes are not of the form that they should have.
    Malformed,
    /// The bytes end too early.
    Truncated,
    /// A limit was reached: what lies beyond it was not looked at.
    Limit,
    /// The form is known, but not read here yet.
    Unsupported,
}

impl ProblemKind {
    /// The kind in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            ProblemKind::Malformed => "malformed",
            ProblemKind::Truncated => "truncated",
            ProblemKind::Limit => "limit",
            ProblemKind::Unsupported => "unsupported",
        }
    }
}

/// One thing that could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// In which way.
    pub kind: ProblemKind,
    /// The file, layer or record, in words a person can look for.
    pub place: String,
    /// What is wrong there.
    pub detail: String,
}

impl Problem {
    /// A problem at a place.
    pub fn new(kind: ProblemKind, place: impl Into<String>, detail: impl Into<String>) -> Problem {
        Problem {
            kind,
            place: place.into(),
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} ({})",
            self.place,
            self.detail,
            self.kind.as_str()
        )
    }
}
