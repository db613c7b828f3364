//! `CreateRepository`.

use serde::Deserialize;
use serde_json::json;
use store::record::Repository;

use super::lookup::repository_name;
use super::mutability::{ExclusionFilter, rule};
use super::{Answer, Context, EcrError, input};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    repository_name: String,
    registry_id: Option<String>,
    image_tag_mutability: Option<String>,
    image_tag_mutability_exclusion_filters: Option<Vec<ExclusionFilter>>,
    image_scanning_configuration: Option<ScanningConfiguration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScanningConfiguration {
    #[serde(default)]
    pub(super) scan_on_push: bool,
}

pub fn run(context: &Context, body: &[u8]) -> Answer {
    let input: Input = input(body)?;
    let name = repository_name(&input.repository_name)?;
    context.check_registry(input.registry_id.as_deref())?;
    context.require(&name)?;
    let tag_rule = rule(
        input.image_tag_mutability.as_deref(),
        input.image_tag_mutability_exclusion_filters.as_deref(),
    )?;
    let repository = Repository {
        name,
        created_at: context.now,
        tag_rule,
        scan_on_push: input
            .image_scanning_configuration
            .map(|scanning| scanning.scan_on_push),
    };
    if !context.app.store.metadata.create_repository(&repository)? {
        let message = format!(
            "The repository with name '{}' already exists in the registry with id '{}'",
            repository.name, context.app.settings.account
        );
        return Err(EcrError::new("RepositoryAlreadyExistsException", message));
    }
    Ok(json!({ "repository": context.repository_view(&repository) }))
}
