//! `/api/v1/exceptions`: findings that are taken out of account for a time.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{Response, StatusCode};
use axum::routing::get;
use axum::{Extension, Router};
use policy::Exception;
use serde_json::{Value, json};
use store::record::{GateDocument, GateKind};

use super::deed::Told;
use super::listing::page_length;
use super::policies::Page;
use super::{Answer, answer, answer_telling, document};
use crate::app::App;
use crate::auth::Principal;
use crate::auth::access::{Action, Resource, require};
use crate::gate::{change, view};

/// The routes of exceptions.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/exceptions", get(list).post(add))
        .route("/exceptions/{id}", axum::routing::delete(delete))
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Query(page): Query<Page>,
) -> Response<Body> {
    answer(move || {
        require(&principal, Action::ReadPolicies, Resource::Registry)?;
        let (after, limit) = (page.after.as_deref(), page_length(page.limit));
        let found = (app.store.metadata).gate_documents(GateKind::Exception, after, limit)?;
        let views: Vec<Value> = found.iter().map(|one| exception_view(&app, one)).collect();
        document(json!({ "exceptions": views }))
    })
    .await
}

fn exception_view(app: &App, one: &GateDocument) -> Value {
    let text = one.text.as_deref().unwrap_or_default();
    let whose = (&*one.name, &*one.who, one.made_at);
    match Exception::read(text, whose, &app.settings.gate.documents) {
        Ok(read) => view::exception(&read, app.clock.now()),
        Err(_) => json!({ "id": one.name, "who": one.who, "error": "it cannot be read" }),
    }
}

async fn add(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    body: Bytes,
) -> Response<Body> {
    answer_telling(move || {
        let made = change::add_exception(&app, &principal, super::text(&body)?)?;
        let view = view::exception(&made, app.clock.now());
        let told = Told {
            object: view.get("id").and_then(Value::as_str).map(str::to_owned),
            details: json!({ "exception": view }),
            ..Told::default()
        };
        Ok((StatusCode::CREATED, view.to_string().into_bytes(), told))
    })
    .await
}

async fn delete(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Response<Body> {
    answer(move || -> Answer {
        change::delete(&app, &principal, GateKind::Exception, &id)?;
        Ok((StatusCode::NO_CONTENT, Vec::new()))
    })
    .await
}
