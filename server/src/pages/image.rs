//! An image: how much could be answered, and every finding with its fix.

use askama::Template;
use model::coverage::Completeness;
use model::{Digest, Finding, Scan};
use store::record::{ScanRow, ScanState};

use super::PageError;
use super::verdict::{self, Verdict};
use super::view::{self, Count};
use crate::api::listing;
use crate::app::App;
use crate::auth::Principal;
use crate::scan;

#[derive(Template)]
#[template(path = "image.html")]
pub struct Image {
    repository: Option<String>,
    digest: String,
    short: String,
    state: &'static str,
    detail: String,
    /// A template of its own, which has escaped what it was given.
    verdict: Option<Verdict>,
    answer: Option<Answer>,
}

/// What a completed scan says.
struct Answer {
    platform: String,
    distro: String,
    packages: usize,
    scanned: String,
    verdict: &'static str,
    clean: bool,
    gaps: Vec<(String, String)>,
    counts: Vec<Count>,
    findings: Vec<Row>,
}

/// A finding in a table.
pub struct Row {
    pub severity: &'static str,
    pub id: String,
    pub aliases: String,
    pub package: String,
    pub version: String,
    pub fix: String,
    pub description: String,
    pub source: String,
    pub advisory: String,
    pub link: Option<String>,
    pub places: Vec<String>,
}

/// The page of one image, which is not there for somebody who may read its scan in no repository.
pub fn page(
    app: &App,
    principal: &Principal,
    digest: &str,
    repository: Option<&str>,
) -> Result<Image, PageError> {
    let missing = || PageError::NotFound(format!("There is no image '{digest}'."));
    let digest: Digest = digest.parse().map_err(|_| missing())?;
    let there = app.store.metadata.any_manifest(&digest)?.is_some();
    if !there || !listing::may_read_scan(app, principal, &digest, repository)? {
        return Err(missing());
    }
    let row = app.store.metadata.scan(&digest)?;
    let complete = row.as_ref().filter(|row| row.state == ScanState::Complete);
    let answer = complete.map(|row| Ok::<_, PageError>(answer(row, &scan::read(app, &digest)?)));
    Ok(Image {
        repository: repository.map(str::to_owned),
        short: view::short(&digest),
        verdict: verdict::of(app, principal, &digest, repository)?,
        digest: digest.to_string(),
        state: view::state(row.as_ref()),
        detail: row
            .as_ref()
            .map(|row| row.detail.clone())
            .unwrap_or_default(),
        answer: answer.transpose()?,
    })
}

fn answer(row: &ScanRow, scan: &Scan) -> Answer {
    let complete = scan.coverage.verdict == Completeness::Complete;
    let distro = scan.inventory.distro.as_ref();
    Answer {
        platform: scan
            .target
            .platform
            .as_ref()
            .map(|it| it.to_string())
            .unwrap_or_default(),
        distro: distro
            .map(|distro| distro.label())
            .unwrap_or_else(|| "unknown".to_owned()),
        packages: scan.inventory.packages.len(),
        scanned: row.completed_at.map(view::time).unwrap_or_default(),
        verdict: scan.coverage.verdict.as_str(),
        clean: complete && scan.findings.is_empty(),
        gaps: view::gaps(&scan.coverage.gaps),
        counts: view::counts(&row.counts),
        findings: scan.findings.iter().map(finding).collect(),
    }
}

/// A finding as a row.
pub fn finding(finding: &Finding) -> Row {
    let fix = match finding.fixed_in.is_empty() {
        false => finding.fixed_in.join(", "),
        true => finding.status.as_str().replace('_', " "),
    };
    Row {
        severity: finding.severity.as_str(),
        id: finding.id.clone(),
        aliases: finding.aliases.join(", "),
        package: finding.package.name.clone(),
        version: finding.package.version.clone(),
        fix,
        description: finding.description.clone(),
        source: finding.advisory.source.clone(),
        advisory: finding.advisory.id.clone(),
        link: view::link(finding.advisory.url.as_deref()),
        places: finding
            .locations
            .iter()
            .map(|location| location.path.clone())
            .collect(),
    }
}
