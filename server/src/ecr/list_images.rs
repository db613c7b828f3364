//! `ListImages`: pairs of digest and tag; an untagged image is a digest alone.

use model::{Digest, Reference, RepositoryName};
use serde::Deserialize;
use serde_json::json;
use store::record::ManifestSummary;

use super::lookup::ImageIdentifier;
use super::paging::{page_size, read_token, token_after, with_token};
use super::{Answer, Context, EcrError, input};

/// How many manifests are read at a time while a page fills.
const BATCH: usize = 200;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    registry_id: Option<String>,
    repository_name: String,
    next_token: Option<String>,
    max_results: Option<i64>,
    filter: Option<Filter>,
}

/// `ListImagesFilter` and `DescribeImagesFilter`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Filter {
    tag_status: Option<String>,
}

impl Filter {
    /// Whether an image passes.
    pub(super) fn admits(&self, image: &ManifestSummary) -> bool {
        match self.tag_status.as_deref() {
            Some("TAGGED") => !image.tags.is_empty(),
            Some("UNTAGGED") => image.tags.is_empty(),
            _ => true,
        }
    }

    /// Refuses words that are not in the model.
    pub(super) fn check(&self) -> Result<(), EcrError> {
        match self.tag_status.as_deref() {
            None | Some("TAGGED" | "UNTAGGED" | "ANY") => Ok(()),
            Some(_) => Err(EcrError::parameter(
                "filter.tagStatus",
                "must be TAGGED, UNTAGGED or ANY",
            )),
        }
    }
}

pub fn run(context: &Context, body: &[u8]) -> Answer {
    let input: Input = input(body)?;
    let repository =
        context.find_repository(input.registry_id.as_deref(), &input.repository_name)?;
    let filter = input.filter.unwrap_or_default();
    filter.check()?;
    let size = page_size(input.max_results)?;
    let position = read_position(input.next_token.as_deref())?;
    let mut pairs = due_of(context, &repository.name, &filter, position.as_ref())?;
    let mut after = position.map(|(digest, _)| digest);
    while pairs.len() <= size {
        let metadata = &context.app.store.metadata;
        let rows = metadata.manifests(&repository.name, after.as_ref(), BATCH)?;
        let Some(last) = rows.last() else { break };
        after = Some(last.digest.clone());
        let admitted = rows.iter().filter(|image| filter.admits(image));
        pairs.extend(admitted.flat_map(pairs_of));
    }
    let full = pairs.len() > size;
    pairs.truncate(size);
    let next = pairs.last().filter(|_| full).map(token_of);
    Ok(with_token(json!({ "imageIds": pairs }), next))
}

/// The last pair that was answered: its digest and, unless it had none, its tag.
type Position = (Digest, Option<String>);

fn read_position(token: Option<&str>) -> Result<Option<Position>, EcrError> {
    let invalid =
        |_| EcrError::parameter("nextToken", "must be a token that this API has answered");
    let Some(text) = read_token(token)? else {
        return Ok(None);
    };
    let (digest, tag) = match text.split_once(' ') {
        Some((digest, tag)) => (digest, Some(tag.to_owned())),
        None => (text.as_str(), None),
    };
    Ok(Some((digest.parse().map_err(invalid)?, tag)))
}

fn token_of(last: &ImageIdentifier) -> String {
    let digest = last.image_digest.as_deref().unwrap_or_default();
    match &last.image_tag {
        Some(tag) => token_after(&format!("{digest} {tag}")),
        None => token_after(digest),
    }
}

/// The pairs of the position's own image that come after it: a page may end between two tags.
fn due_of(
    context: &Context,
    repository: &RepositoryName,
    filter: &Filter,
    position: Option<&Position>,
) -> Result<Vec<ImageIdentifier>, EcrError> {
    let Some((digest, tag)) = position else {
        return Ok(Vec::new());
    };
    let reference = Reference::Digest(digest.clone());
    let image = context
        .app
        .store
        .metadata
        .manifest_summary(repository, &reference)?;
    let pairs = image
        .filter(|image| filter.admits(image))
        .map(|image| pairs_of(&image));
    let mut pairs = pairs.unwrap_or_default();
    // No tag sorts before every tag.
    pairs.retain(|pair| pair.image_tag > *tag);
    Ok(pairs)
}

fn pairs_of(image: &ManifestSummary) -> Vec<ImageIdentifier> {
    let image_digest = Some(image.digest.to_string());
    if image.tags.is_empty() {
        return vec![ImageIdentifier {
            image_digest,
            image_tag: None,
        }];
    }
    let pair = |tag: &model::Tag| ImageIdentifier {
        image_digest: image_digest.clone(),
        image_tag: Some(tag.to_string()),
    };
    image.tags.iter().map(pair).collect()
}
