//! What is known about the sources of a database, without looking into them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use model::{Problem, ProblemKind, SourceFacts};
use serde::{Deserialize, Serialize};

use crate::feed::Missing;

/// The section of facts: JSON, so that a person can read it with any tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The newest date of all sources.
    pub built: Option<Timestamp>,
    /// Sorted by name; the segments come in this order.
    pub sources: Vec<SourceEntry>,
    /// When releases end, by ecosystem.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ends: BTreeMap<String, Date>,
}

/// One source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceEntry {
    /// Its directory's name.
    pub name: String,
    /// The feed that read it.
    pub feed: String,
    /// Distributions whose own publisher it is.
    pub publishes: Vec<String>,
    /// Records that were accepted.
    pub advisories: u64,
    /// Statements on one package each.
    pub rows: u64,
    /// The newest date in its input.
    pub date: Option<Timestamp>,
    /// The first problems, sorted.
    pub problems: Vec<Problem>,
    /// How many problems there were.
    pub problem_count: u64,
    /// What it lacks.
    pub missing: Vec<Missing>,
    /// Why it could not be read at all.
    pub broken: Option<String>,
    /// What it would answer for, `debian:*`.
    pub claims: Vec<String>,
    /// The ecosystems that it answers for, `debian:10`.
    pub covers: Vec<String>,
    /// The ecosystems that it has rows of, sorted.
    pub ecosystems: Vec<String>,
}

impl SourceEntry {
    /// The source as `db status` tells it: what it lacks is among its problems.
    pub fn told(&self) -> SourceFacts {
        let mut problems = Vec::new();
        let mut say = |kind, detail: String| {
            problems.push(Problem::new(kind, self.name.as_str(), detail));
        };
        if let Some(reason) = &self.broken {
            say(
                ProblemKind::Malformed,
                format!("the source could not be read: {reason}"),
            );
        }
        for missing in &self.missing {
            let detail = format!("the source is a partial one: {}", missing.detail);
            say(ProblemKind::Unsupported, detail);
        }
        let more = self
            .problem_count
            .saturating_sub(self.problems.len() as u64);
        if more > 0 {
            say(
                ProblemKind::Limit,
                format!("{more} more problems are not listed"),
            );
        }
        problems.extend(self.problems.iter().cloned());
        SourceFacts {
            name: self.name.clone(),
            advisories: self.advisories,
            date: self.date,
            problems,
        }
    }
}
