//! What was taken out of account, and by what; what VEX documents say of the rest.

use jiff::Timestamp;
use model::{Stated, SuppressedFinding, Suppression, VexStatement};
use serde::Serialize;

use super::FindingRow;

/// A finding that does not count: all that stands of one that does, and what did it.
#[derive(Serialize)]
pub struct SuppressedRow<'a> {
    finding: FindingRow<'a>,
    by: By<'a>,
}

/// What took it out of account. What another kind has is null.
#[derive(Serialize)]
struct By<'a> {
    kind: &'static str,
    document: Option<&'a str>,
    source: Option<&'a str>,
    author: Option<&'a str>,
    status: Option<&'static str>,
    justification: Option<&'a str>,
    said_at: Option<Timestamp>,
    rule: Option<&'a str>,
    reason: Option<&'a str>,
    until: Option<Timestamp>,
}

const NOTHING: By<'static> = By {
    kind: "",
    document: None,
    source: None,
    author: None,
    status: None,
    justification: None,
    said_at: None,
    rule: None,
    reason: None,
    until: None,
};

/// The rows, worst first.
pub fn suppressed(all: &[SuppressedFinding]) -> Vec<SuppressedRow<'_>> {
    crate::suppressed_worst_first(all)
        .into_iter()
        .map(SuppressedRow::of)
        .collect()
}

impl<'a> SuppressedRow<'a> {
    fn of(one: &'a SuppressedFinding) -> SuppressedRow<'a> {
        SuppressedRow {
            finding: FindingRow::of(&one.finding),
            by: By::of(&one.by),
        }
    }
}

impl<'a> By<'a> {
    fn of(by: &'a Suppression) -> By<'a> {
        match by {
            Suppression::Vex(said) => By {
                kind: "vex",
                document: Some(&said.document),
                source: filled(&said.source),
                author: filled(&said.author),
                status: Some(said.status.as_str()),
                justification: filled(&said.justification),
                said_at: Some(said.said_at),
                ..NOTHING
            },
            Suppression::Ignore {
                rule,
                reason,
                expires_at,
            } => By {
                kind: "ignore",
                rule: Some(rule),
                reason: Some(reason),
                until: *expires_at,
                ..NOTHING
            },
            Suppression::Exception {
                id,
                who,
                reason,
                expires_at,
            } => By {
                kind: "exception",
                author: Some(who),
                rule: Some(id),
                reason: Some(reason),
                until: Some(*expires_at),
                ..NOTHING
            },
        }
    }
}

/// What a VEX document says of a finding that counts.
#[derive(Serialize)]
pub struct StatedRow<'a> {
    id: &'a str,
    package: &'a str,
    version: &'a str,
    status: &'static str,
    document: &'a str,
    source: Option<&'a str>,
    author: Option<&'a str>,
    justification: Option<&'a str>,
    said_at: Timestamp,
}

impl<'a> StatedRow<'a> {
    pub fn of(stated: &'a Stated) -> StatedRow<'a> {
        let VexStatement {
            document,
            source,
            author,
            status,
            justification,
            said_at,
        } = &stated.statement;
        StatedRow {
            id: &stated.id,
            package: &stated.package,
            version: &stated.version,
            status: status.as_str(),
            document,
            source: filled(source),
            author: filled(author),
            justification: filled(justification),
            said_at: *said_at,
        }
    }
}

fn filled(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
