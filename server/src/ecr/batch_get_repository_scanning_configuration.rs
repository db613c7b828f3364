//! `BatchGetRepositoryScanningConfiguration`: what is in effect, where `DescribeRepositories` says
//! what was set.

use serde::Deserialize;
use serde_json::{Value, json};

use super::get_registry_scanning_configuration::filters_view;
use super::lookup::repository_name;
use super::{Answer, Context, EcrError, input};
use crate::scanning::{self, Frequency};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    repository_names: Vec<String>,
}

pub fn run(context: &Context, body: &[u8]) -> Answer {
    let input: Input = input(body)?;
    if !(1..=25).contains(&input.repository_names.len()) {
        return Err(EcrError::parameter(
            "repositoryNames",
            "between 1 and 25 names",
        ));
    }
    let set = scanning::read(&context.app)?;
    let (mut found, mut failures): (Vec<Value>, Vec<Value>) = Default::default();
    for text in &input.repository_names {
        let name = repository_name(text)?;
        context.require(&name)?;
        let Some(repository) = context.app.store.metadata.repository(&name)? else {
            failures.push(json!({
                "repositoryName": name.as_str(),
                "failureCode": "REPOSITORY_NOT_FOUND",
                "failureReason": "The repository does not exist in the registry.",
            }));
            continue;
        };
        let effect = scanning::effect(set.as_deref(), &repository);
        found.push(json!({
            "repositoryArn": context.app.settings.repository_arn(name.as_str()),
            "repositoryName": name.as_str(),
            "scanOnPush": effect.frequency != Frequency::Manual,
            "scanFrequency": effect.frequency.as_str(),
            "appliedScanFilters": filters_view(&effect.filters),
        }));
    }
    Ok(json!({ "scanningConfigurations": found, "failures": failures }))
}
