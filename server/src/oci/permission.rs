//! What each endpoint takes: a request as an action on a repository, in ECR's words.

use axum::body::Body;
use axum::http::{Method, Response, StatusCode, Uri};
use model::RepositoryName;
use serde_json::{Value, json};

use super::answer;
use super::error::Failure;
use super::route::{self, Route};
use crate::audit::Deed;
use crate::auth::Principal;
use crate::auth::access::{Action, require};

/// Goes on only where the principal may. Whether the repository is there does not matter: who may
/// not pull from it learns nothing about it.
///
/// # Errors
///
/// DENIED with what is missing; UNAUTHORIZED to somebody without credentials.
pub fn check(principal: &Principal, route: &Route, method: &Method) -> Result<(), Failure> {
    match needed(route, method) {
        Some((action, name)) => Ok(require(principal, action, name)?),
        None => Ok(()),
    }
}

/// What a request asks for, for the audit log.
pub fn deed(route: &Route, method: &Method, uri: &Uri) -> Option<Deed> {
    let (action, name) = needed(route, method)?;
    let object = match route {
        Route::Manifest(_, reference) => reference.to_string(),
        Route::Blob(_, digest) | Route::Referrers(_, digest) => digest.to_string(),
        _ => String::new(),
    };
    // A mount takes a blob from another repository.
    let from = answer::parameters(uri, "from").next();
    let from = from.filter(|_| matches!(route, Route::Uploads(_)));
    let details = match route {
        // Of the same action as a pull, and none.
        Route::Referrers(..) => json!({ "list": "referrers" }),
        _ => from.map_or(Value::Null, |from| json!({ "from": from })),
    };
    Some(Deed {
        details,
        ..Deed::new(action, Some(name)).to(object)
    })
}

/// Tells of a deed in its answer.
pub fn tell(mut deed: Deed, response: &mut Response<Body>) {
    // An upload that is opened and done in one request, or a mount.
    let at_once = deed.action == Action::InitiateLayerUpload;
    if at_once && response.status() == StatusCode::CREATED {
        deed.action = Action::CompleteLayerUpload;
    }
    response.extensions_mut().insert(deed);
}

/// What a bearer token would have to be good for, in the words of distribution's "Token Scope
/// Documentation"; `None` where none is named.
pub fn scope(method: &Method, path: &str) -> Option<String> {
    let route = route::parse(path).ok()?;
    if matches!(route, Route::Catalog) {
        return Some("registry:catalog:*".to_owned());
    }
    let (action, name) = needed(&route, method)?;
    let actions = match action {
        Action::BatchDeleteImage => "delete",
        Action::ListImages
        | Action::BatchGetImage
        | Action::GetDownloadUrlForLayer
        | Action::BatchCheckLayerAvailability => "pull",
        _ => "pull,push",
    };
    Some(format!("repository:{name}:{actions}"))
}

/// The action of a request and the repository that it is done to. The list of repositories is
/// everybody's: it holds what one may see. A method that no endpoint has is refused later.
fn needed<'a>(route: &'a Route, method: &Method) -> Option<(Action, &'a RepositoryName)> {
    Some(match route {
        Route::Base | Route::Catalog => return None,
        Route::Tags(name) => (Action::ListImages, name),
        Route::NoTag(name, _) => (Action::BatchGetImage, name),
        Route::Referrers(name, _) => (Action::BatchGetImage, name),
        Route::Blob(name, _) => match *method {
            Method::DELETE => (Action::BatchDeleteImage, name),
            Method::HEAD => (Action::BatchCheckLayerAvailability, name),
            _ => (Action::GetDownloadUrlForLayer, name),
        },
        Route::Uploads(name) => (Action::InitiateLayerUpload, name),
        Route::Upload(name, _) => match *method {
            Method::PUT => (Action::CompleteLayerUpload, name),
            _ => (Action::UploadLayerPart, name),
        },
        Route::Manifest(name, _) => match *method {
            Method::PUT => (Action::PutImage, name),
            Method::DELETE => (Action::BatchDeleteImage, name),
            _ => (Action::BatchGetImage, name),
        },
    })
}
