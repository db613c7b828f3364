//! `/api/v1/keys`: access keys. A secret is answered once, when its key is made.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{Response, StatusCode};
use axum::routing::get;
use axum::{Extension, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::deed::Told;
use super::{Answer, ApiError, answer, answer_telling, document};
use crate::app::App;
use crate::auth::Principal;
use crate::auth::accounts;

/// The routes of keys.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/keys", get(list).post(create))
        .route("/keys/{id}", axum::routing::delete(delete))
}

/// Whose keys are meant: one's own where nobody is named.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whose {
    user: Option<String>,
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Principal>,
    Query(whose): Query<Whose>,
) -> Response<Body> {
    answer(move || {
        let keys = accounts::keys(&app, &asker, whose.user.as_deref())?;
        let views: Vec<Value> = keys
            .iter()
            .map(|key| {
                json!({
                    "access_key_id": key.id,
                    "user": key.user,
                    "created_at": key.created_at.to_string(),
                })
            })
            .collect();
        document(json!({ "keys": views }))
    })
    .await
}

/// The answer has the form of the server's own key file.
async fn create(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Principal>,
    body: Bytes,
) -> Response<Body> {
    answer_telling(move || {
        let whose: Whose = match body.is_empty() {
            true => Whose::default(),
            false => serde_json::from_slice(&body)
                .map_err(|error| ApiError::Invalid(error.to_string()))?,
        };
        let user = whose.user.unwrap_or_else(|| asker.name.clone());
        let key = accounts::create_key(&app, &asker, &user)?;
        let view = json!({
            "access_key_id": key.id,
            "secret_access_key": key.secret,
            "user": user,
            "created_at": key.created_at.to_string(),
        });
        let told = Told {
            object: Some(key.id.clone()),
            details: json!({ "user": user }),
            ..Told::default()
        };
        Ok((StatusCode::CREATED, view.to_string().into_bytes(), told))
    })
    .await
}

async fn delete(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Principal>,
    Path(id): Path<String>,
) -> Response<Body> {
    answer(move || -> Answer {
        accounts::delete_key(&app, &asker, &id)?;
        Ok((StatusCode::NO_CONTENT, Vec::new()))
    })
    .await
}
