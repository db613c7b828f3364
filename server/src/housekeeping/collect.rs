//! Garbage collection: uploads at rest, blobs that no manifest names, bytes that no row names.
//!
//! What was brought, mounted or asked for within [`collect_after`] is kept: somebody may be about
//! to push the manifest that names it.
//!
//! [`collect_after`]: crate::Settings::collect_after

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::Digest;
use store::record::{Job, JobKind, StoredBlob, UnusedLink, UploadRow};
use store::{StoreError, UploadId};

use super::{PAGE, each, orphans};
use crate::app::App;
use crate::worker;

/// So many bytes without a row are never too many.
const FEW: u64 = 1000;

/// What a collection removed, or would remove.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Uploads at rest.
    pub uploads: u64,
    /// Blobs taken out of a repository of which no manifest names them.
    pub links: u64,
    /// Blobs of which the bytes are gone from the store.
    pub blobs: u64,
    /// The sum of their sizes in bytes.
    pub bytes: u64,
    /// Reports of layers that are not there any more.
    pub layer_reports: u64,
}

/// Collects once; `None` while another collection is under way, in this server or another.
///
/// # Errors
///
/// Where a store fails. What was done until then stays done, and the next collection goes on.
pub fn collect(app: &App) -> Result<Option<Collected>, StoreError> {
    let claimed =
        app.store
            .metadata
            .claim_job(&JobKind::Collect, app.clock.now(), worker::LEASE)?;
    let Some(job) = claimed else {
        return Ok(None);
    };
    let collected = worker::hold(app, &job, || sweep(app, &job));
    app.store.metadata.finish_job(&job)?;
    collected.map(Some)
}

/// Removes all garbage. One thing that cannot be removed does not stop the rest.
fn sweep(app: &App, job: &Job) -> Result<Collected, StoreError> {
    let before = before(app);
    let mut sweep = Sweep {
        app,
        job,
        collected: Collected::default(),
        failed: None,
    };
    for id in resting_uploads(app, before)? {
        app.store.metadata.delete_upload(&id)?;
        app.store.blobs.delete_upload(&id)?;
        sweep.collected.uploads += 1;
    }
    each_link(app, before, |link| {
        let removed = app.store.metadata.remove_unused_link(link, before)?;
        sweep.collected.links += u64::from(removed);
        Ok(())
    })?;
    each_blob(app, before, |blob| {
        let now = app.clock.now();
        if app
            .store
            .metadata
            .doom_blob(job, &blob.digest, before, now)?
        {
            sweep.remove(&blob.digest, now, blob.size.unwrap_or_default())?;
        }
        Ok(())
    })?;
    for digest in orphans(app, before)? {
        let size = app.store.blobs.length(&digest)?.unwrap_or_default();
        let now = app.clock.now();
        if app.store.metadata.doom_orphan(job, &digest, now)? {
            sweep.remove(&digest, now, size)?;
        }
    }
    app.store.metadata.delete_expired_tokens(before)?;
    loop {
        let forgotten = app.store.metadata.forget_layer_reports(PAGE)?;
        sweep.collected.layer_reports += forgotten;
        if forgotten == 0 {
            break;
        }
    }
    match sweep.failed {
        Some(error) => Err(error),
        None => Ok(sweep.collected),
    }
}

/// A sweep under way.
struct Sweep<'a> {
    app: &'a App,
    job: &'a Job,
    collected: Collected,
    /// The first removal that failed.
    failed: Option<StoreError>,
}

impl Sweep<'_> {
    /// Removes the bytes of a blob that was doomed at that time, and forgets it.
    fn remove(
        &mut self,
        digest: &Digest,
        doomed_at: Timestamp,
        size: u64,
    ) -> Result<(), StoreError> {
        let metadata = &self.app.store.metadata;
        if let Err(error) = self.app.store.blobs.delete(digest) {
            tracing::error!(%error, %digest, job = self.job.id, "a blob cannot be removed");
            metadata.spare_blob(digest, doomed_at)?;
            self.failed.get_or_insert(error);
            return Ok(());
        }
        metadata.forget_blob(digest, doomed_at)?;
        self.collected.blobs += 1;
        self.collected.bytes += size;
        Ok(())
    }
}

