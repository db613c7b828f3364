//! Scans: one per image, with its inventory and the inverted index of its packages.

use jiff::Timestamp;
use model::{Digest, Inventory};

use super::row::given;
use super::value::{pack, unpack};
use super::{
    Driver, Durability, Transaction, affected, event, job, layer_report, matching, package,
    package_set, place,
};
use crate::StoreError;
use crate::metadata::{Answer, Scans};
use crate::record::{
    AffectedImage, AssessedPackage, FactsVersion, Happening, JobKind, ScanEnded, ScanFailed,
    ScanOrder, ScanResult, ScanRow, ScanState,
};

impl<D: Driver> Scans for D {
    fn scan(&self, image: &Digest) -> Answer<Option<ScanRow>> {
        self.read(|t| get(t, image))
    }

    fn request_scan(&self, image: &Digest, now: Timestamp) -> Answer<()> {
        self.write(Durability::Synced, |t| request(t, image, now))
    }

    fn begin_scan(&self, image: &Digest) -> Answer<()> {
        // Lost, the scan is pending again, as its job is.
        self.write(Durability::Unsynced, |t| begin(t, image))
    }

    fn complete_scan(&self, result: &ScanResult) -> Answer<()> {
        self.write(Durability::Synced, |t| complete(t, result))
    }

    fn fail_scan(&self, failed: &ScanFailed) -> Answer<()> {
        self.write(Durability::Synced, |t| fail(t, failed))
    }

    fn inventory(&self, image: &Digest) -> Answer<Option<(Inventory, String)>> {
        self.read(|t| inventory(t, image))
    }

    fn assessed_packages(&self, image: &Digest) -> Answer<Vec<AssessedPackage>> {
        self.read(|t| assessed(t, image))
    }

    fn facts_version(&self, image: &Digest) -> Answer<Option<FactsVersion>> {
        self.read(|t| facts_version(t, image))
    }

    fn images_behind(
        &self,
        catalog_revision: &str,
        after: Option<&Digest>,
        limit: usize,
    ) -> Answer<Vec<Digest>> {
        self.read(|t| {
            let sql = "SELECT image FROM scan
                       WHERE catalog_revision <> ?1 AND image > ?2
                           AND state IN ('complete', 'failed')
                       ORDER BY image LIMIT ?3";
            let after = after.map_or("", Digest::as_str);
            let rows = t.query(sql, &given![catalog_revision, after, limit])?;
            rows.into_iter().map(|mut row| row.parse(0)).collect()
        })
    }

    fn affected_images(
        &self,
        id: &str,
        after: Option<i64>,
        limit: usize,
    ) -> Answer<Vec<AffectedImage>> {
        self.read(|t| affected::by_identifier(t, id, after, limit))
    }

