//! `StartImageScan`: a scan on demand. There is no limit of one in 24 hours here.

use image::manifest::Manifest;
use model::Digest;
use serde::Deserialize;
use serde_json::json;

use super::lookup::ImageIdentifier;
use super::{Answer, Context, EcrError, input};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_id: ImageIdentifier,
}

pub fn run(context: &Context, body: &[u8]) -> Answer {
    let input: Input = input(body)?;
    let repository =
        context.find_repository(input.registry_id.as_deref(), &input.repository_name)?;
    let image = context.find_image(&repository.name, &input.image_id)?;
    refuse_unscannable(context, &image.digest)?;
    context
        .app
        .store
        .metadata
        .request_scan(&image.digest, context.now)?;
    context.app.wake_worker();
    let image_id = ImageIdentifier {
        image_digest: Some(image.digest.to_string()),
        image_tag: input.image_id.image_tag,
    };
    Ok(json!({
        "registryId": context.app.settings.account,
        "repositoryName": repository.name.as_str(),
        "imageId": image_id,
        "imageScanStatus": { "status": "IN_PROGRESS" },
    }))
}

/// An index and an artifact hold no packages of their own.
fn refuse_unscannable(context: &Context, digest: &Digest) -> Result<(), EcrError> {
    let Some(stored) = context.app.store.metadata.any_manifest(digest)? else {
        return Ok(());
    };
    let limits = &context.app.settings.image_limits;
    let scannable = Manifest::parse(&stored.bytes, Some(&stored.media_type), limits)
        .is_ok_and(|manifest| manifest.is_image());
    match scannable {
        true => Ok(()),
        false => {
            let message = format!(
                "An artifact with media type '{}' cannot be scanned. Scan the images that it \
                 names by their digests.",
                stored.media_type
            );
            Err(EcrError::new("UnsupportedImageTypeException", message))
        }
    }
}
