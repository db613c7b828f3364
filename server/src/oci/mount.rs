//! Mounts: a blob that one repository holds becomes another's without being sent again. It takes
//! that the asker may pull from the one and push to the other.

use model::{Digest, RepositoryName};
use store::record::Link;

use super::error::Failure;
use crate::app::App;
use crate::auth::Principal;
use crate::auth::access::{Action, allows};

/// How many repositories are asked for at once, and how often, for a mount from anywhere.
const BATCH: usize = 100;
const BATCHES: usize = 10;

/// Links a blob that another repository holds; `None` where it does not, or the asker may not pull
/// from it, which looks the same: a session follows.
pub fn from(
    app: &App,
    asker: &Principal,
    from: &RepositoryName,
    to: &RepositoryName,
    digest: Digest,
) -> Result<Option<Digest>, Failure> {
    if !allows(asker, Action::GetDownloadUrlForLayer, from) {
        return Ok(None);
    }
    if app.store.metadata.linked_blob(from, &digest)?.is_none() {
        return Ok(None);
    }
    link(app, to, digest)
}

/// Links a blob that any repository holds from which the asker may pull: the automatic mount of
/// the distribution specification 1.1.
pub fn from_anywhere(
    app: &App,
    asker: &Principal,
    to: &RepositoryName,
    digest: Digest,
) -> Result<Option<Digest>, Failure> {
    let mut after: Option<RepositoryName> = None;
    for _ in 0..BATCHES {
        let metadata = &app.store.metadata;
        let holders = metadata.holders_of(&digest, after.as_ref(), BATCH)?;
        for holder in &holders {
            if let Some(digest) = from(app, asker, holder, to, digest.clone())? {
                return Ok(Some(digest));
            }
        }
        after = holders.into_iter().last();
        if after.is_none() {
            break;
        }
    }
    Ok(None)
}

fn link(app: &App, to: &RepositoryName, digest: Digest) -> Result<Option<Digest>, Failure> {
    if app.store.blobs.length(&digest)?.is_none() {
        return Ok(None);
    }
    match app.store.metadata.link_blob(to, &digest, app.clock.now())? {
        Link::Linked(_) => Ok(Some(digest)),
        Link::NoBlob => Ok(None),
        Link::NoRepository => Err(Failure::name_unknown(to)),
    }
}
