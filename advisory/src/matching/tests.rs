use model::{Package, PackageType, Severity, Source, Status, Stream, distro};

use super::*;
use crate::{Builder, FeedFile, Limits};

/// A database of `(source/path, text)` files.
pub(crate) fn database(files: &[(&str, &str)]) -> Database {
    let mut builder = Builder::new(Limits::default());
    for (path, text) in files {
        let (source, path) = path.split_once('/').unwrap();
        let file = FeedFile::plain(source, path, text.as_bytes());
        builder.add_file(&file).unwrap();
    }
    Database::open(builder.finish()).unwrap()
}

/// `debian:10 libssl1.1 1.1.1d-0 openssl 1.1.1d-0` and the like; `npm a 1` for languages.
pub(crate) fn matchable(text: &str) -> Matchable {
    let mut words = text.split(' ');
    let stream = words.next().unwrap();
    let name = words.next().unwrap().to_owned();
    let version = words.next().unwrap().to_owned();
    let source = words.next().map(|name| Source {
        name: name.to_owned(),
        version: words.next().unwrap().to_owned(),
    });
    let (kind, stream) = match stream.split_once(':') {
        Some((id, line)) => {
            let kind = distro::row(id).map_or(PackageType::Rpm, |row| row.kind);
            (kind, Some(Stream::new(id, line)))
        }
        None => (stream.parse().unwrap(), None),
    };
    Matchable {
        stream,
        channels: Vec::new(),
        package: Package {
            source,
            ..Package::new(kind, name, version)
        },
        ownership: model::Ownership::Own,
    }
}

pub(crate) fn told(assessment: &Assessment) -> String {
    let finding = |one: &Finding| {
        format!(
            "{} {} {} [{}] ({}) {}:{}",
            one.id,
            one.status,
            one.severity,
            one.fixed_in.join(" "),
            one.aliases.join(" "),
            one.advisory.source,
            one.advisory.id
        )
    };
    let gap = |gap: &Gap| format!("gap {}", gap.kind);
    let all: Vec<_> = assessment
        .findings
        .iter()
        .map(finding)
        .chain(assessment.gaps.iter().map(gap))
        .collect();
    all.join("\n")
}

#[track_caller]
fn check(files: &[(&str, &str)], package: &str, expected: &str) {
    let database = database(files);
    assert_eq!(told(&assess(&matchable(package), &database)), expected);
}

fn secdb(text: &str) -> String {
    format!(
        "{{\"distroversion\": \"v3.12\", \"reponame\": \"main\", \"packages\": [{{\"pkg\": \
         {{\"name\": \"openssl\", \"secfixes\": {{{text}}}}}}}]}}"
    )
}

// After secdb.alpinelinux.org, v3.12/main.json, 2021-03.
#[test]
fn alpine_is_matched_by_origin() {
    let text = secdb(
        r#""1.1.1j-r0": ["CVE-2021-23839", "CVE-2021-23840"], "1.1.1k-r0": ["CVE-2021-3449"],
           "0": ["CVE-2021-0001"], "1.1.1_x": ["CVE-2021-0002"]"#,
    );
    let files = [("alpine/main.json", text.as_str())];
    let two = "CVE-2021-3449 fixed unknown [1.1.1k-r0] () alpine:CVE-2021-3449\ngap undecided";
    check(
        &files,
        "alpine:3.12 libssl1.1 1.1.1j-r0 openssl 1.1.1j-r0",
        two,
    );
    let database = database(&files);
    let all = assess(
        &matchable("alpine:3.12 libssl1.1 1.1.1i-r0 openssl 1.1.1i-r0"),
        &database,
    );
    assert_eq!(all.findings.len(), 3);
    let gap = &all.gaps[0].detail;
    for word in [
        "libssl1.1",
        "1.1.1i-r0",
        "CVE-2021-0002",
        "1.1.1_x",
        "alpine",
    ] {
        assert!(gap.contains(word), "{gap}");
    }
    let finding = &all.findings[0];
    assert_eq!(finding.package.name, "libssl1.1");
    assert_eq!(
        finding.purl.as_deref(),
        Some("pkg:apk/alpine/libssl1.1@1.1.1i-r0?distro=alpine-3.12")
    );
    check(
        &files,
        "alpine:3.13 libssl1.1 1.1.1i-r0 openssl 1.1.1i-r0",
        "",
    );
    check(&files, "alpine:3.12 libssl1.1 1.1.1i-r0", "");
}

