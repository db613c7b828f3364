//! `StartImageScan`: a scan on demand, of an index those of all its images. There is no limit of
//! one in 24 hours here.

use image::manifest::Manifest;
use model::{Digest, RepositoryName};
use serde::Deserialize;
use serde_json::json;
use store::record::ManifestSummary;

use super::lookup::ImageIdentifier;
use super::{Answer, Context, EcrError, input};
use crate::index;

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
    for digest in scannable(context, &repository.name, &image)? {
        let metadata = &context.app.store.metadata;
        metadata.request_scan(&digest, context.now)?;
    }
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

/// The images of which a scan is wanted: the one that is named, or those of the index that is.
fn scannable(
    context: &Context,
    repository: &RepositoryName,
    image: &ManifestSummary,
) -> Result<Vec<Digest>, EcrError> {
    let digest = &image.digest;
    if index::is_index(&image.media_type) {
        let union = index::of(&context.app, Some(repository), digest)?;
        let members = union.map(|union| union.members).unwrap_or_default();
        let there = members.into_iter().filter(|member| member.is_there);
        let images: Vec<Digest> = there.map(|member| member.digest).collect();
        return match images.is_empty() {
            true => Err(unscannable(&image.media_type)),
            false => Ok(images),
        };
    }
    let Some(stored) = context.app.store.metadata.any_manifest(digest)? else {
        return Ok(Vec::new());
    };
    let limits = &context.app.settings.image_limits;
    let is_image = Manifest::parse(&stored.bytes, Some(&stored.media_type), limits)
        .is_ok_and(|manifest| manifest.is_image());
    match is_image {
        true => Ok(vec![digest.clone()]),
        false => Err(unscannable(&image.media_type)),
    }
}

/// ECR's words for what holds no packages: an artifact, and an index of nothing else.
fn unscannable(media_type: &str) -> EcrError {
    let message = format!(
        "An artifact with media type '{media_type}' cannot be scanned: it is no container image, \
         and names none."
    );
    EcrError::new("UnsupportedImageTypeException", message)
}
