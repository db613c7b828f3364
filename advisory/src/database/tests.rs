use model::{Ecosystem, Severity};

use super::*;
use crate::{Builder, End, FeedFile, Limits, Range, State};

fn file<'a>(source: &'a str, path: &'a str, text: &'a str) -> FeedFile<'a> {
    FeedFile::plain(source, path, text.as_bytes())
}

// After secdb v3.12 (2020-10) and OSV records of 2025: GHSA with several branches, Ubuntu Pro.
const SECDB: &str = r#"{"distroversion": "v3.12", "reponame": "main", "packages": [
    {"pkg": {"name": "zlib", "secfixes": {"1.2.12-r2": ["CVE-2022-37434"], "0": ["CVE-2023-6992"]}}}]}"#;
const GHSA: &str = r#"[{"id": "GHSA-jjjh-jjxp-wpff", "aliases": ["CVE-2022-42003"],
    "modified": "2025-11-19T21:55:33Z", "published": "2022-10-03T00:00:30Z",
    "summary": "Uncontrolled resource consumption",
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
    "affected": [{"package": {"ecosystem": "Maven", "name": "c:d"}, "versions": ["2.0"],
      "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "2.4.0"}, {"fixed": "2.12.7.1"}]},
                 {"type": "ECOSYSTEM", "events": [{"introduced": "2.13.0"}, {"last_affected": "2.13.4"}]},
                 {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"limit": "2.0"}]},
                 {"type": "ECOSYSTEM", "events": [{"introduced": "3"}]}]}]},
   {"id": "UBUNTU-CVE-2005-1515", "upstream": ["CVE-2005-1515"], "withdrawn": "2025-07-18T16:42:37Z",
    "severity": [{"type": "Ubuntu", "score": "medium"}],
    "affected": [{"package": {"ecosystem": "Ubuntu:Pro:14.04:LTS", "name": "netqmail"},
      "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.06-6.2"}]}],
      "ecosystem_specific": {"urgency": "low"}, "versions": ["1.06-5", "1.07"]},
     {"package": {"ecosystem": "Ubuntu:16.04:LTS", "name": "whole"}}]}]"#;

fn small() -> Vec<u8> {
    let mut builder = Builder::new(Limits::default());
    for file in [
        file("alpine", "main.json", SECDB),
        file("osv-misc", "all.json", GHSA),
    ] {
        builder.add_file(&file).unwrap();
    }
    builder.finish()
}

/// The same, opened, for the tests of a section that it lacks.
pub fn small_database() -> Database {
    Database::open(small()).unwrap()
}

fn ask(database: &Database, ecosystem: &str, name: &str) -> Vec<Result<String, Damaged>> {
    let ecosystem: Ecosystem = ecosystem.parse().unwrap();
    let shown = |hit: Hit<'_>| format!("{} {:?}", hit.source.name, hit.statement);
    database
        .lookup(&ecosystem, name)
        .take(1000)
        .map(|hit| hit.map(shown))
        .collect()
}

