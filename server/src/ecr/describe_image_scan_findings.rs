//! `DescribeImageScanFindings`: state, counts and a page of the findings, worst first.
//!
//! COMPLETE is answered only together with its findings. Each finding names its package in the
//! attributes that ECR's own answers use, with the fix beside them. An index answers with the
//! findings of all its images, each once and with the platforms in which it is.

use model::{Finding, RepositoryName};
use serde::Deserialize;
use serde_json::{Value, json};
use store::record::{ManifestSummary, ScanRow, ScanState};

use super::lookup::ImageIdentifier;
use super::paging::{page_size, read_token, token_after, with_token};
use super::view::{add_source_date, scan_status, seconds, severity, severity_counts};
use super::{Answer, Context, EcrError, input};
use crate::index::{self, Union};
use crate::scan;

/// The longest value of an attribute in ECR's model.
const MAX_ATTRIBUTE: usize = 256;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_id: ImageIdentifier,
    next_token: Option<String>,
    max_results: Option<i64>,
}

pub fn run(context: &Context, body: &[u8]) -> Answer {
    let input: Input = input(body)?;
    let repository =
        context.find_repository(input.registry_id.as_deref(), &input.repository_name)?;
    let image = context.find_image(&repository.name, &input.image_id)?;
    let image_id = ImageIdentifier {
        image_digest: Some(image.digest.to_string()),
        image_tag: input.image_id.image_tag.clone(),
    };
    let found = Found::of(context, &repository.name, &image)?;
    let found = found.ok_or_else(|| no_scan(context, &input, &image_id))?;
    let size = page_size(input.max_results)?;
    let mut answer = json!({
        "registryId": context.app.settings.account,
        "repositoryName": repository.name.as_str(),
        "imageId": image_id,
    });
    let row = found.row();
    let (status, findings, next) = match row.state {
        ScanState::Complete => complete(context, &found, input.next_token.as_deref(), size)?,
        ScanState::Failed => (scan_status(row, ""), None, None),
        ScanState::Pending | ScanState::InProgress => {
            let empty = json!({ "findings": [], "findingSeverityCounts": {} });
            (scan_status(row, ""), Some(empty), None)
        }
    };
    if let Some(members) = answer.as_object_mut() {
        members.insert("imageScanStatus".to_owned(), status);
        members.extend(findings.map(|findings| ("imageScanFindings".to_owned(), findings)));
    }
    Ok(with_token(answer, next))
}

/// The scan that is asked for.
enum Found {
    /// An image's own.
    Image(ScanRow),
    /// That of an index's images together.
    Index(ScanRow, Box<Union>),
}

impl Found {
    fn of(
        context: &Context,
        repository: &RepositoryName,
        image: &ManifestSummary,
    ) -> Result<Option<Found>, EcrError> {
        let (app, digest) = (&context.app, &image.digest);
        if !index::is_index(&image.media_type) {
            return Ok(app.store.metadata.scan(digest)?.map(Found::Image));
        }
        let union = index::of(app, Some(repository), digest)?;
        Ok(union.and_then(|union| Some(Found::Index(union.row.clone()?, Box::new(union)))))
    }

    fn row(&self) -> &ScanRow {
        match self {
            Found::Image(row) | Found::Index(row, _) => row,
        }
    }

    /// Gaps in words, a page of findings, and how many there are.
    fn page(
        &self,
        context: &Context,
        begin: usize,
        size: usize,
    ) -> Result<(String, Vec<Value>, usize), EcrError> {
        match self {
            Found::Image(row) => {
                let scan = scan::read(&context.app, &row.image)?;
                let page = scan.findings.iter().skip(begin).take(size);
                let page = page.map(|one| finding(one, "")).collect();
                let gaps = scan::in_words(&scan.coverage.gaps);
                Ok((gaps, page, scan.findings.len()))
            }
            Found::Index(_, union) => {
                let findings = union.findings();
                let page = findings.iter().skip(begin).take(size);
                let page = page.map(|one| finding(one.finding, &in_one_value(&one.platforms)));
                let gaps = scan::in_words(&union.coverage.gaps);
                Ok((gaps, page.collect(), findings.len()))
            }
        }
    }
}

type Page = (Value, Option<Value>, Option<String>);

fn complete(
    context: &Context,
    found: &Found,
    token: Option<&str>,
    size: usize,
) -> Result<Page, EcrError> {
    let row = found.row();
    let begin = match read_token(token)? {
        None => 0,
        Some(text) => text.parse::<usize>().map_err(|_| {
            EcrError::parameter("nextToken", "must be a token that this API has answered")
        })?,
    };
    let (gaps, page, count) = found.page(context, begin, size)?;
    let end = begin.saturating_add(page.len());
    let next = (end < count).then(|| token_after(&end.to_string()));
    let mut findings = json!({
        "findings": page,
        "findingSeverityCounts": severity_counts(&row.counts),
    });
    if let (Some(members), Some(completed_at)) = (findings.as_object_mut(), row.completed_at) {
        members.insert("imageScanCompletedAt".to_owned(), seconds(completed_at));
    }
    add_source_date(context, &mut findings);
    Ok((scan_status(row, &gaps), Some(findings), next))
}

fn finding(finding: &Finding, platforms: &str) -> Value {
    let fixed_in = finding.fixed_in.join(", ");
    let attributes: Vec<Value> = [
        ("package_version", finding.package.version.as_str()),
        ("package_name", finding.package.name.as_str()),
        ("fixed_in_versions", fixed_in.as_str()),
        ("status", finding.status.as_str()),
        ("advisory", finding.advisory.id.as_str()),
        ("platforms", platforms),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(key, value)| {
        let value: String = value.chars().take(MAX_ATTRIBUTE).collect();
        json!({ "key": key, "value": value })
    })
    .collect();
    json!({
        "name": finding.id,
        "description": finding.description,
        "uri": finding.advisory.url.clone().unwrap_or_default(),
        "severity": severity(finding.severity),
        "attributes": attributes,
    })
}

/// Platforms as an attribute's value, which says how many do not fit.
fn in_one_value(platforms: &[&str]) -> String {
    /// Room for the words that say so.
    const ROOM: usize = 20;
    let mut value = String::new();
    for (at, platform) in platforms.iter().enumerate() {
        let left = platforms.len() - at;
        let is_last = left == 1;
        let room = if is_last { 0 } else { ROOM };
        if value.len() + platform.len() + 2 + room > MAX_ATTRIBUTE {
            return format!("{value} and {left} more");
        }
        if at > 0 {
            value.push_str(", ");
        }
        value.push_str(platform);
    }
    value
}

fn no_scan(context: &Context, input: &Input, id: &ImageIdentifier) -> EcrError {
    let message = format!(
        "Image scan does not exist for the image with '{}' in the repository with name '{}' in \
         the registry with id '{}'",
        id.in_words(),
        input.repository_name,
        context.app.settings.account
    );
    EcrError::new("ScanNotFoundException", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_that_do_not_fit_are_counted() {
        assert_eq!(
            in_one_value(&["linux/amd64", "linux/arm64"]),
            "linux/amd64, linux/arm64"
        );
        let many = vec!["linux/arm64/v8"; 40];
        let value = in_one_value(&many);
        assert!(value.len() <= MAX_ATTRIBUTE, "{value}");
        let (named, rest) = value.split_once(" and ").unwrap();
        let named = named.split(", ").count();
        assert_eq!(rest, format!("{} more", 40 - named));
    }
}
