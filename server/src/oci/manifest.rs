//! Manifests and indexes, by tag and digest. An answer never depends on `Accept`: an image is
//! served as it was pushed.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION};
use axum::http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use image::Manifest;
use image::manifest::ManifestError;
use jiff::Timestamp;
use model::coverage::Completeness;
use model::digest::{Algorithm, Hasher};
use model::reference::InvalidName;
use model::{Digest, Reference, RepositoryName, Tag};
use serde_json::json;
use store::record::{self, PutManifest, ScanOrder, ScanState};

use super::error::{Code, Failure};
use super::{Answer, StatusCode, answer, blocking, condition, ensure_repository, gate, missing};
use crate::app::App;
use crate::auth::Principal;
use crate::index;
use crate::scan::{self, Looked, Order};

const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
/// Where the scan of what was pushed stands: `pending`, `in_progress`, `complete` or `failed`.
const SCAN_STATUS: HeaderName = HeaderName::from_static("lazaret-scan-status");
/// Whether a scan could answer the whole question: `complete` or `incomplete`.
const COVERAGE: HeaderName = HeaderName::from_static("lazaret-coverage");
/// How many findings of each severity it has: `critical=0, high=2, …`.
const FINDINGS: HeaderName = HeaderName::from_static("lazaret-findings");
const TAGS: HeaderName = HeaderName::from_static("oci-tag");
/// The most tags that one push may set; the specification asks for 10.
const MAX_TAGS: usize = 100;

pub async fn get(
    app: &Arc<App>,
    name: RepositoryName,
    reference: Reference,
    headers: &HeaderMap,
) -> Answer {
    let found = blocking(app, move |app| {
        let found = app.store.metadata.manifest(&name, &reference)?;
        let found = found.ok_or_else(|| missing(app, &name, unknown(&reference)))?;
        let said = gate::pull(app, &reference, &found)?;
        Ok((found, said))
    });
    let (found, said) = found.await?;
    if condition::is_known(headers, &found.digest) {
        return Ok(said.on(answer::not_modified(&found.digest)));
    }
    let length = found.bytes.len() as u64;
    Ok(said.on(answer::content(
        &found.digest,
        &found.media_type,
        length,
        Body::from(found.bytes),
    )))
}

pub async fn head(
    app: &Arc<App>,
    name: RepositoryName,
    reference: Reference,
    headers: &HeaderMap,
) -> Answer {
    let found = blocking(app, move |app| {
        let found = app.store.metadata.manifest_summary(&name, &reference)?;
        let found = found.ok_or_else(|| missing(app, &name, unknown(&reference)))?;
        let said = gate::look(app, &name, &reference, &found.digest)?;
        Ok((found, said))
    });
    let (found, said) = found.await?;
    if condition::is_known(headers, &found.digest) {
        return Ok(said.on(answer::not_modified(&found.digest)));
    }
    Ok(said.on(answer::content(
        &found.digest,
        &found.media_type,
        found.manifest_size,
        Body::empty(),
    )))
}

pub async fn delete(app: &Arc<App>, name: RepositoryName, reference: Reference) -> Answer {
    blocking(app, move |app| {
        let (metadata, now) = (&app.store.metadata, app.clock.now());
        let deleted = match &reference {
            Reference::Tag(tag) => metadata.delete_tag(&name, tag, now)?,
            Reference::Digest(digest) => metadata.delete_manifest(&name, digest, now)?,
        };
        match deleted {
            true => Ok(answer::empty(StatusCode::ACCEPTED, &[])),
            false => Err(missing(app, &name, unknown(&reference))),
        }
    })
    .await
}

pub async fn put(
    app: &Arc<App>,
    principal: &Principal,
    name: RepositoryName,
    reference: Reference,
    request: Request<Body>,
) -> Answer {
    let (parts, body) = request.into_parts();
    let tags = tags(&reference, &parts.uri)?;
    let limit = app.settings.image_limits.manifest_bytes;
    let bytes = read(&parts.headers, body, limit).await?;
    let (worker, asker, principal) = (app.clone(), app.clone(), principal.clone());
    let hint = parts
        .headers
        .get(CONTENT_TYPE)
        .and_then(|hint| hint.to_str().ok());
    let hint = hint.map(str::to_owned);
    blocking(&asker, move |app| {
        let parsed = Manifest::parse(&bytes, hint.as_deref(), &app.settings.image_limits);
        let parsed = parsed.map_err(invalid)?;
        let digest = digest(&bytes, &reference)?;
        let pushed = Pushed {
            parsed,
            digest,
            bytes,
        };
        let mut response = store(&worker, &principal, name, &tags, pushed)?;
        if matches!(reference, Reference::Digest(_)) && !tags.is_empty() {
            let tags: Vec<&str> = tags.iter().map(Tag::as_str).collect();
            if let Ok(tags) = HeaderValue::from_str(&tags.join(", ")) {
                response.headers_mut().insert(TAGS, tags);
            }
        }
        Ok(response)
    })
    .await
}

