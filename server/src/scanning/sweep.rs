//! Stored images that nobody has looked at, and that are to be scanned since rules were set.

use image::Manifest;
use jiff::Timestamp;
use model::{Digest, Reference, RepositoryName};
use store::StoreError;
use store::record::JobKind;

use crate::app::App;
use crate::scanning;

/// Rows that are read at once.
const PAGE: usize = 100;

/// Asks for a sweep.
///
/// # Errors
///
/// Where the store fails.
pub fn queue(app: &App, now: Timestamp) -> Result<(), StoreError> {
    let sweep = JobKind::Sweep { asked_at: now };
    app.store.metadata.add_job(&sweep, now)?;
    app.wake_worker();
    Ok(())
}

/// Queues a scan of every stored image that was never scanned, in repositories whose images are
/// scanned without being asked for.
///
/// # Errors
///
/// Where the store fails. Done again, it goes on with what is left.
pub fn run(app: &App) -> Result<(), StoreError> {
    let set = scanning::read(app)?;
    let mut after: Option<RepositoryName> = None;
    loop {
        let repositories = app.store.metadata.repositories(after.as_ref(), PAGE)?;
        let Some(last) = repositories.last() else {
            return Ok(());
        };
        after = Some(last.name.clone());
        for repository in &repositories {
            let effect = scanning::effect(set.as_deref(), repository);
            if effect.frequency != scanning::Frequency::Manual {
                sweep(app, &repository.name)?;
            }
        }
    }
}

fn sweep(app: &App, repository: &RepositoryName) -> Result<(), StoreError> {
    let metadata = &app.store.metadata;
    let mut after: Option<Digest> = None;
    loop {
        let manifests = metadata.manifests(repository, after.as_ref(), PAGE)?;
        let Some(last) = manifests.last() else {
            return Ok(());
        };
        after = Some(last.digest.clone());
        for manifest in &manifests {
            let digest = &manifest.digest;
            if metadata.scan(digest)?.is_none() && is_image(app, repository, digest)? {
                metadata.request_scan(digest, app.clock.now())?;
            }
        }
        app.wake_worker();
    }
}

fn is_image(app: &App, repository: &RepositoryName, digest: &Digest) -> Result<bool, StoreError> {
    let reference = Reference::Digest(digest.clone());
    let stored = app.store.metadata.manifest(repository, &reference)?;
    Ok(stored.is_some_and(|stored| {
        let (bytes, media_type) = (&stored.bytes, Some(stored.media_type.as_str()));
        Manifest::parse(bytes, media_type, &app.settings.image_limits)
            .is_ok_and(|manifest| manifest.is_image())
    }))
}
