//! Makes an entry of the audit log of what was asked for and how it ended, for all surfaces.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HeaderValue};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::middleware::Next;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use store::record::{Entry, Outcome};
use tracing::Instrument;

use super::bounds::brings_blob;
use super::client::ClientAddress;
use super::logins::WrongCredentials;
use super::request_id::RequestId;
use crate::app::App;
use crate::audit::{self, Deed, Kept, LOGIN, Reason, Remark};
use crate::auth::access::Denial;
use crate::auth::{Principal, basic, sigv4};
use crate::surface::{Refusal, Surface};

/// The longest name that is taken from credentials that were wrong, in characters.
const MAX_CLAIM: usize = 64;

/// Follows a request to its answer, and lets that go only once it is in the log.
///
/// A client that goes away must not take the entry with it: what changes something goes on to its
/// end on a task of its own. A blob's bytes change nothing until a manifest names them.
pub async fn audit(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    let asked = Asked::of(&request);
    let (method, path) = (request.method(), request.uri().path());
    let alone =
        !matches!(*method, Method::GET | Method::HEAD) && !brings_blob(asked.surface, method, path);
    let follow = async move {
        let response = next.run(request).await;
        keep(&app, &asked, response).await
    };
    if !alone {
        return follow.await;
    }
    let task = tokio::spawn(follow.instrument(tracing::Span::current()));
    task.await
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// What is kept of a request, whatever becomes of it.
struct Asked {
    surface: Surface,
    method: Method,
    client: IpAddr,
    id: String,
    authorization: Option<HeaderValue>,
}

impl Asked {
    fn of(request: &Request) -> Asked {
        let id = request.extensions().get::<RequestId>();
        Asked {
            surface: Surface::of(request.method(), request.uri().path()),
            method: request.method().clone(),
            client: ClientAddress::of(request),
            id: id.map(|id| id.0.clone()).unwrap_or_default(),
            authorization: request.headers().get(AUTHORIZATION).cloned(),
        }
    }

    /// An entry without an actor yet.
    fn entry(&self, app: &App, action: &str, outcome: Outcome) -> Entry {
        Entry {
            at: app.clock.now(),
            actor: String::new(),
            key_id: None,
            client: self.client.to_string(),
            request_id: self.id.clone(),
            action: action.to_owned(),
            repository: None,
            object: String::new(),
            outcome,
            reason: String::new(),
            details: "{}".to_owned(),
        }
    }

    /// Whose credentials they were said to be. Never more than a name: what stands behind it is
    /// a secret that is nearly right.
    fn claimed(&self) -> String {
        let Some(header) = &self.authorization else {
            return String::new();
        };
        let (scheme, rest) = header
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .unwrap_or_default();
        let headers = HeaderMap::from_iter([(AUTHORIZATION, header.clone())]);
        let signed = || sigv4::Authorization::parse(&headers).ok();
        let name = match scheme.eq_ignore_ascii_case("basic") {
            true => basic::decode(rest).map(|(name, _)| name),
            false => signed().map(|signed| signed.key_id.to_owned()),
        };
        name.unwrap_or_default().chars().take(MAX_CLAIM).collect()
    }
}

/// Keeps what the answer tells, as it is to be kept.
async fn keep(app: &Arc<App>, asked: &Asked, response: Response<Body>) -> Response<Body> {
    if response.extensions().get::<WrongCredentials>().is_some() {
        wrong_login(app, asked).await;
        return response;
    }
    let Some((entry, kept)) = entry(app, asked, &response) else {
        return response;
    };
    let outcome = entry.outcome;
    let kept = match kept {
        Kept::No => Ok(()),
        Kept::Noted => audit::note(app, entry).await,
        Kept::Recorded => audit::record(app, entry).await,
    };
    match kept {
        Ok(()) => response,
        Err(error) => {
            tracing::error!(%error, "a deed could not be written to the audit log");
            unwritten(asked, outcome, response)
        }
    }
}

/// What was done and is in no log is not answered as done. A refusal stays one.
fn unwritten(asked: &Asked, outcome: Outcome, response: Response<Body>) -> Response<Body> {
    if outcome != Outcome::Allowed {
        return response;
    }
    let message = "the audit log cannot be written, so that this is not answered; it may have been \
                   done all the same: look, then try again";
    let mut refusal = asked.surface.refuse(&Refusal::unavailable(message));
    *refusal.extensions_mut() = response.into_parts().0.extensions;
    refusal
}

async fn wrong_login(app: &Arc<App>, asked: &Asked) {
    let Some(passed_over) = app.audit.admit_wrong(app.clock.elapsed()) else {
        return;
    };
    let mut entry = asked.entry(app, LOGIN, Outcome::Denied);
    entry.actor = asked.claimed();
    entry.reason = "these credentials are not valid here".to_owned();
    if passed_over > 0 {
        entry.details = json!({ "passed_over": passed_over }).to_string();
    }
    if let Err(error) = audit::record(app, entry).await {
        tracing::error!(%error, "a wrong login could not be written to the audit log");
    }
}

/// The entry that an answer makes, and how it is kept; `None` for what nobody has to know.
fn entry(app: &App, asked: &Asked, response: &Response<Body>) -> Option<(Entry, Kept)> {
    let extensions = response.extensions();
    let denial = extensions.get::<Denial>();
    let deed = extensions.get::<Deed>().cloned();
    let deed = deed.or_else(|| denial.map(Deed::from))?;
    let outcome = outcome(response);
    let remark = extensions.get::<Remark>();
    let kept = match audit::kept(deed.action, &asked.method, outcome) {
        Kept::Noted if remark.is_some_and(|remark| remark.grave) => Kept::Recorded,
        kept => kept,
    };
    let principal = extensions.get::<Principal>()?;
    let unknown = principal.is_anonymous() && response.status() == StatusCode::UNAUTHORIZED;
    if kept == Kept::No || unknown {
        return None;
    }
    let mut entry = asked.entry(app, deed.action.as_str(), outcome);
    entry.actor = principal.name.clone();
    entry.key_id = principal.key_id.clone();
    let deed = with_answer(deed, response, remark);
    entry.details = deed.details.to_string();
    entry.repository = deed.repository;
    entry.object = deed.object;
    if outcome != Outcome::Allowed {
        let reason = extensions.get::<Reason>().map(|reason| reason.0.clone());
        let status = || format!("answered with status {}", response.status().as_u16());
        entry.reason = reason.unwrap_or_else(status);
    }
    Some((entry, kept))
}

/// As the surface says, or as the status does.
fn outcome(response: &Response<Body>) -> Outcome {
    let status = response.status();
    let by_status = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Outcome::Denied,
        _ if status.is_success() || status.is_redirection() => Outcome::Allowed,
        _ => Outcome::Failed,
    };
    let said = response.extensions().get::<Outcome>();
    said.copied().unwrap_or(by_status)
}

