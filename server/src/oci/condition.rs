//! Conditional requests (RFC 9110, section 13) for what never changes: bytes under their digest.

use axum::http::HeaderMap;
use axum::http::header::{IF_NONE_MATCH, IF_RANGE};
use model::Digest;

use super::answer;

/// Whether `If-None-Match` names these bytes, so that the client has them. A digest without its
/// quotes is understood as well, since clients send it.
pub fn is_known(headers: &HeaderMap, digest: &Digest) -> bool {
    let lines = headers.get_all(IF_NONE_MATCH).iter();
    let tags = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim);
    let names = |tag: &str| {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag == "*" || tag == digest.as_str() || tag == answer::entity_tag(digest)
    };
    tags.into_iter().any(names)
}

/// Whether a range may be answered: without `If-Range`, or with one that names these bytes.
pub fn range_holds(headers: &HeaderMap, digest: &Digest) -> bool {
    headers.get(IF_RANGE).is_none_or(|tag| {
        let tag = tag.to_str().unwrap_or_default().trim();
        tag == answer::entity_tag(digest)
    })
}
