//! Amazon ECR's JSON API: protocol AWS JSON 1.1 at `POST /`, the operation in `X-Amz-Target`.
//!
//! An operation is one file and one line in [`OPERATIONS`]. Shapes are those of ECR's service
//! model of 2015-09-21; where ECR's own answer is known, the words are its words.

use std::sync::Arc;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderValue, Request, Response, StatusCode};
use bytes::Bytes;
use jiff::Timestamp;
use store::StoreError;
use store::record::Outcome;

use crate::app::App;
use crate::audit::{Deed, Reason};
use crate::auth::access::{self, Action, Denial, Resource};
use crate::auth::key::KeyError;
use crate::auth::{Principal, key, sigv4};
use crate::blocking::spawn_blocking;
use crate::middleware::logins::WrongCredentials;

mod account_setting;
mod batch_delete_image;
mod batch_get_repository_scanning_configuration;
mod create_repository;
mod deed;
mod delete_repository;
mod describe_image_scan_findings;
mod describe_images;
mod describe_repositories;
mod error;
mod get_account_setting;
mod get_authorization_token;
mod get_registry_scanning_configuration;
mod list_images;
mod lookup;
mod mutability;
mod paging;
mod put_account_setting;
mod put_image_scanning_configuration;
mod put_image_tag_mutability;
mod put_registry_scanning_configuration;
mod start_image_scan;
mod view;

pub use error::EcrError;

/// The largest request body, in bytes. No operation that is served takes more than lists of names
/// and digests, of at most a thousand: none sends a manifest or a layer here.
const MAX_BODY: usize = 1024 * 1024;
/// What stands before the operation's name in `X-Amz-Target`.
const TARGET_PREFIX: &str = "AmazonEC2ContainerRegistry_V20150921.";
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// Who asks, when, and of what.
pub struct Context {
    /// The application.
    pub app: Arc<App>,
    /// Whose credentials were checked.
    pub principal: Principal,
    /// What they ask for.
    pub action: Action,
    /// The time of the request.
    pub now: Timestamp,
}

/// What an operation answers: the JSON of its output shape.
type Answer = Result<serde_json::Value, EcrError>;

/// An operation, what it takes to be allowed, and the function that does it. The function begins
/// with [`Context::find_repository`], which asks whether the principal may, or asks itself.
struct Operation {
    name: &'static str,
    action: Action,
    run: Run,
}

type Run = fn(&Context, &[u8]) -> Answer;

const fn operation(name: &'static str, action: Action, run: Run) -> Operation {
    Operation { name, action, run }
}

/// Every operation that is served, by name.
const OPERATIONS: &[Operation] = &[
    operation(
        "BatchDeleteImage",
        Action::BatchDeleteImage,
        batch_delete_image::run,
    ),
    operation(
        "BatchGetRepositoryScanningConfiguration",
        Action::BatchGetRepositoryScanningConfiguration,
        batch_get_repository_scanning_configuration::run,
    ),
    operation(
        "CreateRepository",
        Action::CreateRepository,
        create_repository::run,
    ),
    operation(
        "DeleteRepository",
        Action::DeleteRepository,
        delete_repository::run,
    ),
    operation(
        "DescribeImageScanFindings",
        Action::DescribeImageScanFindings,
        describe_image_scan_findings::run,
    ),
    operation(
        "DescribeImages",
        Action::DescribeImages,
        describe_images::run,
    ),
    operation(
        "DescribeRepositories",
        Action::DescribeRepositories,
        describe_repositories::run,
    ),
    operation(
        "GetAccountSetting",
        Action::GetAccountSetting,
        get_account_setting::run,
    ),
    operation(
        "GetAuthorizationToken",
        Action::GetAuthorizationToken,
        get_authorization_token::run,
    ),
    operation(
        "GetRegistryScanningConfiguration",
        Action::GetRegistryScanningConfiguration,
        get_registry_scanning_configuration::run,
    ),
    operation("ListImages", Action::ListImages, list_images::run),
    operation(
        "PutAccountSetting",
        Action::PutAccountSetting,
        put_account_setting::run,
    ),
    operation(
        "PutImageScanningConfiguration",
        Action::PutImageScanningConfiguration,
        put_image_scanning_configuration::run,
    ),
    operation(
        "PutImageTagMutability",
        Action::PutImageTagMutability,
        put_image_tag_mutability::run,
    ),
    operation(
        "PutRegistryScanningConfiguration",
        Action::PutRegistryScanningConfiguration,
        put_registry_scanning_configuration::run,
    ),
    operation(
        "StartImageScan",
        Action::StartImageScan,
        start_image_scan::run,
    ),
];

/// Answers one request to `POST /`.
pub async fn handle(app: &Arc<App>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let done = match read(app, &parts, body).await {
        Ok(body) => dispatch(app, parts, body).await,
        Err(error) => Done::refused(error),
    };
    let (status, text) = match &done.answer {
        Ok(value) => (StatusCode::OK, value.to_string()),
        Err(error) => (error.status(), error.to_json().to_string()),
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(CONTENT_TYPE));
    done.tell(response.extensions_mut());
    response
}

/// An answer, with what stands around wants to know of it: the access log, the limit on failed
/// logins, the audit log.
struct Done {
    answer: Answer,
    principal: Option<Principal>,
    deed: Option<Deed>,
}

impl Done {
    /// Nobody was let in.
    fn refused(error: EcrError) -> Done {
        Done {
            answer: Err(error),
            principal: None,
            deed: None,
        }
    }

