//! The gate: what policies make of a pull. `docs/gate.md` has the contract.
//!
//! A verdict is a function of what is stored: findings of the last scan that ended, the documents
//! of [`book`], and the time. Registry, API and pages all ask [`judge`].

pub mod book;
pub mod change;
pub mod dry_run;
pub mod facts;
pub mod judge;
pub mod view;
pub mod words;

use model::RepositoryName;
use serde_json::Value;

use crate::auth::Principal;
use crate::auth::access::Action;

/// How much the gate keeps and reads.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of each document.
    pub documents: policy::Limits,
    /// Policies.
    pub policies: usize,
    /// Exceptions.
    pub exceptions: usize,
    /// VEX documents.
    pub vex: usize,
    /// Passes that hold at one time.
    pub passes: usize,
    /// How long a pass may hold, in minutes.
    pub pass_minutes: u32,
    /// Tags and indexes that are looked up for an image. With more, it counts as having every tag.
    pub names: usize,
    /// Referrers that are looked at for a signature.
    pub referrers: usize,
    /// Images that one request of a dry run judges.
    pub dry_run: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            documents: policy::Limits::default(),
            policies: 500,
            exceptions: 10_000,
            vex: 1_000,
            passes: 1_000,
            pass_minutes: 24 * 60,
            names: 1_000,
            referrers: 1_000,
            dry_run: 500,
        }
    }
}

/// Something that was done to the gate, or by it.
#[derive(Clone, Debug, PartialEq)]
pub struct Act<'a> {
    /// The permission that it took.
    pub action: Action,
    /// The repository that it is about, if it is about one.
    pub repository: Option<&'a RepositoryName>,
    /// What it was done to: a name, a digest.
    pub object: &'a str,
    /// What was done, in two words: `policy put`, `pull denied`.
    pub what: &'static str,
    /// What else is worth keeping.
    pub details: Value,
}

/// Says what was done, and by whom: each change of policies, exceptions and VEX documents, each
/// pass, each pull by one, each denial.
pub fn note(principal: &Principal, act: &Act<'_>) {
    tracing::info!(
        user = principal.name,
        action = act.action.as_str(),
        repository = act.repository.map(RepositoryName::as_str),
        object = act.object,
        details = %act.details,
        "{}", act.what
    );
}

#[cfg(test)]
mod tests;
