use model::Severity;

use super::FEED;
use crate::feed::{FeedFile, Parsed};
use crate::{End, Limits, Range, State};

fn read(path: &str, text: &str) -> Parsed {
    let file = FeedFile::plain("osv-misc", path, text.as_bytes());
    FEED.read(&file, &Limits::default())
}

// After pypa/advisory-database, vulns/unoconv/PYSEC-2019-213.yaml, 2024-10-10.
const YAML: &str = "id: PYSEC-2019-213\ndetails: mishandles untrusted pathnames,\n  leading to SSRF\n\
    affected:\n- package:\n    name: Uno_conv\n    ecosystem: PyPI\n  ranges:\n  - type: ECOSYSTEM\n\
    \x20   events:\n    - introduced: '0'\n    - fixed: 0.9.0\n  versions:\n  - '0.6'\n  - 0.8\n\
    aliases:\n- CVE-2019-17400\nmodified: '2021-08-27T03:22:49.773623Z'\n";

#[test]
fn yaml_and_json_are_the_same_record() {
    let json = r#"{"id": "PYSEC-2019-213", "details": "mishandles untrusted pathnames, leading to SSRF",
        "aliases": ["CVE-2019-17400"], "modified": "2021-08-27T03:22:49.773623Z",
        "related": ["CVE-2000-0001"], "affected": [{"package": {"name": "uno-conv",
        "ecosystem": "PyPI"}, "versions": ["0.8", "0.6"], "ranges": [{"type": "ECOSYSTEM",
        "events": [{"introduced": "0"}, {"fixed": "0.9.0"}]}]}]}"#;
    let from_yaml = read("a.yaml", YAML);
    assert_eq!(from_yaml.problems, []);
    assert_eq!(from_yaml, read("a.json", json));
    let record = &from_yaml.records[0];
    assert_eq!(record.weaknesses[0].id, "CVE-2019-17400");
    assert_eq!(record.weaknesses[0].aliases, ["PYSEC-2019-213"]);
    let row = &record.affected[0];
    assert_eq!(
        (row.package.as_str(), row.state),
        ("uno-conv", State::Fixed)
    );
    assert!(row.versions.is_empty(), "they lie in the range");
    assert_eq!(
        row.ranges,
        [Range {
            introduced: None,
            end: End::Fixed("0.9.0".to_owned())
        }]
    );
}

// After ALSA-2024:3128 and ALBA-2019:3542, shortened; the versions are made up.
#[test]
fn bulletins_of_rebuilds_have_weaknesses_rating_and_module() {
    let record = |id: &str, summary: &str| {
        let text = format!(
            "{{\"id\": \"{id}\", \"summary\": \"{summary}\", \"related\": [\"CVE-2023-47038\"], \
             \"affected\": [{{\"package\": {{\"ecosystem\": \"AlmaLinux:8\", \"name\": \"perl\"}}, \
             \"ranges\": [{{\"type\": \"ECOSYSTEM\", \"events\": [{{\"introduced\": \"0\"}}, \
             {{\"fixed\": \"4:5.32.1-473.module_el8.10.0+3810+6e5bc1b5\"}}]}}]}}]}}"
        );
        read("a.json", &text).records.remove(0)
    };
    let security = record("ALSA-2024:3128", "Moderate: perl:5.32 security update");
    assert_eq!(security.weaknesses[0].id, "CVE-2023-47038");
    assert_eq!(security.severity, Severity::Medium);
    assert_eq!(security.affected[0].module, "perl:5.32");
    let other = read(
        "a.json",
        r#"{"id": "ALBA-2019:3542", "summary": "python-dmidecode bug fix update",
            "affected": [{"package": {"ecosystem": "AlmaLinux:8", "name": "python3-dmidecode"}}]}"#,
    );
    assert!(
        other
            .records
            .iter()
            .all(|record| record.affected.is_empty())
    );
}

#[test]
fn ratings_come_from_words_and_vectors() {
    let rated = |members: &str, affected: &str| {
        let text = format!(
            "{{\"id\": \"X-1\", {members} \"affected\": [{{\"package\": {{\"ecosystem\": \
             \"Debian:10\", \"name\": \"a\"}} {affected}}}]}}"
        );
        let parsed = read("a.json", &text);
        assert_eq!(parsed.problems, []);
        let record = &parsed.records[0];
        (
            record.severity,
            record.affected[0].severity,
            record.affected[0].state,
        )
    };
    use Severity::*;
    let specific = r#""database_specific": {"severity": "MODERATE", "cwe_ids": []},"#;
    assert_eq!(rated(specific, ""), (Medium, Unknown, State::Affected));
    let odd = r#""database_specific": {"severity": ["x"], "url": null},"#;
    assert_eq!(rated(odd, ""), (Unknown, Unknown, State::Affected));
    let urgency = r#", "ecosystem_specific": {"urgency": "unimportant"}"#;
    assert_eq!(rated("", urgency), (Unknown, Negligible, State::Affected));
    let dead = r#", "ecosystem_specific": {"urgency": "end-of-life"}"#;
    assert_eq!(rated("", dead), (Unknown, Unknown, State::EndOfLife));
}

