//! The images of a repository.

use askama::Template;

use super::view::{self, Count};
use super::{PageError, listing_url};
use crate::api::listing::{self, Image};
use crate::app::App;
use crate::auth::Principal;

#[derive(Template)]
#[template(path = "repository.html")]
pub struct Repository {
    name: String,
    uri: String,
    images: Vec<Row>,
    next: Option<String>,
}

struct Row {
    digest: String,
    short: String,
    tags: String,
    size: String,
    pushed: String,
    state: &'static str,
    counts: Vec<Count>,
    url: String,
}

/// A page of a repository's images.
pub fn page(
    app: &App,
    principal: &Principal,
    name: &str,
    after: Option<&str>,
) -> Result<Repository, PageError> {
    let images = listing::images(app, principal, name, after, None)?;
    let images =
        images.ok_or_else(|| PageError::NotFound(format!("There is no repository '{name}'.")))?;
    let full = images.len() == listing::DEFAULT_LIMIT;
    let next = images
        .last()
        .filter(|_| full)
        .map(|image| image.summary.digest.to_string());
    Ok(Repository {
        name: name.to_owned(),
        uri: app.settings.repository_uri(name),
        images: images.iter().map(|image| row(name, image)).collect(),
        next,
    })
}

fn row(repository: &str, image: &Image) -> Row {
    let summary = &image.summary;
    let tags: Vec<&str> = summary.tags.iter().map(|tag| tag.as_str()).collect();
    Row {
        digest: summary.digest.to_string(),
        short: view::short(&summary.digest),
        tags: tags.join(", "),
        size: view::size(summary.image_size),
        pushed: view::time(summary.pushed_at),
        state: view::state(image.scan.as_ref()),
        counts: image
            .scan
            .as_ref()
            .map(|scan| view::counts(&scan.counts))
            .unwrap_or_default(),
        url: listing_url(repository, summary.digest.as_str()),
    }
}
