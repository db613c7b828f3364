//! Scans: one per image, with its inventory and the inverted index of its packages.

use jiff::Timestamp;
use model::{Digest, Inventory, Severity};
use rusqlite::types::Type;
use rusqlite::{Error, OptionalExtension, Row, Transaction, params};

use super::value::{Text, Time, json, limit, pack, unpack};
use super::{finding, job};
use crate::metadata::Answer;
use crate::record::{JobKind, ScanResult, ScanRow, ScanState};

pub fn get(transaction: &Transaction<'_>, image: &Digest) -> Answer<Option<ScanRow>> {
    let sql = "SELECT state, detail, requested_at, completed_at, database_revision, counts
               FROM scan WHERE image = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    Ok(statement
        .query_row([image.as_str()], |row| read(image, row))
        .optional()?)
}

fn read(image: &Digest, row: &Row<'_>) -> rusqlite::Result<ScanRow> {
    let word: String = row.get(0)?;
    let unknown = || {
        let error = format!("'{word}' is no state of a scan");
        Error::FromSqlConversionFailure(0, Type::Text, error.into())
    };
    let counts: String = row.get(5)?;
    let counts: [u64; 6] = serde_json::from_str(&counts)
        .map_err(|error| Error::FromSqlConversionFailure(5, Type::Text, error.into()))?;
    let mut counted = Severity::ALL.map(|severity| (severity, 0));
    for (pair, count) in counted.iter_mut().zip(counts) {
        pair.1 = count;
    }
    Ok(ScanRow {
        image: image.clone(),
        state: ScanState::from_word(&word).ok_or_else(unknown)?,
        detail: row.get(1)?,
        requested_at: row.get::<_, Time>(2)?.0,
        completed_at: row.get::<_, Option<Time>>(3)?.map(|time| time.0),
        database_revision: row.get(4)?,
        counts: counted,
    })
}

/// Makes a scan PENDING with its job, unless it is complete.
pub fn want(transaction: &Transaction<'_>, image: &Digest, now: Timestamp) -> Answer<()> {
    match get(transaction, image)?.map(|scan| scan.state) {
        Some(ScanState::Complete) => Ok(()),
        _ => request(transaction, image, now),
    }
}

/// Makes the scan of an image that some repository holds PENDING with its job, unless it is under
/// way.
pub fn request(transaction: &Transaction<'_>, image: &Digest, now: Timestamp) -> Answer<()> {
    if !is_held(transaction, image)? {
        return Ok(());
    }
    let sql = "INSERT INTO scan (image, state, requested_at) VALUES (?1, 'pending', ?2)
               ON CONFLICT DO UPDATE SET state = 'pending', detail = '',
                   requested_at = excluded.requested_at
               WHERE state NOT IN ('pending', 'in_progress')";
    transaction
        .prepare_cached(sql)?
        .execute(params![image.as_str(), Time(now)])?;
    job::add(
        transaction,
        &JobKind::Scan {
            image: image.clone(),
        },
        now,
    )
}

pub fn begin(transaction: &Transaction<'_>, image: &Digest) -> Answer<()> {
    let sql = "UPDATE scan SET state = 'in_progress', detail = '' WHERE image = ?1";
    transaction.prepare_cached(sql)?.execute([image.as_str()])?;
    Ok(())
}

/// Stores what a scan found. An image that was deleted meanwhile stays deleted.
pub fn complete(transaction: &Transaction<'_>, result: &ScanResult) -> Answer<()> {
    let Some((scan, before)) = row(transaction, &result.image)? else {
        return Ok(());
    };
    let inventory = "INSERT OR REPLACE INTO inventory (scan_id, catalog_revision, inventory)
                     VALUES (?1, ?2, ?3)";
    let packed = pack(&result.inventory)?;
    transaction.prepare_cached(inventory)?.execute(params![
        scan,
        result.catalog_revision,
        packed
    ])?;
    finding::replace(
        transaction,
        scan,
        &result.packages,
        &result.database_revision,
    )?;
    let sql = "UPDATE scan SET state = 'complete', detail = '', completed_at = ?2,
               database_revision = ?3, counts = ?4 WHERE id = ?1";
    let counts = result.counts.map(|(_, count)| count);
    transaction.prepare_cached(sql)?.execute(params![
        scan,
        Time(result.completed_at),
        result.database_revision,
        json(&counts)?,
    ])?;
    end_job(transaction, &result.image)?;
    forget_revision(transaction, before.as_deref())
}

