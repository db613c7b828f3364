//! Manifests that speak of another one: signatures, attestations, bills of materials.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Uri;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use model::{Digest, RepositoryName};
use serde_json::{Map, Value, json};
use store::record::ManifestSummary;

use super::error::Failure;
use super::{Answer, StatusCode, answer, blocking};
use crate::app::App;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The most referrers of one answer.
const MAX_PAGE: usize = 10_000;
const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

/// An index of them, empty where there are none, since a subject need not be here.
pub async fn list(app: &Arc<App>, name: RepositoryName, subject: Digest, uri: &Uri) -> Answer {
    let wanted = answer::parameter(uri, "artifactType").filter(|wanted| !wanted.is_empty());
    blocking(app, move |app| {
        if app.store.metadata.repository(&name)?.is_none() {
            return Err(Failure::name_unknown(&name));
        }
        let mut found = app
            .store
            .metadata
            .referrers(&name, &subject, None, MAX_PAGE)?;
        if let Some(wanted) = &wanted {
            found.retain(|summary| summary.artifact_type.as_ref() == Some(wanted));
        }
        let manifests: Vec<Value> = found.iter().map(descriptor).collect();
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
        let mut headers = vec![(CONTENT_TYPE, INDEX)];
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