// After data/DSA/list, 2023-04-02: xen's DSA-5378, expat's DSA-5085; versions of buster.
const LIST: &str = "[25 Mar 2023] DSA-5378-1 xen - security update\n\
    \t{CVE-2022-23824 CVE-2022-42331}\n\t[bullseye] - xen 4.14.5+94-1\n\
    [13 Mar 2022] DSA-5085-2 expat - regression update\n\t[bullseye] - expat 2.2.6-2+deb10u4\n\
    [22 Feb 2022] DSA-5085-1 expat - security update\n\t{CVE-2022-25235}\n\
    \t[bullseye] - expat 2.2.6-2+deb10u3\n\
    [01 Feb 2022] DSA-5000-1 expat - security update\n\t{CVE-2022-25235}\n\
    \t[bullseye] - expat 2.2.6-2+deb10u2\n";

#[test]
fn a_bulletin_is_an_alias_of_each_of_its_weaknesses() {
    let files = [("debian/data/DSA/list", LIST)];
    check(
        &files,
        "debian:11 xen-utils 4.14.5-1 xen 4.14.5-1",
        "CVE-2022-23824 fixed unknown [4.14.5+94-1] (DSA-5378-1) debian:DSA-5378-1\n\
         CVE-2022-42331 fixed unknown [4.14.5+94-1] (DSA-5378-1) debian:DSA-5378-1",
    );
    check(
        &files,
        "debian:11 xen-utils 4.14.5+94-1 xen 4.14.5+94-1",
        "",
    );
    check(&files, "debian:12 xen-utils 4.14.5-1 xen 4.14.5-1", "");
}

#[test]
fn the_highest_fix_decides() {
    let files = [("debian/data/DSA/list", LIST)];
    check(
        &files,
        "debian:11 libexpat1 2.2.6-2+deb10u1 expat 2.2.6-2+deb10u1",
        "CVE-2022-25235 fixed unknown [2.2.6-2+deb10u3] (DSA-5000-1 DSA-5085-1) debian:DSA-5085-1\n\
         DSA-5085-2 fixed unknown [2.2.6-2+deb10u4] () debian:DSA-5085-2",
    );
    let fixed = "debian:11 libexpat1 2.2.6-2+deb10u2 expat 2.2.6-2+deb10u2";
    let all = assess(&matchable(fixed), &database(&files));
    assert!(
        all.findings
            .iter()
            .any(|finding| finding.id == "CVE-2022-25235")
    );
}

// After security-tracker.debian.org/tracker/data/json, 2022-08, with states of other packages.
#[test]
fn each_state_of_the_tracker_has_its_answer() {
    for (release, expected) in [
        (r#""status": "open", "urgency": "low""#, "affected low []"),
        (
            r#""status": "open", "urgency": "unimportant", "nodsa_reason": "ignored""#,
            "will_not_fix negligible []",
        ),
        (
            r#""status": "open", "urgency": "end-of-life""#,
            "end_of_life unknown []",
        ),
        (
            r#""status": "open", "urgency": "not yet assigned", "nodsa_reason": "postponed""#,
            "affected unknown []",
        ),
        (
            r#""status": "undetermined", "urgency": "high""#,
            "under_investigation high []",
        ),
        (
            r#""status": "resolved", "fixed_version": "2.0-1", "urgency": "medium""#,
            "fixed medium [2.0-1]",
        ),
        (
            r#""status": "resolved", "fixed_version": "1.0-1", "urgency": "medium""#,
            "",
        ),
        (
            r#""status": "resolved", "fixed_version": "0", "urgency": "medium""#,
            "",
        ),
    ] {
        let text = format!(
            "{{\"expat\": {{\"CVE-2022-25235\": {{\"releases\": {{\"bullseye\": {{{release}}}}}}}}}}}"
        );
        let expected = match expected {
            "" => String::new(),
            said => format!("CVE-2022-25235 {said} () debian:CVE-2022-25235"),
        };
        check(
            &[("debian/json", &text)],
            "debian:11 expat 1.5-1 expat 1.5-1",
            &expected,
        );
    }
}

#[test]
fn not_affected_sets_a_bulletin_of_the_same_source_right() {
    let json = r#"{"expat": {"CVE-2022-25235": {"releases": {"bullseye":
        {"status": "resolved", "fixed_version": "0", "urgency": "low"}}}}}"#;
    let files = [("debian/json", json), ("debian/data/DSA/list", LIST)];
    check(
        &files,
        "debian:11 expat 2.2.6-2+deb10u3 expat 2.2.6-2+deb10u3",
        "DSA-5085-2 fixed unknown [2.2.6-2+deb10u4] () debian:DSA-5085-2",
    );
}

