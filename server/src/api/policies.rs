//! `/api/v1/policies`: what is asked of images, and what a policy would do today.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::{get, post};
use axum::{Extension, Router};
use policy::{Form, Policy};
use serde::Deserialize;
use serde_json::{Value, json};
use store::record::{GateDocument, GateKind};

use super::deed::Told;
use super::listing::page_length;
use super::{Answer, ApiError, answer, answer_telling, document};
use crate::app::App;
use crate::auth::Principal;
use crate::auth::access::{Action, Resource, require};
use crate::gate::dry_run::{self, Place, Report, Struck};
use crate::gate::pulls::{self, Pulled, Span};
use crate::gate::{book, change, view};

/// How many reasons are answered for an image of a dry run.
const REASONS: usize = 5;
/// Of how many days pulls are judged where nobody says.
const PULL_DAYS: u32 = 7;

/// The routes of policies.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/policies", get(list))
        .route("/policies/dry-run", post(try_out))
        .route("/policies/{name}", get(show).put(put).delete(delete))
        .route("/policies/{name}/versions", get(versions))
}

/// A page of a list: `after` is the last name of the page before.
#[derive(Deserialize)]
pub struct Page {
    pub after: Option<String>,
    pub limit: Option<usize>,
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Query(page): Query<Page>,
) -> Response<Body> {
    answer(move || {
        require(&principal, Action::ReadPolicies, Resource::Registry)?;
        let limit = page_length(page.limit);
        let after = page.after.as_deref();
        let found = (app.store.metadata).gate_documents(GateKind::Policy, after, limit)?;
        let views: Vec<Value> = found.iter().map(|one| policy_view(&app, one)).collect();
        document(json!({ "policies": views }))
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
        document(policy_view(&app, &stored(&app, &name)?))
    })
    .await
}

/// A policy with its text, and with what it says where it can be read.
fn policy_view(app: &App, one: &GateDocument) -> Value {
    let mut whole = view::document(one, true);
    let says = parsed(app, one).map(|policy| view::policy(&policy));
    if let Some(whole) = whole.as_object_mut() {
        whole.insert("says".to_owned(), says.unwrap_or_default());
    }
    whole
}

fn stored(app: &App, name: &str) -> Result<GateDocument, ApiError> {
    let found = app.store.metadata.gate_document(GateKind::Policy, name)?;
    found.ok_or_else(|| ApiError::NotFound(format!("no policy '{name}'")))
}

fn parsed(app: &App, one: &GateDocument) -> Option<Policy> {
    let form = book::form(&one.form)?;
    change::read_policy(app, form, one.text.as_deref()?).ok()
}

async fn put(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    answer_telling(move || {
        let (form, text) = (form(&headers)?, super::text(&body)?);
        let (version, policy) = change::put_policy(&app, &principal, &name, form, text)?;
        let status = match version {
            1 => StatusCode::CREATED,
            _ => StatusCode::OK,
        };
        let says = view::policy(&policy);
        let view = json!({ "name": name, "version": version, "says": says });
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
        change::delete(&app, &principal, GateKind::Policy, &name)?;
        Ok((StatusCode::NO_CONTENT, Vec::new()))
    })
    .await
}

#[derive(Deserialize)]
struct Versions {
    before: Option<u64>,
    limit: Option<usize>,
}

async fn versions(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    Query(page): Query<Versions>,
) -> Response<Body> {
    answer(move || {
        require(&principal, Action::ReadPolicies, Resource::Registry)?;
        let (metadata, limit) = (&app.store.metadata, page_length(page.limit));
        let found = metadata.gate_document_versions(GateKind::Policy, &name, page.before, limit)?;
        if found.is_empty() && page.before.is_none() {
            return Err(ApiError::NotFound(format!("no policy '{name}'")));
        }
        let views: Vec<Value> = found.iter().map(|one| view::document(one, true)).collect();
        document(json!({ "name": name, "versions": views }))
    })
    .await
}

