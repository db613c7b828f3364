//! What takes findings out of account. Nothing of it changes what was found: it is said beside it.

use std::fmt;

use jiff::Timestamp;

use crate::Finding;

/// What a VEX document says of a weakness in a product, in the words of OpenVEX.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VexStatus {
    /// The product is not affected.
    NotAffected,
    /// The product holds a fix.
    Fixed,
    /// It is not known yet.
    UnderInvestigation,
    /// The product is affected.
    Affected,
}

impl VexStatus {
    /// Every status, from the one that suppresses most.
    pub const ALL: [VexStatus; 4] = [
        VexStatus::NotAffected,
        VexStatus::Fixed,
        VexStatus::UnderInvestigation,
        VexStatus::Affected,
    ];

    /// The word of the specification.
    pub fn as_str(self) -> &'static str {
        match self {
            VexStatus::NotAffected => "not_affected",
            VexStatus::Fixed => "fixed",
            VexStatus::UnderInvestigation => "under_investigation",
            VexStatus::Affected => "affected",
        }
    }

    /// Whether a finding does not count for which it is said.
    pub fn suppresses(self) -> bool {
        matches!(self, VexStatus::NotAffected | VexStatus::Fixed)
    }
}

/// What a VEX document says of one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VexStatement {
    /// The document's identifier.
    pub document: String,
    /// Where the document was found: a file, a name, what it was attached to; may be empty.
    pub source: String,
    /// Who makes it.
    pub author: String,
    /// What it says.
    pub status: VexStatus,
    /// Why, in the document's words; may be empty.
    pub justification: String,
    /// Since when it is known to be true.
    pub said_at: Timestamp,
}

impl fmt::Display for VexStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VEX document {}", self.document)?;
        if !self.author.is_empty() {
            write!(f, " of {}", self.author)?;
        }
        write!(f, " says {}", self.status.as_str())?;
        match self.justification.is_empty() {
            true => Ok(()),
            false => write!(f, ": {}", self.justification),
        }
    }
}

/// What took a finding out of account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suppression {
    /// A statement of a VEX document.
    Vex(VexStatement),
    /// An exception.
    Exception {
        /// Its identifier.
        id: String,
        /// Who made it.
        who: String,
        /// Why.
        reason: String,
        /// Until when.
        expires_at: Timestamp,
    },
    /// A rule of a file of the person who looks.
    Ignore {
        /// The rule, by its place: `lazaret.toml line 3`.
        rule: String,
        /// Why.
        reason: String,
        /// Until when, where it ends.
        expires_at: Option<Timestamp>,
    },
}

impl fmt::Display for Suppression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Suppression::Vex(statement) => statement.fmt(f),
            Suppression::Exception {
                id,
                who,
                reason,
                expires_at,
            } => write!(f, "exception {id} of {who} until {expires_at}: {reason}"),
            Suppression::Ignore {
                rule,
                reason,
                expires_at,
            } => {
                write!(f, "ignored by {rule}")?;
                if let Some(end) = expires_at {
                    write!(f, " until {end}")?;
                }
                write!(f, ": {reason}")
            }
        }
    }
}

/// A finding that does not count, and what took it out of account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuppressedFinding {
    /// The finding, as it was found.
    pub finding: Finding,
    /// What took it out of account.
    pub by: Suppression,
}

/// What a VEX document says of a finding that counts all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// The finding's identifier.
    pub id: String,
    /// The package's name.
    pub package: String,
    /// The package's version.
    pub version: String,
    /// What is said of it.
    pub statement: VexStatement,
}
