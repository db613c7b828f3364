//! `/healthz` and `/readyz`: for whoever restarts the server, and whoever sends requests to it.
//!
//! Both answer everybody, so they tell nothing that helps to break in.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::time::timeout;

use crate::app::App;
use crate::blocking::spawn_blocking;

/// How long the store may take for a small answer before it counts as not answering.
const PATIENCE: Duration = Duration::from_secs(5);

/// Both.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
}

/// Ready: the store answers, and the server is not about to end.
async fn ready(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    if app.stopping.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    let asked = spawn_blocking(move || app.store.metadata.ping());
    match timeout(PATIENCE, asked).await {
        Ok(Ok(Ok(()))) => (StatusCode::OK, "ready\n"),
        Ok(Ok(Err(error))) => {
            tracing::error!(%error, "not ready: the store does not answer");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the store does not answer\n",
            )
        }
        Ok(Err(_)) | Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the store does not answer\n",
        ),
    }
}
