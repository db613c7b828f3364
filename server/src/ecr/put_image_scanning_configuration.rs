//! `PutImageScanningConfiguration`: `scanOnPush` of one repository. Where that makes its images
//! be scanned, those that are stored already are looked at too, as when rules are set.

use serde::Deserialize;
use serde_json::json;
use store::record::Repository;

use super::create_repository::ScanningConfiguration;
use super::{Answer, Context, input};
use crate::scanning;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_scanning_configuration: ScanningConfiguration,
}

pub fn run(context: &Context, body: &[u8]) -> Answer {
    let input: Input = input(body)?;
    let repository =
        context.find_repository(input.registry_id.as_deref(), &input.repository_name)?;
    let scan_on_push = input.image_scanning_configuration.scan_on_push;
    if !context
        .app
        .store
        .metadata
        .set_scan_on_push(&repository.name, scan_on_push)?
    {
        return Err(context.no_repository(repository.name.as_str()));
    }
    let before = context.app.scan_wanted(&repository)?;
    let now = Repository {
        scan_on_push: Some(scan_on_push),
        ..repository.clone()
    };
    if !before && context.app.scan_wanted(&now)? {
        scanning::sweep::queue(&context.app, context.now)?;
    }
    Ok(json!({
        "registryId": context.app.settings.account,
        "repositoryName": repository.name.as_str(),
        "imageScanningConfiguration": { "scanOnPush": scan_on_push },
    }))
}
