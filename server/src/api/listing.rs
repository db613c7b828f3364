//! Lists that the API and the pages show alike, each as far as who asks may see.

use model::{Digest, Matchable, Reference, RepositoryName};
use store::StoreError;
use store::record::{AffectedImage, ManifestSummary, Repository, ScanRow};

use crate::app::App;
use crate::auth::Principal;
use crate::auth::access::{Action, Denial, Resource, allows, require};
use crate::index;

/// The length of a page where none is asked for.
pub const DEFAULT_LIMIT: usize = 100;
/// The longest page.
pub const MAX_LIMIT: usize = 1000;
/// The most packages that are looked at under one name.
const MAX_PACKAGES: usize = 10_000;
/// The most pages that are read for one answer where not all may be seen.
const MAX_PAGES: usize = 20;
/// How many rows are read at once where some may be left out.
const BATCH: usize = 1000;

/// An image of a repository with the state of its scan.
pub struct Image {
    /// The manifest.
    pub summary: ManifestSummary,
    /// Its scan, if one was ever asked for; an index's is that of its images together.
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
            scan: index::row(app, Some(&name), &summary.digest, &summary.media_type)?,
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

/// Through what somebody may read the scan of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// They may read those of all repositories.
    Anywhere,
    /// This repository holds it, and they may read its scans.
    In(RepositoryName),
}

impl Seen {
    /// The one repository that is to be looked into, unless it is any.
    pub fn repository(&self) -> Option<&RepositoryName> {
        match self {
            Seen::Anywhere => None,
            Seen::In(name) => Some(name),
        }
    }
}

/// Through what somebody may read the scan of an image or index: a repository that they name, or
/// any that holds it; `None` where they may not.
///
/// # Errors
///
/// Where the store fails.
pub fn seen_through(
    app: &App,
    principal: &Principal,
    image: &Digest,
    named: Option<&str>,
) -> Result<Option<Seen>, StoreError> {
    let action = Action::DescribeImageScanFindings;
    let metadata = &app.store.metadata;
    let reference = Reference::Digest(image.clone());
    if let Some(named) = named.and_then(|named| named.parse::<RepositoryName>().ok())
        && allows(principal, action, &named)
        && metadata.manifest_summary(&named, &reference)?.is_some()
    {
        return Ok(Some(Seen::In(named)));
    }
    if allows(principal, action, Resource::Registry) {
        return Ok(Some(Seen::Anywhere));
    }
    let mut after: Option<RepositoryName> = None;
    loop {
        let holders = metadata.repositories_of(image, after.as_ref(), BATCH)?;
        let Some(last) = holders.last() else {
            return Ok(None);
        };
        after = Some(last.clone());
        let mut holders = holders.into_iter();
        if let Some(seen) = holders.find(|holder| allows(principal, action, holder)) {
            return Ok(Some(Seen::In(seen)));
        }
    }
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
    Ok(seen_through(app, principal, image, named)?.is_some())
}

/// A page of images that hold something.
pub struct Affected {
    /// The images, in the order in which they were first scanned.
    pub images: Vec<AffectedImage>,
    /// Where the next page goes on; `None` where these are the last.
    pub next: Option<i64>,
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
    after: Option<i64>,
    limit: usize,
) -> Result<Affected, StoreError> {
    let metadata = &app.store.metadata;
    let read = |after, limit| metadata.affected_images(id, after, limit);
    visible_images(principal, after, limit, &read)
}

/// Images that hold a package of that name, in repositories whose scans one may read: of every
/// version, or of those below one. A version that cannot be compared counts as below.
///
/// # Errors
///
/// Where the store fails.
pub fn holding(
    app: &App,
    principal: &Principal,
    name: &str,
    below: Option<&str>,
    after: Option<i64>,
    limit: usize,
) -> Result<Affected, StoreError> {
    let metadata = &app.store.metadata;
    let mut packages = metadata.packages_named(name, MAX_PACKAGES)?;
    if let Some(bound) = below {
        packages.retain(|stored| is_below(&stored.assessed.matchable, name, bound));
    }
    let packages: Vec<i64> = packages.into_iter().map(|stored| stored.id).collect();
    let read = |after, limit| metadata.images_with_packages(&packages, after, limit);
    visible_images(principal, after, limit, &read)
}

/// Whether a package that is known under a name is of a lower version: its own, or its source's
/// where the name is that one's.
fn is_below(matchable: &Matchable, name: &str, bound: &str) -> bool {
    let package = &matchable.package;
    let version = match package.name == name {
        true => package.version.as_str(),
        false => package.source_version(),
    };
    version::compare(matchable.scheme(), version, bound).map_or(true, std::cmp::Ordering::is_lt)
}

type Read<'a> = dyn Fn(Option<i64>, usize) -> Result<Vec<AffectedImage>, StoreError> + 'a;

/// Up to about `limit` images that one may see. Who may see few of many gets shorter pages, so
/// that no request looks at everything.
fn visible_images(
    principal: &Principal,
    mut after: Option<i64>,
    limit: usize,
    read: &Read<'_>,
) -> Result<Affected, StoreError> {
    let action = Action::DescribeImageScanFindings;
    let all = allows(principal, action, Resource::Registry);
    let mut images = Vec::new();
    for _ in 0..MAX_PAGES {
        let page = read(after, limit)?;
        let last = page.last().map(|image| image.scan);
        let scans = page.chunk_by(|one, other| one.scan == other.scan).count();
        let sees =
            |image: &AffectedImage| all || allows(principal, action, &image.place.repository);
        images.extend(page.into_iter().filter(sees));
        after = last.filter(|_| scans >= limit);
        if after.is_none() || images.len() >= limit {
            break;
        }
    }
    Ok(Affected {
        images,
        next: after,
    })
}

/// The length of a page for what was asked: within [`MAX_LIMIT`].
pub fn page_length(limit: Option<usize>) -> usize {
    limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT)
}

#[cfg(test)]
mod tests;
