//! `PutRegistryScanningConfiguration`: what is scanned in the whole registry.
//!
//! ECR takes two rules, Terraform sends up to a hundred; more than one of a frequency are refused
//! by both.

use serde::Deserialize;
use serde_json::json;

use super::get_registry_scanning_configuration::view;
use super::{Answer, Context, EcrError, input};
use crate::auth::access::Resource;
use crate::scanning::{self, Configuration, Filter, Frequency, Rule, ScanType};

/// The most rules.
const MAX_RULES: usize = 100;
/// The most filters of one rule.
const MAX_FILTERS: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    scan_type: Option<String>,
    rules: Option<Vec<RuleInput>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleInput {
    scan_frequency: String,
    repository_filters: Vec<FilterInput>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FilterInput {
    filter: String,
    filter_type: String,
}

pub fn run(context: &Context, body: &[u8]) -> Answer {
    let input: Input = input(body)?;
    context.require(Resource::Registry)?;
    let wanted = configuration(context, input)?;
    let view = view(&wanted);
    scanning::set(&context.app, wanted)?;
    Ok(json!({ "registryScanningConfiguration": view }))
}

/// What is meant; a member that is left out stays as it is.
fn configuration(context: &Context, input: Input) -> Result<Configuration, EcrError> {
    let now = scanning::read(&context.app)?;
    let now = now.map_or_else(Configuration::unset, |set| (*set).clone());
    let scan_type = match input.scan_type.as_deref() {
        None => now.scan_type,
        Some(word) => ScanType::from_word(word)
            .ok_or_else(|| EcrError::parameter("scanType", "must be one of BASIC, ENHANCED"))?,
    };
    let rules = match input.rules {
        None if scan_type == now.scan_type => now.rules,
        given => rules(scan_type, &given.unwrap_or_default())?,
    };
    Ok(Configuration { scan_type, rules })
}

fn rules(scan_type: ScanType, given: &[RuleInput]) -> Result<Vec<Rule>, EcrError> {
    if given.len() > MAX_RULES {
        return Err(EcrError::parameter("rules", "at most 100 rules"));
    }
    let mut rules: Vec<Rule> = Vec::new();
    for each in given {
        let rule = rule(scan_type, each)?;
        if rules.iter().any(|other| other.frequency == rule.frequency) {
            let constraint = "at most one rule with each scanFrequency";
            return Err(EcrError::parameter("rules", constraint));
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn rule(scan_type: ScanType, given: &RuleInput) -> Result<Rule, EcrError> {
    let frequency = Frequency::from_word(&given.scan_frequency);
    let frequency = frequency.filter(|frequency| scan_type.knows(*frequency));
    let frequency = frequency.ok_or_else(|| {
        let constraint = match scan_type {
            ScanType::Basic => "must be SCAN_ON_PUSH or MANUAL with scanType BASIC",
            ScanType::Enhanced => "must be SCAN_ON_PUSH or CONTINUOUS_SCAN with scanType ENHANCED",
        };
        EcrError::parameter("scanFrequency", constraint)
    })?;
    if given.repository_filters.len() > MAX_FILTERS {
        return Err(EcrError::parameter(
            "repositoryFilters",
            "at most 100 filters",
        ));
    }
    let filters: Result<Vec<Filter>, EcrError> =
        given.repository_filters.iter().map(filter).collect();
    Ok(Rule {
        frequency,
        filters: filters?,
    })
}

fn filter(given: &FilterInput) -> Result<Filter, EcrError> {
    if given.filter_type != "WILDCARD" {
        return Err(EcrError::parameter("filterType", "must be WILDCARD"));
    }
    let constraint = "1 to 255 characters that satisfy regular expression \
                      '^[a-z0-9*](?:[._\\-/a-z0-9*]?[a-z0-9*]+)*$'";
    Filter::parse(&given.filter).ok_or_else(|| EcrError::parameter("filter", constraint))
}