fn osv(id: &str, aliases: &str, ecosystem: &str, events: &str) -> String {
    format!(
        "{{\"id\": \"{id}\", \"aliases\": [{aliases}], \"database_specific\": {{\"severity\": \
         \"HIGH\"}}, \"affected\": [{{\"package\": {{\"ecosystem\": \"{ecosystem}\", \"name\": \
         \"expat\"}}, \"ranges\": [{{\"type\": \"ECOSYSTEM\", \"events\": [{events}]}}]}}]}}"
    )
}

#[test]
fn the_distributions_own_word_goes_first() {
    let cve = "\"CVE-2022-25235\"";
    let theirs = osv(
        "DLA-1",
        cve,
        "Debian:11",
        r#"{"introduced": "0"}, {"fixed": "9"}"#,
    );
    let other = osv("X-1", "", "Debian:11", r#"{"introduced": "0"}"#);
    let own = |version: &str| {
        format!(
            "{{\"expat\": {{\"CVE-2022-25235\": {{\"releases\": {{\"bullseye\": {{\"status\": \
             \"resolved\", \"fixed_version\": \"{version}\", \"urgency\": \"low\"}}}}}}}}}}"
        )
    };
    let package = "debian:11 expat 2 expat 2";
    let both = |version: &str, expected: &str| {
        let own = own(version);
        let files = [
            ("debian/json", own.as_str()),
            ("osv/1.json", theirs.as_str()),
            ("osv/2.json", other.as_str()),
        ];
        check(&files, package, expected);
    };
    let other_finding = "X-1 affected high [] () osv:X-1";
    both("0", other_finding);
    both("1", other_finding);
    both(
        "3",
        "X-1 affected high [] () osv:X-1\n\
         CVE-2022-25235 fixed low [3] (DLA-1) debian:CVE-2022-25235",
    );
    // Where its own word cannot be compared, the others are heard.
    both(
        "x:1",
        "X-1 affected high [] () osv:X-1\n\
         CVE-2022-25235 fixed low [9] (DLA-1) osv:DLA-1",
    );
    let alone = [("osv/1.json", theirs.as_str())];
    check(
        &alone,
        package,
        "CVE-2022-25235 fixed high [9] (DLA-1) osv:DLA-1",
    );
}

#[test]
fn names_join_records_but_never_two_cves() {
    let all = r#"{"introduced": "0"}"#;
    let files = [
        osv("GHSA-1", "\"CVE-2020-0001\", \"XSA-1\"", "Debian:11", all),
        osv("PYSEC-1", "\"GHSA-1\"", "Debian:11", all),
        osv("GO-1", "\"PYSEC-1\"", "Debian:11", all),
        osv("CVE-2020-0002", "\"XSA-1\"", "Debian:11", all),
        osv("LONE-1", "", "Debian:11", all),
    ];
    let named: Vec<_> = [
        "osv/1.json",
        "osv/2.json",
        "osv/3.json",
        "osv/4.json",
        "osv/5.json",
    ]
    .into_iter()
    .zip(files.iter().map(String::as_str))
    .collect();
    check(
        &named,
        "debian:11 expat 1 expat 1",
        "CVE-2020-0001 affected high [] (GHSA-1 GO-1 PYSEC-1 XSA-1) osv:GHSA-1\n\
         CVE-2020-0002 affected high [] (XSA-1) osv:CVE-2020-0002\n\
         LONE-1 affected high [] () osv:LONE-1",
    );
}

#[test]
fn withdrawn_records_find_nothing() {
    let text = osv("X-1", "", "Debian:11", r#"{"introduced": "0"}"#);
    let withdrawn = text.replacen('{', "{\"withdrawn\": \"2025-07-18T16:42:37Z\", ", 1);
    check(&[("osv/1.json", &withdrawn)], "debian:11 expat 1", "");
}

// After the OSV export of Ubuntu, UBUNTU-CVE-2005-1515, 2025-07.
#[test]
fn a_fix_in_a_channel_counts_for_those_who_use_it() {
    let pro = osv(
        "X-1",
        "",
        "Ubuntu:Pro:14.04:LTS",
        r#"{"introduced": "0"}, {"fixed": "2+esm1"}"#,
    );
    let files = [("osv/1.json", pro.as_str())];
    check(
        &files,
        "ubuntu:14.04 expat 1",
        "X-1 affected high [] () osv:X-1",
    );
    let mut user = matchable("ubuntu:14.04 expat 1");
    user.channels = vec!["esm-infra".into()];
    let told_to_user = told(&assess(&user, &database(&files)));
    assert_eq!(told_to_user, "X-1 fixed high [2+esm1] () osv:X-1");
    // Where the main channel has a word, the other's is not heard by those who do not use it.
    let main = osv(
        "X-1",
        "",
        "Ubuntu:14.04:LTS",
        r#"{"introduced": "0"}, {"fixed": "1"}"#,
    );
    check(
        &[files[0], ("osv/2.json", &main)],
        "ubuntu:14.04 expat 1",
        "",
    );
}

#[test]
fn languages_match_ranges_and_listed_versions_by_their_own_order() {
    let listed = r#"{"id": "GHSA-1", "affected": [{"package": {"ecosystem": "PyPI", "name": "Django"},
        "versions": ["1.0", "2004d", "3.0"], "ranges": [{"type": "ECOSYSTEM", "events":
        [{"introduced": "0"}, {"fixed": "1.1"}]}]}]}"#;
    let files = [("osv/1.json", listed)];
    let fixed = "GHSA-1 fixed unknown [1.1] () osv:GHSA-1";
    let affected = "GHSA-1 affected unknown [] () osv:GHSA-1";
    for (package, expected) in [
        ("pypi django 1.0", fixed),
        ("pypi django 1.0.1", fixed),
        ("pypi django 1.1rc1", fixed),
        ("pypi django 1.1", ""),
        ("pypi django 1.1.0", ""),
        ("pypi django 1.10", ""),
        ("pypi django 2004d", affected),
        ("pypi django 3.0.0", affected),
        ("pypi django 2004e", "gap undecided"),
        ("npm django 1.0", ""),
        ("debian:11 django 1.0", ""),
    ] {
        check(&files, package, expected);
    }
}

