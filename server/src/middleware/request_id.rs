//! A name for each request, in its answer and in every line that is logged for it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::HeaderName;
use axum::http::{HeaderMap, HeaderValue, Response};
use axum::middleware::Next;
use store::UploadId;
use tracing::Instrument;

use crate::app::App;
use crate::surface::Surface;

/// The header, of requests and answers.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// ECR's name for it, which AWS's tools print.
const ECR_HEADER: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// The longest name that is taken from a client, in bytes.
const MAX_LENGTH: usize = 64;

/// A request's name: the client's own, or a random UUID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Names a request.
pub async fn give(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response<Body> {
    let id = from_client(request.headers())
        .unwrap_or_else(|| UploadId::from_random(app.random_16()).as_str().to_owned());
    let surface = Surface::of(request.method(), request.uri().path());
    let span = tracing::info_span!("request", id, surface = surface.as_str());
    crate::trace::take_over(&span, request.headers());
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).instrument(span).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        if surface == Surface::Ecr {
            response.headers_mut().insert(ECR_HEADER, value.clone());
        }
        response.headers_mut().insert(HEADER, value);
    }
    response
}

/// The client's name for it, if it is short and plain.
fn from_client(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(HEADER)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    let good = (1..=MAX_LENGTH).contains(&id.len()) && id.bytes().all(plain);
    good.then(|| id.to_owned())
}
