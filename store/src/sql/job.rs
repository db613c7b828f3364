//! Jobs: rows that are free from a time on. A lease moves that time.
//!
//! A lease is known by its number, which is how often the job was leased: a worker whose lease
//! ran out cannot renew or end the job of the next one.

use jiff::{SignedDuration, Timestamp};

use super::row::{Row, given};
use super::value::{from_json, json};
use super::{Driver, Durability, Transaction};
use crate::metadata::{Answer, Jobs};
use crate::record::{Job, JobKind};

impl<D: Driver> Jobs for D {
    fn add_job(&self, kind: &JobKind, now: Timestamp) -> Answer<()> {
        self.write(Durability::Synced, |t| add(t, kind, now))
    }

    fn lease_job(
        &self,
        judge: Option<&str>,
        now: Timestamp,
        lease: SignedDuration,
    ) -> Answer<Option<Job>> {
        let own = judge.map_or(Ok(String::new()), |judge| json(&match_of(judge)))?;
        // Most looks find nothing, and those need not write.
        let free = format!("SELECT 1 FROM job WHERE free_at <= ?1 AND {CAN_BE_DONE} LIMIT 1");
        if self.read(|t| t.first(&free, &given![now, &own]))?.is_none() {
            return Ok(None);
        }
        self.write(Durability::Unsynced, |t| {
            let sql = format!(
                "UPDATE job SET attempts = attempts + 1, free_at = ?3
                 WHERE id = (SELECT id FROM job WHERE free_at <= ?1 AND {CAN_BE_DONE}
                             ORDER BY id LIMIT 1)
                 RETURNING id, kind, attempts"
            );
            t.first(&sql, &given![now, &own, until(now, lease)])?
                .map(read)
                .transpose()
        })
    }

    fn claim_job(
        &self,
        kind: &JobKind,
        now: Timestamp,
        lease: SignedDuration,
    ) -> Answer<Option<Job>> {
        self.write(Durability::Unsynced, |t| {
            add(t, kind, now)?;
            let sql = "UPDATE job SET attempts = attempts + 1, free_at = ?2
                       WHERE kind = ?3 AND free_at <= ?1 RETURNING id, kind, attempts";
            let row = t.first(sql, &given![now, until(now, lease), json(kind)?])?;
            row.map(read).transpose()
        })
    }

    fn renew_job(&self, job: &Job, now: Timestamp, lease: SignedDuration) -> Answer<bool> {
        self.write(Durability::Unsynced, |t| free_at(t, job, until(now, lease)))
    }

    fn finish_job(&self, job: &Job) -> Answer<()> {
        // Lost, it is done once more, which changes nothing.
        self.write(Durability::Unsynced, |t| {
            let sql = "DELETE FROM job WHERE id = ?1 AND attempts = ?2";
            t.execute(sql, &given![job.id, u64::from(job.attempts)])?;
            Ok(())
        })
    }

    fn retry_job(&self, job: &Job, not_before: Timestamp) -> Answer<()> {
        self.write(Durability::Unsynced, |t| {
            free_at(t, job, not_before).map(drop)
        })
    }

    fn end_leases(&self, now: Timestamp) -> Answer<()> {
        self.write(Durability::Synced, |t| {
            let jobs = "UPDATE job SET free_at = ?1 WHERE free_at > ?1 AND attempts > 0";
            t.execute(jobs, &given![now])?;
            let subscriptions = "UPDATE subscription SET free_at = ?1, lease = lease + 1
                                 WHERE free_at > ?1";
            t.execute(subscriptions, &given![now]).map(drop)
        })
    }

    fn job_count(&self) -> Answer<u64> {
        self.read(|t| {
            let row = t.first("SELECT COUNT(*) FROM job", &[])?;
            row.unwrap_or_default().take(0)
        })
    }
}

/// What whoever asks can do: every job but the matches of others.
const CAN_BE_DONE: &str = r#"(kind NOT LIKE '{"match":%' OR kind = ?2)"#;

fn match_of(judge: &str) -> JobKind {
    JobKind::Match {
        judge: judge.to_owned(),
    }
}

fn read(mut row: Row) -> Answer<Job> {
    let (id, kind): (i64, String) = (row.take(0)?, row.take(1)?);
    Ok(Job {
        kind: from_json(&format!("job {id}"), &kind)?,
        id,
        attempts: row.take(2)?,
    })
}

/// Adds a job, unless one that does the same waits already.
pub fn add(t: &mut dyn Transaction, kind: &JobKind, now: Timestamp) -> Answer<()> {
    let sql = "INSERT INTO job (kind, free_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    t.execute(sql, &given![json(kind)?, now])?;
    Ok(())
}

/// Whether whoever leased a job holds it still.
pub fn is_held(t: &mut dyn Transaction, job: &Job) -> Answer<bool> {
    let sql = "SELECT 1 FROM job WHERE id = ?1 AND attempts = ?2";
    Ok(t.first(sql, &given![job.id, u64::from(job.attempts)])?
        .is_some())
}

/// Takes every other match job from whoever holds it. It is done later all the same, once its
/// lease has run out.
pub fn take_matches(t: &mut dyn Transaction, but: &Job) -> Answer<()> {
    let sql = r#"UPDATE job SET attempts = attempts + 1
                 WHERE id <> ?1 AND attempts > 0 AND kind LIKE '{"match":%'"#;
    t.execute(sql, &given![but.id]).map(drop)
}

/// Forgets every match job that was added before one that is done: its judge is not the last that
/// somebody put in place.
pub fn forget_matches_before(t: &mut dyn Transaction, done: &Job) -> Answer<()> {
    let sql = r#"DELETE FROM job WHERE id < ?1 AND kind LIKE '{"match":%'"#;
    t.execute(sql, &given![done.id]).map(drop)
}

/// Forgets a job that has lost its object.
pub fn forget(t: &mut dyn Transaction, kind: &JobKind) -> Answer<()> {
    t.execute("DELETE FROM job WHERE kind = ?1", &given![json(kind)?])?;
    Ok(())
}

fn free_at(t: &mut dyn Transaction, job: &Job, time: Timestamp) -> Answer<bool> {
    let sql = "UPDATE job SET free_at = ?3 WHERE id = ?1 AND attempts = ?2";
    Ok(t.execute(sql, &given![job.id, u64::from(job.attempts), time])? == 1)
}

/// The end of a lease from now on.
pub fn until(now: Timestamp, lease: SignedDuration) -> Timestamp {
    now.checked_add(lease).unwrap_or(Timestamp::MAX)
}
