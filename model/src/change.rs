//! Why what is said of a package is another thing than before.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What became of a weakness in a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is found and was not before.
    Found,
    /// It was found before, and is now, but is rated or fixed otherwise.
    Altered,
    /// It was found before and is not any more.
    Gone,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// An advisory that was not there before.
    NewAdvisory,
    /// An advisory that was there speaks of other versions now.
    ChangedRange,
    /// An advisory that was there says something else of it: another rating, another fix.
    ChangedRecord,
    /// Its publisher took the advisory back, or it is not in its feed any more.
    Withdrawn,
    /// A VEX statement was added, changed or removed.
    Vex,
    /// The database was exchanged and the one before is not at hand, so that nobody can tell.
    OtherDatabase,
}

impl Change {
    /// The word as it is written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Change::Found => "found",
            Change::Altered => "altered",
            Change::Gone => "gone",
        }
    }
}

impl Reason {
    /// The word as it is written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::NewAdvisory => "new_advisory",
            Reason::ChangedRange => "changed_range",
            Reason::ChangedRecord => "changed_record",
            Reason::Withdrawn => "withdrawn",
            Reason::Vex => "vex",
            Reason::OtherDatabase => "other_database",
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