#[test]
fn a_broken_record_in_a_list_leaves_the_others() {
    let parsed = read(
        "all.json",
        "[{\"id\": \"X-1\"},\n{\"id\": 7},\n{\"id\": \"\"}, {\"id\": \"X-2\"}]",
    );
    assert_eq!(parsed.records.len(), 2);
    let places: Vec<_> = parsed
        .problems
        .iter()
        .map(|one| one.place.as_str())
        .collect();
    assert_eq!(
        places,
        ["osv-misc/all.json: line 2", "osv-misc/all.json: line 3"]
    );
    assert!(!parsed.failed);
}

#[test]
fn parts_that_cannot_be_read_are_named() {
    let parsed = read(
        "a.json",
        r#"{"id": "X-1", "modified": "yesterday", "affected": [
        {"package": {"ecosystem": "npm", "name": ""}},
        {"package": {"ecosystem": "npm", "name": "git"}, "ranges": [{"type": "GIT", "events": []}]},
        {"package": {"ecosystem": "npm", "name": "odd"}, "ranges": [{"type": "SEMVER", "events": [{}]}]},
        {"package": {"ecosystem": "OSS-Fuzz", "name": "x"}, "ranges": [{"type": "GIT", "events": []}]},
        {"package": {"ecosystem": "", "name": "x"}}, {},
        {"package": {"ecosystem": "npm", "name": "good"}}]}"#,
    );
    assert_eq!(parsed.problems.len(), 4);
    assert_eq!(parsed.records[0].affected.len(), 1);
}

// After CURL-CVE-2000-0973, GHSA-c2q3-4qrh-fm48 and HSEC-2025-0001.
#[test]
fn what_is_no_package_of_ours_is_kept() {
    let rows = |affected: &str| {
        let parsed = read(
            "a.json",
            &format!("{{\"id\": \"X-1\", \"affected\": [{affected}]}}"),
        );
        assert_eq!(parsed.problems, [], "{affected}");
        let row = |row: &crate::Affected| {
            let ranges = crate::feed::interval::shown(&row.ranges);
            let versions = row.versions.join(",");
            format!("{} {} {ranges} {versions}", row.ecosystem, row.package)
        };
        let rows: Vec<_> = parsed.records[0].affected.iter().map(row).collect();
        rows.join("; ")
    };
    let range = r#""ranges": [{"type": "SEMVER", "events": [{"introduced": "6.0"}, {"fixed": "7.4.1"}]},
        {"type": "GIT", "repo": "https://github.com/curl/curl.git", "events": [{"introduced": "a"}]}]"#;
    for (affected, expected) in [
        (format!("{{{range}}}"), "git github.com/curl/curl [6.0..7.4.1) "),
        (format!("{{{range}, \"package\": {{\"ecosystem\": \"GHC\", \"name\": \"ghc\"}}}}"),
         "ghc ghc [6.0..7.4.1) "),
        (r#"{"ranges": [{"type": "GIT", "repo": "https://a/b", "events": [{"introduced": "0"}]}],
            "versions": ["v2", "v1"]}"#.to_owned(), "git a/b  v1,v2"),
        (r#"{"ranges": [{"type": "GIT", "repo": "https://a/b", "events": [{"introduced": "0"}]}]}"#
            .to_owned(), ""),
        (r#"{"ranges": [{"type": "GIT", "repo": "nowhere", "events": []}], "versions": ["1"]}"#
            .to_owned(), ""),
    ] {
        assert_eq!(rows(&affected), expected, "{affected}");
    }
    let bounded = |events: &str, last: &str| {
        rows(&format!(
            "{{\"package\": {{\"ecosystem\": \"Maven\", \"name\": \"a:b\"}}, \"ranges\": [{{\"type\": \
             \"ECOSYSTEM\", \"events\": {events}}}], \"database_specific\": {{\
             \"last_known_affected_version_range\": {last}}}}}"
        ))
    };
    let open = r#"[{"introduced": "1"}]"#;
    let closed = r#"[{"introduced": "1"}, {"fixed": "2.1"}]"#;
    assert_eq!(bounded(open, "\"<= 2.0\""), "maven a:b [1..2.0] ");
    assert_eq!(bounded(open, "\"< 2.0\""), "maven a:b [1..2.0| ");
    assert_eq!(bounded(open, "\"2.0\""), "maven a:b [1..) ");
    assert_eq!(bounded(open, "7"), "maven a:b [1..) ");
    assert_eq!(bounded(closed, "\"<= 2.0\""), "maven a:b [1..2.1) ");
}

#[test]
fn garbage_is_a_problem_and_no_record() {
    let deep = "[".repeat(10_000);
    let deep_yaml = "- ".repeat(10_000);
    for (path, text) in [
        ("a.json", ""),
        ("a.json", "{"),
        ("a.json", "\u{0}\u{1}"),
        ("a.json", "{\"id\": \"X\", \"affected\": 7}"),
        ("a.json", "[{]"),
        ("a.json", deep.as_str()),
        ("a.yaml", "id: [\n"),
        ("a.yaml", "- a\n- b\n"),
        ("a.yaml", deep_yaml.as_str()),
    ] {
        let parsed = read(path, text);
        assert!(
            parsed.records.is_empty() && !parsed.problems.is_empty(),
            "{path} {text:.20}"
        );
    }
    for end in 0..YAML.len() {
        read("a.yaml", YAML.get(..end).unwrap_or_default());
    }
}
