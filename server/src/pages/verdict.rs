//! What the gate makes of an image, as a part of its page.

use askama::Template;
use model::{Digest, RepositoryName};
use policy::Reason;

use super::view;
use super::{PageError, listing_url};
use crate::app::App;
use crate::auth::Principal;
use crate::auth::access::{Action, allows};
use crate::gate::judge::{self, Found, Judged, JudgedPlatform};

/// The most reasons that are shown.
const MAX_REASONS: usize = 200;

/// The verdict on one image in one repository: a template that stands in another one.
#[derive(Template)]
#[template(path = "verdict.html")]
pub struct Verdict {
    title: &'static str,
    pass: Option<String>,
    reasons: Vec<Row>,
    more: usize,
    platforms: Vec<Platform>,
    suppressed: Vec<Suppressed>,
    valid_until: Option<String>,
}

struct Row {
    effect: &'static str,
    text: String,
    notes: Vec<String>,
    fix: String,
    policy: String,
    rule: String,
}

struct Platform {
    word: &'static str,
    short: String,
    url: String,
    platform: String,
}

struct Suppressed {
    id: String,
    package: String,
    version: String,
    by: String,
}

/// The verdict, where a repository is named whose scans one may read, and a policy is in force.
pub fn of(
    app: &App,
    principal: &Principal,
    digest: &Digest,
    repository: Option<&str>,
) -> Result<Option<Verdict>, PageError> {
    let named = repository.and_then(|name| name.parse::<RepositoryName>().ok());
    let may = |name: &RepositoryName| allows(principal, Action::DescribeImageScanFindings, name);
    let Some(name) = named.filter(may) else {
        return Ok(None);
    };
    match judge::now(app, &name, digest, None)? {
        Found::Missing | Found::NotGated => Ok(None),
        Found::Judged(judged) => Ok(Some(verdict(&name, &judged))),
    }
}

fn verdict(repository: &RepositoryName, judged: &Judged) -> Verdict {
    let verdict = &judged.verdict;
    let pass = judged.pass.as_ref().map(|pass| {
        let until = view::time(pass.ends_at);
        format!("{} gave a pass until {until}: {}", pass.who, pass.reason)
    });
    let suppressed = verdict.suppressed.iter().map(|one| Suppressed {
        id: one.id.clone(),
        package: one.package.clone(),
        version: one.version.clone(),
        by: one.by.to_string(),
    });
    let platform = |one: &JudgedPlatform| Platform {
        word: one.word,
        short: view::short(&one.digest),
        url: listing_url(repository.as_str(), one.digest.as_str()),
        platform: one
            .platform
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
    };
    Verdict {
        title: title(judged.word()),
        pass,
        reasons: verdict.reasons.iter().take(MAX_REASONS).map(row).collect(),
        more: verdict.reasons.len().saturating_sub(MAX_REASONS),
        platforms: judged.platforms.iter().map(platform).collect(),
        suppressed: suppressed.collect(),
        valid_until: verdict.valid_until.map(view::time),
    }
}

fn title(word: &str) -> &'static str {
    match word {
        "deny" => "It may not be pulled",
        "break-glass" => "It may be pulled by a pass only",
        "warn" => "It may be pulled, with a warning",
        _ => "It may be pulled",
    }
}

fn row(reason: &Reason) -> Row {
    Row {
        effect: reason.effect.as_str(),
        text: reason.cause.text.clone(),
        notes: reason.notes.clone(),
        fix: reason.cause.fix.clone(),
        policy: reason.policy.clone(),
        rule: reason.rule.clone(),
    }
}
