//! Tag mutability with its exclusion filters, as ECR's shapes have it.

use serde::Deserialize;
use serde_json::{Value, json};
use store::record::{Mutability, TagRule};

use super::EcrError;

/// The most filters of one repository.
const MAX_FILTERS: usize = 5;

/// `ImageTagMutabilityExclusionFilter` of ECR's model.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExclusionFilter {
    filter_type: String,
    filter: String,
}

/// Reads the rule; what is left out is MUTABLE without filters.
pub fn rule(
    mutability: Option<&str>,
    filters: Option<&[ExclusionFilter]>,
) -> Result<TagRule, EcrError> {
    let words = "must be one of MUTABLE, IMMUTABLE, MUTABLE_WITH_EXCLUSION, \
                 IMMUTABLE_WITH_EXCLUSION";
    let mutability = match mutability {
        None => Mutability::Mutable,
        Some(word) => Mutability::from_word(word)
            .ok_or_else(|| EcrError::parameter("imageTagMutability", words))?,
    };
    let filters = filters.unwrap_or_default();
    let excludes = matches!(
        mutability,
        Mutability::MutableWithExclusion | Mutability::ImmutableWithExclusion
    );
    let refused = match (excludes, filters.len()) {
        (true, 1..=MAX_FILTERS) | (false, 0) => None,
        (true, _) => Some("1 to 5 filters are needed with this imageTagMutability"),
        (false, _) => Some("filters need an imageTagMutability that ends in _WITH_EXCLUSION"),
    };
    if let Some(constraint) = refused {
        return Err(EcrError::parameter(MEMBER, constraint));
    }
    let exclusions: Result<_, EcrError> = filters.iter().map(wildcard).collect();
    Ok(TagRule {
        mutability,
        exclusions: exclusions?,
    })
}

const MEMBER: &str = "imageTagMutabilityExclusionFilters";

fn wildcard(filter: &ExclusionFilter) -> Result<model::Wildcard, EcrError> {
    let constraint = "filterType must be WILDCARD and filter must satisfy regular expression \
                      '^[0-9a-zA-Z._*-]{1,128}$'";
    let refused = || EcrError::parameter(MEMBER, constraint);
    let fits = filter.filter_type == "WILDCARD"
        && filter.filter.len() <= 128
        && !filter.filter.contains('/');
    match fits {
        true => filter.filter.parse().map_err(|_| refused()),
        false => Err(refused()),
    }
}

/// Adds the filters to a shape, as ECR writes them; nothing where there are none.
pub fn add_filters(shape: &mut Value, rule: &TagRule) {
    let filter = |wildcard: &model::Wildcard| json!({ "filterType": "WILDCARD", "filter": wildcard.as_str() });
    let filters: Vec<Value> = rule.exclusions.iter().map(filter).collect();
    if let Some(members) = shape.as_object_mut().filter(|_| !filters.is_empty()) {
        members.insert(MEMBER.to_owned(), Value::Array(filters));
    }
}