pub fn fail(
    transaction: &Transaction<'_>,
    image: &Digest,
    detail: &str,
    now: Timestamp,
) -> Answer<()> {
    let Some((scan, before)) = row(transaction, image)? else {
        return Ok(());
    };
    finding::remove(transaction, scan)?;
    transaction
        .prepare_cached("DELETE FROM inventory WHERE scan_id = ?1")?
        .execute([scan])?;
    let sql = "UPDATE scan SET state = 'failed', detail = ?2, completed_at = ?3,
               database_revision = NULL, counts = '[0,0,0,0,0,0]' WHERE id = ?1";
    transaction
        .prepare_cached(sql)?
        .execute(params![scan, detail, Time(now)])?;
    end_job(transaction, image)?;
    forget_revision(transaction, before.as_deref())
}

/// Removes the scan of an image that no repository holds any more.
pub fn forget_if_unheld(transaction: &Transaction<'_>, image: &Digest) -> Answer<()> {
    if is_held(transaction, image)? {
        return Ok(());
    }
    end_job(transaction, image)?;
    let Some((scan, before)) = row(transaction, image)? else {
        return Ok(());
    };
    finding::remove(transaction, scan)?;
    transaction
        .prepare_cached("DELETE FROM scan WHERE id = ?1")?
        .execute([scan])?;
    forget_revision(transaction, before.as_deref())
}

pub fn inventory(
    transaction: &Transaction<'_>,
    image: &Digest,
) -> Answer<Option<(Inventory, String)>> {
    let sql = "SELECT i.inventory, i.catalog_revision FROM inventory i
               JOIN scan s ON s.id = i.scan_id WHERE s.image = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    let read = |row: &Row<'_>| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?));
    let Some((packed, revision)) = statement.query_row([image.as_str()], read).optional()? else {
        return Ok(None);
    };
    let inventory = unpack(&format!("the inventory of {image}"), &packed)?;
    Ok(Some((inventory, revision)))
}

pub fn images_behind(
    transaction: &Transaction<'_>,
    database_revision: &str,
    catalog_revision: &str,
    after: Option<&Digest>,
    rows: usize,
) -> Answer<Vec<Digest>> {
    let sql = "SELECT s.image FROM scan s JOIN inventory i ON i.scan_id = s.id
               WHERE (s.database_revision <> ?1 OR i.catalog_revision <> ?2) AND s.image > ?3
               ORDER BY s.image LIMIT ?4";
    let mut statement = transaction.prepare_cached(sql)?;
    let after = after.map_or("", Digest::as_str);
    let given = params![database_revision, catalog_revision, after, limit(rows)];
    let found = statement.query_map(given, |row| Ok(row.get::<_, Text<_>>(0)?.0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// A scan's number, and the database revision of its findings.
pub fn row(transaction: &Transaction<'_>, image: &Digest) -> Answer<Option<(i64, Option<String>)>> {
    let sql = "SELECT id, database_revision FROM scan WHERE image = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    Ok(statement.query_row([image.as_str()], read).optional()?)
}

fn is_held(transaction: &Transaction<'_>, image: &Digest) -> Answer<bool> {
    let sql = "SELECT 1 FROM manifest WHERE digest = ?1";
    Ok(transaction.prepare_cached(sql)?.exists([image.as_str()])?)
}

/// Ends the job of a scan together with the scan: a scan that is asked for again a moment later
/// must not be taken for the job that is about to be finished.
fn end_job(transaction: &Transaction<'_>, image: &Digest) -> Answer<()> {
    let image = image.clone();
    job::forget(transaction, &JobKind::Scan { image })
}

/// Removes the assessments of a revision that no scan has any more.
fn forget_revision(transaction: &Transaction<'_>, revision: Option<&str>) -> Answer<()> {
    let Some(revision) = revision else {
        return Ok(());
    };
    let sql = "DELETE FROM assessment WHERE database_revision = ?1
               AND NOT EXISTS (SELECT 1 FROM scan WHERE database_revision = ?1)";
    transaction.prepare_cached(sql)?.execute([revision])?;
    Ok(())
}
