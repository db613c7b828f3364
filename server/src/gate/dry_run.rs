//! What a policy would do today: which of the images that have a tag it would deny or warn of.

use std::sync::Arc;

use model::{Digest, Reference, RepositoryName, Tag};
use policy::{Effect, Policy, Rulebook};
use store::StoreError;

use super::book::{self, Book};
use super::judge::{Depth, Judged, Question, judge};
use crate::app::App;

/// How many rows are read at once.
const ROWS: usize = 100;

/// Where a dry run goes on: after that tag of that repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The repository.
    pub repository: RepositoryName,
    /// The tag; `None` before its first.
    pub tag: Option<Tag>,
}

/// An image that it would not allow without a word.
#[derive(Clone, Debug)]
pub struct Struck {
    /// The repository.
    pub repository: RepositoryName,
    /// The tag.
    pub tag: Tag,
    /// The manifest that it points at.
    pub digest: Digest,
    /// What would be said of it.
    pub judged: Judged,
}

/// A part of a dry run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many images with a tag were judged.
    pub judged: usize,
    /// Of those, how many would be denied.
    pub denied: usize,
    /// Of those, of how many would be warned.
    pub warned: usize,
    /// Those, by repository and tag.
    pub struck: Vec<Struck>,
    /// Where it goes on; `None` where it is at its end.
    pub next: Option<Place>,
}

/// One policy alone, with all exceptions and VEX documents and without passes.
///
/// # Errors
///
/// Where the store fails.
pub fn alone(app: &App, policy: Policy) -> Result<Arc<Book>, StoreError> {
    let current = book::current(app)?;
    let rulebook = current.as_deref().map(|book| book.rulebook.clone());
    let rulebook = rulebook.unwrap_or_default();
    Ok(Arc::new(Book::of(Rulebook {
        policies: vec![policy],
        ..rulebook
    })))
}

/// Judges images with a tag by one policy alone, with all exceptions and VEX documents and without
/// passes, up to `most` of them.
///
/// # Errors
///
/// Where the store fails.
pub fn run(
    app: &App,
    policy: Policy,
    after: Option<Place>,
    most: usize,
) -> Result<Report, StoreError> {
    let book = alone(app, policy)?;
    let mut report = Report::default();
    let (mut repository, mut tag) = match after {
        Some(place) => (Some(place.repository), place.tag),
        None => (None, None),
    };
    // The repository in which the part before ended comes first.
    if let Some(name) = repository.clone() {
        walk(app, &book, &name, tag.take(), most, &mut report)?;
    }
    while report.next.is_none() {
        let page = app.store.metadata.repositories(repository.as_ref(), ROWS)?;
        let Some(last) = page.last() else { break };
        repository = Some(last.name.clone());
        for row in &page {
            if report.next.is_none() {
                walk(app, &book, &row.name, None, most, &mut report)?;
            }
        }
    }
    Ok(report)
}

/// Judges a repository's images after a tag, until there are enough.
fn walk(
    app: &App,
    book: &Book,
    repository: &RepositoryName,
    mut after: Option<Tag>,
    most: usize,
    report: &mut Report,
) -> Result<(), StoreError> {
    loop {
        let metadata = &app.store.metadata;
        let page = metadata.tags(repository, after.as_ref().map(Tag::as_str), ROWS)?;
        let ended = page.len() < ROWS;
        for (tag, digest) in page {
            if report.judged >= most {
                report.next = Some(Place {
                    repository: repository.clone(),
                    tag: after,
                });
                return Ok(());
            }
            strike(app, book, repository, &tag, digest, report)?;
            after = Some(tag);
        }
        if ended {
            return Ok(());
        }
    }
}

/// Judges one image.
fn strike(
    app: &App,
    book: &Book,
    repository: &RepositoryName,
    tag: &Tag,
    digest: Digest,
    report: &mut Report,
) -> Result<(), StoreError> {
    let reference = Reference::Digest(digest.clone());
    let manifest = app.store.metadata.manifest(repository, &reference)?;
    let Some(manifest) = manifest else {
        return Ok(());
    };
    let question = Question {
        repository,
        manifest: &manifest,
        tag: Some(tag),
    };
    report.judged += 1;
    let Some(judged) = judge(app, book, question, Depth::Enough)? else {
        return Ok(());
    };
    match judged.verdict.effect {
        Effect::Deny => report.denied += 1,
        Effect::Warn => report.warned += 1,
        Effect::Audit => {}
        Effect::Allow => return Ok(()),
    }
    report.struck.push(Struck {
        repository: repository.clone(),
        tag: tag.clone(),
        digest,
        judged,
    });
    Ok(())
}
