//! How often an address may send wrong credentials, so that none can be guessed.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{Method, Response};
use axum::middleware::Next;

use super::client::ClientAddress;
use crate::app::App;
use crate::auth::token;
use crate::surface::{Refusal, Surface};

/// Marks an answer to credentials that are nobody's.
#[derive(Clone, Copy, Debug)]
pub struct WrongCredentials;

/// Looks at no credentials from an address that sent too many wrong ones.
pub async fn limit(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    // A form that asks for a token holds credentials as well.
    let form = request.method() == Method::POST && request.uri().path() == token::PATH;
    let with_credentials = form || request.headers().contains_key(AUTHORIZATION);
    if app.settings.dev || !with_credentials {
        return next.run(request).await;
    }
    let client = ClientAddress::of(&request);
    if let Err(wait) = app.failed_logins.check(client) {
        app.metrics.refuse("login");
        let message = "too many wrong credentials from this address: wait, then try again";
        let surface = Surface::of(request.method(), request.uri().path());
        return surface.refuse(&Refusal::too_many(message, wait));
    }
    let response = next.run(request).await;
    if response.extensions().get::<WrongCredentials>().is_some() {
        app.failed_logins.failed(client);
    }
    response
}
