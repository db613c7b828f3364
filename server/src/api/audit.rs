//! `GET /api/v1/audit`: who did or wanted what. A page as JSON, or everything that fits as JSON
//! lines (`Accept: application/x-ndjson`).

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderValue, Response};
use axum::routing::get;
use axum::{Extension, Router};
use futures_util::stream;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use store::StoreError;
use store::record::{AuditFilter, Audited, Outcome};
use tokio::sync::mpsc;

use super::{ApiError, answer, document};
use crate::app::App;
use crate::audit;
use crate::auth::Principal;
use crate::auth::access::{Action, Resource, require};
use crate::blocking::spawn_blocking;

/// What is asked for as lines.
const LINES: &str = "application/x-ndjson";
/// Entries of one part of the lines: the most that are in memory at once, twice.
const PART: usize = 500;

/// The route of the audit log.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/audit", get(list))
}

/// Which entries, and of those which page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    since: Option<String>,
    until: Option<String>,
    actor: Option<String>,
    action: Option<String>,
    repository: Option<String>,
    outcome: Option<String>,
    after: Option<u64>,
    limit: Option<usize>,
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Principal>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response<Body> {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let lines = accept.is_some_and(|accept| accept.contains(LINES));
    let allowed = require(&asker, Action::ReadAudit, Resource::Registry);
    let filter = allowed
        .map_err(ApiError::from)
        .and_then(|()| filter(&asked));
    match filter {
        Ok(filter) if lines => export(app, filter, asked.after, asked.limit),
        filter => {
            answer(move || {
                let filter = filter?;
                let limit = super::listing::page_length(asked.limit);
                // Who asks sees what happened before.
                audit::flush(&app)?;
                let page = app.store.metadata.audit(&filter, asked.after, limit)?;
                let views: Vec<Value> = page.iter().map(view).collect();
                document(json!({ "entries": views }))
            })
            .await
        }
    }
}

fn filter(asked: &Asked) -> Result<AuditFilter, ApiError> {
    let time = |text: &Option<String>| -> Result<Option<Timestamp>, ApiError> {
        let parsed = text.as_deref().map(str::parse).transpose();
        parsed.map_err(|error: jiff::Error| ApiError::Invalid(error.to_string()))
    };
    let outcome = asked.outcome.as_deref().map(|word| {
        Outcome::from_word(word).ok_or_else(|| {
            let message = format!("'{word}' is no outcome: allowed, denied or failed");
            ApiError::Invalid(message)
        })
    });
    Ok(AuditFilter {
        since: time(&asked.since)?,
        until: time(&asked.until)?,
        actor: asked.actor.clone(),
        action: asked.action.clone(),
        repository: asked.repository.clone(),
        outcome: outcome.transpose()?,
    })
}

/// An entry, as the API and the lines have it.
fn view(row: &Audited) -> Value {
    let entry = &row.entry;
    let details: Value = serde_json::from_str(&entry.details).unwrap_or_default();
    json!({
        "sequence": row.sequence,
        "time": entry.at.to_string(),
        "actor": entry.actor,
        "key_id": entry.key_id,
        "client": entry.client,
        "request_id": entry.request_id,
        "action": entry.action,
        "repository": entry.repository,
        "object": entry.object,
        "outcome": entry.outcome.as_str(),
        "reason": entry.reason,
        "details": details,
    })
}

/// Everything that fits, a line each, read as fast as the client reads. Where the store fails on
/// the way the answer breaks off: a list that is cut short must not look whole.
fn export(
    app: Arc<App>,
    filter: AuditFilter,
    after: Option<u64>,
    limit: Option<usize>,
) -> Response<Body> {
    let (sender, receiver) = mpsc::channel::<Result<Bytes, StoreError>>(1);
    drop(spawn_blocking(move || {
        let left = limit.unwrap_or(usize::MAX);
        if let Err(error) = send(&app, &filter, after, left, &sender) {
            tracing::error!(%error, "the audit log could not be exported");
            drop(sender.blocking_send(Err(error)));
        }
    }));
    let body = stream::unfold(receiver, async |mut receiver| {
        Some((receiver.recv().await?, receiver))
    });
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(LINES));
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    response
}

