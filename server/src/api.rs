//! The native API under `/api/v1`, documented in `docs/api.md`.
//!
//! Everything that the pages show can be read here; both call the functions of [`listing`]. Users
//! and keys are managed in [`users`] and [`keys`], those who are told what happened in
//! [`subscriptions`]; [`audit`] has the audit log. Every request that changes something tells of it
//! there ([`deed`]).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{Extensions, HeaderValue, Response, StatusCode};
use axum::middleware::from_fn;
use axum::routing::get;
use axum::{Extension, Router};
use model::{Digest, Problem};
use serde::Deserialize;
use serde_json::{Value, json};
use store::StoreError;
use store::record::{AffectedImage, Repository, ScanState};

use crate::app::App;
use crate::audit::{Reason, tell_denial};
use crate::auth::Principal;
use crate::auth::access::Denial;
use crate::auth::accounts::AccountError;
use crate::blocking::spawn_blocking;
use crate::gate::change::ChangeError;
use crate::index::{self, Union};
use crate::scan;
use listing::Unanswered;

pub mod admin;
mod audit;
mod break_glass;
mod database;
mod deed;
mod events;
mod exceptions;
mod keys;
pub mod listing;
mod policies;
mod subscriptions;
mod users;
mod verdicts;
mod vex;

/// The routes of the API.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/repositories", get(repositories))
        .route("/images", get(images))
        .route("/scans/{digest}", get(scan_document))
        .route("/vulnerabilities/{id}", get(vulnerability))
        .route("/packages", get(packages))
        .merge(admin::routes())
        .merge(database::routes())
        .merge(users::routes())
        .merge(keys::routes())
        .merge(events::routes())
        .merge(subscriptions::routes())
        .merge(policies::routes())
        .merge(exceptions::routes())
        .merge(vex::routes())
        .merge(verdicts::routes())
        .merge(break_glass::routes())
        .merge(audit::routes())
        .layer(from_fn(deed::tell))
}