#[test]
fn the_last_affected_version_is_so_in_each_of_its_builds() {
    let record = r#"{"id": "GHSA-1", "affected": [{"package": {"ecosystem": "PyPI", "name": "torch"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"},
        {"last_affected": "2.0.0"}]}]}]}"#;
    let files = [("osv/1.json", record)];
    let affected = "GHSA-1 affected unknown [] () osv:GHSA-1";
    check(&files, "pypi torch 2.0.0+cu118", affected);
    check(&files, "pypi torch 2.0.1+cu118", "");
}

#[test]
fn a_distributions_package_without_a_stream_matches_nothing() {
    let mut package = matchable("debian:11 xen-utils 4.14.5-1 xen 4.14.5-1");
    package.stream = None;
    let all = assess(&package, &database(&[("debian/data/DSA/list", LIST)]));
    assert_eq!(all, Assessment::default());
}

#[test]
fn bounds_decide_alone_where_they_can() {
    let range = |introduced, end| Range { introduced, end };
    let inside = |range: Range<&str>, version| within(Scheme::Dpkg, &range, version).ok();
    assert_eq!(inside(range(Some("1"), End::Fixed("2")), "1"), Some(true));
    assert_eq!(inside(range(Some("1"), End::Fixed("2")), "2"), Some(false));
    assert_eq!(inside(range(Some("1"), End::Last("2")), "2"), Some(true));
    assert_eq!(inside(range(Some("1"), End::Limit("2")), "2"), Some(false));
    assert_eq!(inside(range(None, End::Never), "x:1"), Some(true));
    assert_eq!(
        inside(range(Some("x:1"), End::Fixed("2")), "2"),
        Some(false)
    );
    assert_eq!(inside(range(Some("x:1"), End::Fixed("2")), "1"), None);
    assert_eq!(inside(range(None, End::Fixed("2")), ""), None);
}

