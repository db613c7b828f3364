//! `DescribeImageScanFindings`: state, counts and a page of the findings, worst first.
//!
//! COMPLETE is answered only together with its findings. Each finding names its package in the
//! attributes that ECR's own answers use, with the fix beside them.

use model::Finding;
use serde::Deserialize;
use serde_json::{Value, json};
use store::record::{ScanRow, ScanState};

use super::lookup::ImageIdentifier;
use super::paging::{page_size, read_token, token_after, with_token};
use super::view::{add_source_date, scan_status, seconds, severity, severity_counts};
use super::{Answer, Context, EcrError, input};
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
    let row = context.app.store.metadata.scan(&image.digest)?;
    let row = row.ok_or_else(|| no_scan(context, &input, &image_id))?;
    let size = page_size(input.max_results)?;
    let mut answer = json!({
        "registryId": context.app.settings.account,
        "repositoryName": repository.name.as_str(),
        "imageId": image_id,
    });
    let (status, findings, next) = match row.state {
        ScanState::Complete => complete(context, &row, input.next_token.as_deref(), size)?,
        ScanState::Failed => (scan_status(&row, ""), None, None),
        ScanState::Pending | ScanState::InProgress => {
            let empty = json!({ "findings": [], "findingSeverityCounts": {} });
            (scan_status(&row, ""), Some(empty), None)
        }
    };
    if let Some(members) = answer.as_object_mut() {
        members.insert("imageScanStatus".to_owned(), status);
        members.extend(findings.map(|findings| ("imageScanFindings".to_owned(), findings)));
    }
    Ok(with_token(answer, next))
}

type Page = (Value, Option<Value>, Option<String>);

fn complete(
    context: &Context,
    row: &ScanRow,
    token: Option<&str>,
    size: usize,
) -> Result<Page, EcrError> {
    let scan = scan::read(&context.app, &row.image)?;
    let gaps = scan::in_words(&scan.coverage.gaps);
    let begin = match read_token(token)? {
        None => 0,
        Some(text) => text.parse::<usize>().map_err(|_| {
            EcrError::parameter("nextToken", "must be a token that this API has answered")
        })?,
    };
    let page: Vec<Value> = scan
        .findings
        .iter()
        .skip(begin)
        .take(size)
        .map(finding)
        .collect();
    let end = begin.saturating_add(page.len());
    let next = (end < scan.findings.len()).then(|| token_after(&end.to_string()));
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

fn finding(finding: &Finding) -> Value {
    let fixed_in = finding.fixed_in.join(", ");
    let attributes: Vec<Value> = [
        ("package_version", finding.package.version.as_str()),
        ("package_name", finding.package.name.as_str()),
        ("fixed_in_versions", fixed_in.as_str()),
        ("status", finding.status.as_str()),
        ("advisory", finding.advisory.id.as_str()),
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
