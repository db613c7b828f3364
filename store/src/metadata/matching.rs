//! Findings that follow the advisory database, package by package.
//!
//! All findings are of one *judge*: an advisory database and the code that reads it, as one word.
//! Another judge is brought in by a job, of which one works at a time. It begins by saying so:
//! from then on findings are of no judge. Packages under changed keys are assessed again in
//! batches, each of which changes findings, the counts of the sets that hold them and the outbox
//! in one transaction; the last one names the judge. A package that was stored meanwhile, or by
//! somebody with another judge, is *unsettled* until a job has seen it.

use super::Answer;
use crate::record::{Job, MatchBegun, PackageKey, Reassessment, StoredPackage};

/// The contract for findings that follow the database.
pub trait Matching {
    /// The judge that all findings are of; `None` before the first, and while another one is
    /// brought in.
    fn matched_by(&self) -> Answer<Option<String>>;
    /// Begins to bring a judge in. Whoever does so for another judge has lost that job. If this
    /// one never comes to its end, nobody takes the findings for those of a judge.
    fn begin_match(&self, job: &Job, judge: &str) -> Answer<MatchBegun>;
    /// The packages that are kept under these keys, in no order that means anything.
    fn packages_under(&self, keys: &[PackageKey]) -> Answer<Vec<StoredPackage>>;
    /// Up to `limit` packages after a number, by number.
    fn packages(&self, after: Option<i64>, limit: usize) -> Answer<Vec<StoredPackage>>;
    /// Packages of that name, their own or their source's, whatever their type and version.
    fn packages_named(&self, name: &str, limit: usize) -> Answer<Vec<StoredPackage>>;
    /// Up to `limit` unsettled packages after a number, by number.
    fn unsettled_packages(&self, after: Option<i64>, limit: usize) -> Answer<Vec<StoredPackage>>;
    /// Replaces what is said of packages, with all that follows; `false`, and nothing is done,
    /// where the job is not held any more. Packages that are gone meanwhile are passed over.
    fn reassess(&self, job: &Job, batch: &Reassessment) -> Answer<bool>;
    /// Names the judge that all findings are of now; `false`, and nothing is done, where the job
    /// is not held any more or packages are unsettled. Match jobs that were added before that one
    /// are gone with it: the judge that was put in place last is the one.
    fn finish_match(&self, job: &Job, judge: &str) -> Answer<bool>;
}
