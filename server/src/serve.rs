//! The accept loop: limits on what a client can hold, and an end that lets requests finish.
//!
//! What is timed here is timed by the runtime's own clock: how long a socket stays silent is
//! nobody's answer, and the clock of [`App`] may be set while the server runs.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::limits::Limits;
use crate::tls::Tls;

mod activity;
mod connection;
mod places;

pub use connection::Peer;
pub(crate) use places::network;
use places::{Place, Places};

/// How long to wait after a failed accept: out of file descriptors is cured by waiting.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What answers behind a listener.
pub struct Endpoint {
    /// What requests share; its settings hold the limits.
    pub app: Arc<App>,
    /// What answers them.
    pub router: Router,
    /// Certificate and key; without them HTTP is spoken in the clear.
    pub tls: Option<Arc<Tls>>,
}

/// Serves until `stop` is ready, then lets requests under way end: up to
/// [`Limits::grace`], or until `cut` is ready.
///
/// # Errors
///
/// Where the listener does not tell its address.
pub async fn serve(
    listener: TcpListener,
    endpoint: Endpoint,
    stop: impl Future<Output = ()>,
    cut: impl Future<Output = ()>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, tls = endpoint.tls.is_some(), "serving");
    let limits = endpoint.app.settings.limits.clone();
    let places = Arc::new(Places::new(&endpoint.app.settings));
    let (builder, endpoint) = (builder(&limits), Arc::new(endpoint));
    let (end, ended) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            accepted = accept(&listener, &places) => {
                let Some((stream, address, place)) = accepted else { continue };
                let (endpoint, builder) = (endpoint.clone(), builder.clone());
                let running = connection::run(stream, address, endpoint, builder, ended.clone());
                connections.spawn(async move {
                    running.await;
                    drop(place);
                });
            }
        }
    }
    endpoint.app.stopping.store(true, Ordering::Relaxed);
    drop(listener);
    end.send_replace(true);
    drain(connections, limits.grace, cut).await;
    Ok(())
}

/// The next connection that may be served; `None` where this one may not.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Places>,
) -> Option<(TcpStream, SocketAddr, Place)> {
    let free = places.free().await?;
    match listener.accept().await {
        Ok((stream, address)) => {
            let place = places.take(free, address.ip())?;
            drop(stream.set_nodelay(true));
            Some((stream, address, place))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// Lets connections end by themselves for a while, then ends them.
async fn drain(mut connections: JoinSet<()>, grace: Duration, cut: impl Future<Output = ()>) {
    if !connections.is_empty() {
        let count = connections.len();
        tracing::info!(connections = count, "stopping: requests under way may end");
    }
    let all = async { while connections.join_next().await.is_some() {} };
    tokio::select! {
        () = all => return,
        () = tokio::time::sleep(grace) => {}
        () = cut => {}
    }
    tracing::warn!("requests were cut off; an upload can be resumed after the next start");
    connections.shutdown().await;
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .max_headers(limits.header_count)
        .header_read_timeout(limits.headers);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_pending_accept_reset_streams(limits.resets)
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(limits.ping)
        .keep_alive_timeout(limits.ping);
    builder
}

#[cfg(test)]
mod tests;
