//! Lists with pages: the tags of a repository and the repositories.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName, LINK};
use axum::http::{Response, Uri};
use model::RepositoryName;
use serde_json::{Value, json};

use super::error::{Code, Failure};
use super::{Answer, StatusCode, answer, blocking};
use crate::api::listing;
use crate::app::App;
use crate::auth::Principal;

/// The most names of one answer; a client that asks for no number gets so many.
const MAX_PAGE: usize = 10_000;

pub async fn list(app: &Arc<App>, name: RepositoryName, uri: &Uri) -> Answer {
    let (limit, last) = (limit(uri)?, answer::parameter(uri, "last"));
    blocking(app, move |app| {
        if app.store.metadata.repository(&name)?.is_none() {
            return Err(Failure::name_unknown(&name));
        }
        let tags = app.store.metadata.tags(&name, last.as_deref(), limit + 1)?;
        let names = tags.iter().map(|(tag, _)| tag.to_string()).collect();
        let path = format!("/v2/{name}/tags/list");
        Ok(page(
            &path,
            limit,
            names,
            |tags| json!({ "name": name.as_str(), "tags": tags }),
        ))
    })
    .await
}

/// Not of the OCI specification, but of every registry before it. Names what one may see.
pub async fn catalog(app: &Arc<App>, principal: &Principal, uri: &Uri) -> Answer {
    let (limit, last) = (limit(uri)?, answer::parameter(uri, "last"));
    let last = match last.filter(|last| !last.is_empty()) {
        Some(last) => Some(
            last.parse()
                .map_err(|error: model::reference::InvalidName| {
                    Failure::new(Code::NameInvalid, error.to_string())
                })?,
        ),
        None => None,
    };
    let asker = principal.clone();
    blocking(app, move |app| {
        let found = listing::visible_repositories(app, &asker, last, limit + 1)?;
        let names = found
            .iter()
            .map(|repository| repository.name.to_string())
            .collect();
        Ok(page(
            "/v2/_catalog",
            limit,
            names,
            |names| json!({ "repositories": names }),
        ))
    })
    .await
}

fn limit(uri: &Uri) -> Result<usize, Failure> {
    let Some(text) = answer::parameter(uri, "n") else {
        return Ok(MAX_PAGE);
    };
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        let message = "n is how many names are wanted: a number, 0 or more";
        return Err(Failure::new(Code::Unsupported, message).status(StatusCode::BAD_REQUEST));
    }
    // More digits than a number can have are more than a page can have.
    Ok(text.parse().unwrap_or(MAX_PAGE).min(MAX_PAGE))
}

/// One page of names, of which one too many was read to know whether there are more.
fn page(
    path: &str,
    limit: usize,
    mut names: Vec<String>,
    body: impl FnOnce(&[String]) -> Value,
) -> Response<Body> {
    let more = names.len() > limit;
    names.truncate(limit);
    let link = names
        .last()
        .filter(|_| more)
        .map(|last| answer::next_page(path, &[("n", &limit.to_string()), ("last", last)]));
    let mut headers: Vec<(HeaderName, &str)> = vec![(CONTENT_TYPE, "application/json")];
    headers.extend(link.as_deref().map(|link| (LINK, link)));
    answer::with_body(
        StatusCode::OK,
        &headers,
        Body::from(body(&names).to_string()),
    )
}
