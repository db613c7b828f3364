//! `DeleteRepository`: an empty one, or with `force` one with its images.

use serde::Deserialize;
use serde_json::json;

use super::{Answer, Context, EcrError, input};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    registry_id: Option<String>,
    repository_name: String,
    force: Option<bool>,
}

pub fn run(context: &Context, body: &[u8]) -> Answer {
    let input: Input = input(body)?;
    let repository =
        context.find_repository(input.registry_id.as_deref(), &input.repository_name)?;
    let metadata = &context.app.store.metadata;
    let empty = metadata.manifests(&repository.name, None, 1)?.is_empty();
    if !empty && input.force != Some(true) {
        let message = format!(
            "The repository with name '{}' in registry with id '{}' cannot be deleted because it \
             still contains images",
            repository.name, context.app.settings.account
        );
        return Err(EcrError::new("RepositoryNotEmptyException", message));
    }
    if !metadata.delete_repository(&repository.name, context.app.clock.now())? {
        return Err(context.no_repository(repository.name.as_str()));
    }
    Ok(json!({ "repository": context.repository_view(&repository) }))
}
