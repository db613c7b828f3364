//! Arch Linux's security tracker, `security.archlinux.org/issues/all.json`: its groups (`AVG-…`),
//! each of which holds the weaknesses of one version of a few packages.
//!
//! `affected` is the version in which the group was found, not the first one that has it: what
//! lies below it counts as affected too, as the distribution's own `arch-audit` takes it.

use model::{Ecosystem, Problem, ProblemKind, Stream};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::position::Lines;
use super::{Feed, FeedFile, Parsed, Remote, rating};
use crate::identifier;
use crate::{Affected, End, Limits, Range, Record, State, Weakness};

const REMOTES: &[Remote] = &[Remote::file(
    "arch",
    "all.json",
    "https://security.archlinux.org/issues/all.json",
)];

/// The feed.
pub const FEED: Feed = Feed {
    name: "arch-tracker",
    remotes: REMOTES,
    recognises: |source| source == "arch" || source.starts_with("arch-security"),
    wants: |_, path| path.ends_with(".json"),
    parse,
    publishes: &["arch"],
    claims: |_, _, _| vec![STREAM.to_owned()],
    missing: |_| Vec::new(),
};

const STREAM: &str = "arch:rolling";

/// The channel of a fix that is not in the stable repositories yet.
const TESTING: &str = "testing";

#[derive(Deserialize)]
struct Group {
    name: String,
    packages: Vec<String>,
    status: String,
    #[serde(default)]
    severity: Option<String>,
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    fixed: Option<String>,
    #[serde(default)]
    issues: Vec<String>,
    #[serde(default)]
    advisories: Vec<String>,
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let failure = |detail: String| {
        Parsed::failure(Problem::new(ProblemKind::Malformed, file.place(), detail))
    };
    let groups: Vec<&RawValue> = match serde_json::from_slice(file.bytes) {
        Ok(groups) => groups,
        Err(error) => return failure(error.to_string()),
    };
    if groups.is_empty() {
        return failure("it lists no group: fetch it anew".to_owned());
    }
    let mut parsed = Parsed {
        streams: vec![STREAM.to_owned()],
        ..Parsed::default()
    };
    let lines = Lines::new(file.bytes);
    for text in groups {
        let read = serde_json::from_str::<Group>(text.get())
            .map_err(|error| error.to_string())
            .and_then(|group| record(group, limits));
        parsed.take(read, || lines.place_of(file, text.get()));
    }
    parsed
}

fn record(group: Group, limits: &Limits) -> Result<Record, String> {
    if group.name.is_empty() {
        return Err("the group has no name".to_owned());
    }
    let mut record = Record::new(group.name.as_str());
    record.bulletin = true;
    record.url = format!("https://security.archlinux.org/{}", group.name);
    let kind = group.kind.as_deref().unwrap_or_default();
    record.description = super::cut(kind, limits.description_bytes);
    record.severity = rating::word(group.severity.as_deref().unwrap_or_default());
    if !group.issues.is_empty() {
        record.weaknesses = group.issues.iter().map(|id| named(id, &group)).collect();
        record.weaknesses.sort();
        record.weaknesses.dedup();
    }
    let ecosystem = Ecosystem::Distro(Stream::new("arch", "rolling"));
    for package in &group.packages {
        let mut row = Affected::new(&ecosystem, package.as_str(), State::Affected);
        say(&mut row, &group).map_err(|detail| format!("{}: {detail}", group.name))?;
        record.affected.push(row);
    }
    record.affected.sort();
    Ok(record)
}

/// A weakness of a group, with the bulletins that were sent out for the group.
fn named(id: &str, group: &Group) -> Weakness {
    let mut weakness = Weakness::new(identifier::cve(id).unwrap_or(id));
    weakness.aliases = group.advisories.clone();
    weakness.aliases.sort();
    weakness
}

