//! Which surface answers a request, and who may come in.
//!
//! `/v2/` is parsed by hand in [`crate::oci`], since a repository's name contains slashes. Every
//! path but `/healthz`, `/readyz` and `/v2/token` asks for credentials; ECR checks its own
//! signature.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Extension, Router};

use crate::app::App;
use crate::audit;
use crate::auth::access::{self, Action, Resource};
use crate::auth::challenge::{self, Asked, is_registry};
use crate::auth::login::{Refused, authenticate};
use crate::auth::{Principal, token};
use crate::blocking::spawn_blocking;
use crate::{api, ecr, health, metrics, middleware, oci, pages, unread};

/// Every surface of the server.
pub fn router(app: Arc<App>) -> Router {
    let with_credentials = Router::new()
        .merge(pages::routes())
        .route("/", post(ecr_request))
        .nest("/api/v1", api::routes())
        .merge(metrics::routes().route_layer(from_fn(readers_only)))
        .fallback(registry);
    let with_credentials = middleware::behind_credentials(&app, with_credentials)
        .layer(from_fn_with_state(app.clone(), require_credentials));
    let surfaces = Router::new()
        .merge(health::routes())
        .merge(token::routes())
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

/// Lets only those see the figures of the whole registry who may see all that is in it.
async fn readers_only(
    Extension(principal): Extension<Principal>,
    request: Request,
    next: Next,
) -> Response<Body> {
    match access::require(&principal, Action::ReadMetrics, Resource::Registry) {
        Ok(()) => next.run(request).await,
        Err(denial) => {
            let mut response = (StatusCode::FORBIDDEN, format!("{denial}\n")).into_response();
            audit::tell_denial(&denial, response.extensions_mut());
            response
        }
    }
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
    let (asked, headers) = (Asked::of(&request), request.headers().clone());
    let login = is_login(request.uri().path()) && !headers.contains_key(AUTHORIZATION);
    let (worker, refusal) = (app.clone(), asked.clone());
    let work = move || {
        let outcome = authenticate(&worker, &headers);
        let outcome = match outcome {
            Ok(principal) if login && principal.is_anonymous() => Err(Refused::Missing),
            outcome => outcome,
        };
        outcome.map_err(|refused| Box::new(challenge::refuse(&worker, &refusal, &refused)))
    };
    match spawn_blocking(work).await {
        Ok(Ok(principal)) => {
            request.extensions_mut().insert(principal);
            let mut response = next.run(request).await;
            if response.status() == StatusCode::UNAUTHORIZED {
                challenge::add_for_anonymous(&app, &asked, &mut response);
            }
            response
        }
        Ok(Err(response)) => *response,
        Err(_) => challenge::unavailable(),
    }
}

/// Where clients and people go to log in: nobody is let through without credentials, or docker
/// and browsers would never send them.
fn is_login(path: &str) -> bool {
    matches!(path, "/v2" | "/v2/" | pages::LOGIN)
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
