//! Sizes of what a request brings, and the time that a small body may take.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::middleware::Next;
use bytes::Bytes;
use http_body_util::Limited;
use hyper::body::{Frame, SizeHint};
use tokio::time::Sleep;

use crate::app::App;
use crate::limits::Limits;
use crate::surface::{Refusal, Surface};

/// Refuses what is too large before anybody looks at it.
pub async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    let limits = &app.settings.limits;
    let (method, path) = (request.method(), request.uri().path());
    let surface = Surface::of(method, path);
    let size = size(surface, method, path);
    if let Err(refusal) = judge(limits, &request, size) {
        return surface.refuse(&refusal);
    }
    next.run(match size {
        Size::Blob => request,
        Size::Own => request.map(|body| timed(body, limits)),
        Size::Small => request.map(|body| {
            let most = usize::try_from(limits.body_bytes).unwrap_or(usize::MAX);
            timed(Body::new(Limited::new(body, most)), limits)
        }),
    })
    .await
}

/// How large a body may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    /// A blob: any size, and its reader watches the time.
    Blob,
    /// The handler has a limit of its own: manifests, ECR's API.
    Own,
    /// [`Limits::body_bytes`].
    Small,
}

fn size(surface: Surface, method: &Method, path: &str) -> Size {
    match surface {
        _ if brings_blob(surface, method, path) => Size::Blob,
        Surface::Registry if brings(method) && path.contains("/manifests/") => Size::Own,
        Surface::Ecr => Size::Own,
        _ => Size::Small,
    }
}

fn brings(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// Whether a request may bring a blob's bytes.
pub fn brings_blob(surface: Surface, method: &Method, path: &str) -> bool {
    surface == Surface::Registry && brings(method) && path.contains("/blobs/uploads")
}

fn judge(limits: &Limits, request: &Request, size: Size) -> Result<(), Refusal> {
    let uri = request.uri();
    let uri_bytes = uri.path().len() + uri.query().map_or(0, str::len);
    if uri_bytes > limits.uri_bytes {
        let message = format!("the address is longer than {} bytes", limits.uri_bytes);
        return Err(Refusal::too_large(StatusCode::URI_TOO_LONG, message));
    }
    let headers = request.headers();
    if headers.len() > limits.header_count || header_bytes(headers) > limits.header_bytes {
        let message = format!(
            "the request has more than {} headers or {} bytes of them",
            limits.header_count, limits.header_bytes
        );
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Err(Refusal::too_large(status, message));
    }
    if size == Size::Small && announced(headers) > limits.body_bytes {
        let message = format!("the body is larger than {} bytes", limits.body_bytes);
        return Err(Refusal::too_large(StatusCode::PAYLOAD_TOO_LARGE, message));
    }
    Ok(())
}

fn header_bytes(headers: &HeaderMap) -> usize {
    let pairs = headers.iter();
    pairs
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum()
}

fn announced(headers: &HeaderMap) -> u64 {
    let length = headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    length.unwrap_or_default()
}

fn timed(inner: Body, limits: &Limits) -> Body {
    let end = Box::pin(tokio::time::sleep(limits.body));
    Body::new(Timed { inner, end })
}

/// A body that must be there as a whole after a while.
struct Timed {
    inner: Body,
    end: Pin<Box<Sleep>>,
}

impl hyper::body::Body for Timed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) {
            return Poll::Ready(frame);
        }
        let late = || axum::Error::new(std::io::Error::from(std::io::ErrorKind::TimedOut));
        self.end.as_mut().poll(context).map(|()| Some(Err(late())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