/// Bytes that no row has named for as long as garbage is kept. None, where they are so many that
/// they must be another registry's: then these stores do not belong together.
fn orphans(app: &App, before: Timestamp) -> Result<Vec<Digest>, StoreError> {
    let mut found = Vec::new();
    orphans::each(app, |digest| {
        let changed_at = app.store.blobs.changed_at(digest)?;
        if changed_at.is_some_and(|changed_at| changed_at < before) {
            found.push(digest.clone());
        }
        Ok(())
    })?;
    let known = app.store.metadata.store_usage()?.blobs;
    if found.len() as u64 > known.max(FEW) {
        tracing::error!(
            orphans = found.len(),
            known,
            "more blobs are stored than the metadata knows: they are left alone; does this blob \
             store belong to this metadata?"
        );
        found.clear();
    }
    Ok(found)
}

/// What [`sweep`] would remove now. Nothing is changed.
///
/// # Errors
///
/// Where a store cannot be read.
pub fn preview(app: &App) -> Result<Collected, StoreError> {
    let before = before(app);
    let mut collected = Collected {
        uploads: resting_uploads(app, before)?.len() as u64,
        ..Collected::default()
    };
    // How many repositories would let go of each blob.
    let mut loosened: BTreeMap<Digest, usize> = BTreeMap::new();
    each_link(app, before, |link| {
        *loosened.entry(link.digest.clone()).or_default() += 1;
        collected.links += 1;
        Ok(())
    })?;
    let mut count = |size: u64| {
        collected.blobs += 1;
        collected.bytes += size;
    };
    for (digest, links) in loosened {
        let metadata = &app.store.metadata;
        let holders = metadata.holders_of(&digest, None, links + 1)?.len();
        let blob = metadata.blob(&digest)?;
        if let Some(blob) = blob.filter(|blob| holders == links && blob.claimed_at < before) {
            count(blob.size.unwrap_or_default());
        }
    }
    each_blob(app, before, |blob| {
        count(blob.size.unwrap_or_default());
        Ok(())
    })?;
    for digest in orphans(app, before)? {
        count(app.store.blobs.length(&digest)?.unwrap_or_default());
    }
    Ok(collected)
}

/// What was last used before this is garbage, if nothing names it.
fn before(app: &App) -> Timestamp {
    let after = app.settings.collect_after;
    app.clock
        .now()
        .saturating_sub(after)
        .unwrap_or(Timestamp::MIN)
}

/// Uploads whose bytes have not changed since, rows without bytes, and bytes without a row.
fn resting_uploads(app: &App, before: Timestamp) -> Result<Vec<UploadId>, StoreError> {
    let stored = app.store.blobs.uploads()?;
    let rests = |changed_at: Timestamp| changed_at < before;
    let mut resting: Vec<UploadId> = stored
        .iter()
        .filter(|upload| rests(upload.changed_at))
        .map(|upload| upload.id.clone())
        .collect();
    let has_bytes = |id: &UploadId| stored.binary_search_by(|upload| upload.id.cmp(id)).is_ok();
    each(
        |after: Option<&UploadRow>| app.store.metadata.uploads(after.map(|row| &row.id), PAGE),
        |row| {
            let is_lost = rests(row.started_at) && !has_bytes(&row.id);
            resting.extend(is_lost.then(|| row.id.clone()));
            Ok(())
        },
    )?;
    Ok(resting)
}

fn each_link(
    app: &App,
    before: Timestamp,
    found: impl FnMut(&UnusedLink) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let metadata = &app.store.metadata;
    each(|after| metadata.unused_links(before, after, PAGE), found)
}

fn each_blob(
    app: &App,
    before: Timestamp,
    found: impl FnMut(&StoredBlob) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let metadata = &app.store.metadata;
    let page = |after: Option<&StoredBlob>| {
        metadata.unheld_blobs(before, after.map(|blob| &blob.digest), PAGE)
    };
    each(page, found)
}
