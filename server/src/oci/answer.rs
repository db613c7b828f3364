//! Answers in the forms that repeat.

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, LOCATION, RANGE};
use axum::http::{HeaderValue, Response, StatusCode, Uri};
use model::{Digest, RepositoryName};
use store::UploadId;

/// `Docker-Content-Digest`.
pub const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");

/// An answer with headers and no body.
pub fn empty(status: StatusCode, headers: &[(HeaderName, &str)]) -> Response<Body> {
    with_body(status, headers, Body::empty())
}

/// An answer with headers. A value that cannot stand in a header is left out.
pub fn with_body(status: StatusCode, headers: &[(HeaderName, &str)], body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// A JSON text.
pub fn json(text: String) -> Response<Body> {
    let headers = [(CONTENT_TYPE, "application/json")];
    with_body(StatusCode::OK, &headers, Body::from(text))
}

/// Bytes of a known type and digest, whole.
pub fn content(digest: &Digest, media_type: &str, length: u64, body: Body) -> Response<Body> {
    let headers = [
        (CONTENT_DIGEST, digest.as_str()),
        (CONTENT_LENGTH, &length.to_string()),
        (CONTENT_TYPE, media_type),
        (ETAG, &format!("\"{digest}\"")),
    ];
    with_body(StatusCode::OK, &headers, body)
}

/// Where an upload is and how much of it is there: `Range` is `0-0` for the first byte and for
/// none, as all registries say it.
pub fn upload(
    status: StatusCode,
    name: &RepositoryName,
    id: &UploadId,
    length: u64,
) -> Response<Body> {
    let headers = [
        (LOCATION, &*upload_location(name, id)),
        (RANGE, &*upload_range(length)),
        (UPLOAD_UUID, id.as_str()),
    ];
    empty(status, &headers)
}

/// The address of an upload.
pub fn upload_location(name: &RepositoryName, id: &UploadId) -> String {
    format!("/v2/{name}/blobs/uploads/{id}")
}

/// The bytes of an upload that are there.
pub fn upload_range(length: u64) -> String {
    format!("0-{}", length.saturating_sub(1))
}

/// A blob that is there now.
pub fn blob_created(name: &RepositoryName, digest: &Digest) -> Response<Body> {
    let location = format!("/v2/{name}/blobs/{digest}");
    let headers = [(LOCATION, &*location), (CONTENT_DIGEST, digest.as_str())];
    empty(StatusCode::CREATED, &headers)
}

/// The first value of a parameter in a query.
pub fn parameter(uri: &Uri, wanted: &str) -> Option<String> {
    let query = uri.query()?.as_bytes();
    let mut pairs = form_urlencoded::parse(query);
    pairs
        .find(|(name, _)| name == wanted)
        .map(|(_, value)| value.into_owned())
}
