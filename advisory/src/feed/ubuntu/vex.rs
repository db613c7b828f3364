//! Ubuntu's VEX, `security-metadata.canonical.com/vex`: OpenVEX, a document per weakness
//! (`CVE-….json`) and per bulletin (`USN-….json`).
//!
//! A product that is fixed is named in the newest version of its release, whichever was the first
//! with the fix. So the tracker's word on Ubuntu goes before this one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::{Problem, ProblemKind, Severity};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::status::{self, Line, Said};
use crate::feed::csaf::package::{self, Package};
use crate::feed::{Feed, FeedFile, Parsed, cut, oval, shown, time};
use crate::{Cve, CveFacts, Limits, Record, State, Weakness, identifier};

/// The feed. It is not fetched: the tracker says the same and more.
pub const FEED: Feed = Feed {
    name: "ubuntu-vex",
    remotes: &[],
    recognises: |source| source.starts_with("ubuntu-vex"),
    wants: |_, path| identified(path).is_some(),
    parse,
    publishes: &[],
    claims: |_, _, path| match identified(path) {
        Some(id) if id.starts_with("CVE-") => vec!["ubuntu:*".to_owned()],
        _ => Vec::new(),
    },
    missing: |_| Vec::new(),
};

/// What a document is about, by its name.
fn identified(path: &str) -> Option<&str> {
    let id = path.rsplit('/').next()?.strip_suffix(".json")?;
    (id.starts_with("CVE-") || identifier::is_bulletin(id)).then_some(id)
}

/// Older documents hold all but their statements in `metadata`.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(default, borrow)]
    metadata: Head<'a>,
    #[serde(default, borrow)]
    timestamp: Cow<'a, str>,
    #[serde(borrow)]
    statements: Vec<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Head<'a> {
    #[serde(default, borrow)]
    timestamp: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Statement<'a> {
    #[serde(borrow)]
    vulnerability: Vulnerability<'a>,
    #[serde(default, borrow)]
    timestamp: Cow<'a, str>,
    #[serde(default, borrow)]
    products: Vec<Product<'a>>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(default, borrow)]
    impact_statement: Cow<'a, str>,
    #[serde(default, borrow)]
    action_statement: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(default, borrow)]
    description: Cow<'a, str>,
    /// Other names, and addresses.
    #[serde(default, borrow)]
    aliases: Vec<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Product<'a> {
    #[serde(rename = "@id", borrow)]
    id: Cow<'a, str>,
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let failure = |kind, detail: String| Parsed::failure(Problem::new(kind, file.place(), detail));
    let document: Document<'_> = match serde_json::from_slice(file.bytes) {
        Ok(document) => document,
        Err(error) => return failure(ProblemKind::Malformed, error.to_string()),
    };
    let mut parsed = Parsed::default();
    let mut statements = Vec::new();
    for text in &document.statements {
        match serde_json::from_str::<Statement<'_>>(text.get()) {
            Ok(statement) => statements.push(statement),
            Err(error) => parsed.malformed(file.place(), error.to_string()),
        }
    }
    let mut by_name: BTreeMap<&str, Vec<&Statement<'_>>> = BTreeMap::new();
    for statement in &statements {
        let name = &*statement.vulnerability.name;
        by_name.entry(name).or_default().push(statement);
    }
    let modified = time::read(&document.timestamp);
    let modified = modified.or_else(|| time::read(&document.metadata.timestamp));
    for (id, statements) in by_name {
        let (mut record, wrong) = record(id, &statements, limits);
        record.modified = modified;
        for detail in wrong {
            parsed.malformed(file.place(), format!("{}: {detail}", shown(id)));
        }
        if record.affected.len() > limits.rows {
            let detail = format!("more than {} rows", limits.rows);
            let problem = Problem::new(ProblemKind::Limit, file.place(), detail);
            parsed.problems.push(problem);
            continue;
        }
        if let Some(cve) = Cve::of(id).filter(|_| !record.bulletin) {
            let facts = CveFacts {
                description: record.description.clone(),
                ..CveFacts::default()
            };
            parsed.cves.push((cve, facts));
        }
        parsed.records.push(record);
    }
    parsed
}

