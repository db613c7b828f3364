//! `/api/v1/admin/database`: what the advisory database is, and bringing it up to date at once.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde_json::{Value, json};

use super::{ApiError, answer, document};
use crate::app::App;
use crate::auth::Principal;
use crate::auth::access::{Action, Resource, require};

/// The routes of the database.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/admin/database", get(show))
        .route("/admin/database/update", post(update))
}

async fn show(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
) -> Response<Body> {
    answer(move || {
        require(&principal, Action::ManageHousekeeping, Resource::Registry)?;
        document(view(&app))
    })
    .await
}

async fn update(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Principal>,
) -> Response<Body> {
    answer(move || {
        require(&principal, Action::ManageHousekeeping, Resource::Registry)?;
        match app.updates.want() {
            true => {
                let (_, body) = document(json!({ "wanted": true }))?;
                Ok((StatusCode::ACCEPTED, body))
            }
            false => Err(ApiError::Invalid(
                "this server does not update its database: start it with --update-every and \
                 --update-from, or replace the database file"
                    .to_owned(),
            )),
        }
    })
    .await
}

fn view(app: &App) -> Value {
    let known = app.updates.known();
    let database = app.database.current();
    let sources = database.as_deref().map(|database| {
        let sources = database.sources().iter();
        let rows = sources.map(|source| {
            json!({
                "name": source.name,
                "advisories": source.advisories,
                "date": source.date.map(|date| date.to_string()),
                "problems": source.told().problems.len(),
            })
        });
        rows.collect::<Vec<_>>()
    });
    let revision = database.as_deref().map(advisory::Database::revision);
    let built = database.as_deref().and_then(advisory::Database::built);
    json!({
        "revision": revision,
        "built": built.map(|built| built.to_string()),
        "sources": sources.unwrap_or_default(),
        "updates": known.schedule.map(|schedule| json!({
            "every_seconds": schedule.every.as_secs(),
            "from": schedule.from,
            "running": known.running,
            "ended_at": known.last.as_ref().map(|last| last.at.to_string()),
            "failure": known.last.as_ref().and_then(|last| last.failure.clone()),
        })),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::testing::Server;
    use crate::updates::{Ended, Schedule};
    use serde_json::json;

    #[tokio::test]
    async fn administrators_see_the_database_and_have_it_updated() {
        let server = Server::open();
        let none = server.get("/api/v1/admin/database").await.json();
        assert_eq!(
            none,
            json!({"revision": null, "built": null, "sources": [], "updates": null})
        );
        server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853")]);
        let path = "/api/v1/admin/database/update";
        let refused = server.send("POST", path, json!(null)).await;
        assert_eq!(refused.status, 400, "{}", refused.body);
        let updates = &server.app.updates;
        updates.begin(Schedule {
            every: Duration::from_secs(7),
            from: "their publishers".to_owned(),
        });
        assert_eq!(server.send("POST", path, json!(null)).await.status, 202);
        updates.wait(Duration::from_secs(60)).await;
        updates.started();
        let shown = async || server.get("/api/v1/admin/database").await.json();
        assert_eq!(shown().await["updates"]["running"], true);
        updates.ended(Ended {
            at: "2026-11-24T00:00:00Z".parse().unwrap(),
            failure: Some("no route".to_owned()),
        });
        let shown = shown().await;
        assert_eq!(
            shown["updates"],
            json!({"every_seconds": 7, "from": "their publishers", "running": false,
                "ended_at": "2026-11-24T00:00:00Z", "failure": "no route"})
        );
        assert_eq!(shown["sources"][0]["advisories"], 1);
    }

    #[tokio::test]
    async fn others_see_and_do_nothing() {
        let server = Server::with(|_| {});
        let key = server.user("ci", &["push"]);
        server.log_in(Some((&key.id, &key.secret)));
        assert_eq!(server.get("/api/v1/admin/database").await.status, 403);
        let path = "/api/v1/admin/database/update";
        assert_eq!(server.send("POST", path, json!(null)).await.status, 403);
    }
}
