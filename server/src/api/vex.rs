//! `/api/v1/vex`: VEX documents of every form.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{Response, StatusCode};
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::{Value, json};
use store::record::GateKind;

use super::deed::Told;
use super::listing::page_length;
use super::policies::Page;
use super::{Answer, ApiError, answer, answer_telling, document, problem_views};
use crate::app::App;
use crate::auth::Principal;
use crate::auth::access::{Action, Resource, require};
use crate::gate::{change, view};

/// The routes of VEX documents.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/vex", get(list))
        .route("/vex/{name}", get(show).put(put).delete(delete))
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Query(page): Query<Page>,
) -> Response<Body> {
    answer(move || {
        require(&principal, Action::ReadPolicies, Resource::Registry)?;
        let (after, limit) = (page.after.as_deref(), page_length(page.limit));
        let found = (app.store.metadata).gate_documents(GateKind::Vex, after, limit)?;
        let views: Vec<Value> = found.iter().map(|one| view::document(one, false)).collect();
        document(json!({ "documents": views }))
    })
    .await
}

async fn show(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
) -> Response<Body> {
    answer(move || {
        require(&principal, Action::ReadPolicies, Resource::Registry)?;
        let found = app.store.metadata.gate_document(GateKind::Vex, &name)?;
        let missing = || ApiError::NotFound(format!("no VEX document '{name}'"));
        document(view::document(&found.ok_or_else(missing)?, true))
    })
    .await
}

/// What cannot be read of a document is answered and not taken; the rest counts.
async fn put(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    body: Bytes,
) -> Response<Body> {
    answer_telling(move || {
        let text = super::text(&body)?;
        let (version, read, problems) = change::put_vex(&app, &principal, &name, text)?;
        let status = match version {
            1 => StatusCode::CREATED,
            _ => StatusCode::OK,
        };
        let view = json!({
            "name": name,
            "version": version,
            "id": read.id,
            "author": read.author,
            "statements": read.statements.len(),
            "problems": problem_views(&problems),
        });
        let told = Told {
            details: json!({ "version": version }),
            ..Told::default()
        };
        Ok((status, view.to_string().into_bytes(), told))
    })
    .await
}

async fn delete(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
) -> Response<Body> {
    answer(move || -> Answer {
        change::delete(&app, &principal, GateKind::Vex, &name)?;
        Ok((StatusCode::NO_CONTENT, Vec::new()))
    })
    .await
}