/// What the statements on one weakness or bulletin say, and what of it could not be read.
fn record(id: &str, statements: &[&Statement<'_>], limits: &Limits) -> (Record, Vec<String>) {
    let mut record = Record::new(id);
    record.bulletin = identifier::is_bulletin(id);
    record.url = match record.bulletin {
        true => format!("https://ubuntu.com/security/notices/{id}"),
        false => super::address(id),
    };
    let text = |one: &&Statement<'_>| cut(&one.vulnerability.description, limits.description_bytes);
    record.description = statements.first().map(text).unwrap_or_default();
    let times = statements.iter().map(|one| time::read(&one.timestamp));
    record.published = times.flatten().min();
    if record.bulletin {
        let aliases = statements.iter().flat_map(|one| &one.vulnerability.aliases);
        let cves = aliases.filter(|one| identifier::cve(one) == Some(&***one));
        let mut cves: Vec<Weakness> = cves.map(|one| Weakness::new(one.to_string())).collect();
        cves.sort();
        cves.dedup();
        if !cves.is_empty() {
            record.weaknesses = cves;
        }
    }
    let mut wrong = Vec::new();
    let mut sources = Vec::new();
    for statement in statements {
        let all = statement.products.iter();
        let all = all.filter_map(|one| package::of_purl(&one.id));
        // What is built of a source is looked up by that, and does not name its release always.
        let all = all.filter(|one| one.kind == "deb" && one.architecture == "source");
        sources.extend(all.map(|source| (*statement, source)));
    }
    let mut lines = Vec::new();
    for (statement, source) in &sources {
        match line(statement, source) {
            Ok(line) => lines.extend(line),
            Err(detail) => wrong.push(format!("{}: {detail}", shown(&source.name))),
        }
    }
    record.affected = oval::joined(status::rows(&lines, |_| Severity::Unknown));
    (record, wrong)
}

fn line<'a>(
    statement: &Statement<'_>,
    source: &'a Package<'_>,
) -> Result<Option<Line<'a>>, String> {
    if source.distro.is_empty() {
        return Err("it does not say for which release it is".to_owned());
    }
    let Some((release, channel)) = status::released(&source.distro) else {
        return Ok(None);
    };
    let version = &*source.version;
    let said = match &*statement.status {
        "fixed" if status::is_version(version) => Said::Fixed(version),
        "fixed" => {
            let version = shown(version);
            return Err(format!("it is fixed in '{version}', which is no version"));
        }
        "affected" => affected(&statement.action_statement),
        // It is not in that release, so that its name says nothing of it.
        "not_affected" if statement.impact_statement.contains("does not exist") => return Ok(None),
        "not_affected" => Said::All(State::NotAffected),
        "under_investigation" => Said::All(State::UnderInvestigation),
        other => return Err(format!("'{}' is no state", shown(other))),
    };
    let channel = match said {
        Said::Fixed(version) => super::channel(channel, version),
        _ => channel,
    };
    Ok(Some(Line {
        release,
        channel,
        package: &source.name,
        said,
    }))
}

