//! The registry's API: OCI distribution specification 1.1, under `/v2/`.
//!
//! The event loop only moves bytes between sockets and channels; hashing, files and the metadata
//! store are called on threads made for blocking. Whatever a blob's size, a request holds a few
//! MiB at most.

mod answer;
mod blob;
mod condition;
mod download;
mod error;
mod gate;
mod manifest;
mod mount;
mod permission;
mod receive;
mod referrers;
mod route;
mod tags;
mod upload;

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::ALLOW;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use jiff::Timestamp;
use model::RepositoryName;
use store::record::{Repository, TagRule};

use crate::app::App;
use crate::auth::Principal;
use crate::auth::access::{Action, allows};
use error::{Code, Failure};
pub use permission::scope;
use route::Route;

/// What every handler answers.
type Answer = Result<Response<Body>, Failure>;

/// Answers a request under `/v2/` of somebody whose credentials were checked.
pub async fn handle(
    app: &Arc<App>,
    principal: &Principal,
    request: Request<Body>,
) -> Response<Body> {
    let is_head = request.method() == Method::HEAD;
    let mut deed = None;
    let answer = match route::parse(request.uri().path()) {
        Ok(route) => {
            deed = permission::deed(&route, request.method(), request.uri());
            dispatch(app, principal, route, request).await
        }
        Err(failure) => Err(failure),
    };
    let mut response = answer.unwrap_or_else(Failure::into_response);
    if let Some(deed) = deed {
        permission::tell(deed, &mut response);
    }
    if is_head {
        response = answer::without_body(response);
    }
    let version = HeaderValue::from_static("registry/2.0");
    response
        .headers_mut()
        .insert("docker-distribution-api-version", version);
    response
}

async fn dispatch(
    app: &Arc<App>,
    principal: &Principal,
    route: Route,
    request: Request<Body>,
) -> Answer {
    let method = request.method().clone();
    permission::check(principal, &route, &method)?;
    let (uri, headers) = (request.uri(), request.headers());
    let methods = route.methods();
    match (route, method) {
        (Route::Base, Method::GET | Method::HEAD) => Ok(answer::json("{}".to_owned())),
        (Route::Catalog, Method::GET | Method::HEAD) => tags::catalog(app, principal, uri).await,
        (Route::Tags(name), Method::GET | Method::HEAD) => tags::list(app, name, uri).await,
        (Route::Referrers(name, digest), Method::GET | Method::HEAD) => {
            referrers::list(app, name, digest, uri).await
        }
        (Route::Blob(name, digest), Method::GET) => blob::get(app, name, digest, headers).await,
        (Route::Blob(name, digest), Method::HEAD) => blob::head(app, name, digest, headers).await,
        (Route::Blob(name, digest), Method::DELETE) => blob::delete(app, name, digest).await,
        (Route::Uploads(name), Method::POST) => upload::post(app, principal, name, request).await,
        (Route::Upload(name, id), Method::GET | Method::HEAD) => {
            upload::status(app, name, id).await
        }
        (Route::Upload(name, id), Method::PATCH) => upload::patch(app, name, id, request).await,
        (Route::Upload(name, id), Method::PUT) => upload::put(app, name, id, request).await,
        (Route::Upload(name, id), Method::DELETE) => upload::delete(app, name, id).await,
        (Route::Manifest(name, reference), Method::GET) => {
            manifest::get(app, name, reference, headers).await
        }
        (Route::Manifest(name, reference), Method::HEAD) => {
            manifest::head(app, name, reference, headers).await
        }
        (Route::Manifest(name, reference), Method::PUT) => {
            manifest::put(app, principal, name, reference, request).await
        }
        (Route::Manifest(name, reference), Method::DELETE) => {
            manifest::delete(app, name, reference).await
        }
        (Route::NoTag(_, error), Method::PUT) => {
            Err(Failure::new(Code::ManifestInvalid, error.to_string()))
        }
        (Route::NoTag(name, error), Method::GET | Method::HEAD | Method::DELETE) => {
            let failure = Failure::new(Code::ManifestUnknown, error.to_string());
            blocking(app, move |app| Err(missing(app, &name, failure))).await
        }
        (_, method) => {
            let message = format!("{method} is not among the methods that this address answers");
            Err(Failure::new(Code::Unsupported, message).header(ALLOW, methods))
        }
    }
}

/// Runs what blocks on a thread made for it.
async fn blocking<T: Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce(&App) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let app = app.clone();
    let done = crate::blocking::spawn_blocking(move || work(&app)).await;
    done.unwrap_or_else(|error| Err(Failure::internal(&error)))
}

/// The repository, made where it is not there yet and the principal may make one.
fn ensure_repository(
    app: &App,
    principal: &Principal,
    name: &RepositoryName,
    now: Timestamp,
) -> Result<Repository, Failure> {
    if let Some(repository) = app.store.metadata.repository(name)? {
        return Ok(repository);
    }
    if !allows(principal, Action::CreateRepositoryByPush, name) {
        return Err(Failure::name_unknown(name));
    }
    let repository = Repository {
        name: name.clone(),
        created_at: now,
        tag_rule: TagRule::default(),
        scan_on_push: None,
    };
    app.store.metadata.create_repository(&repository)?;
    // Another push may have been first: what is there counts.
    app.store
        .metadata
        .repository(name)?
        .ok_or_else(|| Failure::name_unknown(name))
}

/// NAME_UNKNOWN where the repository is not there, otherwise what was looked for and missed.
fn missing(app: &App, name: &RepositoryName, failure: Failure) -> Failure {
    match app.store.metadata.repository(name) {
        Ok(Some(_)) => failure,
        Ok(None) => Failure::name_unknown(name),
        Err(error) => error.into(),
    }
}

#[cfg(test)]
mod tests;
