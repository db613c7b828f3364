//! `PutImageScanningConfiguration`: `scanOnPush` of one repository.

use serde::Deserialize;
use serde_json::json;

use super::create_repository::ScanningConfiguration;
use super::{Answer, Context, input};

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
    Ok(json!({
        "registryId": context.app.settings.account,
        "repositoryName": repository.name.as_str(),
        "imageScanningConfiguration": { "scanOnPush": scan_on_push },
    }))
}