/// The tags to point at a manifest: the one that it is pushed under or, where it is pushed under
/// its digest, every `?tag=` (end-7b, of the specification after 1.1).
fn tags(reference: &Reference, uri: &Uri) -> Result<Vec<Tag>, Failure> {
    if let Reference::Tag(tag) = reference {
        return Ok(vec![tag.clone()]);
    }
    let texts: Vec<String> = answer::parameters(uri, "tag").take(MAX_TAGS + 1).collect();
    if texts.len() > MAX_TAGS {
        let message = format!("one push may set {MAX_TAGS} tags: push again for the others");
        return Err(Failure::new(Code::Unsupported, message).status(StatusCode::URI_TOO_LONG));
    }
    let tag = |text: &String| text.parse();
    texts
        .iter()
        .map(tag)
        .collect::<Result<_, InvalidName>>()
        .map_err(|error| Failure::new(Code::ManifestInvalid, error.to_string()))
}

/// The body, up to the limit.
async fn read(headers: &HeaderMap, body: Body, limit: u64) -> Result<Bytes, Failure> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > limit) {
        return Err(too_large(limit));
    }
    let limited = Limited::new(body, usize::try_from(limit).unwrap_or(usize::MAX));
    match limited.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Err(_) => {
            let message = "the manifest did not arrive to its end: send it again";
            Err(Failure::new(Code::ManifestInvalid, message))
        }
    }
}

/// The digest of the bytes, which must be the one that they are sent under.
fn digest(bytes: &[u8], reference: &Reference) -> Result<Digest, Failure> {
    let algorithm = match reference {
        Reference::Digest(expected) => expected.algorithm(),
        Reference::Tag(_) => Algorithm::Sha256,
    };
    let mut hasher = Hasher::new(algorithm);
    hasher.update(bytes);
    let actual = hasher.finish();
    match reference {
        Reference::Digest(expected) if *expected != actual => {
            Err(Failure::mismatch(expected, &actual))
        }
        _ => Ok(actual),
    }
}

/// A manifest that was read.
struct Pushed {
    parsed: Manifest,
    digest: Digest,
    bytes: Bytes,
}

/// Stores a manifest with its scan: who is answered finds both.
fn store(
    app: &Arc<App>,
    principal: &Principal,
    name: RepositoryName,
    tags: &[Tag],
    pushed: Pushed,
) -> Answer {
    let now = app.clock.now();
    let repository = ensure_repository(app, principal, &name, now)?;
    let manifest = row(&name, &pushed, now);
    let is_scanned = app.scan_wanted(&repository)?;
    // An index is not scanned itself: its images were pushed as manifests of their own.
    let image = pushed.parsed.as_image();
    let image = image.filter(|_| is_scanned && pushed.parsed.is_image());
    let started = app.clock.elapsed();
    let order = image.map(|image| scan::look_soon(app, &pushed.digest, image));
    let order = order.transpose()?;
    let took = app.clock.elapsed().saturating_sub(started);
    let first = match &order {
        None | Some(Order::Stands) => ScanOrder::None,
        Some(Order::Later) => ScanOrder::Later,
        Some(Order::Looked(Looked::Found(result))) => ScanOrder::Done(result),
        Some(Order::Looked(Looked::Failed(failed))) => ScanOrder::Failed(failed),
    };
    // Each further tag is a transaction of its own: one that is cut off was not acknowledged.
    let (tag, others) = tags.split_first().unzip();
    let others = others.unwrap_or_default().iter();
    let others = others.map(|tag| (Some(tag), ScanOrder::None));
    for (tag, scan) in std::iter::once((tag, first)).chain(others) {
        match app.store.metadata.put_manifest(&manifest, tag, scan)? {
            PutManifest::NoRepository => return Err(Failure::name_unknown(&name)),
            PutManifest::Immutable(target) => return Err(immutable(&name, tag, &target)),
            PutManifest::Missing(digests) => return Err(Failure::manifest_blob_unknown(&digests)),
            PutManifest::Stored => {}
        }
    }
    match &order {
        Some(Order::Looked(Looked::Found(_))) => app.metrics.scan("complete", took),
        Some(Order::Looked(Looked::Failed(_))) => app.metrics.scan("unscannable", took),
        Some(Order::Later | Order::Stands) | None => {}
    }
    app.wake_worker();
    let location = format!("/v2/{name}/manifests/{}", pushed.digest);
    let digest = (answer::CONTENT_DIGEST, pushed.digest.as_str());
    let mut headers = vec![(LOCATION, location.as_str()), digest];
    let subject = manifest.subject.as_ref();
    headers.extend(subject.map(|subject| (SUBJECT, subject.as_str())));
    let mut response = answer::empty(StatusCode::CREATED, &headers);
    if is_scanned {
        tell_scan(app, &manifest, response.headers_mut())?;
        let said = gate::tell(app, tag, &manifest)?;
        response = said.on(response);
    }
    Ok(response)
}