#[test]
fn everything_comes_back() {
    let database = Database::open(small()).unwrap();
    database.verify().unwrap();
    let maven = "maven".parse().unwrap();
    let hits: Vec<_> = database.lookup(&maven, "c:d").collect();
    let statement = &hits[0].as_ref().unwrap().statement;
    assert_eq!(statement.versions, ["2.0"]);
    let ranges = |introduced, end| Range { introduced, end };
    let mut expected = vec![
        ranges(Some("2.4.0"), End::Fixed("2.12.7.1")),
        ranges(Some("2.13.0"), End::Last("2.13.4")),
        ranges(None, End::Limit("2.0")),
        ranges(Some("3"), End::Never),
    ];
    expected.sort();
    assert_eq!(statement.ranges, expected);
    let advisory = &statement.advisory;
    assert_eq!(
        advisory.weaknesses,
        [["CVE-2022-42003", "GHSA-jjjh-jjxp-wpff"]]
    );
    assert_eq!(advisory.severity, Severity::High);
    let score = advisory.score.unwrap();
    assert_eq!(
        (score.base.to_string().as_str(), score.modern),
        ("7.5", true)
    );
    assert_eq!(
        advisory.url,
        "https://github.com/advisories/GHSA-jjjh-jjxp-wpff"
    );
    assert_eq!(advisory.description, "Uncontrolled resource consumption");
    assert_eq!(advisory.modified, "2025-11-19T21:55:33Z".parse().ok());
    assert_eq!(advisory.published, "2022-10-03T00:00:30Z".parse().ok());

    let ubuntu = "ubuntu:14.04".parse().unwrap();
    let hits: Vec<_> = database.lookup(&ubuntu, "netqmail").collect();
    let statement = &hits[0].as_ref().unwrap().statement;
    assert!(statement.advisory.withdrawn);
    assert_eq!(
        (statement.scope.channel, statement.severity),
        ("esm", Severity::Low)
    );
    assert_eq!(statement.versions, ["1.07"], "1.06-5 lies in the range");
    assert_eq!(statement.state, State::Fixed);

    let whole = "ubuntu:16.04".parse().unwrap();
    let hits: Vec<_> = database.lookup(&whole, "whole").collect();
    assert_eq!(hits[0].as_ref().unwrap().statement.ranges, [Range::all()]);
    let alpine: Vec<_> = ask(&database, "alpine:3.12", "zlib");
    assert_eq!(alpine.len(), 2);
    for (ecosystem, name) in [
        ("alpine:3.13", "zlib"),
        ("alpine:3.12", "nosuch"),
        ("npm", "a"),
    ] {
        assert!(ask(&database, ecosystem, name).is_empty());
    }
}

const QUESTIONS: [(&str, &str); 5] = [
    ("alpine:3.12", "zlib"),
    ("maven", "c:d"),
    ("ubuntu:14.04", "netqmail"),
    ("ubuntu:16.04", "whole"),
    ("alpine:3.12", "nosuch"),
];

#[test]
fn a_file_cut_anywhere_is_refused() {
    let bytes = small();
    for length in 0..bytes.len() {
        let cut = bytes[..length].to_vec();
        assert!(Database::open(cut).is_err(), "{length}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(matches!(
        Database::open(longer),
        Err(OpenError::Length { .. })
    ));
    assert!(matches!(
        Database::open(*b"PK\x03\x04"),
        Err(OpenError::NotADatabase)
    ));
    let mut newer = bytes;
    newer[8] = 9;
    assert!(matches!(
        Database::open(newer),
        Err(OpenError::Format { found: 9, .. })
    ));
}

#[test]
fn a_flipped_bit_is_refused_or_found_by_verify() {
    let bytes = small();
    let whole = Database::open(bytes.clone()).unwrap();
    let answers = |database: &Database| QUESTIONS.map(|(one, two)| ask(database, one, two));
    let right = answers(&whole);
    for at in 0..bytes.len() {
        for bit in [0, 3, 7] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            // Neither may it panic, nor go unnoticed where it changes an answer.
            let Ok(database) = Database::open(flipped) else {
                continue;
            };
            let same = answers(&database) == right;
            assert!(same || database.verify().is_err(), "{at}");
        }
    }
}

#[test]
fn random_segments_are_read_without_harm() {
    let bytes = small();
    let start = Database::open(bytes.clone()).unwrap().sections[0].offset as usize;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..3000 {
        let mut noisy = bytes.clone();
        for _ in 0..6 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let at = start + (state >> 33) as usize % (noisy.len() - start);
            noisy[at] = (state >> 24) as u8;
        }
        if let Ok(database) = Database::open(noisy) {
            for (ecosystem, name) in QUESTIONS {
                ask(&database, ecosystem, name);
            }
            for section in &database.sections {
                let segment = database.section_bytes(section).and_then(Segment::open);
                let walked = segment.map(|segment| segment.packages().take(1000).count());
                assert!(walked.is_none_or(|count| count < 1000));
            }
        }
    }
}

