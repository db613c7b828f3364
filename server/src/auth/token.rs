//! `/v2/token`: bearer tokens for clients that ask for them before they talk to the registry.
//!
//! Follows distribution's "Token Authentication Specification" (GET with Basic credentials) and
//! "OAuth2 Token Authentication" (POST of a form), as docker and containerd speak them. A token is
//! random and says nothing. It acts for its user with the grants of the moment, whatever scope was
//! asked for: what is taken from the user is taken from the token at once.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::access::Action;
use super::challenge::{self, Asked};
use super::key::create_token;
use super::login::{Refused, authenticate, by_pair, by_token};
use super::{Principal, Proof};
use crate::app::App;
use crate::audit::Deed;

/// Where tokens are asked for.
pub const PATH: &str = "/v2/token";
/// What is answered to those who have no credentials, where `anonymous` has grants. It is no
/// secret and stands in no store, so that nobody can fill one by asking.
pub const ANONYMOUS_TOKEN: &str = "anonymous";
/// How long a bearer token holds. Clients renew it unasked, so that it need not outlast the
/// requests of one push or pull; a token that leaks into a log is worth nothing soon. Long
/// uploads are not cut off: who asks is checked when a request begins.
pub const LIFE: SignedDuration = SignedDuration::from_mins(15);
/// The longest form that is read, in bytes.
const MAX_FORM: usize = 64 * 1024;

/// The one route.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route(PATH, get(by_header).post(by_form))
}

/// Who asks with Basic credentials, with a token, or with nothing.
async fn by_header(State(app): State<Arc<App>>, headers: HeaderMap) -> Response<Body> {
    answer(app, move |app| authenticate(app, &headers)).await
}

/// Who asks with an OAuth2 form.
async fn by_form(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let Ok(bytes) = axum::body::to_bytes(request.into_body(), MAX_FORM).await else {
        return invalid("the form is larger than 64 KiB, or did not arrive");
    };
    let form: HashMap<String, String> = form_urlencoded::parse(&bytes).into_owned().collect();
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    match field("grant_type").as_str() {
        "password" => {
            let (name, password) = (field("username"), field("password"));
            answer(app, move |app| by_pair(app, &name, &password)).await
        }
        "refresh_token" => {
            let token = field("refresh_token");
            answer(app, move |app| by_token(app, &token)).await
        }
        _ => invalid("grant_type must be password or refresh_token"),
    }
}

async fn answer(
    app: Arc<App>,
    login: impl FnOnce(&App) -> Result<Principal, Refused> + Send + 'static,
) -> Response<Body> {
    let asked = Asked::token();
    let worker = app.clone();
    let work = move || -> Result<_, Box<Response<Body>>> {
        let outcome = match worker.settings.dev {
            true => Ok(Principal::anonymous()),
            false => login(&worker),
        };
        outcome
            .and_then(|principal| Ok((issue(&worker, &principal)?, principal)))
            .map_err(|refused| Box::new(challenge::refuse(&worker, &asked, &refused)))
    };
    match crate::blocking::spawn_blocking(work).await {
        Ok(Ok(((token, from, until), principal))) => {
            let mut response = document(&token, from, until);
            let deed = Deed::new(Action::GetAuthorizationToken, None);
            response.extensions_mut().insert(deed);
            response.extensions_mut().insert(principal);
            response
        }
        Ok(Err(response)) => *response,
        Err(_) => challenge::unavailable(),
    }
}

/// A token for somebody, from when and until when it holds.
fn issue(app: &App, principal: &Principal) -> Result<(String, Timestamp, Timestamp), Refused> {
    let now = app.clock.now();
    match principal.proof {
        Proof::Off | Proof::Nothing => {
            let until = now.saturating_add(LIFE).unwrap_or(now);
            Ok((ANONYMOUS_TOKEN.to_owned(), now, until))
        }
        _ => {
            let (token, until) = create_token(app, principal, LIFE)?;
            Ok((token, now, until))
        }
    }
}

fn document(token: &str, from: Timestamp, until: Timestamp) -> Response<Body> {
    let body = json!({
        "token": token,
        "access_token": token,
        "expires_in": until.duration_since(from).as_secs(),
        "issued_at": from.to_string(),
    });
    with_json(StatusCode::OK, body.to_string())
}

fn invalid(message: &str) -> Response<Body> {
    let body = json!({ "errors": [{ "code": "UNSUPPORTED", "message": message, "detail": null }] });
    with_json(StatusCode::BAD_REQUEST, body.to_string())
}

fn with_json(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
