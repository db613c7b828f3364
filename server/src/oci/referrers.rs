//! Manifests that speak of another one: signatures, attestations, bills of materials.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Uri;
use axum::http::header::{CONTENT_TYPE, HeaderName, LINK};
use model::{Digest, RepositoryName};
use serde_json::{Map, Value, json};
use store::record::ManifestSummary;

use super::error::Failure;
use super::{Answer, StatusCode, answer, blocking, route};
use crate::app::App;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// More than the bytes of an index around its descriptors.
const FRAME: u64 = 128;
/// How many rows are read at once.
const ROWS: usize = 1000;
const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

/// An index of them, empty where there are none, since neither subject nor repository need be
/// here: 404 would say that the registry does not have this API.
pub async fn list(app: &Arc<App>, name: RepositoryName, subject: Digest, uri: &Uri) -> Answer {
    let wanted = answer::parameter(uri, "artifactType").filter(|wanted| !wanted.is_empty());
    // A media type has no spaces: where one is read, a `+` was sent as it is.
    let wanted = wanted.map(|wanted| wanted.replace(' ', "+"));
    let last = answer::parameter(uri, "last");
    let last = last.map(|last| route::digest(&last)).transpose()?;
    blocking(app, move |app| {
        let limit = app.settings.image_limits.manifest_bytes;
        let page = page(app, &name, &subject, wanted.as_deref(), last, limit)?;
        let path = format!("/v2/{name}/referrers/{subject}");
        let link = page.last.map(|last| {
            let mut parameters = vec![("last", last.as_str())];
            parameters.extend(wanted.as_deref().map(|wanted| ("artifactType", wanted)));
            answer::next_page(&path, &parameters)
        });
        let manifests = page.descriptors;
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
        let mut headers = vec![(CONTENT_TYPE, INDEX)];
        headers.extend(link.as_deref().map(|link| (LINK, link)));
        headers.extend(
            wanted
                .is_some()
                .then_some((FILTERS_APPLIED, "artifactType")),
        );
        Ok(answer::with_body(
            StatusCode::OK,
            &headers,
            Body::from(index.to_string()),
        ))
    })
    .await
}

/// A page of descriptors.
struct Page {
    descriptors: Vec<Value>,
    /// The last of them, where more are left.
    last: Option<Digest>,
}

/// The descriptors that fit into an index that clients accept, one at least.
fn page(
    app: &App,
    name: &RepositoryName,
    subject: &Digest,
    wanted: Option<&str>,
    mut after: Option<Digest>,
    limit: u64,
) -> Result<Page, Failure> {
    let mut descriptors = Vec::new();
    let (mut size, mut last) = (FRAME, None);
    loop {
        let metadata = &app.store.metadata;
        let found = metadata.referrers(name, subject, after.as_ref(), ROWS)?;
        let fits = |summary: &&ManifestSummary| {
            wanted.is_none_or(|wanted| summary.artifact_type.as_deref() == Some(wanted))
        };
        for summary in found.iter().filter(fits) {
            let descriptor = descriptor(summary);
            size += descriptor.to_string().len() as u64 + 1;
            if size > limit && !descriptors.is_empty() {
                return Ok(Page { descriptors, last });
            }
            descriptors.push(descriptor);
            last = Some(summary.digest.clone());
        }
        match found.last() {
            Some(read) if found.len() == ROWS => after = Some(read.digest.clone()),
            _ => {
                let last = None;
                return Ok(Page { descriptors, last });
            }
        }
    }
}

fn descriptor(summary: &ManifestSummary) -> Value {
    let mut descriptor = Map::new();
    let mut set = |name: &str, value: Value| drop(descriptor.insert(name.to_owned(), value));
    set("mediaType", summary.media_type.as_str().into());
    set("digest", summary.digest.as_str().into());
    set("size", summary.manifest_size.into());
    if let Some(artifact_type) = &summary.artifact_type {
        set("artifactType", artifact_type.as_str().into());
    }
    let annotations = summary
        .annotations
        .as_deref()
        .map(serde_json::from_str::<Value>);
    if let Some(Ok(annotations)) = annotations {
        set("annotations", annotations);
    }
    Value::Object(descriptor)
}
