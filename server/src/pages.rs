//! The pages: plain HTML from embedded templates, no script, nothing from another host.
//!
//! Templates escape everything that they are given. A page shows what the API answers and does
//! nothing.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{Extensions, HeaderValue, Response, StatusCode};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use axum::{Extension, Router};
use serde::Deserialize;
use store::StoreError;

use crate::api::listing::Unanswered;
use crate::app::App;
use crate::audit;
use crate::auth::Principal;
use crate::auth::access::Denial;
use crate::blocking::spawn_blocking;

mod events;
mod home;
mod image;
mod index;
mod policies;
mod repository;
mod verdict;
mod view;
mod vulnerability;

/// What the pages may load: their own style sheet.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";
/// Where a person logs in who may see something without: a browser sends credentials only once it
/// was asked for them. The router asks.
pub const LOGIN: &str = "/login";
const STYLE: &str = include_str!("../templates/style.css");

/// The routes of the pages.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(show_home))
        .route("/repositories/{*name}", get(show_repository))
        .route("/images/{digest}", get(show_image))
        .route("/events", get(show_events))
        .route("/policies", get(show_policies))
        .route("/vulnerabilities", get(find_vulnerability))
        .route("/vulnerabilities/{id}", get(show_vulnerability))
        .route("/style.css", get(style))
        .route(LOGIN, get(async || Redirect::to("/")))
}

/// Why a page cannot be shown.
#[derive(Debug, thiserror::Error)]
enum PageError {
    #[error("{0}")]
    NotFound(String),
    #[error(transparent)]
    Denied(#[from] Denial),
    #[error("The store failed; the server's log says how.")]
    Store(#[from] StoreError),
    #[error("The page could not be written.")]
    Template(#[from] askama::Error),
    #[error("The request was cut off. Try again.")]
    Cut,
}

impl From<Unanswered> for PageError {
    fn from(error: Unanswered) -> PageError {
        match error {
            Unanswered::Store(error) => error.into(),
            Unanswered::Denied(denial) => denial.into(),
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    title: &'static str,
    message: String,
}

/// Where a list begins, and what is looked for.
#[derive(Default, Deserialize)]
struct Asked {
    after: Option<String>,
    repository: Option<String>,
    id: Option<String>,
    kind: Option<String>,
    before: Option<String>,
}

async fn show_home(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Query(asked): Query<Asked>,
) -> Response<Body> {
    page(move || Ok(home::page(&app, &principal, asked.after.as_deref())?.render()?)).await
}

async fn show_repository(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Response<Body> {
    let after = asked.after;
    page(move || Ok(repository::page(&app, &principal, &name, after.as_deref())?.render()?)).await
}

async fn show_image(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Path(digest): Path<String>,
    Query(asked): Query<Asked>,
) -> Response<Body> {
    let repository = asked.repository;
    page(move || {
        let repository = repository.as_deref();
        match index::page(&app, &principal, &digest, repository)? {
            Some(index) => Ok(index.render()?),
            None => Ok(image::page(&app, &principal, &digest, repository)?.render()?),
        }
    })
    .await
}

async fn show_vulnerability(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Response<Body> {
    let after = asked.after.and_then(|after| after.parse().ok());
    page(move || Ok(vulnerability::page(&app, &principal, &id, after)?.render()?)).await
}

async fn show_policies(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Query(asked): Query<Asked>,
) -> Response<Body> {
    page(move || Ok(policies::page(&app, &principal, asked.after.as_deref())?.render()?)).await
}

async fn show_events(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Query(asked): Query<Asked>,
) -> Response<Body> {
    let wanted = events::Wanted {
        kind: asked.kind.unwrap_or_default(),
        repository: asked.repository.unwrap_or_default().trim().to_owned(),
        before: asked.before.and_then(|before| before.parse().ok()),
    };
    page(move || Ok(events::page(&app, &principal, wanted)?.render()?)).await
}

/// The search form of the first page sends the identifier as a parameter.
async fn find_vulnerability(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Query(asked): Query<Asked>,
) -> Response<Body> {
    let id = asked.id.unwrap_or_default();
    page(move || Ok(vulnerability::page(&app, &principal, id.trim(), None)?.render()?)).await
}

async fn style() -> Response<Body> {
    let mut response = STYLE.into_response();
    let headers = response.headers_mut();
    headers.insert(
        "content-type",
        HeaderValue::from_static("text/css; charset=utf-8"),
    );
    headers.insert("cache-control", HeaderValue::from_static("max-age=3600"));
    response
}

/// Renders on a thread that may wait for the disk, and dresses the answer.
async fn page(work: impl FnOnce() -> Result<String, PageError> + Send + 'static) -> Response<Body> {
    let outcome = spawn_blocking(work).await.unwrap_or(Err(PageError::Cut));
    let mut extensions = Extensions::new();
    let (status, html) = match outcome {
        Ok(html) => (StatusCode::OK, html),
        Err(error) => {
            if let PageError::Denied(denial) = &error {
                audit::tell_denial(denial, &mut extensions);
            }
            error_page(&error)
        }
    };
    let mut response = (status, html).into_response();
    response.extensions_mut().extend(extensions);
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", POLICY),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn error_page(error: &PageError) -> (StatusCode, String) {
    let (status, title) = match error {
        PageError::NotFound(_) => (StatusCode::NOT_FOUND, "Not found"),
        PageError::Denied(denial) if denial.wants_credentials() => {
            (StatusCode::UNAUTHORIZED, "Log in")
        }
        PageError::Denied(_) => (StatusCode::FORBIDDEN, "Not allowed"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong"),
    };
    if let PageError::Store(cause) = error {
        tracing::error!(%cause, "the store failed under a page");
    }
    let html = ErrorPage {
        title,
        message: error.to_string(),
    }
    .render()
    .unwrap_or_default();
    (status, html)
}

/// The address of an image's page. Names and digests hold nothing that an address must escape.
fn listing_url(repository: &str, digest: &str) -> String {
    format!("/images/{digest}?repository={repository}")
}

#[cfg(test)]
mod tests;
