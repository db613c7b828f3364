//! `/api/v1/subscriptions`: who is told what happened. A secret is answered once, when its
//! subscription is made.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};
use axum::{Extension, Router};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::record::{Outbox, Subscription};

use super::deed::Told;
use super::{Answer, ApiError, answer, answer_telling, document};
use crate::app::App;
use crate::auth::Principal;
use crate::events::subscriptions::{self, SubscriptionError, Wanted};
use crate::events::webhook;

/// The routes of subscriptions.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/subscriptions", get(list).post(create))
        .route("/subscriptions/{name}", get(show).delete(delete))
        .route("/subscriptions/{name}/pause", post(pause))
        .route("/subscriptions/{name}/resume", post(resume))
        .route("/subscriptions/{name}/test", post(test))
}

impl From<SubscriptionError> for ApiError {
    fn from(error: SubscriptionError) -> ApiError {
        match error {
            SubscriptionError::Unknown(_) => ApiError::NotFound(error.to_string()),
            SubscriptionError::Invalid(message) => ApiError::Invalid(message),
            SubscriptionError::Conflict(message) => ApiError::Conflict(message),
            SubscriptionError::Denied(denial) => denial.into(),
            SubscriptionError::Store(error) => error.into(),
            SubscriptionError::Seal(error) => {
                tracing::error!(%error, "a subscription's secret could not be sealed");
                ApiError::Cut
            }
        }
    }
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Principal>,
) -> Response<Body> {
    answer(move || {
        let found = subscriptions::list(&app, &asker)?;
        let (outbox, now) = (app.store.metadata.outbox()?, app.clock.now());
        let views = found.iter().map(|one| view(one, outbox, now));
        document(json!({ "subscriptions": views.collect::<Vec<_>>() }))
    })
    .await
}

async fn create(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Principal>,
    body: Bytes,
) -> Response<Body> {
    answer_telling(move || {
        let wanted: Result<Wanted, _> = serde_json::from_slice(&body);
        let wanted = wanted.map_err(|error| ApiError::Invalid(error.to_string()))?;
        let (made, secret) = subscriptions::create(&app, &asker, wanted)?;
        let mut view = view(&made, app.store.metadata.outbox()?, app.clock.now());
        if let Some(members) = view.as_object_mut() {
            members.insert("secret".to_owned(), secret.into());
        }
        Ok((
            StatusCode::CREATED,
            view.to_string().into_bytes(),
            told(&made),
        ))
    })
    .await
}

/// What was made, for the audit log: of the address only the host, since what follows may be as
/// good as a password.
fn told(made: &Subscription) -> Told {
    let url = webhook::target(&made.target).ok();
    let host = url.and_then(|url| url.host_str().map(str::to_owned));
    Told {
        object: Some(made.name.clone()),
        details: json!({ "host": host, "shape": made.shape }),
        ..Told::default()
    }
}

async fn show(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Principal>,
    Path(name): Path<String>,
) -> Response<Body> {
    answer(move || shown(&app, &subscriptions::get(&app, &asker, &name)?)).await
}

async fn delete(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Principal>,
    Path(name): Path<String>,
) -> Response<Body> {
    answer(move || -> Answer {
        subscriptions::delete(&app, &asker, &name)?;
        Ok((StatusCode::NO_CONTENT, Vec::new()))
    })
    .await
}

async fn pause(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Principal>,
    Path(name): Path<String>,
) -> Response<Body> {
    answer(move || shown(&app, &subscriptions::pause(&app, &asker, &name, true)?)).await
}

async fn resume(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Principal>,
    Path(name): Path<String>,
) -> Response<Body> {
    answer(move || shown(&app, &subscriptions::pause(&app, &asker, &name, false)?)).await
}

/// Answers 200 whether the receiver took it or not: what failed is the receiver, not the request.
async fn test(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Principal>,
    Path(name): Path<String>,
) -> Response<Body> {
    let outcome = subscriptions::test(&app, &asker, name).await;
    answer(move || {
        let failed = outcome?.err().map(|failure| failure.error);
        document(json!({ "delivered": failed.is_none(), "error": failed }))
    })
    .await
}

fn shown(app: &App, subscription: &Subscription) -> Answer {
    let outbox = app.store.metadata.outbox()?;
    document(view(subscription, outbox, app.clock.now()))
}

fn view(one: &Subscription, outbox: Outbox, now: Timestamp) -> Value {
    let (filter, progress) = (&one.filter, &one.progress);
    let time = |time: Timestamp| time.to_string();
    let at = one.digest_minute;
    let at = at.map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60));
    let waits = progress.attempts > 0 && !progress.paused;
    json!({
        "name": one.name,
        "url": one.target,
        "shape": one.shape,
        "filter": {
            "kinds": filter.kinds,
            "least_severity": filter.least_severity.map(|severity| severity.as_str()),
            "fixable": filter.fixable,
            "repositories": filter.repositories,
            "changes": filter.changes,
        },
        "digest_at": at,
        "next_digest": subscriptions::next_digest(one, now).map(time),
        "created_at": time(one.made_at),
        "paused": progress.paused,
        "delivered": progress.delivered,
        "delivered_at": progress.delivered_at.map(time),
        "behind": outbox.placed.saturating_sub(progress.delivered),
        "attempts": progress.attempts,
        "error": progress.error,
        "next_attempt": waits.then(|| time(progress.free_at)),
    })
}
