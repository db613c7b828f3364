//! Scrubbing: every stored byte is read and hashed again.
//!
//! A blob whose bytes are others, or gone, is marked damaged: from then on it is answered as one
//! that is not there, so that the next client that pushes it brings it anew. It is never served.

use std::error::Error;
use std::io::Read;

use model::digest::Hasher;
use model::{Digest, Reference};
use store::record::{ManifestSummary, Repository, StoredBlob};
use store::{Blob, StoreError};

use super::{PAGE, each, orphans};
use crate::app::App;

/// How much of a blob is read at once, in bytes.
const PIECE: usize = 1 << 20;
/// What the system says of a sector that cannot be read (`EIO`).
const BAD_SECTOR: i32 = 5;

/// What a scrub saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Blobs that were read.
    pub blobs: u64,
    /// The sum of their sizes in bytes.
    pub bytes: u64,
    /// Manifests that were read.
    pub manifests: u64,
    /// How much was wrong.
    pub troubles: u64,
    /// Manifests of which a client deleted a blob: they cannot be pulled, and nothing is wrong.
    pub incomplete: u64,
    /// Bytes that no row names: harmless, the next collection removes them.
    pub orphans: u64,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The metadata store itself says so.
    Metadata(String),
    /// A blob's bytes are others than its digest says.
    Damaged(Digest),
    /// A blob's bytes are gone.
    Missing(Digest),
    /// A blob cannot be read; the text says why.
    Unreadable(Digest, String),
    /// A manifest's bytes are others than its digest says.
    DamagedManifest(String, Digest),
    /// A manifest names a blob that its repository does not hold, since a client deleted it. That
    /// is no damage.
    Incomplete(String, Digest, Digest),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::Metadata(text) => write!(f, "the metadata store: {text}"),
            Trouble::Damaged(digest) => write!(
                f,
                "{digest}: its bytes are others; it is not served until it is pushed again"
            ),
            Trouble::Missing(digest) => write!(
                f,
                "{digest}: its bytes are gone; it is not served until it is pushed again"
            ),
            Trouble::Unreadable(digest, why) => write!(f, "{digest}: it cannot be read: {why}"),
            Trouble::DamagedManifest(repository, digest) => write!(
                f,
                "{repository}@{digest}: the manifest's bytes are others; push it again"
            ),
            Trouble::Incomplete(repository, digest, missing) => write!(
                f,
                "{repository}@{digest}: its blob {missing} was deleted; push it again to pull the image"
            ),
        }
    }
}

/// Reads everything once, tells what is wrong as it is found, and marks it. In between it tells
/// how far it is.
///
/// # Errors
///
/// Where the metadata cannot be read. A blob that cannot be read is trouble, not an error.
pub fn verify(
    app: &App,
    mut tell: impl FnMut(&Verified, Option<&Trouble>),
) -> Result<Verified, StoreError> {
    let mut verified = Verified::default();
    let mut troubled = |verified: &mut Verified, trouble: Option<Trouble>| {
        match &trouble {
            Some(Trouble::Incomplete(..)) => verified.incomplete += 1,
            Some(_) => verified.troubles += 1,
            None => {}
        }
        tell(verified, trouble.as_ref());
    };
    for text in app.store.metadata.check()? {
        troubled(&mut verified, Some(Trouble::Metadata(text)));
    }
    let metadata = &app.store.metadata;
    each(
        |after: Option<&StoredBlob>| metadata.blobs(after.map(|blob| &blob.digest), PAGE),
        |blob| {
            let trouble = check_blob(app, blob, &mut verified)?;
            troubled(&mut verified, trouble);
            Ok(())
        },
    )?;
    each(
        |after: Option<&Repository>| metadata.repositories(after.map(|one| &one.name), PAGE),
        |repository| {
            for trouble in check_manifests(app, repository, &mut verified)? {
                troubled(&mut verified, Some(trouble));
            }
            Ok(())
        },
    )?;
    orphans::each(app, |_| {
        verified.orphans += 1;
        Ok(())
    })?;
    Ok(verified)
}

