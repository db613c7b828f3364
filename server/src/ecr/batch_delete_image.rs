//! `BatchDeleteImage`: by tag takes the tag away, and the image with its last one; by digest takes
//! the image with all its tags. What cannot be deleted is a failure in the answer, not an error.

use model::{Reference, RepositoryName};
use serde::Deserialize;
use serde_json::{Value, json};
use store::record::ManifestSummary;

use super::lookup::{ImageIdentifier, reference};
use super::{Answer, Context, EcrError, input};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_ids: Vec<ImageIdentifier>,
}

/// What became of one identifier.
enum Outcome {
    Deleted(Vec<ImageIdentifier>),
    Failed(&'static str, String),
}

pub fn run(context: &Context, body: &[u8]) -> Answer {
    let input: Input = input(body)?;
    if input.image_ids.is_empty() || input.image_ids.len() > 100 {
        return Err(EcrError::parameter("imageIds", "between 1 and 100 images"));
    }
    let repository =
        context.find_repository(input.registry_id.as_deref(), &input.repository_name)?;
    let (mut deleted, mut failures): (Vec<ImageIdentifier>, Vec<Value>) = Default::default();
    for id in &input.image_ids {
        match delete(context, &repository.name, id)? {
            Outcome::Deleted(ids) => deleted.extend(ids),
            Outcome::Failed(code, reason) => failures.push(json!({
                "imageId": id,
                "failureCode": code,
                "failureReason": reason,
            })),
        }
    }
    Ok(json!({ "imageIds": deleted, "failures": failures }))
}

fn delete(
    context: &Context,
    repository: &RepositoryName,
    id: &ImageIdentifier,
) -> Result<Outcome, EcrError> {
    let failed = |code, reason: &str| Ok(Outcome::Failed(code, reason.to_owned()));
    if id.image_digest.is_none() && id.image_tag.is_none() {
        return failed(
            "MissingDigestAndTag",
            "Invalid request parameters: both tag and digest cannot be null",
        );
    }
    let Ok(reference) = reference(id) else {
        let code = if id.image_digest.is_some() {
            "InvalidImageDigest"
        } else {
            "InvalidImageTag"
        };
        return failed(
            code,
            "Invalid request parameters: the digest or the tag is not of the form",
        );
    };
    let metadata = &context.app.store.metadata;
    let Some(image) = metadata.manifest_summary(repository, &reference)? else {
        return failed("ImageNotFound", "Requested image not found");
    };
    let tag = image
        .tags
        .iter()
        .find(|tag| Some(tag.as_str()) == id.image_tag.as_deref());
    match (&id.image_tag, tag) {
        (Some(_), None) => failed(
            "ImageTagDoesNotMatchDigest",
            "The digest and the tag are of different images",
        ),
        (Some(_), Some(tag)) if image.tags.len() > 1 => {
            metadata.delete_tag(repository, tag, context.app.clock.now())?;
            Ok(Outcome::Deleted(vec![identifier(
                &image,
                Some(tag.as_str()),
            )]))
        }
        _ => delete_manifest(context, repository, &image, &reference),
    }
}

fn delete_manifest(
    context: &Context,
    repository: &RepositoryName,
    image: &ManifestSummary,
    named_by: &Reference,
) -> Result<Outcome, EcrError> {
    let metadata = &context.app.store.metadata;
    if let Some(parent) = metadata.parent_of(repository, &image.digest)? {
        // A tag may go: the image stays for the index that names it.
        if let Reference::Tag(tag) = named_by {
            metadata.delete_tag(repository, tag, context.app.clock.now())?;
            return Ok(Outcome::Deleted(vec![identifier(
                image,
                Some(tag.as_str()),
            )]));
        }
        let reason = format!("Requested image referenced by manifest list: [{parent}]");
        return Ok(Outcome::Failed("ImageReferencedByManifestList", reason));
    }
    metadata.delete_manifest(repository, &image.digest, context.app.clock.now())?;
    let tags = image
        .tags
        .iter()
        .map(|tag| identifier(image, Some(tag.as_str())));
    let all: Vec<ImageIdentifier> = tags.collect();
    Ok(Outcome::Deleted(if all.is_empty() {
        vec![identifier(image, None)]
    } else {
        all
    }))
}

fn identifier(image: &ManifestSummary, tag: Option<&str>) -> ImageIdentifier {
    ImageIdentifier {
        image_digest: Some(image.digest.to_string()),
        image_tag: tag.map(str::to_owned),
    }
}
