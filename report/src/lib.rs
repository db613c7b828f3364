//! A scan to bytes: a table for a person, a document for a program.
//!
//! A format is one file and one line in [`ALL`]. Writers stream: they hold one row at a time.

use std::io;

use jiff::Timestamp;
use model::{Finding, Scan, SuppressedFinding};

#[cfg(test)]
mod fixture;
pub mod json;
pub mod packages;
pub mod table;
pub mod text;

/// How a scan is written.
pub type Write = fn(&Scan, &Options, &mut dyn io::Write) -> io::Result<()>;

/// A way to write a scan.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// What a person calls it: `--format NAME`.
    pub name: &'static str,
    /// Writes a whole scan, with a newline at its end. Fails only where the output does.
    pub write: Write,
}

/// Every format; the first is the default.
pub const ALL: &[Format] = &[
    Format {
        name: "table",
        write: table::write,
    },
    Format {
        name: "json",
        write: json::write,
    },
    Format {
        name: "advice",
        write: table::advice,
    },
];

/// The format of that name.
pub fn format(name: &str) -> Option<&'static Format> {
    ALL.iter().find(|format| format.name == name)
}

/// The width where the output is no terminal, in columns.
const PIPE_WIDTH: u16 = 100;
/// The narrowest width that lines are fitted to, in columns.
const LEAST_WIDTH: u16 = 40;
/// The narrowest width for lists in columns; below it each row is a paragraph.
const COLUMNS_FROM: usize = 80;

/// What a writer must know of the world outside the scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The time against which ages are told.
    pub now: Timestamp,
    /// The terminal's columns; `None` where the output is no terminal.
    pub width: Option<u16>,
    /// Whether ANSI colours may be written.
    pub color: bool,
}

impl Options {
    /// The columns that lines are fitted to.
    fn columns(&self) -> usize {
        usize::from(self.width.unwrap_or(PIPE_WIDTH).max(LEAST_WIDTH))
    }

    /// For an output that is no terminal.
    pub fn new(now: Timestamp) -> Options {
        Options {
            now,
            width: None,
            color: false,
        }
    }
}

/// The findings in the order of all lists, whatever order they came in.
fn worst_first(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    sorted
}

/// The findings that do not count in the order of all lists.
fn suppressed_worst_first(all: &[SuppressedFinding]) -> Vec<&SuppressedFinding> {
    let mut sorted: Vec<&SuppressedFinding> = all.iter().collect();
    sorted.sort_by(|a, b| a.finding.sort_key().cmp(&b.finding.sort_key()));
    sorted
}

/// How many findings a newer version mends.
fn fixable(findings: &[Finding]) -> usize {
    let has_fix = |finding: &&Finding| !finding.fixed_in.is_empty();
    findings.iter().filter(has_fix).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_found_by_name() {
        let names: Vec<_> = ALL.iter().map(|format| format.name).collect();
        assert_eq!(names, ["table", "json", "advice"]);
        assert_eq!(format("json").map(|format| format.name), Some("json"));
        assert!(format("yaml").is_none());
    }
}