#[test]
fn severities_and_states_are_as_the_tables_say() {
    let database = database(&[("debian/data/DSA/list", LIST)]);
    let all = assess(&matchable("debian:11 xen 4.14.5-1 xen 4.14.5-1"), &database);
    assert_eq!(all.findings[0].severity, Severity::Unknown);
    assert_eq!(all.findings[0].status, Status::Fixed);
    let address = "https://security-tracker.debian.org/tracker/DSA-5378-1";
    assert_eq!(all.findings[0].advisory.url.as_deref(), Some(address));
    assert_eq!(all.findings[0].description, "xen - security update");
}

// After OSV records of 2025: a weakness in the records of several publishers, with scores of their
// own, and a bulletin on two weaknesses.
#[test]
fn the_score_is_the_highest_of_the_weakness_and_the_date_the_earliest() {
    let vector = |kind: &str| match kind {
        "7.5" => r#"{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}"#,
        "5.5" => r#"{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H"}"#,
        "old" => r#"{"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:C/I:C/A:C"}"#,
        _ => "",
    };
    // `id aliases vector published`, or `in package` before the vector.
    let record = |text: &str| {
        let words: Vec<_> = text.split(' ').collect();
        let (one, all) = match words[2].split_once('/') {
            Some(("package", kind)) => (vector(kind), ""),
            _ => ("", vector(words[2])),
        };
        let aliases = words[1].replace(',', "\", \"");
        format!(
            r#"{{"id": "{}", "aliases": ["{aliases}"], "severity": [{all}],
               "published": "{}T00:00:00Z", "affected": [{{"package": {{"ecosystem": "npm",
               "name": "a"}}, "severity": [{one}]}}]}}"#,
            words[0], words[3]
        )
    };
    let cve = "CVE-2020-0001";
    for (records, expected) in [
        (
            &["G-1 CVE-2020-0001 none 2020-01-02"][..],
            "none 2020-01-02",
        ),
        (&["G-1 CVE-2020-0001 7.5 0001-01-01"], "7.5 none"),
        (&["G-1 CVE-2020-0001 old 2020-01-02"], "10.0 2020-01-02"),
        (
            &["G-1 CVE-2020-0001 package/5.5 2020-01-02"],
            "5.5 2020-01-02",
        ),
        (
            &[
                "G-1 CVE-2020-0001 5.5 2020-01-02",
                "H-1 CVE-2020-0001 7.5 2020-01-03",
                "I-1 CVE-2020-0001 old 2020-01-01",
            ],
            "7.5 2020-01-01",
        ),
        (
            &[
                "DSA-1 CVE-2020-0001,CVE-2020-0002 7.5 2019-01-01",
                "G-1 CVE-2020-0001 5.5 2020-01-02",
            ],
            "5.5 2019-01-01",
        ),
    ] {
        let texts: Vec<_> = records.iter().map(|text| record(text)).collect();
        let files: Vec<_> = texts
            .iter()
            .map(|text| ("osv/1.json", text.as_str()))
            .collect();
        let all = assess(&matchable("npm a 1"), &database(&files));
        let finding = all.findings.iter().find(|one| one.id == cve).unwrap();
        let none = || "none".to_owned();
        let score = finding.cvss.map_or_else(none, |score| score.to_string());
        let day = |date: jiff::Timestamp| date.strftime("%F").to_string();
        let date = finding.published.map_or_else(none, day);
        assert_eq!(format!("{score} {date}"), expected, "{records:?}");
    }
}