fn send(
    app: &App,
    filter: &AuditFilter,
    mut after: Option<u64>,
    mut left: usize,
    sender: &mpsc::Sender<Result<Bytes, StoreError>>,
) -> Result<(), StoreError> {
    audit::flush(app)?;
    while left > 0 {
        let part = app.store.metadata.audit(filter, after, PART.min(left))?;
        let Some(last) = part.last() else { break };
        after = Some(last.sequence);
        left -= part.len().min(left);
        let lines: String = part.iter().map(|row| format!("{}\n", view(row))).collect();
        if sender.blocking_send(Ok(lines.into())).is_err() {
            // The client went away.
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use store::record::Entry;

    use super::*;
    use crate::testing::Server;

    fn entry(number: i64) -> Entry {
        Entry {
            at: Timestamp::from_second(number).unwrap(),
            actor: "anna".to_owned(),
            key_id: Some("AKIA1".to_owned()),
            client: "192.0.2.1".to_owned(),
            request_id: format!("r{number}"),
            action: "ecr:PutImage".to_owned(),
            repository: Some("team/app".to_owned()),
            object: "v1".to_owned(),
            outcome: Outcome::Allowed,
            reason: String::new(),
            details: r#"{"digest":"sha256:0"}"#.to_owned(),
        }
    }

    fn server(entries: i64) -> Server {
        let server = Server::open();
        let entries: Vec<Entry> = (0..entries).map(entry).collect();
        server.app.store.metadata.record_audit(&entries).unwrap();
        server
    }

    #[tokio::test]
    async fn a_page_is_a_document() {
        let server = server(3);
        let answered = server.get("/api/v1/audit?after=1&limit=1").await;
        let text = serde_json::to_string_pretty(&answered.json()).unwrap();
        expect![[r#"
            {
              "entries": [
                {
                  "action": "ecr:PutImage",
                  "actor": "anna",
                  "client": "192.0.2.1",
                  "details": {
                    "digest": "sha256:0"
                  },
                  "key_id": "AKIA1",
                  "object": "v1",
                  "outcome": "allowed",
                  "reason": "",
                  "repository": "team/app",
                  "request_id": "r1",
                  "sequence": 2,
                  "time": "1970-01-01T00:00:01Z"
                }
              ]
            }"#]]
        .assert_eq(&text);
        let asked = "since=1970-01-01T00:00:01Z&until=1970-01-01T00:00:02Z&actor=anna\
                     &action=ecr:PutImage&repository=team/app&outcome=allowed";
        let found = server.get(&format!("/api/v1/audit?{asked}")).await.json();
        assert_eq!(found["entries"].as_array().unwrap().len(), 1);
        assert_eq!(found["entries"][0]["request_id"], "r1");
        for asked in ["since=soon", "outcome=good", "limit=x", "sinc=1"] {
            let answered = server.get(&format!("/api/v1/audit?{asked}")).await;
            assert_eq!(answered.status, 400, "{asked}");
        }
    }

    #[tokio::test]
    async fn lines_hold_everything_that_fits() {
        let count = 2 * PART + 1;
        let server = server(count as i64);
        let lines = async |query: &str| {
            let request = axum::http::Request::get(format!("/api/v1/audit{query}"))
                .header("host", "localhost:5000")
                .header(ACCEPT, LINES);
            let answered = server.request(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answered.status, 200);
            assert_eq!(answered.header("content-type"), LINES);
            let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
            answered.body.lines().map(read).collect::<Vec<_>>()
        };
        let all = lines("").await;
        assert_eq!(all.len(), count);
        assert!(all.is_sorted_by_key(|entry| entry["sequence"].as_u64()));
        assert_eq!(lines("?limit=501").await.len(), 501);
        assert_eq!(lines("?after=999").await.len(), count - 999);
        assert!(lines("?actor=bob").await.is_empty());
    }

    #[tokio::test]
    async fn administrators_read_it_and_nobody_else() {
        let server = Server::with(|_| {});
        for (name, grant, status) in [("root", "admin", 200), ("bob", "admin:team/*", 403)] {
            let key = server.user(name, &[grant]);
            server.log_in(Some((&key.id, &key.secret)));
            assert_eq!(server.get("/api/v1/audit").await.status, status, "{name}");
        }
    }
}
