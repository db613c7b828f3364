//! Lists that the API and the pages show alike.

use model::{Digest, RepositoryName};
use store::StoreError;
use store::record::{AffectedImage, ManifestSummary, Repository, ScanRow};

use crate::app::App;

/// The length of a page where none is asked for.
pub const DEFAULT_LIMIT: usize = 100;
/// The longest page.
pub const MAX_LIMIT: usize = 1000;
/// The most images that are listed for one vulnerability.
pub const MAX_AFFECTED: usize = 10_000;

/// An image of a repository with the state of its scan.
pub struct Image {
    /// The manifest.
    pub summary: ManifestSummary,
    /// Its scan, if one was ever asked for.
    pub scan: Option<ScanRow>,
}

/// A page of repositories by name.
///
/// # Errors
///
/// Where the store fails.
pub fn repositories(
    app: &App,
    after: Option<&str>,
    limit: Option<usize>,
) -> Result<Vec<Repository>, StoreError> {
    let after = after.and_then(|name| name.parse::<RepositoryName>().ok());
    app.store
        .metadata
        .repositories(after.as_ref(), page_length(limit))
}

/// A page of a repository's images by digest; `None` where there is no such repository.
///
/// # Errors
///
/// Where the store fails.
pub fn images(
    app: &App,
    name: &str,
    after: Option<&str>,
    limit: Option<usize>,
) -> Result<Option<Vec<Image>>, StoreError> {
    let Ok(name) = name.parse::<RepositoryName>() else {
        return Ok(None);
    };
    let metadata = &app.store.metadata;
    if metadata.repository(&name)?.is_none() {
        return Ok(None);
    }
    let after = after.and_then(|digest| digest.parse::<Digest>().ok());
    let summaries = metadata.manifests(&name, after.as_ref(), page_length(limit))?;
    let with_scan = |summary: ManifestSummary| {
        Ok(Image {
            scan: metadata.scan(&summary.digest)?,
            summary,
        })
    };
    summaries
        .into_iter()
        .map(with_scan)
        .collect::<Result<_, _>>()
        .map(Some)
}

/// Images with a finding of that identifier or alias.
///
/// # Errors
///
/// Where the store fails.
pub fn affected(app: &App, id: &str) -> Result<Vec<AffectedImage>, StoreError> {
    app.store.metadata.affected_images(id, MAX_AFFECTED)
}

/// The length of a page for what was asked: within [`MAX_LIMIT`].
pub fn page_length(limit: Option<usize>) -> usize {
    limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT)
}
