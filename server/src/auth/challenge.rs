//! 401 and what goes with it: how to log in, in the form that each surface's clients look for.
//!
//! A registry's clients differ in what they make of several challenges: go-containerregistry,
//! containers/image and oras take the first, containerd prefers Bearer, and docker follows all of
//! them and gives up on Basic without credentials. So Basic comes first, each has a header line of
//! its own, and where `anonymous` may do something, only Bearer is offered.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::json;

use super::login::{self, Refused};
use super::token;
use crate::app::App;
use crate::middleware::logins::WrongCredentials;
use crate::oci;

/// The name of the registry as a service, as ECR has it.
const SERVICE: &str = "ecr.amazonaws.com";

/// What a request asks for, as far as the answer to wrong credentials depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Whether it is a registry's client that asks.
    pub registry: bool,
    /// What a token would have to be good for.
    scope: Option<String>,
    /// Whether credentials came at all.
    with_credentials: bool,
}

impl Asked {
    /// What a request asks for.
    pub fn of(request: &Request<Body>) -> Asked {
        let (method, path): (&Method, &str) = (request.method(), request.uri().path());
        let registry = is_registry(path);
        Asked {
            registry,
            scope: oci::scope(method, path).filter(|_| registry),
            with_credentials: request.headers().contains_key("authorization"),
        }
    }

    /// A request for a token.
    pub fn token() -> Asked {
        Asked {
            registry: true,
            scope: None,
            with_credentials: false,
        }
    }
}

/// Whether a path belongs to the registry.
pub fn is_registry(path: &str) -> bool {
    path == "/v2" || path.starts_with("/v2/")
}

/// The answer to somebody who is not let in. Asks the store, so it may block.
pub fn refuse(app: &App, asked: &Asked, refused: &Refused) -> Response<Body> {
    if let Refused::Store(error) = refused {
        tracing::error!(%error, "credentials could not be checked");
        return unavailable();
    }
    if matches!(refused, Refused::Busy) {
        let later = [(RETRY_AFTER, "1")];
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            later,
            format!("{refused}\n"),
        )
            .into_response();
    }
    let body = match asked.registry {
        true => json!({
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
    if asked.registry {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let version = HeaderValue::from_static("registry/2.0");
        headers.insert("docker-distribution-api-version", version);
    }
    let anonymous = matches!(login::anonymous(app), Ok(Some(_)));
    let error = asked.with_credentials.then_some("invalid_token");
    add(app, asked, anonymous, error, &mut response);
    response
}

/// Adds the challenges to an answer of 401 that somebody got who has no credentials and needs
/// some.
pub fn add_for_anonymous(app: &App, asked: &Asked, response: &mut Response<Body>) {
    let error = asked.with_credentials.then_some("insufficient_scope");
    add(app, asked, true, error, response);
}

/// The answer where nobody can say who asks.
pub fn unavailable() -> Response<Body> {
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

fn add(
    app: &App,
    asked: &Asked,
    anonymous: bool,
    error: Option<&str>,
    response: &mut Response<Body>,
) {
    let endpoint = app.settings.endpoint();
    let service = if asked.registry { SERVICE } else { "lazaret" };
    let basic = format!("Basic realm=\"{endpoint}/\",service=\"{service}\"");
    let mut bearer = format!(
        "Bearer realm=\"{endpoint}{}\",service=\"{service}\"",
        token::PATH
    );
    for (name, value) in [("scope", asked.scope.as_deref()), ("error", error)] {
        if let Some(value) = value {
            bearer.push_str(&format!(",{name}=\"{value}\""));
        }
    }
    let wanted = [
        (!asked.registry || !anonymous, basic),
        (asked.registry, bearer),
    ];
    for (_, challenge) in wanted.into_iter().filter(|(wanted, _)| *wanted) {
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().append(WWW_AUTHENTICATE, challenge);
        }
    }
}
