//! `/api/v1/events`: what happened, in pages, and as it happens (server-sent events).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, Response};
use axum::response::IntoResponse;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use axum::{Extension, Router};
use futures_util::stream;
use model::Severity;
use serde::Deserialize;
use serde_json::{Value, json};
use store::record::EventFilter;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::listing::page_length;
use super::{ApiError, answer, document};
use crate::app::App;
use crate::auth::Principal;
use crate::blocking::spawn_blocking;
use crate::events::hub::Seat;
use crate::events::subscriptions::check_filter;
use crate::events::{feed, shape};

/// How often a client is told that the server is there where nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a stream lasts: then its client comes again, and shows its credentials again.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// How often it is looked whether the server is to stop.
const LOOK: Duration = Duration::from_secs(1);
/// How many events a stream reads at once: one that lists many images has a quarter of a MiB.
const BATCH: usize = 8;
/// The most events of a page.
const MAX_PAGE: usize = 100;

/// The routes of events.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/events", get(list))
        .route("/events/stream", get(listen))
}

/// Which events are asked for; lists are separated by commas.
#[derive(Deserialize)]
struct Asked {
    kinds: Option<String>,
    repository: Option<String>,
    least_severity: Option<String>,
    fixable: Option<bool>,
    changes: Option<String>,
    after: Option<u64>,
    limit: Option<usize>,
}

impl Asked {
    fn filter(&self) -> Result<EventFilter, ApiError> {
        let list = |text: &Option<String>| -> Vec<String> {
            let parts = text.as_deref().unwrap_or_default().split(',');
            let named = parts.filter(|part| !part.is_empty());
            named.map(str::to_owned).collect()
        };
        let invalid = |error: &dyn std::fmt::Display| ApiError::Invalid(error.to_string());
        let repositories = list(&self.repository);
        let repositories = repositories.iter().map(|pattern| pattern.parse());
        let changes = json!(list(&self.changes));
        let least_severity = match &self.least_severity {
            Some(word) => Some(
                Severity::from_word(word)
                    .ok_or_else(|| ApiError::Invalid(format!("'{word}' is no severity")))?,
            ),
            None => None,
        };
        let filter = EventFilter {
            kinds: list(&self.kinds),
            least_severity,
            fixable: self.fixable.unwrap_or_default(),
            repositories: repositories
                .collect::<Result<_, _>>()
                .map_err(|error: model::wildcard::InvalidWildcard| invalid(&error))?,
            changes: serde_json::from_value(changes).map_err(|error| invalid(&error))?,
        };
        check_filter(&filter).map_err(ApiError::Invalid)?;
        Ok(filter)
    }
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Query(asked): Query<Asked>,
) -> Response<Body> {
    answer(move || {
        let (filter, limit) = (asked.filter()?, page_length(asked.limit).min(MAX_PAGE));
        let after = asked.after.unwrap_or_default();
        let page = feed::page(&app, &principal, &filter, after, limit)?;
        let view = |message| shape::cloud_event(&app.settings, message);
        let views: Vec<Value> = page.messages.iter().map(view).collect();
        document(json!({ "events": views, "next": page.next }))
    })
    .await
}

async fn listen(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response<Body> {
    match begin(app, principal, &asked, &headers) {
        Ok(listener) => {
            let events = stream::unfold(listener, |mut listener| async move {
                let event = listener.next().await?;
                Some((Ok::<_, Infallible>(event), listener))
            });
            let mut response = Sse::new(events).into_response();
            // A proxy that gathers answers would keep events back.
            let no = HeaderValue::from_static("no");
            response.headers_mut().insert("x-accel-buffering", no);
            response
        }
        Err(error) => answer(move || Err(error)).await,
    }
}

fn begin(
    app: Arc<App>,
    principal: Principal,
    asked: &Asked,
    headers: &HeaderMap,
) -> Result<Listener, ApiError> {
    let filter = asked.filter()?;
    let last =
        match headers.get("last-event-id") {
            Some(last) => {
                let last = last.to_str().ok().and_then(|last| last.parse().ok());
                Some(last.ok_or_else(|| {
                    ApiError::Invalid("Last-Event-ID: expected a number".to_owned())
                })?)
            }
            None => asked.after,
        };
    let seat = app.events.join(&principal.name);
    let seat = seat.ok_or(ApiError::Full("too many listen already; try again later"))?;
    let placed = app.events.listen();
    let now = Instant::now();
    Ok(Listener {
        after: last,
        waiting: VecDeque::new(),
        beat: now,
        end: now + LONGEST,
        app,
        principal,
        filter,
        placed,
        _seat: seat,
    })
}

/// One client that listens.
struct Listener {
    app: Arc<App>,
    principal: Principal,
    filter: EventFilter,
    /// The last event that was looked at; `None` before the first look at how far they are.
    after: Option<u64>,
    waiting: VecDeque<Event>,
    placed: watch::Receiver<u64>,
    beat: Instant,
    end: Instant,
    _seat: Seat,
}

impl Listener {
    /// The next thing to send; `None` at the end. Holds no thread while it waits.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            let now = Instant::now();
            if self.app.stopping.load(Ordering::Relaxed) || now >= self.end {
                return None;
            }
            self.placed.mark_unchanged();
            let before = self.after;
            self.look().await?;
            if self.after != before {
                continue;
            }
            if now.duration_since(self.beat) >= HEARTBEAT {
                self.beat = now;
                return Some(self.heartbeat());
            }
            // A courier that is gone rings no more; the look at the clock goes on.
            if let Ok(Err(_)) = timeout(LOOK, self.placed.changed()).await {
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    /// Reads what came since the last look, if something did.
    async fn look(&mut self) -> Option<()> {
        let announced = *self.placed.borrow();
        if self
            .after
            .is_some_and(|after| after >= announced && announced > 0)
        {
            return Some(());
        }
        let (app, principal) = (self.app.clone(), self.principal.clone());
        let (filter, after) = (self.filter.clone(), self.after);
        let read = spawn_blocking(move || match after {
            Some(after) => feed::page(&app, &principal, &filter, after, BATCH),
            None => Ok(feed::Page {
                next: app.store.metadata.outbox()?.placed,
                messages: Vec::new(),
            }),
        });
        let page = match read.await {
            Ok(Ok(page)) => page,
            Ok(Err(error)) => {
                tracing::error!(%error, "events cannot be read; a stream of them ends");
                return None;
            }
            Err(_) => return None,
        };
        self.after = Some(page.next);
        for message in &page.messages {
            let body = shape::cloud_event(&self.app.settings, message).to_string();
            let id = message.place().unwrap_or(page.next);
            let event = Event::default().event(message.kind()).id(id.to_string());
            self.waiting.push_back(event.data(body));
        }
        Some(())
    }

    /// A comment, with the place that was looked at: who comes again goes on from there.
    fn heartbeat(&self) -> Event {
        let beat = Event::default().comment("still here");
        match self.after {
            Some(after) => beat.id(after.to_string()),
            None => beat,
        }
    }
}
