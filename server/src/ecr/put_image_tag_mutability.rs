//! `PutImageTagMutability`: which tags may move from now on.

use serde::Deserialize;
use serde_json::json;

use super::mutability::{ExclusionFilter, add_filters, rule};
use super::{Answer, Context, input};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_tag_mutability: String,
    image_tag_mutability_exclusion_filters: Option<Vec<ExclusionFilter>>,
}

pub fn run(context: &Context, body: &[u8]) -> Answer {
    let input: Input = input(body)?;
    let registry = input.registry_id.as_deref();
    let repository = context.find_repository(registry, &input.repository_name)?;
    let rule = rule(
        Some(&input.image_tag_mutability),
        input.image_tag_mutability_exclusion_filters.as_deref(),
    )?;
    let metadata = &context.app.store.metadata;
    if !metadata.set_tag_rule(&repository.name, &rule)? {
        return Err(context.no_repository(repository.name.as_str()));
    }
    let mut answer = json!({
        "registryId": context.app.settings.account,
        "repositoryName": repository.name.as_str(),
        "imageTagMutability": rule.mutability.as_str(),
    });
    add_filters(&mut answer, &rule);
    Ok(answer)
}
