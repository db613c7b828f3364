//! Blobs: HEAD, GET with ranges (RFC 9110, section 14), DELETE.

use std::io::{Seek, SeekFrom};
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderValue, Response};
use model::{Digest, RepositoryName};
use serde_json::json;

use super::error::{Code, Failure};
use super::{Answer, StatusCode, answer, blocking, condition, download, missing};
use crate::app::App;

/// Clients know a blob's type from the manifest that names it.
const MEDIA_TYPE: &str = "application/octet-stream";

pub async fn head(
    app: &Arc<App>,
    name: RepositoryName,
    digest: Digest,
    headers: &HeaderMap,
) -> Answer {
    let asked = digest.clone();
    let length = blocking(app, move |app| {
        // Who asks may be about to push a manifest that names it.
        let now = app.clock.now();
        let stale = now - app.settings.collect_after / 8;
        let linked = app.store.metadata.want_blob(&name, &asked, now, stale)?;
        let length = linked
            .map(|_| app.store.blobs.length(&asked))
            .transpose()?
            .flatten();
        length.ok_or_else(|| missing(app, &name, unknown(&asked)))
    })
    .await?;
    if condition::is_known(headers, &digest) {
        return Ok(answer::not_modified(&digest));
    }
    let mut response = answer::content(&digest, MEDIA_TYPE, length, Body::empty());
    accept_ranges(&mut response);
    Ok(response)
}

pub async fn get(
    app: &Arc<App>,
    name: RepositoryName,
    digest: Digest,
    headers: &HeaderMap,
) -> Answer {
    let asked = digest.clone();
    let range = headers
        .get(RANGE)
        .filter(|_| condition::range_holds(headers, &digest))
        .and_then(|range| range.to_str().ok())
        .map(str::to_owned);
    let is_known = condition::is_known(headers, &digest);
    let found = blocking(app, move |app| {
        let linked = app.store.metadata.linked_blob(&name, &asked)?;
        let blob = linked
            .map(|_| app.store.blobs.open(&asked))
            .transpose()?
            .flatten();
        let mut blob = blob.ok_or_else(|| missing(app, &name, unknown(&asked)))?;
        if is_known {
            return Ok(None);
        }
        let length = blob.length();
        let wanted = range
            .as_deref()
            .map_or(Wanted::Whole, |range| wanted(range, length));
        let (first, count) = match wanted {
            Wanted::Whole => (0, length),
            Wanted::Part { first, last } => (first, last - first + 1),
            Wanted::Nothing => return Err(not_satisfiable(length)),
        };
        blob.seek(SeekFrom::Start(first))
            .map_err(|error| Failure::internal(&error))?;
        Ok(Some((length, wanted, download::start(blob, count)?)))
    });
    let Some((length, wanted, body)) = found.await? else {
        return Ok(answer::not_modified(&digest));
    };
    let mut response = answer::content(&digest, MEDIA_TYPE, length, body.into_body());
    accept_ranges(&mut response);
    if let Wanted::Part { first, last } = wanted {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let range = format!("bytes {first}-{last}/{length}");
        for (name, value) in [
            (CONTENT_RANGE, range),
            (CONTENT_LENGTH, (last - first + 1).to_string()),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
    }
    Ok(response)
}

/// Takes the blob out of the repository. Its bytes stay while other repositories hold it.
pub async fn delete(app: &Arc<App>, name: RepositoryName, digest: Digest) -> Answer {
    blocking(app, move |app| {
        match app.store.metadata.unlink_blob(&name, &digest)? {
            true => Ok(answer::empty(StatusCode::ACCEPTED, &[])),
            false => Err(missing(app, &name, unknown(&digest))),
        }
    })
    .await
}

fn unknown(digest: &Digest) -> Failure {
    let message = "this repository holds no such blob: push it, or mount it from one that does";
    Failure::new(Code::BlobUnknown, message).detail(json!({ "digest": digest.as_str() }))
}

fn not_satisfiable(length: u64) -> Failure {
    let message = format!("the blob has {length} bytes: ask for a range within");
    Failure::new(Code::SizeInvalid, message)
        .status(StatusCode::RANGE_NOT_SATISFIABLE)
        .header(CONTENT_RANGE, format!("bytes */{length}"))
}

fn accept_ranges(response: &mut Response<Body>) {
    response
        .headers_mut()
        .insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
}

/// What a `Range` header asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// All: there is no range, or one that a server may pass over.
    Whole,
    /// From one byte to another, both included.
    Part { first: u64, last: u64 },
    /// Nothing that is there.
    Nothing,
}

/// Reads a range. Several ranges and what is malformed are passed over, as the RFC allows.
fn wanted(text: &str, length: u64) -> Wanted {
    let unit_and_range = text.trim().split_once('=');
    let Some((_, range)) = unit_and_range.filter(|(unit, _)| unit.eq_ignore_ascii_case("bytes"))
    else {
        return Wanted::Whole;
    };
    let Some((first, last)) = range.trim().split_once('-') else {
        return Wanted::Whole;
    };
    let bounds = match (number(first), number(last)) {
        // Backwards: the RFC lets a server reject it, and the conformance suite wants that.
        (Some(first), Some(last)) if first > last => return Wanted::Nothing,
        (Some(first), Some(last)) => Some((first, last)),
        (Some(first), None) if last.is_empty() => Some((first, u64::MAX)),
        (None, Some(count)) if first.is_empty() => {
            let start = if count == 0 {
                length
            } else {
                length.saturating_sub(count)
            };
            Some((start, u64::MAX))
        }
        _ => None,
    };
    match bounds {
        None => Wanted::Whole,
        Some((first, _)) if first >= length => Wanted::Nothing,
        Some((first, last)) => Wanted::Part {
            first,
            last: last.min(length - 1),
        },
    }
}

/// Digits only: `parse` alone would take a sign.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_the_rfc() {
        let part = |first, last| Wanted::Part { first, last };
        let cases = [
            ("bytes=0-0", part(0, 0)),
            ("bytes=2-5", part(2, 5)),
            ("Bytes=2-5", part(2, 5)),
            ("bytes=2-", part(2, 9)),
            ("bytes=2-99", part(2, 9)),
            ("bytes=-3", part(7, 9)),
            ("bytes=-99", part(0, 9)),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=10-12", Wanted::Nothing),
            ("bytes=99999999999999999999999-", Wanted::Nothing),
            ("bytes=5-2", Wanted::Nothing),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
            ("", Wanted::Whole),
        ];
        for (text, expected) in cases {
            assert_eq!(wanted(text, 10), expected, "{text}");
        }
        assert_eq!(wanted("bytes=0-", 0), Wanted::Nothing);
    }
}
