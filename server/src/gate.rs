//! The gate: what policies make of a pull. `docs/gate.md` has the contract.
//!
//! A verdict is a function of what is stored: findings of the last scan that ended, the documents
//! of [`book`], and the time. Registry, API and pages all ask [`judge`].

pub mod attached;
pub mod book;
pub mod change;
pub mod dry_run;
pub mod facts;
pub mod judge;
pub mod pulls;
pub mod view;
pub mod words;

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
    /// Entries of the audit log that a dry run looks through for pulls.
    pub pull_entries: usize,
    /// Days of pulls that a dry run can be asked for.
    pub pull_days: u32,
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
            pull_entries: 20_000,
            pull_days: 90,
        }
    }
}

#[cfg(test)]
mod tests;