/// A page of a list: `after` is the last name of the page before.
#[derive(Deserialize)]
struct Page {
    repository: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

type Answer = Result<(StatusCode, Vec<u8>), ApiError>;
/// The same with what the audit log is to know of it.
type Told = Result<(StatusCode, Vec<u8>, deed::Told), ApiError>;

/// Why the API answers with an error.
#[derive(Debug, thiserror::Error)]
enum ApiError {
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    Invalid(String),
    #[error("{0}")]
    Conflict(String),
    #[error("it is not taken: each problem is named with its place")]
    Problems(Vec<Problem>),
    #[error(transparent)]
    Denied(#[from] Denial),
    #[error("too many passwords at once; try again in a moment")]
    Busy,
    #[error("{0}")]
    Full(&'static str),
    #[error("the store failed; the server's log says how")]
    Store(#[from] StoreError),
    #[error("the request was cut off; try again")]
    Cut,
}

impl From<Unanswered> for ApiError {
    fn from(error: Unanswered) -> ApiError {
        match error {
            Unanswered::Store(error) => error.into(),
            Unanswered::Denied(denial) => denial.into(),
        }
    }
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> ApiError {
        match error {
            ChangeError::Denied(denial) => denial.into(),
            ChangeError::Problems(problems) => ApiError::Problems(problems),
            ChangeError::Invalid(message) => ApiError::Invalid(message),
            ChangeError::Conflict(message) => ApiError::Conflict(message),
            ChangeError::Unknown(message) => ApiError::NotFound(message),
            ChangeError::Store(error) => error.into(),
        }
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> ApiError {
        match error {
            AccountError::Unknown(_) => ApiError::NotFound(error.to_string()),
            AccountError::Invalid(message) => ApiError::Invalid(message),
            AccountError::Conflict(message) => ApiError::Conflict(message),
            AccountError::Denied(denial) => denial.into(),
            AccountError::Busy => ApiError::Busy,
            AccountError::Store(error) => error.into(),
            AccountError::Seal(error) => {
                tracing::error!(%error, "an access key could not be sealed");
                ApiError::Cut
            }
        }
    }
}

async fn repositories(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Query(page): Query<Page>,
) -> Response<Body> {
    answer(move || {
        let rows = listing::repositories(&app, &principal, page.after.as_deref(), page.limit)?;
        let view = |row: &Repository| -> Result<Value, StoreError> {
            Ok(json!({
                "name": row.name.as_str(),
                "uri": app.settings.repository_uri(row.name.as_str()),
                "created_at": row.created_at.to_string(),
                "scan_on_push": app.scan_wanted(row)?,
            }))
        };
        let views: Vec<Value> = rows.iter().map(view).collect::<Result<_, _>>()?;
        document(json!({ "repositories": views }))
    })
    .await
}

async fn images(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Query(page): Query<Page>,
) -> Response<Body> {
    answer(move || {
        let name = page.repository.unwrap_or_default();
        let after = page.after.as_deref();
        let images = listing::images(&app, &principal, &name, after, page.limit)?;
        let images = images.ok_or_else(|| ApiError::NotFound(format!("no repository '{name}'")))?;
        let views: Vec<Value> = images.iter().map(image_view).collect();
        document(json!({ "repository": name, "images": views }))
    })
    .await
}

fn image_view(image: &listing::Image) -> Value {
    let scan = image.scan.as_ref().map(|scan| {
        json!({
            "state": scan.state.as_str(),
            "detail": scan.detail,
            "requested_at": scan.requested_at.to_string(),
            "completed_at": scan.completed_at.map(|time| time.to_string()),
            "counts": scan::counts_by_word(&scan.counts),
        })
    });
    let tags: Vec<&str> = image.summary.tags.iter().map(|tag| tag.as_str()).collect();
    json!({
        "digest": image.summary.digest.as_str(),
        "tags": tags,
        "media_type": image.summary.media_type,
        "size": image.summary.image_size,
        "pushed_at": image.summary.pushed_at.to_string(),
        "scan": scan,
    })
}

/// The `lazaret.scan/1` document of an image, the same that `lazaret scan --format json` writes, or
/// the `lazaret.index/1` document of an index.
///
/// To somebody who may read scans in no repository that holds the image, it is not there.
async fn scan_document(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Path(digest): Path<String>,
) -> Response<Body> {
    answer(move || {
        let digest: Digest = digest
            .parse()
            .map_err(|error| ApiError::Invalid(format!("{error}")))?;
        let none = || ApiError::NotFound(format!("no scan of {digest}"));
        let seen = listing::seen_through(&app, &principal, &digest, None)?;
        let seen = seen.ok_or_else(none)?;
        let Some(row) = app.store.metadata.scan(&digest)? else {
            let union = index::of(&app, seen.repository(), &digest)?;
            return index_document(&app, &union.ok_or_else(none)?).ok_or_else(none)?;
        };
        let state = json!({ "state": row.state.as_str(), "detail": row.detail });
        match row.state {
            ScanState::Complete => {
                let scan = scan::read(&app, &digest)?;
                let options = report::Options::new(app.clock.now());
                let mut bytes = Vec::new();
                let written = report::json::write(&scan, &options, &mut bytes);
                written.map_err(|_| ApiError::Cut)?;
                Ok((StatusCode::OK, bytes))
            }
            ScanState::Failed => Ok((
                StatusCode::UNPROCESSABLE_ENTITY,
                state.to_string().into_bytes(),
            )),
            ScanState::Pending | ScanState::InProgress => {
                Ok((StatusCode::ACCEPTED, state.to_string().into_bytes()))
            }
        }
    })
    .await
}

/// The `lazaret.index/1` document of an index, or the states of its images; `None` where no scan of
/// any was ever asked for.
fn index_document(app: &App, union: &Union) -> Option<Answer> {
    let row = union.row.as_ref()?;
    let state = || index::document::state(row, union).to_string().into_bytes();
    Some(match row.state {
        ScanState::Complete => {
            let database = scan::database_facts(app);
            let written = index::document::write(row, union, &database);
            let document = written.map_err(|_| ApiError::Cut);
            document.map(|bytes| (StatusCode::OK, bytes))
        }
        ScanState::Failed => Ok((StatusCode::UNPROCESSABLE_ENTITY, state())),
        ScanState::Pending | ScanState::InProgress => Ok((StatusCode::ACCEPTED, state())),
    })
}

/// Where a list of images goes on, and how long a page of it is.
#[derive(Deserialize)]
struct ImagePage {
    after: Option<i64>,
    limit: Option<usize>,
    name: Option<String>,
    below: Option<String>,
}

async fn vulnerability(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(page): Query<ImagePage>,
) -> Response<Body> {
    answer(move || {
        let limit = listing::page_length(page.limit);
        let affected = listing::affected(&app, &principal, &id, page.after, limit)?;
        document(json!({
            "id": id,
            "complete": affected.next.is_none(),
            "next": affected.next,
            "images": affected.images.iter().map(vulnerable_view).collect::<Vec<_>>(),
        }))
    })
    .await
}

/// Images that hold a package, of every version or of those below one.
async fn packages(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Query(page): Query<ImagePage>,
) -> Response<Body> {
    answer(move || {
        let needed = || ApiError::Invalid("say which package: ?name=openssl".to_owned());
        let name = page
            .name
            .filter(|name| !name.is_empty())
            .ok_or_else(needed)?;
        let (below, after) = (page.below.as_deref(), page.after);
        let limit = listing::page_length(page.limit);
        let holding = listing::holding(&app, &principal, &name, below, after, limit)?;
        document(json!({
            "name": name,
            "below": page.below,
            "complete": holding.next.is_none(),
            "next": holding.next,
            "images": holding.images.iter().map(holding_view).collect::<Vec<_>>(),
        }))
    })
    .await
}

/// An image with what a vulnerability is in.
fn vulnerable_view(image: &AffectedImage) -> Value {
    let findings = image.packages.iter().flat_map(|package| &package.findings);
    let packages = findings.map(|finding| {
        json!({
            "name": finding.package.name,
            "version": finding.package.version,
            "type": finding.package.kind.as_str(),
            "severity": finding.severity.as_str(),
            "status": finding.status.as_str(),
            "fixed_in": finding.fixed_in,
        })
    });
    image_with(image, packages.collect())
}

/// An image with the packages that it holds.
fn holding_view(image: &AffectedImage) -> Value {
    let packages = image.packages.iter().map(|assessed| {
        let package = &assessed.matchable.package;
        let ids: Vec<&str> = assessed
            .findings
            .iter()
            .map(|finding| finding.id.as_str())
            .collect();
        json!({
            "name": package.name,
            "version": package.version,
            "source": package.source_name(),
            "type": package.kind.as_str(),
            "findings": ids,
        })
    });
    image_with(image, packages.collect())
}

fn image_with(image: &AffectedImage, packages: Vec<Value>) -> Value {
    let tags: Vec<&str> = image.place.tags.iter().map(|tag| tag.as_str()).collect();
    json!({
        "repository": image.place.repository.as_str(),
        "digest": image.place.digest.as_str(),
        "tags": tags,
        "packages": packages,
    })
}

fn document(value: Value) -> Answer {
    Ok((StatusCode::OK, value.to_string().into_bytes()))
}

/// What is wrong with a document, each with its place.
fn problem_views(problems: &[Problem]) -> Value {
    let view = |one: &Problem| json!({ "place": one.place, "detail": one.detail });
    problems.iter().map(view).collect()
}

/// A body that is a text.
fn text(body: &[u8]) -> Result<&str, ApiError> {
    let invalid = |_| ApiError::Invalid("the body is no text in UTF-8".to_owned());
    std::str::from_utf8(body).map_err(invalid)
}

/// Runs a handler on a thread that may wait for the disk, and dresses its answer.
async fn answer(work: impl FnOnce() -> Answer + Send + 'static) -> Response<Body> {
    answer_telling(move || work().map(|(status, bytes)| (status, bytes, deed::Told::default())))
        .await
}

/// The same for a handler that knows more of what it did than its path says.
async fn answer_telling(work: impl FnOnce() -> Told + Send + 'static) -> Response<Body> {
    let outcome = spawn_blocking(work).await.unwrap_or(Err(ApiError::Cut));
    let mut extensions = Extensions::new();
    let (status, bytes, told) = outcome.unwrap_or_else(|error| {
        match &error {
            ApiError::Denied(denial) => tell_denial(denial, &mut extensions),
            error => drop(extensions.insert(Reason(error.to_string()))),
        }
        let status = match &error {
            ApiError::NotFound(_) => StatusCode::NOT_FOUND,
            ApiError::Invalid(_) | ApiError::Problems(_) => StatusCode::BAD_REQUEST,
            ApiError::Conflict(_) => StatusCode::CONFLICT,
            ApiError::Denied(denial) if denial.wants_credentials() => StatusCode::UNAUTHORIZED,
            ApiError::Denied(_) => StatusCode::FORBIDDEN,
            ApiError::Busy | ApiError::Full(_) => StatusCode::SERVICE_UNAVAILABLE,
            ApiError::Store(_) | ApiError::Cut => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if let ApiError::Store(cause) = &error {
            tracing::error!(%cause, "the store failed under an API request");
        }
        let mut view = json!({ "error": error.to_string() });
        if let (ApiError::Problems(problems), Some(view)) = (&error, view.as_object_mut()) {
            view.insert("problems".to_owned(), problem_views(problems));
        }
        (status, view.to_string().into_bytes(), deed::Told::default())
    });
    extensions.insert(told);
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    *response.extensions_mut() = extensions;
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
