//! Answers in the forms that repeat.

use axum::body::{Body, HttpBody as _};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, LOCATION, RANGE};
use axum::http::{HeaderValue, Response, StatusCode, Uri};
use model::{Digest, RepositoryName};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
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
        (ETAG, &entity_tag(digest)),
    ];
    with_body(StatusCode::OK, &headers, body)
}

/// What the client has already (RFC 9110, section 15.4.5).
pub fn not_modified(digest: &Digest) -> Response<Body> {
    let tag = entity_tag(digest);
    let headers = [(CONTENT_DIGEST, digest.as_str()), (ETAG, &*tag)];
    empty(StatusCode::NOT_MODIFIED, &headers)
}

/// The `ETag` of bytes is their digest, since no others can be under it.
pub fn entity_tag(digest: &Digest) -> String {
    format!("\"{digest}\"")
}

/// The answer to HEAD: what GET would say, without the body.
pub fn without_body(mut response: Response<Body>) -> Response<Body> {
    let length = response.body().size_hint().exact();
    let missing =
        length.filter(|length| *length > 0 && !response.headers().contains_key(CONTENT_LENGTH));
    if let Some(length) = missing {
        response
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    *response.body_mut() = Body::empty();
    response
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
    parameters(uri, wanted).next()
}

/// Every value of a parameter in a query, in its order.
pub fn parameters(uri: &Uri, wanted: &str) -> impl Iterator<Item = String> {
    let query = uri.query().unwrap_or_default().as_bytes();
    form_urlencoded::parse(query)
        .filter(move |(name, _)| name == wanted)
        .map(|(_, value)| value.into_owned())
}

/// `Link` to the next page (RFC 8288), its parameters encoded.
pub fn next_page(path: &str, parameters: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| {
        format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
    };
    let query: Vec<String> = parameters.iter().map(pair).collect();
    format!("<{path}?{}>; rel=\"next\"", query.join("&"))
}
