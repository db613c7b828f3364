//! Which surface answers a request, and who may come in.
//!
//! `/v2/` is parsed by hand in [`crate::oci`], since a repository's name contains slashes. Every
//! path but `/healthz` and `/readyz` asks for credentials; ECR checks its own signature.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::IntoResponse;
use axum::routing::post;

use crate::app::App;
use crate::auth::Principal;
use crate::auth::basic::{Refused, authenticate};
use crate::blocking::spawn_blocking;
use crate::middleware::logins::WrongCredentials;
use crate::{api, ecr, health, metrics, middleware, oci, pages, unread};

/// Every surface of the server.
pub fn router(app: Arc<App>) -> Router {
    let with_credentials = Router::new()
        .merge(pages::routes())
        .route("/", post(ecr_request))
        .nest("/api/v1", api::routes())
        .merge(metrics::routes())
        .fallback(registry);
    let with_credentials = middleware::behind_credentials(&app, with_credentials)
        .layer(from_fn_with_state(app.clone(), require_credentials));
    let surfaces = Router::new()
        .merge(health::routes())
        .merge(with_credentials)
        .layer(from_fn_with_state(app.clone(), refuse_foreign_pages))
        .layer(map_response(no_sniffing))
        .layer(from_fn(unread::finish));
    middleware::around(&app, surfaces).with_state(app)
}

/// `/metrics` without credentials, and health: for a listener that only its operator reaches.
pub fn metrics_router(app: Arc<App>) -> Router {
    Router::new()
        .merge(health::routes())
        .merge(metrics::routes())
        .with_state(app)
}

/// A browser must take every answer for what it says it is: answers hold what was pushed.
async fn no_sniffing(mut response: Response<Body>) -> Response<Body> {
    let nosniff = HeaderValue::from_static("nosniff");
    response
        .headers_mut()
        .insert("x-content-type-options", nosniff);
    response
}

async fn ecr_request(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    ecr::handle(&app, request).await
}

/// `/v2/` and everything that nothing else answers.
async fn registry(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let principal = request.extensions().get::<Principal>().cloned();
    match principal {
        Some(principal) if is_registry(request.uri().path()) => {
            oci::handle(&app, &principal, request).await
        }
        _ => (
            StatusCode::NOT_FOUND,
            "There is nothing here. The first page is at /\n",
        )
            .into_response(),
    }
}

fn is_registry(path: &str) -> bool {
    path == "/v2" || path.starts_with("/v2/")
}

/// Lets a request in with its [`Principal`], or answers 401 in the surface's own form.
async fn require_credentials(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    if request.method() == Method::POST && request.uri().path() == "/" {
        // ECR's API: its operations check the signature, which covers the body too.
        return next.run(request).await;
    }
    let headers = request.headers().clone();
    let path_is_registry = is_registry(request.uri().path());
    let (asked, checked) = (app.clone(), move |app: &App| authenticate(app, &headers));
    let outcome = spawn_blocking(move || checked(&asked)).await;
    match outcome {
        Ok(Ok(principal)) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Ok(Err(Refused::Store(error))) => {
            tracing::error!(%error, "credentials could not be checked");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Ok(Err(refused)) => unauthorized(&app, path_is_registry, &refused),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// 401: a registry's clients look for the challenge and the version header, browsers for Basic.
fn unauthorized(app: &App, registry: bool, refused: &Refused) -> Response<Body> {
    let service = if registry {
        "ecr.amazonaws.com"
    } else {
        "lazaret"
    };
    let challenge = format!(
        "Basic realm=\"{}/\",service=\"{service}\"",
        app.settings.endpoint()
    );
    let body = match registry {
        true => serde_json::json!({
            "errors": [{ "code": "UNAUTHORIZED", "message": refused.to_string(), "detail": null }]
        })
        .to_string(),
        false => format!("{refused}\n"),
    };
    let mut response = (StatusCode::UNAUTHORIZED, body).into_response();
    if matches!(refused, Refused::Wrong) {
        response.extensions_mut().insert(WrongCredentials);
    }
    let headers = response.headers_mut();
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        headers.insert("www-authenticate", challenge);
    }
    if registry {
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let version = HeaderValue::from_static("registry/2.0");
        headers.insert("docker-distribution-api-version", version);
    }
    response
}

/// A page of somebody else's, open in the browser of a person who may come in here, must not be
/// able to use that. Where authentication is off, neither may a name that was bent to loopback.
async fn refuse_foreign_pages(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let headers = request.headers();
    let host = host_of(headers, request.uri().authority().map(|host| host.as_str()));
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let foreign =
        !reads && origin_of(headers).is_some_and(|origin| Some(origin) != host.as_deref());
    let bent = app.settings.dev && !host.as_deref().is_some_and(is_loopback_name);
    match foreign || bent {
        true => {
            let message = "This request comes from a page or a name that is not this server's.\n";
            (StatusCode::FORBIDDEN, message).into_response()
        }
        false => next.run(request).await,
    }
}

fn host_of(headers: &HeaderMap, authority: Option<&str>) -> Option<String> {
    let header = headers.get(HOST).and_then(|host| host.to_str().ok());
    header.or(authority).map(str::to_owned)
}

/// Host and port of an `Origin` header; `null` and what is not of the form is nobody's host.
fn origin_of(headers: &HeaderMap) -> Option<&str> {
    let origin = headers.get(ORIGIN)?.to_str().unwrap_or("null");
    Some(origin.split_once("://").map_or(origin, |(_, host)| host))
}

/// Whether a `Host` names this machine itself.
fn is_loopback_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost"
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