/// Checks one blob and marks it as what it is.
fn check_blob(
    app: &App,
    blob: &StoredBlob,
    verified: &mut Verified,
) -> Result<Option<Trouble>, StoreError> {
    let (Some(size), None) = (blob.size, blob.doomed_at) else {
        // Announced and not there yet, or on its way out.
        return Ok(None);
    };
    let digest = &blob.digest;
    verified.blobs += 1;
    verified.bytes += size;
    let judged = || match app.store.blobs.open(digest) {
        Ok(Some(bytes)) => judge(bytes, digest, size),
        Ok(None) => Some(Trouble::Missing(digest.clone())),
        Err(error) => Some(unreadable(digest, &error, error.to_string())),
    };
    // A medium or a network may stumble once; what fails twice in the same way is so.
    let trouble = judged().and_then(|_| judged());
    let is_marked = match (&trouble, blob.damaged_at) {
        (Some(Trouble::Unreadable(..)), _) | (None, None) | (Some(_), Some(_)) => true,
        (Some(_), None) => {
            let since = Some(app.clock.now());
            app.store.metadata.set_damaged(blob, since)?
        }
        (None, Some(_)) => app.store.metadata.set_damaged(blob, None)?,
    };
    // Where it could not be marked, it was pushed again or removed while it was read.
    Ok(trouble.filter(|_| is_marked))
}

/// A blob that cannot be read: damaged, where the medium or the store says that its bytes are
/// lost; otherwise nothing is known of it, and nothing is marked.
fn unreadable(digest: &Digest, error: &(dyn Error + 'static), words: String) -> Trouble {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        let of_store = inner.downcast_ref::<StoreError>();
        let of_medium = inner.downcast_ref::<std::io::Error>();
        let lost = matches!(of_store, Some(StoreError::Damaged(_)))
            || of_medium.is_some_and(|error| error.raw_os_error() == Some(BAD_SECTOR));
        if lost {
            return Trouble::Damaged(digest.clone());
        }
        let within = of_medium.and_then(std::io::Error::get_ref);
        cause = within
            .map(|error| error as &(dyn Error + 'static))
            .or(inner.source());
    }
    Trouble::Unreadable(digest.clone(), words)
}

fn judge(mut bytes: Box<dyn Blob>, digest: &Digest, size: u64) -> Option<Trouble> {
    let mut hasher = Hasher::new(digest.algorithm());
    let mut buffer = vec![0; PIECE];
    let mut length = 0;
    loop {
        match bytes.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                hasher.update(buffer.get(..read).unwrap_or_default());
                length += read as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Some(unreadable(digest, &error, error.to_string())),
        }
    }
    let is_sound = length == size && hasher.finish() == *digest;
    (!is_sound).then(|| Trouble::Damaged(digest.clone()))
}

fn check_manifests(
    app: &App,
    repository: &Repository,
    verified: &mut Verified,
) -> Result<Vec<Trouble>, StoreError> {
    let metadata = &app.store.metadata;
    let mut troubles = Vec::new();
    let page = |after: Option<&ManifestSummary>| {
        metadata.manifests(&repository.name, after.map(|one| &one.digest), PAGE)
    };
    each(page, |summary| {
        verified.manifests += 1;
        troubles.extend(check_manifest(app, repository, &summary.digest)?);
        Ok(())
    })?;
    Ok(troubles)
}

fn check_manifest(
    app: &App,
    repository: &Repository,
    digest: &Digest,
) -> Result<Vec<Trouble>, StoreError> {
    let (metadata, name) = (&app.store.metadata, &repository.name);
    let reference = Reference::Digest(digest.clone());
    let Some(manifest) = metadata.manifest(name, &reference)? else {
        // Deleted since the page was read.
        return Ok(Vec::new());
    };
    let mut hasher = Hasher::new(digest.algorithm());
    hasher.update(&manifest.bytes);
    let mut troubles = Vec::new();
    if hasher.finish() != *digest {
        let damaged = Trouble::DamagedManifest(name.to_string(), digest.clone());
        troubles.push(damaged);
    }
    // A blob that is marked damaged was told of already, and an index may outlive its manifests.
    for blob in &manifest.blobs {
        let is_damaged = metadata
            .blob(blob)?
            .is_some_and(|row| row.damaged_at.is_some());
        if !is_damaged && metadata.linked_blob(name, blob)?.is_none() {
            let missing = Trouble::Incomplete(name.to_string(), digest.clone(), blob.clone());
            troubles.push(missing);
        }
    }
    Ok(troubles)
}
