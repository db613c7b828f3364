//! `/api/v1/users`: who may log in, and what they may do.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};
use axum::routing::get;
use axum::{Extension, Router};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use store::record::{Grant, User};

use super::deed::Told;
use super::{Answer, ApiError, answer, answer_telling, document};
use crate::app::App;
use crate::auth::Principal;
use crate::auth::accounts::{self, Change};

/// The routes of users.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/users", get(list))
        .route("/users/{name}", get(show).put(put).delete(delete))
}

/// What a PUT brings: members that are left out stay as they are, and `null` takes a password
/// away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    grants: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    password: Option<Option<String>>,
}

/// Tells `null` from a member that is left out.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Principal>,
) -> Response<Body> {
    answer(move || {
        let users = accounts::users(&app, &asker)?;
        let views: Vec<Value> = users.iter().map(view).collect();
        document(json!({ "users": views }))
    })
    .await
}

async fn show(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Principal>,
    Path(name): Path<String>,
) -> Response<Body> {
    answer(move || document(view(&accounts::user(&app, &asker, &name)?))).await
}

async fn put(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Principal>,
    Path(name): Path<String>,
    body: Bytes,
) -> Response<Body> {
    answer_telling(move || {
        let change = change(&body)?;
        let made = accounts::put_user(&app, &asker, &name, &change)?;
        let user = accounts::user(&app, &asker, &name)?;
        let status = if made {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        Ok((status, view(&user).to_string().into_bytes(), told(&change)))
    })
    .await
}

/// What became of a user; of a password only whether there is another one or none.
fn told(change: &Change) -> Told {
    let grants = change.grants.as_ref().map(|grants| {
        let words = grants.iter().map(Grant::to_string);
        words.collect::<Vec<_>>()
    });
    let password = change.password.as_ref().map(|password| match password {
        Some(_) => "set",
        None => "removed",
    });
    let mut details = serde_json::Map::new();
    details.extend(grants.map(|grants| ("grants".to_owned(), json!(grants))));
    details.extend(password.map(|word| ("password".to_owned(), json!(word))));
    Told {
        details: details.into(),
        ..Told::default()
    }
}

async fn delete(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Principal>,
    Path(name): Path<String>,
) -> Response<Body> {
    answer(move || -> Answer {
        accounts::delete_user(&app, &asker, &name)?;
        Ok((StatusCode::NO_CONTENT, Vec::new()))
    })
    .await
}

fn change(body: &[u8]) -> Result<Change, ApiError> {
    let invalid = |error: &dyn std::fmt::Display| ApiError::Invalid(error.to_string());
    let wanted: Wanted = serde_json::from_slice(body).map_err(|error| invalid(&error))?;
    let grants = wanted.grants.map(|grants| {
        let parsed = grants.iter().map(|grant| grant.parse::<Grant>());
        parsed.collect::<Result<Vec<_>, _>>()
    });
    Ok(Change {
        grants: grants.transpose().map_err(|error| invalid(&error))?,
        password: wanted.password,
    })
}

/// A user without the password, of which is only told whether there is one.
fn view(user: &User) -> Value {
    let grants: Vec<String> = user.grants.iter().map(Grant::to_string).collect();
    json!({
        "name": user.name,
        "grants": grants,
        "password": user.password.is_some(),
        "created_at": user.created_at.to_string(),
    })
}
