//! Policies, and what each of them would do today.

use askama::Template;
use model::Wildcard;
use policy::{Policy as Parsed, Rule};
use store::record::{GateDocument, GateKind};

use super::view;
use super::{PageError, listing_url};
use crate::app::App;
use crate::auth::Principal;
use crate::auth::access::{Action, Resource, require};
use crate::gate::dry_run::{self, Struck};
use crate::gate::{book, change};

/// How many policies are on one page: each is tried out.
const POLICIES: usize = 10;
/// How many images a policy is tried out on.
const IMAGES: usize = 100;
/// How many of those that it denies or warns of are shown.
const STRUCK: usize = 20;

#[derive(Template)]
#[template(path = "policies.html")]
pub struct Policies {
    policies: Vec<Policy>,
    is_first: bool,
    next: Option<String>,
}

struct Policy {
    name: String,
    description: String,
    version: u64,
    who: String,
    made: String,
    document: String,
    says: Option<Says>,
}

/// What a policy says, and would do.
struct Says {
    repositories: String,
    tags: String,
    unscannable: &'static str,
    rules: Vec<RuleRow>,
    judged: usize,
    denied: usize,
    warned: usize,
    complete: bool,
    struck: Vec<StruckRow>,
}

struct RuleRow {
    effect: &'static str,
    name: String,
    conditions: String,
}

struct StruckRow {
    effect: &'static str,
    name: String,
    url: String,
    reason: String,
}

/// A page of policies by name.
pub fn page(app: &App, principal: &Principal, after: Option<&str>) -> Result<Policies, PageError> {
    require(principal, Action::ReadPolicies, Resource::Registry)?;
    let metadata = &app.store.metadata;
    let found = metadata.gate_documents(GateKind::Policy, after, POLICIES)?;
    let next = found.get(POLICIES - 1).map(|last| last.name.clone());
    let policies = found.into_iter().map(|one| policy(app, one));
    Ok(Policies {
        policies: policies.collect::<Result<_, _>>()?,
        is_first: after.is_none(),
        next,
    })
}

fn policy(app: &App, one: GateDocument) -> Result<Policy, PageError> {
    let text = one.text.unwrap_or_default();
    let form = book::form(&one.form);
    let parsed = form.and_then(|form| change::read_policy(app, form, &text).ok());
    Ok(Policy {
        name: one.name,
        description: parsed
            .as_ref()
            .map(|policy| policy.description.clone())
            .unwrap_or_default(),
        version: one.version,
        who: one.who,
        made: view::time(one.made_at),
        document: text,
        says: parsed.map(|policy| says(app, policy)).transpose()?,
    })
}

fn says(app: &App, policy: Parsed) -> Result<Says, PageError> {
    let texts = |list: &[Wildcard]| {
        let each = list.iter().map(Wildcard::as_str);
        each.collect::<Vec<_>>().join(", ")
    };
    let (repositories, tags) = (texts(&policy.repositories), texts(&policy.tags));
    let unscannable = policy.unscannable.as_str();
    let rules = policy.rules.iter().map(rule).collect();
    let report = dry_run::run(app, policy, None, IMAGES)?;
    Ok(Says {
        repositories,
        tags,
        unscannable,
        rules,
        judged: report.judged,
        denied: report.denied,
        warned: report.warned,
        complete: report.next.is_none(),
        struck: report.struck.iter().take(STRUCK).map(struck).collect(),
    })
}

fn rule(rule: &Rule) -> RuleRow {
    RuleRow {
        effect: rule.effect.as_str(),
        name: rule.name.clone(),
        conditions: rule.conditions().collect::<Vec<_>>().join(", "),
    }
}

fn struck(one: &Struck) -> StruckRow {
    let verdict = &one.judged.verdict;
    let first = verdict.reasons.first();
    StruckRow {
        effect: verdict.effect.as_str(),
        name: format!("{}:{}", one.repository, one.tag),
        url: listing_url(one.repository.as_str(), one.digest.as_str()),
        reason: first.map(|why| why.cause.text.clone()).unwrap_or_default(),
    }
}