/// What the status says of a package. A version with a fix that is only in the testing
/// repositories is a fix in a channel of its own.
fn say(row: &mut Affected, group: &Group) -> Result<(), String> {
    let fixed = group.fixed.clone().filter(|version| !version.is_empty());
    row.state = match group.status.as_str() {
        "Fixed" | "Testing" => State::Fixed,
        "Vulnerable" => State::Affected,
        "Not affected" => State::NotAffected,
        "Unknown" => State::UnderInvestigation,
        other => return Err(format!("status '{}' is not known", super::shown(other))),
    };
    match (row.state, fixed) {
        (State::Fixed, Some(version)) => row.ranges.push(Range::before(version)),
        (State::Fixed, None) => return Err("it is fixed in no version".to_owned()),
        (State::Affected, Some(version)) => row.ranges.push(Range {
            introduced: None,
            end: End::Limit(version),
        }),
        _ => {}
    }
    if group.status == "Testing" {
        row.channel = TESTING.to_owned();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Parsed {
        let file = FeedFile::plain("arch", "all.json", text.as_bytes());
        FEED.read(&file, &Limits::default())
    }

    // After security.archlinux.org/issues/all.json: AVG-5 of 2017, and what other groups show.
    const JSON: &str = r#"[
      {"name": "AVG-5", "packages": ["libtiff", "lib32-libtiff"], "status": "Fixed",
       "severity": "Critical", "type": "arbitrary code execution", "affected": "4.0.8-1",
       "fixed": "4.0.8-2", "ticket": "54842", "issues": ["CVE-2016-10095", "CVE-2015-7554"],
       "advisories": ["ASA-201707-17"]},
      {"name": "AVG-2", "packages": ["pam"], "status": "Vulnerable", "severity": "Medium",
       "type": "x", "affected": "1.7.0-2", "fixed": null, "issues": ["CVE-2025-6020"]},
      {"name": "AVG-3", "packages": ["a"], "status": "Testing", "affected": "1-1", "fixed": "1-2",
       "issues": []},
      {"name": "AVG-4", "packages": ["b"], "status": "Not affected", "severity": "Unknown",
       "fixed": null},
      {"name": "AVG-6", "packages": ["c"], "status": "Unknown", "severity": "Low"},
      {"name": "AVG-7", "packages": ["d"], "status": "Vulnerable", "fixed": "2-1"},
      {"name": "AVG-8", "packages": ["e"], "status": "Fixed", "fixed": null},
      {"name": "AVG-9", "packages": ["e"], "status": "odd"}, {"name": 7},
      {"name": "", "packages": [], "status": "Fixed"}]"#;

    #[test]
    fn each_status_is_a_state() {
        let parsed = read(JSON);
        let shown: Vec<_> = parsed
            .records
            .iter()
            .flat_map(|record| record.affected.iter().map(move |row| (record, row)))
            .map(|(record, row)| {
                let ends: Vec<_> = row.ranges.iter().map(|range| &range.end).collect();
                let (id, severity) = (&record.id, record.severity);
                let (package, channel) = (&row.package, &row.channel);
                format!(
                    "{id} {severity:?} {package} {:?} {channel}{ends:?}",
                    row.state
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                "AVG-5 Critical lib32-libtiff Fixed [Fixed(\"4.0.8-2\")]",
                "AVG-5 Critical libtiff Fixed [Fixed(\"4.0.8-2\")]",
                "AVG-2 Medium pam Affected []",
                "AVG-3 Unknown a Fixed testing[Fixed(\"1-2\")]",
                "AVG-4 Unknown b NotAffected []",
                "AVG-6 Low c UnderInvestigation []",
                "AVG-7 Unknown d Affected [Limit(\"2-1\")]",
            ]
        );
        let first = &parsed.records[0];
        assert_eq!(first.weaknesses[0].id, "CVE-2015-7554");
        assert_eq!(first.weaknesses[1].aliases, ["ASA-201707-17"]);
        assert_eq!(first.url, "https://security.archlinux.org/AVG-5");
        assert_eq!(first.description, "arbitrary code execution");
        assert_eq!(first.affected[0].ecosystem, "arch:rolling");
        assert!(first.bulletin);
        let places: Vec<_> = parsed
            .problems
            .iter()
            .map(|one| one.place.as_str())
            .collect();
        let lines = ["14", "15", "15", "16"].map(|line| format!("arch/all.json: line {line}"));
        assert_eq!(places, lines);
    }

    #[test]
    fn what_is_no_list_is_a_failure() {
        let deep = "[".repeat(10_000);
        for text in ["", "[]", "{}", "invalid", deep.as_str()] {
            assert!(read(text).failed, "{text:.20}");
        }
        for end in 0..JSON.len() {
            assert!(read(JSON.get(..end).unwrap_or_default()).failed);
        }
    }
}