/// The deed with what the answer tells: which bytes it was about, and how it was judged.
fn with_answer(mut deed: Deed, response: &Response<Body>, remark: Option<&Remark>) -> Deed {
    let mut details = match deed.details {
        Value::Object(members) => members,
        _ => serde_json::Map::new(),
    };
    details.extend(
        remark
            .map(|remark| remark.details.clone())
            .unwrap_or_default(),
    );
    let text = |name: &str| response.headers().get(name)?.to_str().ok();
    match text("docker-content-digest") {
        Some(digest) if deed.object.is_empty() => deed.object = digest.to_owned(),
        Some(digest) if deed.object != digest => {
            details.insert("digest".to_owned(), json!(digest));
        }
        _ => {}
    }
    if let Some(tags) = text("oci-tag") {
        details.insert("tags".to_owned(), json!(tags));
    }
    deed.details = Value::Object(details);
    deed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_no_log_is_not_answered_as_done() {
        let asked = |surface| Asked {
            surface,
            method: Method::PUT,
            client: IpAddr::from([192, 0, 2, 1]),
            id: String::new(),
            authorization: None,
        };
        let response = || {
            let mut response = StatusCode::CREATED.into_response();
            response.extensions_mut().insert(Principal::anonymous());
            response
        };
        for surface in [Surface::Registry, Surface::Ecr, Surface::Api] {
            let answered = unwritten(&asked(surface), Outcome::Allowed, response());
            assert_eq!(answered.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert!(answered.extensions().get::<Principal>().is_some());
            let refused = unwritten(&asked(surface), Outcome::Denied, response());
            assert_eq!(refused.status(), StatusCode::CREATED, "as it was");
        }
    }

    #[test]
    fn of_credentials_only_the_name_is_kept() {
        let long = "n".repeat(100);
        let basic = |text: &str| {
            use base64::Engine as _;
            let encoded = base64::engine::general_purpose::STANDARD.encode(text);
            format!("Basic {encoded}")
        };
        let signed = "AWS4-HMAC-SHA256 Credential=AKIA1/20261124/us-east-1/ecr/aws4_request, \
                      SignedHeaders=host, Signature=abc";
        let cases = [
            (basic("anna:secret"), "anna"),
            (basic(&format!("{long}:secret")), &"n".repeat(MAX_CLAIM)),
            (basic("secret"), ""),
            ("Bearer secret".to_owned(), ""),
            ("secret".to_owned(), ""),
            (signed.to_owned(), "AKIA1"),
        ];
        for (header, expected) in cases {
            let asked = Asked {
                surface: Surface::Registry,
                method: Method::GET,
                client: IpAddr::from([192, 0, 2, 1]),
                id: String::new(),
                authorization: Some(header.parse().unwrap()),
            };
            assert_eq!(asked.claimed(), expected, "{header}");
        }
    }
}
