//! How many requests a principal may send. ECR's API checks its own, after the signature.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::middleware::Next;

use crate::app::App;
use crate::auth::Principal;
use crate::surface::{Refusal, Surface};

/// Refuses what is too much; what is let through tells the access log whose it is.
pub async fn limit(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    let Some(principal) = request.extensions().get::<Principal>().cloned() else {
        return next.run(request).await;
    };
    let mut response = match app.principal_rate.check(&principal.name) {
        Ok(()) => next.run(request).await,
        Err(wait) => {
            app.metrics.refuse("rate");
            let message = "too many requests with these credentials: wait, then try again";
            let surface = Surface::of(request.method(), request.uri().path());
            surface.refuse(&Refusal::too_many(message, wait))
        }
    };
    response.extensions_mut().insert(principal);
    response
}
