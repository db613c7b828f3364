//! What is told of a request once it has ended: a line of the access log, and the metrics.
//!
//! The line is an event of the target `access`. Texts that a client chose are logged as values,
//! which the log's writer escapes; queries and credentials are never logged.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, USER_AGENT};
use axum::http::{Method, Response, StatusCode};
use axum::middleware::Next;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use super::bounds::brings_blob;
use super::client::ClientAddress;
use super::request_id::RequestId;
use crate::app::App;
use crate::auth::Principal;
use crate::surface::Surface;

/// The longest path and user agent that are logged, in characters.
const MAX_TEXT: usize = 512;

/// Follows a request to the end of its answer.
pub async fn record(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    let mut record = Record::new(app, &request);
    let (app, surface, received) = (record.app.clone(), record.surface, record.received.clone());
    let request = request.map(|inner| {
        Body::new(Received {
            inner,
            app,
            surface,
            received,
        })
    });
    let response = next.run(request).await;
    record.answered(&response);
    response.map(|inner| Body::new(Sent { inner, record }))
}

/// One request. When it is dropped, it is told.
struct Record {
    app: Arc<App>,
    surface: Surface,
    id: String,
    client: IpAddr,
    principal: Option<String>,
    method: Method,
    path: String,
    agent: String,
    started: Duration,
    received: Arc<AtomicU64>,
    status: u16,
    /// What the answer's body announced.
    expected: Option<u64>,
    sent: u64,
    complete: bool,
    upload: bool,
}

impl Record {
    fn new(app: Arc<App>, request: &Request) -> Record {
        let (method, path) = (request.method(), request.uri().path());
        let surface = Surface::of(method, path);
        let upload = brings_blob(surface, method, path);
        if upload {
            app.metrics.uploads.inc();
        }
        let id = request.extensions().get::<RequestId>();
        let agent = request.headers().get(USER_AGENT);
        let agent = agent.map_or("".into(), |agent| String::from_utf8_lossy(agent.as_bytes()));
        Record {
            surface,
            id: id.map(|id| id.0.clone()).unwrap_or_default(),
            client: ClientAddress::of(request),
            principal: None,
            method: method.clone(),
            path: path.chars().take(MAX_TEXT).collect(),
            agent: agent.chars().take(MAX_TEXT).collect(),
            started: app.clock.elapsed(),
            received: Arc::default(),
            status: 0,
            expected: None,
            sent: 0,
            complete: false,
            upload,
            app,
        }
    }

    fn answered(&mut self, response: &Response<Body>) {
        let status = response.status();
        self.status = status.as_u16();
        let principal = response.extensions().get::<Principal>();
        self.principal = principal.map(|principal| principal.name.clone());
        let length = response.headers().get(CONTENT_LENGTH);
        self.expected = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let no_body = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
        self.complete = self.method == Method::HEAD
            || no_body
            || hyper::body::Body::is_end_stream(response.body());
    }

    fn tell(&self) {
        let took = self.app.clock.elapsed().saturating_sub(self.started);
        let metrics = &self.app.metrics;
        metrics.request(self.surface, &self.method, self.status, took);
        tracing::info!(
            target: "access",
            parent: None,
            principal = self.principal.as_deref().unwrap_or("-"),
            client = self.client.to_string(),
            method = self.method.as_str(),
            path = self.path,
            status = self.status,
            complete = self.complete,
            bytes_in = self.received.load(Ordering::Relaxed),
            bytes_out = self.sent,
            duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            agent = self.agent,
            request_id = self.id,
        );
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.upload {
            self.app.metrics.uploads.dec();
        }
        self.tell();
    }
}

/// A request's body, counted.
struct Received {
    inner: Body,
    app: Arc<App>,
    surface: Surface,
    received: Arc<AtomicU64>,
}

impl hyper::body::Body for Received {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(bytes) = frame.data_ref()
        {
            let count = bytes.len() as u64;
            self.received.fetch_add(count, Ordering::Relaxed);
            self.app.metrics.receive(self.surface, count);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An answer's body, counted. It is dropped when it was sent, or cannot be sent.
struct Sent {
    inner: Body,
    record: Record,
}

impl hyper::body::Body for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let count = frame.data_ref().map_or(0, Bytes::len) as u64;
                self.record.sent += count;
                self.record.app.metrics.send(self.record.surface, count);
                self.record.complete =
                    self.record.expected == Some(self.record.sent) || self.inner.is_end_stream();
            }
            Poll::Ready(None) => self.record.complete = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
