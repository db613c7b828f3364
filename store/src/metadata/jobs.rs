//! Jobs: leased rows. A lease that runs out makes the job free again.

use jiff::{SignedDuration, Timestamp};

use super::Answer;
use crate::record::{Job, JobKind};

/// The contract for jobs.
pub trait Jobs {
    /// Adds a job, unless one that does the same waits already.
    fn add_job(&self, kind: &JobKind, now: Timestamp) -> Answer<()>;
    /// Takes the oldest job that is free at `now`, for as long as the lease. Of the match jobs only
    /// the one of that judge is taken: nobody else can do the others.
    fn lease_job(
        &self,
        judge: Option<&str>,
        now: Timestamp,
        lease: SignedDuration,
    ) -> Answer<Option<Job>>;
    /// Takes the job of one kind, which is added where it is not there; `None` while another
    /// holds it.
    fn claim_job(
        &self,
        kind: &JobKind,
        now: Timestamp,
        lease: SignedDuration,
    ) -> Answer<Option<Job>>;
    /// Holds a leased job longer, until the lease from `now` on runs out; `false` where it is
    /// not there any more, or another has leased it since.
    fn renew_job(&self, job: &Job, now: Timestamp, lease: SignedDuration) -> Answer<bool>;
    /// Ends a job, unless another has leased it since.
    fn finish_job(&self, job: &Job) -> Answer<()>;
    /// Gives a job back to be tried again not before a time.
    fn retry_job(&self, job: &Job, not_before: Timestamp) -> Answer<()>;
    /// Ends every lease, of jobs and of subscriptions. For whoever has the store alone: who leased
    /// them is gone.
    fn end_leases(&self, now: Timestamp) -> Answer<()>;
    /// How many jobs wait or are leased.
    fn job_count(&self) -> Answer<u64>;
}
