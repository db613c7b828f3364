//! Jobs: rows that are free from a time on. A lease moves that time.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::value::{Time, from_json, json};
use crate::metadata::Answer;
use crate::record::{Job, JobKind};

pub fn add(transaction: &Transaction<'_>, kind: &JobKind, now: Timestamp) -> Answer<()> {
    let sql = "INSERT INTO job (kind, free_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    transaction
        .prepare_cached(sql)?
        .execute(params![json(kind)?, Time(now)])?;
    Ok(())
}

pub fn lease(
    transaction: &Transaction<'_>,
    now: Timestamp,
    lease: SignedDuration,
) -> Answer<Option<Job>> {
    let sql = "UPDATE job SET attempts = attempts + 1, free_at = ?2
               WHERE id = (SELECT id FROM job WHERE free_at <= ?1 ORDER BY id LIMIT 1)
               RETURNING id, kind, attempts";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?));
    let mut statement = transaction.prepare_cached(sql)?;
    let leased = statement
        .query_row(params![Time(now), until(now, lease)], read)
        .optional()?;
    let Some((id, kind, attempts)) = leased else {
        return Ok(None);
    };
    let kind = from_json(&format!("job {id}"), &kind)?;
    Ok(Some(Job { id, kind, attempts }))
}

pub fn renew(
    transaction: &Transaction<'_>,
    id: i64,
    now: Timestamp,
    lease: SignedDuration,
) -> Answer<bool> {
    free_at(transaction, id, until(now, lease))
}

pub fn retry(transaction: &Transaction<'_>, id: i64, not_before: Timestamp) -> Answer<()> {
    free_at(transaction, id, Time(not_before)).map(drop)
}

pub fn finish(transaction: &Transaction<'_>, id: i64) -> Answer<()> {
    transaction
        .prepare_cached("DELETE FROM job WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Forgets a job that has lost its object.
pub fn forget(transaction: &Transaction<'_>, kind: &JobKind) -> Answer<()> {
    transaction
        .prepare_cached("DELETE FROM job WHERE kind = ?1")?
        .execute([json(kind)?])?;
    Ok(())
}

fn free_at(transaction: &Transaction<'_>, id: i64, time: Time) -> Answer<bool> {
    let mut statement = transaction.prepare_cached("UPDATE job SET free_at = ?2 WHERE id = ?1")?;
    Ok(statement.execute(params![id, time])? == 1)
}

fn until(now: Timestamp, lease: SignedDuration) -> Time {
    Time(now.checked_add(lease).unwrap_or(Timestamp::MAX))
}
