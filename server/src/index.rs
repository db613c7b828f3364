//! Indexes: several images under one digest, one for each platform.
//!
//! An index has no scan of its own: its images have. What is said of it is put together from theirs
//! whenever somebody asks, and nothing of it is stored. Attestations and other artifacts that an
//! index names are no images and have no say.

use std::sync::Arc;

use image::Manifest;
use image::manifest::media_type;
use model::{Digest, Gap, Platform, Reference, RepositoryName};
use store::StoreError;
use store::record::{self, ScanRow};

use crate::app::App;
use crate::facts::Facts;
use crate::scan;

pub mod document;
mod members;
mod union;

pub use union::{Shared, Union};

/// An image that an index names.
#[derive(Clone, Debug)]
pub struct Member {
    /// What people call it: its platform, or its digest where nobody says what it runs on.
    pub name: String,
    /// Its manifest.
    pub digest: Digest,
    /// What it runs on: as the index says or, where that says nothing, its configuration.
    pub platform: Option<Platform>,
    /// Whether its manifest is in the repository still.
    pub is_there: bool,
    /// Its scan, if one was ever asked for.
    pub row: Option<ScanRow>,
    /// What its last scan found, if one ever ended well.
    pub facts: Option<Arc<Facts>>,
}

impl Member {
    /// Where its scan stands: `missing`, `not_scanned`, or the word of the scan's state.
    pub fn state(&self) -> &'static str {
        match &self.row {
            _ if !self.is_there => "missing",
            None => "not_scanned",
            Some(row) => row.state.as_str(),
        }
    }
}

/// Whether a manifest of that media type is an index.
pub fn is_index(media_type: &str) -> bool {
    media_type::is_index(media_type)
}

/// What the scans of an index's images say together; `None` for what is no index of images: an
/// image, an artifact, an index of artifacts only. The images are looked for in one repository, or
/// in any.
///
/// # Errors
///
/// Where the store fails.
pub fn of(
    app: &App,
    place: Option<&RepositoryName>,
    digest: &Digest,
) -> Result<Option<Union>, StoreError> {
    let limits = &app.settings.image_limits;
    let Some(stored) = stored(app, place, digest)? else {
        return Ok(None);
    };
    let Ok(Manifest::Index(index)) =
        Manifest::parse(&stored.bytes, Some(&stored.media_type), limits)
    else {
        return Ok(None);
    };
    let found = members::of(app, place, &index, limits)?;
    let is_empty = found.images.is_empty() && found.gaps.is_empty();
    Ok((!is_empty).then(|| Union::of(digest, found.images, found.gaps)))
}

/// Where the scan of a manifest stands that a list shows, with the gaps in what it could answer
/// once it is complete.
///
/// # Errors
///
/// Where the store fails.
pub fn standing(
    app: &App,
    repository: &RepositoryName,
    digest: &Digest,
    media_type: &str,
) -> Result<Option<(ScanRow, Vec<Gap>)>, StoreError> {
    if is_index(media_type) {
        let union = of(app, Some(repository), digest)?;
        return Ok(union.and_then(|union| Some((union.row?, union.coverage.gaps))));
    }
    let Some(row) = app.store.metadata.scan(digest)? else {
        return Ok(None);
    };
    let gaps = match row.state {
        record::ScanState::Complete => scan::gaps(app, digest)?,
        _ => Vec::new(),
    };
    Ok(Some((row, gaps)))
}

/// The scan of a manifest as a row, be it an image's own or put together for an index.
///
/// # Errors
///
/// Where the store fails.
pub fn row(
    app: &App,
    place: Option<&RepositoryName>,
    digest: &Digest,
    media_type: &str,
) -> Result<Option<ScanRow>, StoreError> {
    match is_index(media_type) {
        true => Ok(of(app, place, digest)?.and_then(|union| union.row)),
        false => app.store.metadata.scan(digest),
    }
}

/// A manifest of a repository, or of any.
fn stored(
    app: &App,
    place: Option<&RepositoryName>,
    digest: &Digest,
) -> Result<Option<record::Manifest>, StoreError> {
    let metadata = &app.store.metadata;
    match place {
        Some(name) => metadata.manifest(name, &Reference::Digest(digest.clone())),
        None => metadata.any_manifest(digest),
    }
}

#[cfg(test)]
pub(crate) mod tests;