/// What is done about it, by the sentence before the notes, which tell of anything.
fn affected(action: &str) -> Said<'static> {
    let sentence = action
        .split_once("CVE Notes")
        .map_or(action, |(one, _)| one);
    let says = |words: &str| sentence.contains(words);
    if says("no longer supported") {
        Said::Ended
    } else if says("decided to not fix") || says("decided not to fix") {
        Said::All(State::WillNotFix)
    } else if says("defer") {
        Said::All(State::Deferred)
    } else {
        Said::All(State::Affected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::ubuntu::told_of;

    /// After CVE-2023-38545.json (2026-05-20) and USN-7372-1.json (2025-03-26).
    fn statement(status: &str, more: &str, product: &str) -> String {
        format!(
            r#"{{"vulnerability": {{"@id": "https://nvd.nist.gov/x", "name": "CVE-2023-38545",
            "description": "A flaw.", "aliases": ["https://x/CVE-2023-38545"]}},
            "timestamp": "2023-10-11T06:00:00Z", "status": "{status}"{more}, "products": [
            {{"@id": "pkg:deb/ubuntu/{product}"}}, {{"@id": "pkg:deb/ubuntu/curl-dev@1?arch=amd64"}}]}}"#
        )
    }

    fn document(statements: &str) -> String {
        format!(
            r#"{{"@id": "x", "timestamp": "2026-05-20T14:49:37Z", "statements": [{statements}]}}"#
        )
    }

    fn read(path: &str, text: &str) -> Parsed {
        let file = FeedFile::plain("ubuntu-vex", path, text.as_bytes());
        FEED.read(&file, &Limits::default())
    }

    fn told(statements: &str) -> String {
        let parsed = read("cve/2023/CVE-2023-38545.json", &document(statements));
        told_of(&parsed)
    }

    #[test]
    fn products_are_sources_in_releases() {
        let action = |text: &str| format!(r#", "action_statement": "This package {text}""#);
        for (status, more, product, expected) in [
            (
                "fixed",
                String::new(),
                "curl@7.81.0-1ubuntu1.24?arch=source&distro=jammy",
                "ubuntu:22.04  curl Fixed Fixed(\"7.81.0-1ubuntu1.24\")",
            ),
            (
                "fixed",
                String::new(),
                "a@2:1%2B1+esm1?arch=source&distro=esm-apps%2Fjammy",
                "ubuntu:22.04 esm-apps a Fixed Fixed(\"2:1+1+esm1\")",
            ),
            (
                "affected",
                action("is vulnerable to the CVE and needs fixing. CVE Notes: deferred"),
                "curl@1?arch=source&distro=noble",
                "ubuntu:24.04  curl Affected Never",
            ),
            (
                "affected",
                action("is understood, but the Team decided to not fix it."),
                "curl@1?arch=source&distro=noble",
                "ubuntu:24.04  curl WillNotFix Never",
            ),
            (
                "affected",
                action("is vulnerable, but it was decided to defer it."),
                "curl@1?arch=source&distro=noble",
                "ubuntu:24.04  curl Deferred Never",
            ),
            (
                "affected",
                action("is no longer supported. Please upgrade."),
                "curl@1?arch=source&distro=xenial",
                "ubuntu:16.04  curl EndOfLife Never",
            ),
            (
                "not_affected",
                r#", "impact_statement": "It is not affected by the issue.""#.to_owned(),
                "curl@1?arch=source&distro=esm-infra/focal",
                "ubuntu:20.04 esm-infra curl NotAffected",
            ),
            (
                "not_affected",
                r#", "impact_statement": "It does not exist in the archive.""#.to_owned(),
                "curl@1?arch=source&distro=noble",
                "",
            ),
            (
                "under_investigation",
                String::new(),
                "curl@1?arch=source&distro=jammy",
                "ubuntu:22.04  curl UnderInvestigation Never",
            ),
            (
                "fixed",
                String::new(),
                "curl@1?arch=source&distro=warty",
                "",
            ),
            (
                "fixed",
                String::new(),
                "curl?arch=source&distro=jammy",
                "CVE-2023-38545: curl: it is fixed in '', which is no version",
            ),
            (
                "fixed",
                String::new(),
                "curl@1?arch=source",
                "CVE-2023-38545: curl: it does not say for which release it is",
            ),
            (
                "gone",
                String::new(),
                "curl@1?arch=source&distro=jammy",
                "CVE-2023-38545: curl: 'gone' is no state",
            ),
        ] {
            assert_eq!(
                told(&statement(status, &more, product)),
                expected,
                "{product}"
            );
        }
    }

    #[test]
    fn a_release_that_has_ended_is_sound_where_its_extended_channel_is() {
        let ended = statement(
            "affected",
            r#", "action_statement": "It is no longer supported.""#,
            "curl@1?arch=source&distro=xenial",
        );
        let sound = statement(
            "not_affected",
            "",
            "curl@1?arch=source&distro=esm-infra/xenial",
        );
        assert_eq!(
            told(&format!("{ended}, {sound}")),
            "ubuntu:16.04  curl NotAffected; ubuntu:16.04 esm-infra curl NotAffected"
        );
    }

    #[test]
    fn a_bulletin_names_its_weaknesses() {
        let text = r#"{"metadata": {"timestamp": "2025-03-26T17:08:28.810633"}, "statements": [
            {"vulnerability": {"name": "USN-7372-1", "aliases": ["CVE-2022-45060", "https://x"]},
            "timestamp": "2025-03-26 02:44:10.025070", "status": "fixed", "products": [
            {"@id": "pkg:deb/ubuntu/varnish@5-1+esm1?arch=source&distro=bionic"}]}, {"status": 1}]}"#;
        let parsed = read("usn/USN-7372-1.json", text);
        let record = &parsed.records[0];
        assert!(record.bulletin);
        assert_eq!(record.weaknesses, [Weakness::new("CVE-2022-45060")]);
        assert_eq!(record.affected[0].channel, "esm");
        assert_eq!(record.published, "2025-03-26T02:44:10.02507Z".parse().ok());
        assert_eq!(record.modified, "2025-03-26T17:08:28.810633Z".parse().ok());
        assert_eq!((parsed.records.len(), parsed.problems.len()), (1, 1));
        let claims = |path| (FEED.claims)("ubuntu-vex", None, path).concat();
        assert_eq!(claims("usn/USN-7372-1.json"), "");
        assert_eq!(claims("cve/2025/CVE-2025-0167.json"), "ubuntu:*");
        assert!(!(FEED.wants)("ubuntu-vex", "index.json"));
    }

    #[test]
    fn what_is_broken_is_a_problem_and_no_panic() {
        let whole = document(&statement("fixed", "", "curl@1?arch=source&distro=jammy"));
        for end in 0..whole.len() {
            let parsed = read("CVE-2023-38545.json", whole.get(..end).unwrap_or_default());
            assert!(parsed.failed && !parsed.problems.is_empty(), "{end}");
        }
        let empty = read("CVE-2025-0194.json", &document(""));
        assert!(empty.records.is_empty() && empty.problems.is_empty());
    }
}