    fn tell(self, extensions: &mut Extensions) {
        if let Err(error) = &self.answer {
            if error.is_wrong_credentials() {
                extensions.insert(WrongCredentials);
            }
            if error.is_denial() {
                extensions.insert(Outcome::Denied);
            }
            extensions.insert(Reason(error.to_string()));
        }
        if let Some(principal) = self.principal {
            extensions.insert(principal);
        }
        if let Some(deed) = self.deed {
            extensions.insert(deed);
        }
    }
}

/// The body of one who shows credentials of the form: for others nothing is kept in memory.
async fn read(app: &App, parts: &Parts, body: Body) -> Result<Bytes, EcrError> {
    if !app.settings.dev {
        sigv4::Authorization::parse(&parts.headers).map_err(|refused| refuse(&refused))?;
    }
    let read = axum::body::to_bytes(body, MAX_BODY).await;
    read.map_err(|_| {
        let message = "The request is larger than 1 MiB, or did not arrive as a whole.";
        EcrError::new("RequestEntityTooLarge", message)
    })
}

/// AWS's answer to credentials that do not hold.
fn refuse(refused: &sigv4::Refused) -> EcrError {
    EcrError::new(refused.code(), refused.to_string())
}

/// Stores are blocking, so that the whole operation runs on a thread of its own.
async fn dispatch(app: &Arc<App>, parts: Parts, body: Bytes) -> Done {
    let app = app.clone();
    let work = move || {
        let now = app.clock.now();
        match authenticate(&app, &parts, &body, now) {
            Ok(principal) => operate(app, principal, now, &parts, &body),
            Err(error) => Done::refused(error),
        }
    };
    let cut = |_| Done::refused(EcrError::server("The operation was cut off. Try again."));
    spawn_blocking(work).await.unwrap_or_else(cut)
}

fn operate(
    app: Arc<App>,
    principal: Principal,
    now: Timestamp,
    parts: &Parts,
    body: &[u8],
) -> Done {
    let known = Some(principal.clone());
    let refused = |error| Done {
        principal: known.clone(),
        ..Done::refused(error)
    };
    if app.principal_rate.check(&principal.name).is_err() {
        app.metrics.refuse("rate");
        return refused(EcrError::new("ThrottlingException", "Rate exceeded"));
    }
    let operation = match find_operation(parts) {
        Ok(operation) => operation,
        Err(error) => return refused(error),
    };
    let context = Context {
        app,
        principal,
        action: operation.action,
        now,
    };
    let answer = (operation.run)(&context, body);
    Done {
        deed: Some(deed::of(operation.action, body, answer.as_ref().ok())),
        answer,
        principal: known,
    }
}

fn authenticate(
    app: &App,
    parts: &Parts,
    body: &[u8],
    now: Timestamp,
) -> Result<Principal, EcrError> {
    if app.settings.dev {
        return Ok(Principal::anonymous());
    }
    let refuse = |refused| refuse(&refused);
    let authorization = sigv4::Authorization::parse(&parts.headers).map_err(refuse)?;
    let key = key::open(app, authorization.key_id)?;
    let key = key.ok_or_else(|| refuse(sigv4::Refused::UnknownKey))?;
    sigv4::verify(&authorization, &key.secret, "ecr", parts, body, now).map_err(refuse)?;
    Ok(key.principal)
}

fn find_operation(parts: &Parts) -> Result<&'static Operation, EcrError> {
    let target = parts
        .headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok());
    let name = target.and_then(|target| target.strip_prefix(TARGET_PREFIX));
    let found = OPERATIONS
        .iter()
        .find(|operation| Some(operation.name) == name);
    found.ok_or_else(|| {
        let asked = target.unwrap_or("no X-Amz-Target header");
        let message = format!("This registry does not serve {asked} yet.");
        EcrError::new("UnknownOperationException", message)
    })
}

impl Context {
    /// Goes on only where the principal may do what they ask for.
    ///
    /// # Errors
    ///
    /// `AccessDeniedException`.
    pub fn require<'a>(&self, resource: impl Into<Resource<'a>>) -> Result<(), EcrError> {
        access::require(&self.principal, self.action, resource)
            .map_err(|denial| self.denied(&denial))
    }

    /// ECR's words for what one may not do.
    fn denied(&self, denial: &Denial) -> EcrError {
        let (settings, user) = (&self.app.settings, denial.user());
        let (action, account) = (denial.action().as_str(), &settings.account);
        let resource = match denial.repository() {
            Some(name) => settings.repository_arn(name.as_str()),
            None => "*".to_owned(),
        };
        let message = format!(
            "User: arn:aws:iam::{account}:user/{user} is not authorized to perform: {action} on \
             resource: {resource} because no identity-based policy allows the {action} action"
        );
        EcrError::new("AccessDeniedException", message)
    }
}

impl From<KeyError> for EcrError {
    fn from(error: KeyError) -> EcrError {
        match error {
            KeyError::Store(error) => error.into(),
            KeyError::Seal(error) => {
                tracing::error!(%error, "an access key cannot be used");
                EcrError::server("The access key cannot be opened; the server's log says why.")
            }
        }
    }
}

impl From<StoreError> for EcrError {
    fn from(error: StoreError) -> EcrError {
        tracing::error!(%error, "the store failed under an ECR operation");
        EcrError::server("The store failed; the server's log says how. Try again.")
    }
}

/// Reads an operation's input shape. Members that are not known are passed over, as AWS does.
fn input<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, EcrError> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body)
        .map_err(|error| EcrError::new("SerializationException", error.to_string()))
}

#[cfg(test)]
mod tests;
