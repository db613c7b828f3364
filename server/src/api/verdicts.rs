//! `/api/v1/verdicts`: what the gate makes of an image, as a pull would find it now.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::Response;
use axum::routing::get;
use axum::{Extension, Router};
use model::{Digest, RepositoryName, Tag};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ApiError, answer, document};
use crate::app::App;
use crate::auth::Principal;
use crate::auth::access::{Action, require};
use crate::gate::judge::{self, Found};
use crate::gate::view;

/// The route of verdicts.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/verdicts/{digest}", get(show))
}

#[derive(Deserialize)]
struct Asked {
    repository: Option<String>,
    tag: Option<String>,
}

async fn show(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Path(digest): Path<String>,
    Query(asked): Query<Asked>,
) -> Response<Body> {
    answer(move || {
        let digest: Digest = parsed(&digest)?;
        let repository = asked.repository.as_deref().unwrap_or_default();
        let repository: RepositoryName = parsed(repository)?;
        let tag: Option<Tag> = asked.tag.as_deref().map(parsed).transpose()?;
        require(&principal, Action::DescribeImageScanFindings, &repository)?;
        let verdict = match judge::now(&app, &repository, &digest, tag.as_ref())? {
            Found::Missing => {
                let message = format!("no image {digest} in '{repository}'");
                return Err(ApiError::NotFound(message));
            }
            Found::NotGated => json!({}),
            Found::Judged(judged) => view::verdict(&judged),
        };
        let mut whole = json!({
            "repository": repository.as_str(),
            "digest": digest.as_str(),
            "gated": verdict != json!({}),
        });
        if let (Some(whole), Value::Object(verdict)) = (whole.as_object_mut(), verdict) {
            whole.extend(verdict);
        }
        document(whole)
    })
    .await
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, ApiError> {
    text.parse()
        .map_err(|error: T::Err| ApiError::Invalid(error.to_string()))
}