/// What the registry keeps of a manifest.
fn row(name: &RepositoryName, pushed: &Pushed, now: Timestamp) -> record::Manifest {
    let parsed = &pushed.parsed;
    let annotations = parsed.annotations();
    let blobs = parsed.blobs().into_iter();
    let manifests = parsed.manifests().iter();
    record::Manifest {
        repository: name.clone(),
        digest: pushed.digest.clone(),
        media_type: parsed.media_type().to_owned(),
        bytes: pushed.bytes.to_vec(),
        artifact_type: parsed.artifact_type().map(str::to_owned),
        subject: parsed.subject().map(|subject| subject.digest.clone()),
        annotations: (!annotations.is_empty()).then(|| json!(annotations).to_string()),
        image_size: parsed.image_size(),
        blobs: blobs.map(|blob| blob.digest.clone()).collect(),
        manifests: manifests
            .map(|entry| entry.descriptor.digest.clone())
            .collect(),
        pushed_at: now,
    }
}

/// Says in headers where the scan stands and what it found: an image's, or that of an index's
/// images together.
fn tell_scan(app: &App, pushed: &record::Manifest, headers: &mut HeaderMap) -> Result<(), Failure> {
    let (place, kind) = (&pushed.repository, &pushed.media_type);
    let Some((scan, gaps)) = index::standing(app, place, &pushed.digest, kind)? else {
        return Ok(());
    };
    headers.insert(SCAN_STATUS, HeaderValue::from_static(scan.state.as_str()));
    if scan.state == ScanState::Complete {
        let counts = scan.counts.iter();
        let counts: Vec<String> = counts
            .map(|(severity, count)| format!("{severity}={count}"))
            .collect();
        if let Ok(counts) = HeaderValue::from_str(&counts.join(", ")) {
            headers.insert(FINDINGS, counts);
        }
        let coverage = match gaps.is_empty() {
            true => Completeness::Complete,
            false => Completeness::Incomplete,
        };
        headers.insert(COVERAGE, HeaderValue::from_static(coverage.as_str()));
    }
    Ok(())
}

fn unknown(reference: &Reference) -> Failure {
    let message =
        format!("this repository holds no manifest '{reference}': push it, or check the name");
    Failure::new(Code::ManifestUnknown, message)
        .detail(json!({ "reference": reference.to_string() }))
}

/// In ECR's words, which its users know.
fn immutable(name: &RepositoryName, tag: Option<&Tag>, target: &Digest) -> Failure {
    let tag = tag.map_or("", Tag::as_str);
    let message = format!(
        "The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten \
         because the tag is immutable."
    );
    let detail = json!({ "tag": tag, "digest": target.as_str() });
    Failure::new(Code::TagInvalid, message).detail(detail)
}

fn invalid(error: ManifestError) -> Failure {
    let failure = Failure::new(Code::ManifestInvalid, error.to_string());
    match error {
        ManifestError::TooLarge { .. } => failure.status(StatusCode::PAYLOAD_TOO_LARGE),
        _ => failure,
    }
}

fn too_large(limit: u64) -> Failure {
    let message = format!("a manifest may have {limit} bytes: put large data into a blob");
    Failure::new(Code::ManifestInvalid, message).status(StatusCode::PAYLOAD_TOO_LARGE)
}
