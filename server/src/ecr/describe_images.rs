//! `DescribeImages`: an image's facts, with the state of its scan and the counts of its findings.

use model::{Digest, RepositoryName};
use serde::Deserialize;
use serde_json::{Value, json};
use store::record::{ManifestSummary, ScanState};

use super::list_images::Filter;
use super::lookup::ImageIdentifier;
use super::paging::{page_size, read_token, refuse_both, token_after, with_token};
use super::view::{scan_status, seconds, severity_counts};
use super::{Answer, Context, EcrError, input};
use crate::{index, scan};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_ids: Option<Vec<ImageIdentifier>>,
    next_token: Option<String>,
    max_results: Option<i64>,
    filter: Option<Filter>,
}

pub fn run(context: &Context, body: &[u8]) -> Answer {
    let input: Input = input(body)?;
    let named = input.image_ids.as_ref().is_some_and(|ids| !ids.is_empty());
    refuse_both(named, input.max_results, input.next_token.as_deref())?;
    let repository =
        context.find_repository(input.registry_id.as_deref(), &input.repository_name)?;
    let filter = input.filter.unwrap_or_default();
    filter.check()?;
    let (images, next) = match input.image_ids.filter(|_| named) {
        Some(ids) => (find_all(context, &repository.name, &ids)?, None),
        None => {
            let size = page_size(input.max_results)?;
            page(
                context,
                &repository.name,
                input.next_token.as_deref(),
                size,
                &filter,
            )?
        }
    };
    let details: Result<Vec<Value>, EcrError> = images
        .iter()
        .map(|image| detail(context, &repository.name, image))
        .collect();
    Ok(with_token(json!({ "imageDetails": details? }), next))
}

/// The images that are named, each once.
fn find_all(
    context: &Context,
    repository: &RepositoryName,
    ids: &[ImageIdentifier],
) -> Result<Vec<ManifestSummary>, EcrError> {
    if ids.len() > 100 {
        return Err(EcrError::parameter("imageIds", "at most 100 images"));
    }
    let mut images: Vec<ManifestSummary> = Vec::new();
    for id in ids {
        let image = context.find_image(repository, id)?;
        if !images.iter().any(|known| known.digest == image.digest) {
            images.push(image);
        }
    }
    Ok(images)
}

fn page(
    context: &Context,
    repository: &RepositoryName,
    token: Option<&str>,
    size: usize,
    filter: &Filter,
) -> Result<(Vec<ManifestSummary>, Option<String>), EcrError> {
    let invalid =
        |_| EcrError::parameter("nextToken", "must be a token that this API has answered");
    let mut after = read_token(token)?
        .map(|text| text.parse::<Digest>())
        .transpose()
        .map_err(invalid)?;
    let mut images = Vec::new();
    while images.len() <= size {
        let rows = context
            .app
            .store
            .metadata
            .manifests(repository, after.as_ref(), size + 1)?;
        let Some(last) = rows.last() else { break };
        after = Some(last.digest.clone());
        images.extend(rows.into_iter().filter(|image| filter.admits(image)));
    }
    let full = images.len() > size;
    images.truncate(size);
    let next = images
        .last()
        .filter(|_| full)
        .map(|last| token_after(last.digest.as_str()));
    Ok((images, next))
}

fn detail(context: &Context, repository: &RepositoryName, image: &ManifestSummary) -> Answer {
    let mut detail = json!({
        "registryId": context.app.settings.account,
        "repositoryName": repository.as_str(),
        "imageDigest": image.digest.as_str(),
        "imageSizeInBytes": image.image_size,
        "imagePushedAt": seconds(image.pushed_at),
        "imageManifestMediaType": image.media_type,
        "imageStatus": "ACTIVE",
    });
    let Some(members) = detail.as_object_mut() else {
        return Ok(detail);
    };
    if !image.tags.is_empty() {
        let tags: Vec<&str> = image.tags.iter().map(|tag| tag.as_str()).collect();
        members.insert("imageTags".to_owned(), json!(tags));
    }
    if let Some(kind) = &image.artifact_type {
        members.insert("artifactMediaType".to_owned(), json!(kind));
    }
    if let Some(subject) = &image.subject {
        members.insert("subjectManifestDigest".to_owned(), json!(subject.as_str()));
    }
    let (digest, kind) = (&image.digest, &image.media_type);
    if let Some((scan, gaps)) = index::standing(&context.app, repository, digest, kind)? {
        let gaps = scan::in_words(&gaps);
        members.insert("imageScanStatus".to_owned(), scan_status(&scan, &gaps));
        if let (ScanState::Complete, Some(completed_at)) = (scan.state, scan.completed_at) {
            let mut summary = json!({
                "imageScanCompletedAt": seconds(completed_at),
                "findingSeverityCounts": severity_counts(&scan.counts),
            });
            super::view::add_source_date(context, &mut summary);
            members.insert("imageScanFindingsSummary".to_owned(), summary);
        }
    }
    Ok(detail)
}
