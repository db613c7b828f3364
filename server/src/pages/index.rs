//! An index: where the scans of its images stand, and the findings of all of them.

use askama::Template;
use model::Digest;
use model::coverage::Completeness;
use store::record::{ScanRow, ScanState};

use super::image::{self, Row};
use super::verdict::{self, Verdict};
use super::view::{self, Count};
use super::{PageError, listing_url};
use crate::api::listing;
use crate::app::App;
use crate::auth::Principal;
use crate::index::{self, Member, Shared, Union};

#[derive(Template)]
#[template(path = "index.html")]
pub struct Index {
    repository: Option<String>,
    digest: String,
    short: String,
    state: &'static str,
    detail: String,
    /// A template of its own, which has escaped what it was given.
    verdict: Option<Verdict>,
    platforms: Vec<Platform>,
    answer: Option<Answer>,
}

/// An image of the index.
struct Platform {
    name: String,
    short: String,
    url: String,
    state: String,
    detail: String,
    packages: usize,
    counts: Vec<Count>,
}

/// What the completed scans say together.
struct Answer {
    scanned: String,
    verdict: &'static str,
    clean: bool,
    gaps: Vec<(String, String)>,
    counts: Vec<Count>,
    findings: Vec<SharedRow>,
}

struct SharedRow {
    row: Row,
    platforms: String,
}

/// The page of an index of images; `None` for anything else, and for somebody who may read its scan
/// in no repository.
pub fn page(
    app: &App,
    principal: &Principal,
    digest: &str,
    repository: Option<&str>,
) -> Result<Option<Index>, PageError> {
    let Ok(digest) = digest.parse::<Digest>() else {
        return Ok(None);
    };
    let Some(seen) = listing::seen_through(app, principal, &digest, repository)? else {
        return Ok(None);
    };
    let Some(union) = index::of(app, seen.repository(), &digest)? else {
        return Ok(None);
    };
    let row = union.row.as_ref();
    let complete = row.filter(|row| row.state == ScanState::Complete);
    let members = union.members.iter();
    Ok(Some(Index {
        repository: repository.map(str::to_owned),
        short: view::short(&digest),
        verdict: verdict::of(app, principal, &digest, repository)?,
        digest: digest.to_string(),
        state: view::state(row),
        detail: row.map(|row| row.detail.clone()).unwrap_or_default(),
        platforms: members.map(|member| platform(member, repository)).collect(),
        answer: complete.map(|row| answer(row, &union)),
    }))
}

fn platform(member: &Member, repository: Option<&str>) -> Platform {
    let row = member.row.as_ref();
    let facts = member.facts.as_ref();
    Platform {
        name: member.name.clone(),
        short: view::short(&member.digest),
        url: listing_url(repository.unwrap_or_default(), member.digest.as_str()),
        state: match member.is_there {
            true => view::state(row).to_owned(),
            false => "not in the repository any more".to_owned(),
        },
        detail: row.map(|row| row.detail.clone()).unwrap_or_default(),
        packages: facts.map_or(0, |facts| facts.inventory.packages.len()),
        counts: row.map(|row| view::counts(&row.counts)).unwrap_or_default(),
    }
}

fn answer(row: &ScanRow, union: &Union) -> Answer {
    let findings = union.findings();
    let is_complete = union.coverage.verdict == Completeness::Complete;
    Answer {
        scanned: row.completed_at.map(view::time).unwrap_or_default(),
        verdict: union.coverage.verdict.as_str(),
        clean: is_complete && findings.is_empty(),
        gaps: view::gaps(&union.coverage.gaps),
        counts: view::counts(&row.counts),
        findings: findings.iter().map(shared).collect(),
    }
}

fn shared(shared: &Shared<'_>) -> SharedRow {
    let mut row = image::finding(shared.finding);
    row.places = shared
        .locations
        .iter()
        .map(|place| place.path.clone())
        .collect();
    row.places.dedup();
    SharedRow {
        row,
        platforms: shared.platforms.join(", "),
    }
}
