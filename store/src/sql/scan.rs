//! Scans: one per image, with its inventory and the inverted index of its packages.

use jiff::Timestamp;
use model::{Digest, Inventory, Severity};

use super::row::{Row, given};
use super::value::{from_json, json, pack, unpack};
use super::{Driver, Durability, Transaction, finding, job, layer_report};
use crate::StoreError;
use crate::metadata::{Answer, Scans};
use crate::record::{AffectedImage, AssessedPackage, JobKind, ScanResult, ScanRow, ScanState};

impl<D: Driver> Scans for D {
    fn scan(&self, image: &Digest) -> Answer<Option<ScanRow>> {
        self.read(|t| get(t, image))
    }

    fn request_scan(&self, image: &Digest, now: Timestamp) -> Answer<()> {
        self.write(Durability::Synced, |t| request(t, image, now))
    }

    fn begin_scan(&self, image: &Digest) -> Answer<()> {
        // Lost, the scan is pending again, as its job is.
        self.write(Durability::Unsynced, |t| {
            let sql = "UPDATE scan SET state = 'in_progress', detail = '' WHERE image = ?1";
            t.execute(sql, &given![image]).map(drop)
        })
    }

    fn complete_scan(&self, result: &ScanResult) -> Answer<()> {
        self.write(Durability::Synced, |t| complete(t, result))
    }

    fn fail_scan(&self, image: &Digest, detail: &str, now: Timestamp) -> Answer<()> {
        self.write(Durability::Synced, |t| fail(t, image, detail, now))
    }

    fn inventory(&self, image: &Digest) -> Answer<Option<(Inventory, String)>> {
        self.read(|t| inventory(t, image))
    }

    fn assessed_packages(&self, image: &Digest) -> Answer<Vec<AssessedPackage>> {
        self.read(|t| finding::of_image(t, image))
    }

    fn images_behind(
        &self,
        database_revision: &str,
        catalog_revision: &str,
        after: Option<&Digest>,
        limit: usize,
    ) -> Answer<Vec<Digest>> {
        self.read(|t| {
            let sql = "SELECT s.image FROM scan s JOIN inventory i ON i.scan_id = s.id
                       WHERE (s.database_revision <> ?1 OR i.catalog_revision <> ?2)
                           AND s.image > ?3
                       ORDER BY s.image LIMIT ?4";
            let after = after.map_or("", Digest::as_str);
            let given = given![database_revision, catalog_revision, after, limit];
            let rows = t.query(sql, &given)?;
            rows.into_iter().map(|mut row| row.parse(0)).collect()
        })
    }

    fn affected_images(&self, id: &str, limit: usize) -> Answer<Vec<AffectedImage>> {
        self.read(|t| finding::affected_images(t, id, limit))
    }

    fn layer_report(&self, layer: &Digest, catalog_revision: &str) -> Answer<Option<Vec<u8>>> {
        self.read(|t| layer_report::get(t, layer, catalog_revision))
    }

    fn put_layer_report(
        &self,
        layer: &Digest,
        catalog_revision: &str,
        report: &[u8],
    ) -> Answer<()> {
        // A cache: lost, the layer is read again.
        self.write(Durability::Unsynced, |t| {
            layer_report::put(t, layer, catalog_revision, report)
        })
    }
}

fn get(t: &mut dyn Transaction, image: &Digest) -> Answer<Option<ScanRow>> {
    let sql = "SELECT state, detail, requested_at, completed_at, database_revision, counts
               FROM scan WHERE image = ?1";
    let row = t.first(sql, &given![image])?;
    row.map(|row| read(image, row)).transpose()
}

fn read(image: &Digest, mut row: Row) -> Answer<ScanRow> {
    let (word, counts): (String, String) = (row.take(0)?, row.take(5)?);
    let state = ScanState::from_word(&word)
        .ok_or_else(|| StoreError::Damaged(format!("'{word}' is no state of a scan")))?;
    let counts: [u64; 6] = from_json(&format!("the counts of {image}"), &counts)?;
    let mut counted = Severity::ALL.map(|severity| (severity, 0));
    for (pair, count) in counted.iter_mut().zip(counts) {
        pair.1 = count;
    }
    Ok(ScanRow {
        image: image.clone(),
        state,
        detail: row.take(1)?,
        requested_at: row.take(2)?,
        completed_at: row.take(3)?,
        database_revision: row.take(4)?,
        counts: counted,
    })
}

/// Makes a scan PENDING with its job, unless it is complete.
pub fn want(t: &mut dyn Transaction, image: &Digest, now: Timestamp) -> Answer<()> {
    match get(t, image)?.map(|scan| scan.state) {
        Some(ScanState::Complete) => Ok(()),
        _ => request(t, image, now),
    }
}

