//! `/api/v1/break-glass`: leave to pull what policies deny, for a time.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};
use axum::routing::get;
use axum::{Extension, Router};
use model::Reference;
use serde::Deserialize;
use serde_json::{Value, json};
use store::record::Pass;

use super::deed::Told;
use super::{ApiError, answer, answer_telling, document};
use crate::app::App;
use crate::auth::Principal;
use crate::auth::access::{Action, allows};
use crate::gate::change::{self, WantedPass};
use crate::gate::view;

/// The routes of passes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/break-glass", get(list).post(give))
        .route("/break-glass/{id}", axum::routing::delete(end))
}

/// What a POST brings: a digest or a tag.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    repository: String,
    digest: Option<String>,
    tag: Option<String>,
    reason: String,
    minutes: u32,
}

/// The passes that hold now, of repositories of which one may read scans or give passes.
async fn list(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
) -> Response<Body> {
    answer(move || {
        let most = app.settings.gate.passes;
        let found = app.store.metadata.passes(app.clock.now(), most)?;
        let sees = |pass: &&Pass| {
            let actions = [Action::DescribeImageScanFindings, Action::BreakGlass];
            let may = |action| allows(&principal, action, &pass.repository);
            actions.into_iter().any(may)
        };
        let views: Vec<Value> = found.iter().filter(sees).map(view::pass).collect();
        document(json!({ "passes": views }))
    })
    .await
}

async fn give(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    body: Bytes,
) -> Response<Body> {
    answer_telling(move || {
        let pass = change::break_glass(&app, &principal, &wanted(&body)?)?;
        let view = view::pass(&pass).to_string().into_bytes();
        Ok((StatusCode::CREATED, view, told(&pass)))
    })
    .await
}

/// What the audit log is to know of a pass: which image of which repository, and why.
fn told(pass: &Pass) -> Told {
    Told {
        repository: Some(pass.repository.to_string()),
        object: Some(pass.digest.to_string()),
        details: json!({ "pass": view::pass(pass) }),
    }
}

fn wanted(body: &[u8]) -> Result<WantedPass, ApiError> {
    let invalid = |error: &dyn std::fmt::Display| ApiError::Invalid(error.to_string());
    let wanted: Wanted = serde_json::from_slice(body).map_err(|error| invalid(&error))?;
    let reference = match (&wanted.digest, &wanted.tag) {
        (Some(digest), None) => digest
            .parse()
            .map(Reference::Digest)
            .map_err(|e| invalid(&e))?,
        (None, Some(tag)) => tag.parse().map(Reference::Tag).map_err(|e| invalid(&e))?,
        _ => return Err(invalid(&"expected either a digest or a tag")),
    };
    let repository = wanted.repository.parse();
    Ok(WantedPass {
        repository: repository.map_err(|error| {
            let error: model::reference::InvalidName = error;
            invalid(&error)
        })?,
        reference,
        reason: wanted.reason,
        minutes: wanted.minutes,
    })
}

async fn end(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Response<Body> {
    answer_telling(move || {
        let pass = change::end_pass(&app, &principal, &id)?;
        Ok((StatusCode::NO_CONTENT, Vec::new(), told(&pass)))
    })
    .await
}