#[test]
fn the_revision_follows_the_content() {
    let first = Database::open(small()).unwrap();
    assert_eq!(
        first.revision(),
        Database::open(small()).unwrap().revision()
    );
    assert_eq!(first.revision().len(), 64);
    let mut builder = Builder::new(Limits::default());
    let changed = SECDB.replace("1.2.12-r2", "1.2.12-r3");
    builder
        .add_file(&file("alpine", "main.json", &changed))
        .unwrap();
    let second = Database::open(builder.finish()).unwrap();
    assert_ne!(first.revision(), second.revision());
    let empty = Database::open(Builder::new(Limits::default()).finish()).unwrap();
    assert!(empty.sources().is_empty() && empty.built().is_none());
}

#[test]
fn many_packages_are_all_found() {
    let rows: Vec<_> = (0..5000)
        .map(|number| {
            format!("{{\"pkg\": {{\"name\": \"p{number}\", \"secfixes\": {{\"{number}-r0\": [\"CVE-2020-9490\"]}}}}}}")
        })
        .collect();
    let text = format!(
        "{{\"distroversion\": \"edge\", \"packages\": [{}]}}",
        rows.join(",")
    );
    let mut builder = Builder::new(Limits::default());
    builder
        .add_file(&file("alpine", "main.json", &text))
        .unwrap();
    let database = Database::open(builder.finish()).unwrap();
    for number in 0..5000 {
        assert_eq!(
            ask(&database, "alpine:edge", &format!("p{number}")).len(),
            1
        );
    }
    assert!(ask(&database, "alpine:edge", "p5000").is_empty());
}

#[test]
fn a_flipped_bit_is_never_an_answer() {
    let whole = tests_database();
    let told = |database: &Database| -> Result<String, String> {
        let mut lines = Vec::new();
        for package in ["zlib", "openssl", "busybox", "nothing"] {
            let ecosystem = "alpine:3.12".parse().unwrap();
            for hit in database.lookup(&ecosystem, package) {
                let hit = hit.map_err(|damaged| damaged.to_string())?;
                lines.push(format!("{:?}", hit.statement));
            }
        }
        let known = database.exploitation("CVE-2022-37434");
        lines.push(format!(
            "{:?}",
            known.map_err(|damaged| damaged.to_string())?
        ));
        Ok(lines.join("\n"))
    };
    let sound = told(&Database::open(whole.clone()).unwrap()).unwrap();
    let mut noticed = 0;
    for byte in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[byte] ^= 4;
        match Database::open(flipped).map(|database| told(&database)) {
            Ok(Ok(answer)) => assert_eq!(answer, sound, "byte {byte}"),
            Ok(Err(_)) | Err(_) => noticed += 1,
        }
    }
    assert!(noticed > whole.len() / 2, "{noticed} of {}", whole.len());
}

/// Alpine's secdb with a few packages, and a listed weakness.
fn tests_database() -> Vec<u8> {
    let secdb = r#"{"distroversion": "v3.12", "reponame": "main", "packages": [
        {"pkg": {"name": "zlib", "secfixes": {"1.2.12-r2": ["CVE-2022-37434"]}}},
        {"pkg": {"name": "busybox", "secfixes": {"1.31-r2": ["CVE-2022-28391"]}}},
        {"pkg": {"name": "openssl", "secfixes": {"1.1.1j-r0": ["CVE-2021-23839"]}}}]}"#;
    let kev = r#"{"dateReleased": "2026-01-01T00:00:00Z",
        "vulnerabilities": [{"cveID": "CVE-2022-37434", "dateAdded": "2026-01-01"}]}"#;
    let mut builder = crate::Builder::new(crate::Limits::default());
    for (source, path, text) in [
        ("alpine", "v3.12/main.json", secdb),
        ("cisa-kev", "known_exploited_vulnerabilities.json", kev),
    ] {
        let file = crate::FeedFile::plain(source, path, text.as_bytes());
        builder.add_file(&file).unwrap();
    }
    builder.finish()
}