/// Makes the scan of an image that some repository holds PENDING with its job, unless it is under
/// way.
fn request(t: &mut dyn Transaction, image: &Digest, now: Timestamp) -> Answer<()> {
    if !is_held(t, image)? {
        return Ok(());
    }
    let sql = "INSERT INTO scan (image, state, requested_at) VALUES (?1, 'pending', ?2)
               ON CONFLICT (image) DO UPDATE SET state = 'pending', detail = '',
                   requested_at = excluded.requested_at
               WHERE scan.state NOT IN ('pending', 'in_progress')";
    t.execute(sql, &given![image, now])?;
    let image = image.clone();
    job::add(t, &JobKind::Scan { image }, now)
}

/// Stores what a scan found. An image that was deleted meanwhile stays deleted.
fn complete(t: &mut dyn Transaction, result: &ScanResult) -> Answer<()> {
    let Some((scan, before)) = row(t, &result.image)? else {
        return Ok(());
    };
    let inventory = "INSERT INTO inventory (scan_id, catalog_revision, inventory)
                     VALUES (?1, ?2, ?3)
                     ON CONFLICT (scan_id) DO UPDATE SET
                         catalog_revision = excluded.catalog_revision,
                         inventory = excluded.inventory";
    let packed = pack(&result.inventory)?;
    t.execute(inventory, &given![scan, &result.catalog_revision, packed])?;
    finding::replace(t, scan, &result.packages, &result.database_revision)?;
    let sql = "UPDATE scan SET state = 'complete', detail = '', completed_at = ?2,
               database_revision = ?3, counts = ?4 WHERE id = ?1";
    let counts = json(&result.counts.map(|(_, count)| count))?;
    let (ended, revision) = (result.completed_at, &result.database_revision);
    t.execute(sql, &given![scan, ended, revision, counts])?;
    end_job(t, &result.image)?;
    forget_revision(t, before.as_deref())
}

fn fail(t: &mut dyn Transaction, image: &Digest, detail: &str, now: Timestamp) -> Answer<()> {
    let Some((scan, before)) = row(t, image)? else {
        return Ok(());
    };
    finding::remove(t, scan)?;
    t.execute("DELETE FROM inventory WHERE scan_id = ?1", &given![scan])?;
    let sql = "UPDATE scan SET state = 'failed', detail = ?2, completed_at = ?3,
               database_revision = NULL, counts = '[0,0,0,0,0,0]' WHERE id = ?1";
    t.execute(sql, &given![scan, detail, now])?;
    end_job(t, image)?;
    forget_revision(t, before.as_deref())
}

/// Removes the scan of an image that no repository holds any more.
pub fn forget_if_unheld(t: &mut dyn Transaction, image: &Digest) -> Answer<()> {
    if is_held(t, image)? {
        return Ok(());
    }
    end_job(t, image)?;
    let Some((scan, before)) = row(t, image)? else {
        return Ok(());
    };
    finding::remove(t, scan)?;
    t.execute("DELETE FROM scan WHERE id = ?1", &given![scan])?;
    forget_revision(t, before.as_deref())
}

fn inventory(t: &mut dyn Transaction, image: &Digest) -> Answer<Option<(Inventory, String)>> {
    let sql = "SELECT i.inventory, i.catalog_revision FROM inventory i
               JOIN scan s ON s.id = i.scan_id WHERE s.image = ?1";
    let Some(mut row) = t.first(sql, &given![image])? else {
        return Ok(None);
    };
    let packed: Vec<u8> = row.take(0)?;
    let inventory = unpack(&format!("the inventory of {image}"), &packed)?;
    Ok(Some((inventory, row.take(1)?)))
}

/// A scan's number, and the database revision of its findings.
fn row(t: &mut dyn Transaction, image: &Digest) -> Answer<Option<(i64, Option<String>)>> {
    let sql = "SELECT id, database_revision FROM scan WHERE image = ?1";
    let row = t.first(sql, &given![image])?;
    row.map(|mut row| Ok((row.take(0)?, row.take(1)?)))
        .transpose()
}

fn is_held(t: &mut dyn Transaction, image: &Digest) -> Answer<bool> {
    let sql = "SELECT 1 FROM manifest WHERE digest = ?1 LIMIT 1";
    Ok(t.first(sql, &given![image])?.is_some())
}

/// Ends the job of a scan together with the scan: a scan that is asked for again a moment later
/// must not be taken for the job that is about to be finished.
fn end_job(t: &mut dyn Transaction, image: &Digest) -> Answer<()> {
    let image = image.clone();
    job::forget(t, &JobKind::Scan { image })
}

/// Removes the assessments of a revision that no scan has any more.
fn forget_revision(t: &mut dyn Transaction, revision: Option<&str>) -> Answer<()> {
    let Some(revision) = revision else {
        return Ok(());
    };
    let sql = "DELETE FROM assessment WHERE database_revision = ?1
               AND NOT EXISTS (SELECT 1 FROM scan WHERE database_revision = ?1)";
    t.execute(sql, &given![revision])?;
    Ok(())
}