    fn images_with_packages(
        &self,
        packages: &[i64],
        after: Option<i64>,
        limit: usize,
    ) -> Answer<Vec<AffectedImage>> {
        self.read(|t| affected::by_packages(t, packages, after, limit))
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
    let sql = "SELECT id, state, detail, requested_at, completed_at FROM scan WHERE image = ?1";
    let Some(mut row) = t.first(sql, &given![image])? else {
        return Ok(None);
    };
    Ok(Some(ScanRow {
        image: image.clone(),
        state: state(&row.take::<String>(1)?)?,
        detail: row.take(2)?,
        requested_at: row.take(3)?,
        completed_at: row.take(4)?,
        counts: package_set::counts_of_scan(t, row.take(0)?)?,
    }))
}

fn state(word: &str) -> Answer<ScanState> {
    ScanState::from_word(word)
        .ok_or_else(|| StoreError::Damaged(format!("'{word}' is no state of a scan")))
}

fn facts_version(t: &mut dyn Transaction, image: &Digest) -> Answer<Option<FactsVersion>> {
    // Every pull asks for this: one look for all that is one row.
    let sql = "SELECT s.id, s.state, s.completed_at,
                   (SELECT judge FROM matched WHERE id = 1),
                   (SELECT COUNT(*) FROM (SELECT 1 FROM package WHERE settled = 0 LIMIT 1) u)
               FROM scan s WHERE s.image = ?1";
    let Some(mut row) = t.first(sql, &given![image])? else {
        return Ok(None);
    };
    let (scan, judge, unsettled): (i64, Option<String>, i64) =
        (row.take(0)?, row.take(3)?, row.take(4)?);
    let is_settled = unsettled == 0 || package_set::is_settled(t, scan)?;
    Ok(Some(FactsVersion {
        state: state(&row.take::<String>(1)?)?,
        completed_at: row.take(2)?,
        sets: package_set::changes_of_scan(t, scan)?,
        judge: judge.filter(|_| is_settled),
    }))
}

/// Does what is ordered of the scan of an image that is being pushed.
pub fn order(
    t: &mut dyn Transaction,
    image: &Digest,
    order: ScanOrder<'_>,
    now: Timestamp,
) -> Answer<()> {
    // Two pushes of one image at once both have what was found: the first one's stands.
    let is_complete = row(t, image)?.is_some_and(|(_, state)| state == ScanState::Complete);
    match order {
        ScanOrder::None => Ok(()),
        _ if is_complete => Ok(()),
        ScanOrder::Later => {
            request(t, image, now)?;
            begin(t, image)
        }
        ScanOrder::Done(result) => {
            begin_anew(t, image, now)?;
            complete(t, result)
        }
        ScanOrder::Failed(failed) => {
            begin_anew(t, image, now)?;
            fail(t, failed)
        }
    }
}

/// Makes a row for a scan that is ending at this moment.
fn begin_anew(t: &mut dyn Transaction, image: &Digest, now: Timestamp) -> Answer<()> {
    let sql = "INSERT INTO scan (image, state, requested_at) VALUES (?1, 'in_progress', ?2)
               ON CONFLICT (image) DO UPDATE SET requested_at = excluded.requested_at";
    t.execute(sql, &given![image, now]).map(drop)
}

fn begin(t: &mut dyn Transaction, image: &Digest) -> Answer<()> {
    let sql = "UPDATE scan SET state = 'in_progress', detail = '' WHERE image = ?1";
    t.execute(sql, &given![image]).map(drop)
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
    let Some((scan, _)) = row(t, &result.image)? else {
        return Ok(());
    };
    let inventory = "INSERT INTO inventory (scan_id, inventory) VALUES (?1, ?2)
                     ON CONFLICT (scan_id) DO UPDATE SET inventory = excluded.inventory";
    t.execute(inventory, &given![scan, pack(&result.inventory)?])?;
    settle(t, scan, result)?;
    let sql = "UPDATE scan SET state = 'complete', detail = '', completed_at = ?2,
                   catalog_revision = ?3
               WHERE id = ?1";
    let revision = &result.catalog_revision;
    t.execute(sql, &given![scan, result.completed_at, revision])?;
    end_job(t, &result.image)?;
    let counts = package_set::counts_of_scan(t, scan)?.map(|(_, count)| count);
    tell(t, &result.image, None, counts, result.completed_at)
}

/// Stores the packages of a scan. Where they were assessed by another judge than all others, a job
/// brings them to that one.
fn settle(t: &mut dyn Transaction, scan: i64, result: &ScanResult) -> Answer<()> {
    let matched = matching::matched_until_committed(t)?;
    let settled = matched.as_deref() == Some(result.judge.as_str());
    package_set::replace(t, scan, result, settled)?;
    let unsettled = "SELECT 1 FROM package WHERE settled = 0 LIMIT 1";
    match matched {
        Some(judge) if !settled && t.first(unsettled, &[])?.is_some() => {
            job::add(t, &JobKind::Match { judge }, result.completed_at)
        }
        _ => Ok(()),
    }
}

fn fail(t: &mut dyn Transaction, failed: &ScanFailed) -> Answer<()> {
    let image = &failed.image;
    let Some((scan, _)) = row(t, image)? else {
        return Ok(());
    };
    package_set::remove(t, scan)?;
    t.execute("DELETE FROM inventory WHERE scan_id = ?1", &given![scan])?;
    let sql = "UPDATE scan SET state = 'failed', detail = ?2, completed_at = ?3,
                   catalog_revision = ?4
               WHERE id = ?1";
    let (detail, at) = (failed.detail.as_str(), failed.completed_at);
    t.execute(sql, &given![scan, detail, at, &failed.catalog_revision])?;
    end_job(t, image)?;
    tell(t, image, Some(detail), [0; 6], at)
}

/// The most places of an image that the event of its scan names.
const PLACES: usize = 100;

/// Writes down that a scan ended.
fn tell(
    t: &mut dyn Transaction,
    image: &Digest,
    failure: Option<&str>,
    counts: [u64; 6],
    at: Timestamp,
) -> Answer<()> {
    let (places, complete) = place::of_image(t, image, PLACES)?;
    let what = Happening::Scanned(ScanEnded {
        image: image.clone(),
        places,
        complete,
        failure: failure.map(str::to_owned),
        counts,
    });
    event::add(t, &what, at)
}

/// Removes the scan of an image that no repository holds any more.
pub fn forget_if_unheld(t: &mut dyn Transaction, image: &Digest) -> Answer<()> {
    if is_held(t, image)? {
        return Ok(());
    }
    end_job(t, image)?;
    let Some((scan, _)) = row(t, image)? else {
        return Ok(());
    };
    package_set::remove(t, scan)?;
    t.execute("DELETE FROM scan WHERE id = ?1", &given![scan])?;
    Ok(())
}

/// The assessed packages of an image, each once, in order.
fn assessed(t: &mut dyn Transaction, image: &Digest) -> Answer<Vec<AssessedPackage>> {
    let sql = format!(
        "SELECT {} FROM scan s JOIN image_set i ON i.scan_id = s.id
             JOIN set_package m ON m.set_id = i.set_id JOIN package p ON p.id = m.package_id
         WHERE s.image = ?1",
        package::COLUMNS
    );
    let rows = t.query(&sql, &given![image])?;
    let mut packages: Vec<AssessedPackage> = rows
        .into_iter()
        .map(|row| Ok(package::read(row)?.assessed))
        .collect::<Answer<_>>()?;
    packages.sort_by(|a, b| a.matchable.cmp(&b.matchable));
    packages.dedup_by(|a, b| a.matchable == b.matchable);
    Ok(packages)
}

fn inventory(t: &mut dyn Transaction, image: &Digest) -> Answer<Option<(Inventory, String)>> {
    let sql = "SELECT i.inventory, s.catalog_revision FROM inventory i
               JOIN scan s ON s.id = i.scan_id WHERE s.image = ?1";
    let Some(mut row) = t.first(sql, &given![image])? else {
        return Ok(None);
    };
    let packed: Vec<u8> = row.take(0)?;
    let inventory = unpack(&format!("the inventory of {image}"), &packed)?;
    Ok(Some((inventory, row.take(1)?)))
}

/// A scan's number and state.
fn row(t: &mut dyn Transaction, image: &Digest) -> Answer<Option<(i64, ScanState)>> {
    let sql = "SELECT id, state FROM scan WHERE image = ?1";
    let row = t.first(sql, &given![image])?;
    row.map(|mut row| Ok((row.take(0)?, state(&row.take::<String>(1)?)?)))
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
