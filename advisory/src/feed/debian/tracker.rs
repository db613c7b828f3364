//! The tracker's JSON: package → weakness → release → what is said.

use std::collections::BTreeMap;

use model::{Problem, ProblemKind};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::note::severity;
use super::{address, stream};
use crate::feed::position::Lines;
use crate::feed::{FeedFile, Parsed, shown};
use crate::{Affected, Limits, Range, Record, State};

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    description: Option<String>,
    releases: BTreeMap<String, Release>,
}

#[derive(Deserialize)]
struct Release {
    status: String,
    #[serde(default)]
    fixed_version: Option<String>,
    #[serde(default)]
    urgency: Option<String>,
    #[serde(default)]
    nodsa_reason: Option<String>,
    #[serde(default)]
    nodsa: Option<String>,
}

/// Reads the export. A weakness that is not of the known form is a problem of its own.
pub fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let packages: BTreeMap<String, BTreeMap<String, &RawValue>> =
        match serde_json::from_slice(file.bytes) {
            Ok(packages) => packages,
            Err(error) => {
                let detail = error.to_string();
                let problem = Problem::new(ProblemKind::Malformed, file.place(), detail);
                return Parsed::failure(problem);
            }
        };
    let mut parsed = Parsed {
        part: Some(super::EXPORT.to_owned()),
        ..Parsed::default()
    };
    let lines = Lines::new(file.bytes);
    for (package, weaknesses) in packages {
        for (id, text) in weaknesses {
            let read = serde_json::from_str::<Entry>(text.get())
                .map_err(|error| error.to_string())
                .and_then(|entry| record(&package, &id, entry, limits));
            parsed.take(read, || {
                format!("{}, {package} {id}", lines.place_of(file, text.get()))
            });
        }
    }
    parsed
}

fn record(package: &str, id: &str, entry: Entry, limits: &Limits) -> Result<Record, String> {
    let mut record = Record::new(id);
    record.url = address(id);
    let description = entry.description.unwrap_or_default();
    record.description = crate::feed::cut(&description, limits.description_bytes);
    for (codename, release) in entry.releases {
        // Releases that the distribution's row does not know have no stream to be found under.
        let Some(stream) = stream(&codename) else {
            continue;
        };
        let urgency = release.urgency.as_deref().unwrap_or_default();
        let state = state(&release, urgency)?;
        let mut affected = Affected::new(&stream, package, state);
        affected.severity = severity(urgency);
        if let (State::Fixed, Some(version)) = (state, release.fixed_version) {
            affected = affected.range(Range::before(version));
        }
        record.affected.push(affected);
    }
    Ok(record)
}

fn state(release: &Release, urgency: &str) -> Result<State, String> {
    match release.status.as_str() {
        "resolved" => match release.fixed_version.as_deref() {
            Some("0") => Ok(State::NotAffected),
            Some(_) => Ok(State::Fixed),
            None => Err("resolved without fixed_version".to_owned()),
        },
        "open" if urgency == "end-of-life" => Ok(State::EndOfLife),
        "open" if release.nodsa_reason.as_deref() == Some("ignored") => Ok(State::WillNotFix),
        // Minor enough to need no bulletin: it is mended with a point release, if somebody does.
        "open" if release.nodsa.is_some() => Ok(State::Deferred),
        "open" => Ok(State::Affected),
        "undetermined" => Ok(State::UnderInvestigation),
        other => Err(format!(
            "status '{}' is not known: expected open, resolved or undetermined",
            shown(other)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::FEED;
    use model::Severity;

    use super::*;

    fn read(text: &str) -> Parsed {
        let file = FeedFile::plain("debian", "json", text.as_bytes());
        FEED.read(&file, &Limits::default())
    }

    #[test]
    fn each_release_has_its_state() {
        // After security-tracker.debian.org/tracker/data/json, 2022-08: 389-ds-base, with the
        // states that other packages of the same export show.
        let text = r#"{"389-ds-base": {"CVE-2016-5416": {"description": "read ACIs",
            "scope": "local", "releases": {
            "bullseye": {"status": "open", "repositories": {"bullseye": "1.4.4.11-2"},
               "urgency": "not yet assigned", "nodsa": "Minor issue", "nodsa_reason": "ignored"},
            "buster": {"status": "open", "urgency": "low**", "nodsa": "x", "nodsa_reason": ""},
            "stretch": {"status": "open", "urgency": "end-of-life"},
            "jessie": {"status": "undetermined", "urgency": "high"},
            "bookworm": {"status": "resolved", "fixed_version": "1.3.5.15-1", "urgency": "medium"},
            "trixie": {"status": "resolved", "fixed_version": "0", "urgency": "unimportant"},
            "nosuchsuite": {"status": "open"}}}}}"#;
        let parsed = read(text);
        assert_eq!((parsed.problems.len(), parsed.records.len()), (0, 1));
        let rows: Vec<_> = parsed.records[0]
            .affected
            .iter()
            .map(|row| (row.ecosystem.as_str(), row.state, row.severity))
            .collect();
        use State::*;
        assert_eq!(
            rows,
            [
                ("debian:12", Fixed, Severity::Medium),
                ("debian:11", WillNotFix, Severity::Unknown),
                ("debian:10", Deferred, Severity::Low),
                ("debian:8", UnderInvestigation, Severity::High),
                ("debian:9", EndOfLife, Severity::Unknown),
                ("debian:13", NotAffected, Severity::Negligible),
            ]
        );
        let fixed = &parsed.records[0].affected[0].ranges;
        assert_eq!(fixed[..], [Range::before("1.3.5.15-1".to_owned())]);
    }

    #[test]
    fn a_broken_weakness_leaves_the_others() {
        let text = "{\"a\": {\n\"CVE-2020-0001\": {\"releases\": {\"buster\": {\"status\": \"odd\"}}},\
                    \n\"CVE-2020-0002\": {\"releases\": 7},\n\"CVE-2020-0003\": {\"releases\": {}}, \
                    \"CVE-2020-0004\": {\"releases\": {\"buster\": {\"status\": \"resolved\"}}}}}";
        let parsed = read(text);
        let places: Vec<_> = parsed
            .problems
            .iter()
            .map(|problem| problem.place.as_str())
            .collect();
        assert_eq!(
            places,
            [
                "debian/json: line 2, a CVE-2020-0001",
                "debian/json: line 3, a CVE-2020-0002",
                "debian/json: line 4, a CVE-2020-0004"
            ]
        );
        assert_eq!(parsed.records.len(), 1);
    }

    #[test]
    fn what_is_no_export_is_a_problem_of_the_file() {
        for text in ["", "[]", "{\"a\": 1}", "{\"a\": {\"CVE-2020-0001\": "] {
            assert!(read(text).failed, "{text}");
        }
    }
}