/// The form of a policy that is brought.
fn form(headers: &HeaderMap) -> Result<Form, ApiError> {
    let given = headers
        .get(CONTENT_TYPE)
        .and_then(|given| given.to_str().ok());
    let given = given.and_then(|given| given.split(';').next());
    given.map(str::trim).and_then(book::form).ok_or_else(|| {
        let message = "expected a policy as Content-Type application/toml or application/json";
        ApiError::Invalid(message.to_owned())
    })
}

/// Which policy is tried out, and where a part of the run begins.
#[derive(Deserialize)]
struct TryOut {
    /// A stored policy; without it the body is one.
    name: Option<String>,
    repository: Option<String>,
    tag: Option<String>,
    limit: Option<usize>,
    /// Of how many days pulls are judged; 0 for none.
    pulls_days: Option<u32>,
}

async fn try_out(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Query(asked): Query<TryOut>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    answer(move || {
        require(&principal, Action::ReadPolicies, Resource::Registry)?;
        let policy = match &asked.name {
            Some(name) => {
                let stored = stored(&app, name)?;
                let broken = || ApiError::Conflict(format!("the policy '{name}' cannot be read"));
                parsed(&app, &stored).ok_or_else(broken)?
            }
            None => change::read_policy(&app, form(&headers)?, super::text(&body)?)?,
        };
        let most = app.settings.gate.dry_run;
        let most = asked.limit.unwrap_or(most).clamp(1, most);
        let limits = &app.settings.gate;
        let span = Span {
            days: asked.pulls_days.unwrap_or(PULL_DAYS).min(limits.pull_days),
            entries: limits.pull_entries,
            judged: most,
        };
        let place = place(&asked)?;
        // What was pulled is told once, with the first part.
        let pulls = match place {
            None => {
                let book = dry_run::alone(&app, policy.clone())?;
                Some(pulls::run(&app, &book, span)?)
            }
            Some(_) => None,
        };
        let report = dry_run::run(&app, policy, place, most)?;
        let mut view = report_view(&report);
        if let (Some(view), Some(pulls)) = (view.as_object_mut(), pulls) {
            let pulled: Vec<Value> = pulls.pulled.iter().map(pulled_view).collect();
            view.insert("pulls".to_owned(), pulled.into());
            view.insert("pulls_complete".to_owned(), pulls.complete.into());
        }
        document(view)
    })
    .await
}

/// Where a part of a dry run begins.
fn place(asked: &TryOut) -> Result<Option<Place>, ApiError> {
    let invalid = |error: model::reference::InvalidName| ApiError::Invalid(error.to_string());
    let Some(repository) = &asked.repository else {
        return Ok(None);
    };
    let tag = asked.tag.as_deref().map(str::parse).transpose();
    Ok(Some(Place {
        repository: repository.parse().map_err(invalid)?,
        tag: tag.map_err(invalid)?,
    }))
}

fn report_view(report: &Report) -> Value {
    let next = report.next.as_ref().map(|next| {
        let tag = next.tag.as_ref().map(|tag| tag.as_str());
        json!({ "repository": next.repository.as_str(), "tag": tag })
    });
    json!({
        "judged": report.judged,
        "denied": report.denied,
        "warned": report.warned,
        "images": report.struck.iter().map(struck_view).collect::<Vec<_>>(),
        "complete": report.next.is_none(),
        "next": next,
    })
}

fn struck_view(struck: &Struck) -> Value {
    let verdict = &struck.judged.verdict;
    json!({
        "repository": struck.repository.as_str(),
        "tag": struck.tag.as_str(),
        "digest": struck.digest.as_str(),
        "effect": verdict.effect.as_str(),
        "reasons": view::reasons(&verdict.reasons, REASONS),
        "reason_count": verdict.reasons.len(),
    })
}

fn pulled_view(pulled: &Pulled) -> Value {
    let verdict = &pulled.judged.verdict;
    json!({
        "repository": pulled.repository.as_str(),
        "object": pulled.object,
        "digest": pulled.digest.as_str(),
        "last_pulled_at": pulled.last.to_string(),
        "pulls": pulled.pulls,
        "effect": verdict.effect.as_str(),
        "reasons": view::reasons(&verdict.reasons, REASONS),
        "reason_count": verdict.reasons.len(),
    })
}
