//! Lists that the API and the pages show alike, each as far as who asks may see.

use model::{Digest, Reference, RepositoryName};
use store::StoreError;
use store::record::{AffectedImage, ManifestSummary, Repository, ScanRow};

use crate::app::App;
use crate::auth::Principal;
use crate::auth::access::{Action, Denial, Resource, allows, require};

/// The length of a page where none is asked for.
pub const DEFAULT_LIMIT: usize = 100;
/// The longest page.
pub const MAX_LIMIT: usize = 1000;
/// The most images that are listed for one vulnerability.
pub const MAX_AFFECTED: usize = 10_000;
/// The most images that are looked at for one vulnerability where not all may be seen.
const MAX_LOOKED_AT: usize = 20 * MAX_AFFECTED;
/// How many rows are read at once where some may be left out.
const BATCH: usize = 1000;

/// An image of a repository with the state of its scan.
pub struct Image {
    /// The manifest.
    pub summary: ManifestSummary,
    /// Its scan, if one was ever asked for.
    pub scan: Option<ScanRow>,
}

/// Why a list is not answered.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Who asks may not see it.
    #[error(transparent)]
    Denied(#[from] Denial),
}

/// A page of repositories by name.
///
/// # Errors
///
/// Where the store fails.
pub fn repositories(
    app: &App,
    principal: &Principal,
    after: Option<&str>,
    limit: Option<usize>,
) -> Result<Vec<Repository>, StoreError> {
    let after = after.and_then(|name| name.parse::<RepositoryName>().ok());
    visible_repositories(app, principal, after, page_length(limit))
}

/// Up to `limit` repositories after a name that somebody may see. Fewer mean that there are no
/// more: what is left out does not shorten a page.
///
/// # Errors
///
/// Where the store fails.
pub fn visible_repositories(
    app: &App,
    principal: &Principal,
    mut after: Option<RepositoryName>,
    limit: usize,
) -> Result<Vec<Repository>, StoreError> {
    let mut found = Vec::new();
    let all = allows(principal, Action::DescribeRepositories, Resource::Registry);
    let batch = if all { limit } else { BATCH };
    while found.len() < limit {
        let rows = app.store.metadata.repositories(after.as_ref(), batch)?;
        let Some(last) = rows.last() else { break };
        let ended = rows.len() < batch;
        after = Some(last.name.clone());
        let sees =
            |row: &Repository| all || allows(principal, Action::DescribeRepositories, &row.name);
        found.extend(rows.into_iter().filter(sees));
        if ended {
            break;
        }
    }
    found.truncate(limit);
    Ok(found)
}

/// A page of a repository's images by digest; `None` where there is no such repository.
///
/// # Errors
///
/// Where the store fails, or who asks may not see the repository, be it there or not.
pub fn images(
    app: &App,
    principal: &Principal,
    name: &str,
    after: Option<&str>,
    limit: Option<usize>,
) -> Result<Option<Vec<Image>>, Unanswered> {
    let Ok(name) = name.parse::<RepositoryName>() else {
        return Ok(None);
    };
    require(principal, Action::DescribeImages, &name)?;
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
        .collect::<Result<_, StoreError>>()
        .map(Some)
        .map_err(Unanswered::from)
}

/// Whether somebody may read the scan of an image, because a repository holds it whose scans they
/// may read: one that they name, or any.
///
/// # Errors
///
/// Where the store fails.
pub fn may_read_scan(
    app: &App,
    principal: &Principal,
    image: &Digest,
    named: Option<&str>,
) -> Result<bool, StoreError> {
    let action = Action::DescribeImageScanFindings;
    if allows(principal, action, Resource::Registry) {
        return Ok(true);
    }
    let holds = |name: &RepositoryName| -> Result<bool, StoreError> {
        let reference = Reference::Digest(image.clone());
        let metadata = &app.store.metadata;
        Ok(allows(principal, action, name)
            && metadata.manifest_summary(name, &reference)?.is_some())
    };
    if let Some(named) = named.and_then(|named| named.parse().ok())
        && holds(&named)?
    {
        return Ok(true);
    }
    let Some(manifest) = app.store.metadata.any_manifest(image)? else {
        return Ok(false);
    };
    if holds(&manifest.repository)? {
        return Ok(true);
    }
    // Others that hold the image hold its blobs as well, and the store knows who holds a blob.
    let Some(blob) = manifest.blobs.first() else {
        return Ok(false);
    };
    let mut after: Option<RepositoryName> = None;
    loop {
        let metadata = &app.store.metadata;
        let holders = metadata.holders_of(blob, after.as_ref(), BATCH)?;
        for holder in &holders {
            if holds(holder)? {
                return Ok(true);
            }
        }
        match holders.into_iter().last() {
            Some(last) => after = Some(last),
            None => return Ok(false),
        }
    }
}

/// How many images are answered for one vulnerability, and looked at.
#[derive(Clone, Copy, Debug)]
pub struct AffectedLimits {
    /// The most images that are answered.
    pub listed: usize,
    /// The most images that are looked at where not all may be seen.
    pub looked_at: usize,
}

impl AffectedLimits {
    /// Those of the API and the pages.
    pub const SERVED: AffectedLimits = AffectedLimits {
        listed: MAX_AFFECTED,
        looked_at: MAX_LOOKED_AT,
    };
}

/// Images that a vulnerability affects.
pub struct Affected {
    /// The images, by repository and digest.
    pub images: Vec<AffectedImage>,
    /// Whether these are all: an image that is not in a list that was cut off may be affected.
    pub complete: bool,
}

/// Images with a finding of that identifier or alias, in repositories whose scans one may read.
///
/// # Errors
///
/// Where the store fails.
pub fn affected(
    app: &App,
    principal: &Principal,
    id: &str,
    limits: AffectedLimits,
) -> Result<Affected, StoreError> {
    let action = Action::DescribeImageScanFindings;
    let all = allows(principal, action, Resource::Registry);
    let looked_at = if all { limits.listed } else { limits.looked_at };
    // One more than is looked at tells whether there are more.
    let metadata = &app.store.metadata;
    let mut images = metadata.affected_images(id, looked_at.saturating_add(1))?;
    let mut complete = images.len() <= looked_at;
    images.truncate(looked_at);
    images.retain(|image| all || allows(principal, action, &image.repository));
    complete &= images.len() <= limits.listed;
    images.truncate(limits.listed);
    Ok(Affected { images, complete })
}

/// The length of a page for what was asked: within [`MAX_LIMIT`].
pub fn page_length(limit: Option<usize>) -> usize {
    limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT)
}

#[cfg(test)]
mod tests;
