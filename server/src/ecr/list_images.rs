//! `ListImages`: pairs of digest and tag; an untagged image is a digest alone.

use model::{Digest, RepositoryName};
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
    let (after, mut skip) = read_position(input.next_token.as_deref())?;
    let mut pairs: Vec<ImageIdentifier> = Vec::new();
    let mut last_read = after;
    while pairs.len() <= size {
        let rows = read_from(context, &repository.name, last_read.as_ref(), skip > 0)?;
        let Some(last) = rows.last() else { break };
        last_read = Some(last.digest.clone());
        for image in rows.iter().filter(|image| filter.admits(image)) {
            pairs.extend(pairs_of(image).into_iter().skip(skip));
            skip = 0;
        }
    }
    let next = (pairs.len() > size).then(|| position_after(pairs.get(..size).unwrap_or_default()));
    pairs.truncate(size);
    Ok(with_token(json!({ "imageIds": pairs }), next))
}

/// The digest at which a page begins, and how many of its pairs were answered already.
fn read_position(token: Option<&str>) -> Result<(Option<Digest>, usize), EcrError> {
    let invalid = || EcrError::parameter("nextToken", "must be a token that this API has answered");
    let Some(text) = read_token(token)? else {
        return Ok((None, 0));
    };
    let (digest, answered) = text.split_once(' ').ok_or_else(invalid)?;
    let digest = digest.parse().map_err(|_| invalid())?;
    Ok((Some(digest), answered.parse().map_err(|_| invalid())?))
}

/// The manifests after a digest, with that one itself in front where some of it is still due.
fn read_from(
    context: &Context,
    repository: &RepositoryName,
    after: Option<&Digest>,
    inclusive: bool,
) -> Result<Vec<ManifestSummary>, EcrError> {
    let metadata = &context.app.store.metadata;
    let mut rows = Vec::new();
    if let Some(digest) = after.filter(|_| inclusive) {
        let reference = model::Reference::Digest(digest.clone());
        rows.extend(metadata.manifest_summary(repository, &reference)?);
    }
    rows.extend(metadata.manifests(repository, after, BATCH)?);
    Ok(rows)
}

/// Digest of the last pair, and how many pairs of that digest stand in the page.
fn position_after(page: &[ImageIdentifier]) -> String {
    let digest = page
        .last()
        .and_then(|pair| pair.image_digest.clone())
        .unwrap_or_default();
    let same = |pair: &&ImageIdentifier| pair.image_digest.as_deref() == Some(&digest);
    let answered = page.iter().rev().take_while(same).count();
    token_after(&format!("{digest} {answered}"))
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
