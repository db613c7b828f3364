//! One connection: its handshake, its requests, its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::Endpoint;
use super::activity::{Active, Activity, Verdict, Watched};
use crate::app::App;

/// Who is at the other end of the socket: the client, or a proxy before it.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Serves a connection until it ends, or is ended. One that breaks is the client's affair: its
/// requests were answered or not.
pub async fn run(
    stream: TcpStream,
    address: SocketAddr,
    endpoint: Arc<Endpoint>,
    builder: Builder<TokioExecutor>,
    mut end: watch::Receiver<bool>,
) {
    let _open = Open::count(&endpoint.app);
    let Some(tls) = &endpoint.tls else {
        return converse(stream, Peer(address), endpoint, builder, end).await;
    };
    let handshake = TlsAcceptor::from(tls.current()).accept(stream);
    let handshake = timeout(endpoint.app.settings.limits.handshake, handshake);
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        _ = end.wait_for(|end| *end) => return,
    };
    match shaken {
        Ok(Ok(stream)) => converse(stream, Peer(address), endpoint, builder, end).await,
        Ok(Err(error)) => tracing::debug!(%address, %error, "a TLS handshake failed"),
        Err(_) => tracing::debug!(%address, "a TLS handshake took too long"),
    }
}

/// A connection in the metrics, for as long as it is held.
struct Open(Arc<App>);

impl Open {
    fn count(app: &Arc<App>) -> Open {
        app.metrics.connections.inc();
        Open(app.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.metrics.connections.dec();
    }
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    endpoint: Arc<Endpoint>,
    builder: Builder<TokioExecutor>,
    mut end: watch::Receiver<bool>,
) {
    let limits = &endpoint.app.settings.limits;
    let activity = Activity::new();
    let (watched, serving) = (activity.clone(), endpoint.clone());
    let service = service_fn(move |request: Request<Incoming>| {
        answer(serving.clone(), request, peer, watched.begin())
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut look = interval(Activity::period(limits));
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ending: Option<Instant> = None;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(address = %peer.0, error, "a connection ended early");
                }
                return;
            }
            _ = end.wait_for(|end| *end), if ending.is_none() => {
                connection.as_mut().graceful_shutdown();
                ending = Some(Instant::now());
            }
            _ = look.tick() => match (activity.verdict(limits), ending) {
                (Verdict::Fine, _) => {}
                (Verdict::Idle, None) => {
                    connection.as_mut().graceful_shutdown();
                    ending = Some(Instant::now());
                }
                // What is left is an answer's end that nobody takes.
                (Verdict::Idle, Some(since)) if since.elapsed() <= limits.stall => {}
                (Verdict::Idle, Some(_)) => return,
                (Verdict::Stalled, _) => {
                    tracing::debug!(address = %peer.0, "a client takes nothing; closed");
                    return;
                }
            },
        }
    }
}

async fn answer(
    endpoint: Arc<Endpoint>,
    request: Request<Incoming>,
    peer: Peer,
    active: Active,
) -> Result<Response<Watched>, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(peer);
    let response = endpoint.router.clone().oneshot(request).await?;
    Ok(response.map(|body| Watched::new(body, active)))
}
