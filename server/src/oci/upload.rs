//! Uploads: monolithic, chunked, streamed and resumed, and blobs mounted from other repositories.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderMap, LOCATION, RANGE};
use model::digest::Algorithm;
use model::{Digest, RepositoryName};
use serde_json::json;
use store::record::{Claim, Link, UploadRow};
use store::{CommitError, Upload, UploadId};

use super::error::{Code, Failure};
use super::receive::{receive, refuse};
use super::route::{self, upload_unknown};
use super::{Answer, StatusCode, answer, blocking, ensure_repository, mount};
use crate::analysis::{self, Progress};
use crate::app::App;
use crate::auth::Principal;

/// How often, and with which pause, to try to open an upload that another request still holds:
/// the server may learn later than the client that a connection broke.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// Starts an upload, takes a whole blob, or mounts one from another repository.
pub async fn post(
    app: &Arc<App>,
    principal: &Principal,
    name: RepositoryName,
    request: Request<Body>,
) -> Answer {
    let uri = request.uri().clone();
    let parameter = |wanted| answer::parameter(&uri, wanted);
    let digest = parameter("digest")
        .map(|text| route::digest(&text))
        .transpose()?;
    let mount = parameter("mount")
        .map(|text| route::digest(&text))
        .transpose()?;
    if let Some(algorithm) = parameter("digest-algorithm") {
        check_algorithm(&algorithm)?;
    }
    // A name that cannot be one holds nothing; only without a name is looked everywhere.
    let from = parameter("from").map(|from| from.parse::<RepositoryName>());
    let (to, asker) = (name.clone(), principal.clone());
    let mounted = blocking(app, move |app| {
        ensure_repository(app, &asker, &to, app.clock.now())?;
        match (mount, from) {
            (Some(digest), Some(Ok(from))) => mount::from(app, &asker, &from, &to, digest),
            (Some(digest), None) => mount::from_anywhere(app, &asker, &to, digest),
            _ => Ok(None),
        }
    });
    if let Some(digest) = mounted.await? {
        return Ok(answer::blob_created(&name, &digest));
    }
    match digest {
        Some(digest) => monolithic(app, name, digest, request).await,
        None => start(app, name).await,
    }
}

/// A client may say beforehand how it will name the blob (end-4c, of the specification after 1.1).
fn check_algorithm(name: &str) -> Result<(), Failure> {
    if Algorithm::ALL.iter().any(|known| known.as_str() == name) {
        return Ok(());
    }
    let known = Algorithm::ALL.map(Algorithm::as_str).join(" and ");
    let message = format!("digests of this algorithm are not known here, but {known} are");
    Err(Failure::new(Code::DigestInvalid, message))
}

async fn start(app: &Arc<App>, name: RepositoryName) -> Answer {
    blocking(app, move |app| {
        let id = UploadId::from_random(app.random_16());
        app.store.blobs.create_upload(&id)?;
        let started_at = app.clock.now();
        let row = UploadRow {
            id: id.clone(),
            repository: name.clone(),
            started_at,
        };
        if !app.store.metadata.create_upload(&row)? {
            app.store.blobs.delete_upload(&id)?;
            return Err(Failure::name_unknown(&name));
        }
        Ok(answer::upload(StatusCode::ACCEPTED, &name, &id, 0))
    })
    .await
}

/// A whole blob in one request. Nobody learns the upload's name, so it ends with the request.
async fn monolithic(
    app: &Arc<App>,
    name: RepositoryName,
    digest: Digest,
    request: Request<Body>,
) -> Answer {
    let (parts, body) = request.into_parts();
    let (follower, to) = (app.clone(), name.clone());
    let opened = blocking(app, move |app| {
        let id = UploadId::from_random(app.random_16());
        app.store.blobs.create_upload(&id)?;
        let upload = app
            .store
            .blobs
            .open_upload(&id)?
            .ok_or_else(|| upload_unknown(id.as_str()))?;
        let progress = analysis::follow(&follower, &to, &id, &*upload)?;
        Ok((id, upload, progress))
    });
    let (id, upload, progress) = match opened.await {
        Ok(opened) => opened,
        Err(failure) => return Err(refuse(&parts.headers, body, failure)),
    };
    let temporary = Temporary {
        app: app.clone(),
        id,
    };
    let expected = content_length(&parts.headers);
    let upload = receive(upload, body, app.settings.limits.blob_bytes, progress).await?;
    complete_length(expected, upload.length())?;
    commit(app, name, temporary.id.clone(), upload, digest).await
}

