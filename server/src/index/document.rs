//! The document `lazaret.index/1`, as `docs/scan.md` describes it.

use jiff::Timestamp;
use model::{DatabaseFacts, Digest, Severity};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use store::record::ScanRow;

use super::{Member, Shared, Union};

/// The document's name and version, its `schema` field.
pub const SCHEMA: &str = "lazaret.index/1";

/// The document of an index whose scan is complete: two spaces per level, every field in every
/// object, lists sorted, a newline at the end.
///
/// # Errors
///
/// Where it cannot be written as JSON.
pub fn write(
    row: &ScanRow,
    union: &Union,
    database: &DatabaseFacts,
) -> Result<Vec<u8>, serde_json::Error> {
    let findings = union.findings();
    let has_fix = |shared: &&Shared<'_>| !shared.finding.fixed_in.is_empty();
    let document = Document {
        schema: SCHEMA,
        target: Target {
            digest: &row.image,
            completed_at: row.completed_at,
        },
        database: report::json::database(database),
        coverage: report::json::coverage(&union.coverage),
        summary: Summary {
            members: union.members.len(),
            findings: findings.len(),
            fixable: findings.iter().filter(has_fix).count(),
            severities: Severities::of(Some(row)),
        },
        members: members(&union.members),
        findings: findings.iter().map(finding).collect(),
    };
    let mut bytes = serde_json::to_vec_pretty(&document)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// What is answered while no document can be: the state in which the whole is, and each image's.
pub fn state(row: &ScanRow, union: &Union) -> Value {
    json!({
        "state": row.state.as_str(),
        "detail": row.detail,
        "members": members(&union.members),
    })
}

#[derive(Serialize)]
struct Document<'u, D, C, F> {
    schema: &'static str,
    target: Target<'u>,
    database: D,
    coverage: C,
    summary: Summary,
    members: Vec<MemberView<'u>>,
    findings: Vec<FindingView<'u, F>>,
}

#[derive(Serialize)]
struct Target<'u> {
    digest: &'u Digest,
    completed_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct Summary {
    members: usize,
    findings: usize,
    fixable: usize,
    severities: Severities,
}

#[derive(Serialize)]
struct MemberView<'u> {
    platform: Option<String>,
    digest: &'u Digest,
    state: &'static str,
    detail: &'u str,
    completed_at: Option<Timestamp>,
    counts: Severities,
}

impl<'u> MemberView<'u> {
    fn of(member: &'u Member) -> MemberView<'u> {
        let row = member.row.as_ref();
        MemberView {
            platform: member.platform.as_ref().map(ToString::to_string),
            digest: &member.digest,
            state: member.state(),
            detail: row.map_or("", |row| &row.detail),
            completed_at: row.and_then(|row| row.completed_at),
            counts: Severities::of(row),
        }
    }
}

#[derive(Serialize)]
struct FindingView<'u, F> {
    #[serde(flatten)]
    finding: F,
    platforms: &'u [&'u str],
}

/// Numbers by word, worst first.
struct Severities([(Severity, u64); 6]);

impl Severities {
    fn of(row: Option<&ScanRow>) -> Severities {
        let zeros = || Severity::ALL.map(|severity| (severity, 0));
        Severities(row.map_or_else(zeros, |row| row.counts))
    }
}

impl Serialize for Severities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counts = self.0.iter();
        serializer.collect_map(counts.map(|(severity, count)| (severity.as_str(), count)))
    }
}

fn members(members: &[Member]) -> Vec<MemberView<'_>> {
    members.iter().map(MemberView::of).collect()
}

fn finding<'u>(shared: &'u Shared<'u>) -> FindingView<'u, impl Serialize + use<'u>> {
    FindingView {
        finding: report::json::finding(shared.finding, &shared.locations),
        platforms: &shared.platforms,
    }
}
