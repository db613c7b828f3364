//! Shapes that several operations answer with.

use jiff::Timestamp;
use model::Severity;
use serde_json::{Map, Value, json};
use store::record::{Repository, ScanRow, ScanState};

use super::Context;
use super::mutability::add_filters;

/// ECR's words for a scan that went through.
const COMPLETE: &str = "The scan was completed successfully.";

/// A timestamp on the wire: seconds since 1970 as a number, with milliseconds.
pub fn seconds(time: Timestamp) -> Value {
    let millis = time.as_millisecond();
    match millis % 1000 {
        0 => json!(millis / 1000),
        _ => json!(millis as f64 / 1000.0),
    }
}

/// ECR's word for a severity.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "CRITICAL",
        Severity::High => "HIGH",
        Severity::Medium => "MEDIUM",
        Severity::Low => "LOW",
        Severity::Negligible => "INFORMATIONAL",
        Severity::Unknown => "UNDEFINED",
    }
}

/// `findingSeverityCounts`: only severities that occur are named.
pub fn severity_counts(counts: &[(Severity, u64)]) -> Value {
    let named = counts.iter().filter(|(_, count)| *count > 0);
    named
        .map(|(word, count)| (severity(*word).to_owned(), json!(count)))
        .collect::<Map<_, _>>()
        .into()
}

/// `imageScanStatus` for a state; `gaps` is what the scan could not answer, in words.
pub fn scan_status(row: &ScanRow, gaps: &str) -> Value {
    let (status, description) = match row.state {
        ScanState::Pending => ("PENDING", "Pending start of the image scan.".to_owned()),
        ScanState::InProgress => ("IN_PROGRESS", "The image is being scanned.".to_owned()),
        ScanState::Complete if gaps.is_empty() => ("COMPLETE", COMPLETE.to_owned()),
        ScanState::Complete => ("COMPLETE", format!("{COMPLETE} INCOMPLETE: {gaps}")),
        ScanState::Failed => ("FAILED", row.detail.clone()),
    };
    json!({ "status": status, "description": description })
}

impl Context {
    /// The `Repository` shape.
    pub fn repository_view(&self, repository: &Repository) -> Value {
        let settings = &self.app.settings;
        let name = repository.name.as_str();
        let mut view = json!({
            "repositoryArn": settings.repository_arn(name),
            "registryId": settings.account,
            "repositoryName": name,
            "repositoryUri": settings.repository_uri(name),
            "createdAt": seconds(repository.created_at),
            "imageTagMutability": repository.tag_rule.mutability.as_str(),
            "imageScanningConfiguration": {
                "scanOnPush": repository.scan_on_push.unwrap_or(false),
            },
            "encryptionConfiguration": { "encryptionType": "AES256" },
        });
        add_filters(&mut view, &repository.tag_rule);
        view
    }
}

/// Adds `vulnerabilitySourceUpdatedAt`, where the database in use says of which date it is.
pub fn add_source_date(context: &Context, summary: &mut Value) {
    let built = context
        .app
        .database
        .current()
        .and_then(|database| database.facts().built);
    if let (Some(members), Some(built)) = (summary.as_object_mut(), built) {
        members.insert("vulnerabilitySourceUpdatedAt".to_owned(), seconds(built));
    }
}