/// Removes an upload when the request that it belongs to ends, however it ends.
struct Temporary {
    app: Arc<App>,
    id: UploadId,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let (app, id) = (self.app.clone(), self.id.clone());
        tokio::task::spawn_blocking(move || {
            if let Err(error) = app.store.blobs.delete_upload(&id) {
                tracing::warn!(%error, upload = %id, "an upload's bytes are left over");
            }
            analysis::lost(&app, &id);
        });
    }
}

/// How much of an upload is there.
pub async fn status(app: &Arc<App>, name: RepositoryName, id: UploadId) -> Answer {
    blocking(app, move |app| {
        check_owner(app, &name, &id)?;
        let length = app.store.blobs.upload_length(&id)?;
        let length = length.ok_or_else(|| upload_unknown(id.as_str()))?;
        Ok(answer::upload(StatusCode::NO_CONTENT, &name, &id, length))
    })
    .await
}

/// Ends an upload without a blob.
pub async fn delete(app: &Arc<App>, name: RepositoryName, id: UploadId) -> Answer {
    blocking(app, move |app| {
        check_owner(app, &name, &id)?;
        app.store.metadata.delete_upload(&id)?;
        app.store.blobs.delete_upload(&id)?;
        analysis::lost(app, &id);
        Ok(answer::empty(StatusCode::NO_CONTENT, &[]))
    })
    .await
}

/// Adds a chunk, or a stream of which nobody knows the length.
pub async fn patch(
    app: &Arc<App>,
    name: RepositoryName,
    id: UploadId,
    request: Request<Body>,
) -> Answer {
    let upload = append(app, &name, &id, request).await?;
    // At rest before the answer, so that the next chunk finds it free and whole on every server.
    let length = blocking(app, move |_| Ok(upload.rest()?)).await?;
    Ok(answer::upload(StatusCode::ACCEPTED, &name, &id, length))
}

/// Takes the last bytes, if any come, and makes the upload a blob.
pub async fn put(
    app: &Arc<App>,
    name: RepositoryName,
    id: UploadId,
    request: Request<Body>,
) -> Answer {
    let Some(digest) = answer::parameter(request.uri(), "digest") else {
        let message = "a PUT ends an upload and needs ?digest= with the digest of the whole blob";
        return Err(Failure::new(Code::DigestInvalid, message));
    };
    let digest = route::digest(&digest)?;
    let upload = append(app, &name, &id, request).await?;
    commit(app, name, id, upload, digest).await
}

/// Writes a request's body to the end of an upload, after its `Content-Range` was checked.
async fn append(
    app: &Arc<App>,
    name: &RepositoryName,
    id: &UploadId,
    request: Request<Body>,
) -> Result<Box<dyn Upload>, Failure> {
    let (parts, body) = request.into_parts();
    let (upload, progress, expected) = match ready(app, name, id, &parts.headers).await {
        Ok(ready) => ready,
        Err(failure) => return Err(refuse(&parts.headers, body, failure)),
    };
    let before = upload.length();
    let upload = receive(upload, body, app.settings.limits.blob_bytes, progress).await?;
    complete_length(expected, upload.length() - before)?;
    Ok(upload)
}

/// An open upload, and whom to tell how far it has come.
type Opened = (Box<dyn Upload>, Option<Arc<Progress>>);

/// The upload, open at the place where the request goes on, and how many bytes are to come if the
/// request says it.
async fn ready(
    app: &Arc<App>,
    name: &RepositoryName,
    id: &UploadId,
    headers: &HeaderMap,
) -> Result<(Box<dyn Upload>, Option<Arc<Progress>>, Option<u64>), Failure> {
    let (upload, progress) = open(app, name, id).await?;
    let before = upload.length();
    let announced = content_length(headers);
    match chunk_range(headers)? {
        None => Ok((upload, progress, announced)),
        Some((first, _)) if first != before => Err(out_of_order(name, id, before)),
        Some((first, last)) => {
            let length = last - first + 1;
            complete_length(announced, length)?;
            Ok((upload, progress, Some(length)))
        }
    }
}

/// Opens an upload of this repository, waiting a little for a request that still holds it.
async fn open(app: &Arc<App>, name: &RepositoryName, id: &UploadId) -> Result<Opened, Failure> {
    for _ in 0..TRIES {
        let (follower, name, id) = (app.clone(), name.clone(), id.clone());
        let opened = blocking(app, move |app| {
            check_owner(app, &name, &id)?;
            let opened = app.store.blobs.open_upload(&id)?;
            if opened.is_none() && app.store.blobs.upload_length(&id)?.is_none() {
                return Err(upload_unknown(id.as_str()));
            }
            let Some(upload) = opened else {
                return Ok(None);
            };
            let progress = analysis::follow(&follower, &name, &id, &*upload)?;
            Ok(Some((upload, progress)))
        });
        match opened.await? {
            Some(opened) => return Ok(opened),
            None => tokio::time::sleep(PAUSE).await,
        }
    }
    let message = "another request is writing to this upload: let it end, then go on";
    Err(Failure::new(Code::BlobUploadInvalid, message).status(StatusCode::CONFLICT))
}

