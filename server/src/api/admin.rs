//! `/api/v1/admin`: housekeeping on demand.
//!
//! What takes long is answered line by line (JSON lines), so that who asked sees it move, and a
//! proxy does not take it for dead.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, Response};
use axum::middleware::{Next, from_fn};
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures_util::stream;
use model::RepositoryName;
use serde::Deserialize;
use serde_json::{Value, json};
use store::StoreError;
use store::record::{RepositoryUsage, StoreUsage};
use tokio::sync::mpsc;

use super::{ApiError, answer, document};
use crate::app::App;
use crate::auth::Principal;
use crate::auth::access::{Action, Resource, require};
use crate::housekeeping::collect::{self, Collected};
use crate::housekeeping::verify::{self, Trouble, Verified};

/// How many bytes are read between two lines that say how far a scrub is.
const TELL: u64 = 256 << 20;
/// Lines that wait for a client who reads slowly.
const LINES: usize = 64;

/// The routes of housekeeping.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/admin/usage", get(usage))
        .route("/admin/collect", post(collect_garbage))
        .route("/admin/verify", post(verify_all))
        .route_layer(from_fn(keepers_only))
}

/// Lets only those through who may keep house.
async fn keepers_only(
    Extension(principal): Extension<Principal>,
    request: Request,
    next: Next,
) -> Response<Body> {
    match require(&principal, Action::ManageHousekeeping, Resource::Registry) {
        Ok(()) => next.run(request).await,
        Err(denial) => answer(move || Err(denial.into())).await,
    }
}

#[derive(Deserialize)]
struct Page {
    after: Option<String>,
    limit: Option<usize>,
}

async fn usage(State(app): State<Arc<App>>, Query(page): Query<Page>) -> Response<Body> {
    answer(move || {
        let after: Option<RepositoryName> =
            page.after.as_deref().map(str::parse).transpose().map_err(
                |error: model::reference::InvalidName| ApiError::Invalid(error.to_string()),
            )?;
        let limit = super::listing::page_length(page.limit);
        let repositories = app.store.metadata.repository_usage(after.as_ref(), limit)?;
        document(usage_view(
            &app.store.metadata.store_usage()?,
            &repositories,
        ))
    })
    .await
}

/// What the store and its repositories hold, as the API and the command line write it.
pub fn usage_view(store: &StoreUsage, repositories: &[RepositoryUsage]) -> Value {
    let view = |usage: &RepositoryUsage| {
        json!({
            "name": usage.name.as_str(),
            "manifests": usage.manifests,
            "tags": usage.tags,
            "blobs": usage.blobs,
            "bytes": usage.bytes,
        })
    };
    json!({
        "repositories": store.repositories,
        "manifests": store.manifests,
        "blobs": store.blobs,
        "bytes": store.bytes,
        "bytes_unshared": store.bytes_unshared,
        "unheld_blobs": store.unheld,
        "unheld_bytes": store.unheld_bytes,
        "uploads": store.uploads,
        "by_repository": repositories.iter().map(view).collect::<Vec<_>>(),
    })
}

#[derive(Deserialize)]
struct Collect {
    #[serde(default)]
    dry_run: bool,
}

async fn collect_garbage(
    State(app): State<Arc<App>>,
    Query(how): Query<Collect>,
) -> Response<Body> {
    lines(move |_| {
        let collected = match how.dry_run {
            true => Some(collect::preview(&app)?),
            false => collect::collect(&app)?,
        };
        Ok(match collected {
            Some(collected) => collected_view(&collected, how.dry_run),
            None => json!({ "error": "a collection is under way already: look again later" }),
        })
    })
}

/// What a collection did, as the API and the command line write it.
pub fn collected_view(collected: &Collected, dry_run: bool) -> Value {
    json!({
        "done": "collect",
        "dry_run": dry_run,
        "uploads": collected.uploads,
        "links": collected.links,
        "blobs": collected.blobs,
        "bytes": collected.bytes,
        "layer_reports": collected.layer_reports,
    })
}

async fn verify_all(State(app): State<Arc<App>>) -> Response<Body> {
    lines(move |send| {
        let mut told = 0;
        let verified = verify::verify(&app, |seen, trouble| {
            if let Some(trouble) = trouble {
                send(trouble_view(trouble));
            } else if seen.bytes - told >= TELL {
                told = seen.bytes;
                send(json!({ "progress": { "blobs": seen.blobs, "bytes": seen.bytes } }));
            }
        })?;
        Ok(verified_view(&verified))
    })
}

/// Something that is wrong, as the API and the command line write it.
pub fn trouble_view(trouble: &Trouble) -> Value {
    json!({ "trouble": trouble.to_string() })
}

/// What a scrub saw, as the API and the command line write it.
pub fn verified_view(verified: &Verified) -> Value {
    json!({
        "done": "verify",
        "blobs": verified.blobs,
        "bytes": verified.bytes,
        "manifests": verified.manifests,
        "troubles": verified.troubles,
        "incomplete": verified.incomplete,
        "orphans": verified.orphans,
    })
}

/// Answers with what a long work sends, a line each, and at the end with its outcome. The work
/// goes on to its end also where the client goes away.
fn lines(
    work: impl FnOnce(&mut dyn FnMut(Value)) -> Result<Value, StoreError> + Send + 'static,
) -> Response<Body> {
    let (sender, receiver) = mpsc::channel::<Bytes>(LINES);
    let send = move |value: Value| {
        // A client who went away reads nothing any more.
        drop(sender.blocking_send(Bytes::from(format!("{value}\n"))));
    };
    tokio::task::spawn_blocking(move || {
        let mut send = send;
        let last = work(&mut send).unwrap_or_else(|error| {
            tracing::error!(%error, "housekeeping failed");
            json!({ "error": "the store failed; the server's log says how" })
        });
        send(last);
    });
    let body = stream::unfold(receiver, async |mut receiver| {
        let line = receiver.recv().await?;
        Some((Ok::<_, std::convert::Infallible>(line), receiver))
    });
    let mut response = Response::new(Body::from_stream(body));
    let kind = HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert("content-type", kind);
    response
}