/// An upload's name is good in its own repository only.
fn check_owner(app: &App, name: &RepositoryName, id: &UploadId) -> Result<(), Failure> {
    let row = app.store.metadata.upload(id)?;
    match row.is_some_and(|row| row.repository == *name) {
        true => Ok(()),
        false => Err(upload_unknown(id.as_str())),
    }
}

/// Makes an upload a blob of the repository: bytes first, then the link.
async fn commit(
    app: &Arc<App>,
    name: RepositoryName,
    id: UploadId,
    upload: Box<dyn Upload>,
    digest: Digest,
) -> Answer {
    let claim = claim(app, &digest).await?;
    let worker = app.clone();
    blocking(app, move |app| match upload.commit(&digest) {
        Ok(size) => {
            analysis::committed(&worker, &name, &id, &digest)?;
            link(app, &id, &name, &digest, claim, size)
        }
        Err(CommitError::DigestMismatch { expected, actual }) => {
            analysis::lost(app, &id);
            app.store.metadata.delete_upload(&id)?;
            Err(Failure::mismatch(&expected, &actual))
        }
        Err(CommitError::Store(error)) => Err(error.into()),
    })
    .await
}

/// Says that the blob is about to be there, waiting while garbage collection removes it.
async fn claim(app: &Arc<App>, digest: &Digest) -> Result<Claim, Failure> {
    for _ in 0..TRIES {
        let wanted = digest.clone();
        let claim = move |app: &App| Ok(app.store.metadata.claim_blob(&wanted, app.clock.now())?);
        if let Some(claim) = blocking(app, claim).await? {
            return Ok(claim);
        }
        tokio::time::sleep(PAUSE).await;
    }
    let message = "this blob is just being removed: send it again in a moment";
    Err(Failure::new(Code::BlobUploadInvalid, message).status(StatusCode::CONFLICT))
}

fn link(
    app: &App,
    id: &UploadId,
    name: &RepositoryName,
    digest: &Digest,
    claim: Claim,
    size: u64,
) -> Answer {
    let now = app.clock.now();
    match app
        .store
        .metadata
        .finish_upload(id, name, digest, claim, size, now)?
    {
        Link::Linked(_) => Ok(answer::blob_created(name, digest)),
        Link::NoRepository => Err(Failure::name_unknown(name)),
        Link::NoBlob => {
            let message = "the blob was removed while it came: send it again";
            Err(Failure::new(Code::BlobUploadUnknown, message))
        }
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The first and last byte of a chunk: `<first>-<last>`, also with the unit and the total that
/// RFC 9110 writes around them.
fn chunk_range(headers: &HeaderMap) -> Result<Option<(u64, u64)>, Failure> {
    let Some(value) = headers.get(CONTENT_RANGE) else {
        return Ok(None);
    };
    let parse = || {
        let text = value.to_str().ok()?.trim();
        let text = text
            .strip_prefix("bytes")
            .map_or(text, |rest| rest.trim_start_matches([' ', '=']));
        let range = text.split_once('/').map_or(text, |(range, _)| range);
        let (first, last) = range.split_once('-')?;
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        (first <= last && last < u64::MAX).then_some((first, last))
    };
    match parse() {
        Some(range) => Ok(Some(range)),
        None => {
            let message = "Content-Range must be <first byte>-<last byte>, both counted from 0";
            Err(Failure::new(Code::BlobUploadInvalid, message))
        }
    }
}

fn complete_length(expected: Option<u64>, actual: u64) -> Result<(), Failure> {
    match expected {
        Some(expected) if expected != actual => {
            let message = format!(
                "{expected} bytes were announced and {actual} came: ask how much is there and go on \
                 from that byte"
            );
            let detail = json!({ "expected": expected, "actual": actual });
            Err(Failure::new(Code::SizeInvalid, message).detail(detail))
        }
        _ => Ok(()),
    }
}

fn out_of_order(name: &RepositoryName, id: &UploadId, length: u64) -> Failure {
    let message = format!("the upload holds {length} bytes: go on with byte {length}");
    Failure::new(Code::BlobUploadInvalid, message)
        .status(StatusCode::RANGE_NOT_SATISFIABLE)
        .header(LOCATION, answer::upload_location(name, id))
        .header(RANGE, answer::upload_range(length))
}
