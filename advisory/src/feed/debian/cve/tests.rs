// The inputs are written after entries of data/CVE/list of 2005, 2021 and 2023, shortened.
use super::super::FEED;
use super::*;
use crate::matching::{assess, tests::database, tests::matchable};

fn read(text: &str) -> Parsed {
    read_within(text, &Limits::default())
}

fn read_within(text: &str, limits: &Limits) -> Parsed {
    FEED.read(
        &FeedFile::plain("debian", "data/CVE/list", text.as_bytes()),
        limits,
    )
}

/// What is said in some releases, a line each.
fn told(parsed: &Parsed, codenames: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    for record in &parsed.records {
        for codename in codenames {
            let stream = known(codename).unwrap().to_string();
            for row in record.affected.iter().filter(|row| row.ecosystem == stream) {
                let ends = row.ranges.iter().map(|range| match &range.end {
                    End::Fixed(version) => format!(" fixed {version}"),
                    End::Limit(version) => format!(" before {version}"),
                    End::Never | End::Last(_) => " ?".to_owned(),
                });
                let (id, package, state) = (&record.id, &row.package, row.state);
                let (channel, severity) = (&row.channel, row.severity);
                let ends = ends.collect::<String>();
                lines.push(format!(
                    "{id} {package} {codename}:{channel} {state:?} {severity:?}{ends}"
                ));
            }
        }
    }
    lines
}

const LIST: &str = "CVE-2021-36367 (PuTTY through 0.75 proceeds with a session even if i ...)\n\
    \x20       - putty 0.75-3 (low; bug #990901)\n\
    \x20       [bullseye] - putty <no-dsa> (Minor issue)\n\
    \x20       [buster] - putty <ignored> (Minor issue; too late)\n\
    \n\
    CVE-2023-5849 (Integer overflow in USB in Google Chrome ...)\n\
    \t{DSA-5546-1}\n\
    \t- chromium 119.0.6045.105-1\n\
    \t[buster] - chromium <end-of-life> (see DSA 5046)\n\
    \t- qtwebengine <unfixed> (unimportant)\n\
    \t[bullseye] - qtwebengine 5.15.2-1+deb11u1 (medium)\n\
    \t[experimental] - qtwebengine 6.0-1\n\
    \tNOTE: https://example.org/ - not a package\n\
    CVE-2023-32508 (Improper Neutralization ...)\n\
    \tNOT-FOR-US: a plugin\n\
    CVE-2023-46517\n\
    \tREJECTED\n\
    CVE-2023-46518\n\
    \tRESERVED\n\
    \t- a <itp> (bug #1)\n";

#[test]
fn a_release_without_a_line_has_what_unstable_has() {
    let parsed = read(LIST);
    assert_eq!(parsed.problems, []);
    let lines = told(&parsed, &["buster", "bullseye", "bookworm", "forky", "sid"]);
    let expected = [
        "CVE-2021-36367 putty buster: WillNotFix Low before 0.75-3",
        "CVE-2021-36367 putty bullseye: Deferred Low before 0.75-3",
        "CVE-2021-36367 putty bookworm:sid Fixed Low fixed 0.75-3",
        "CVE-2021-36367 putty forky: Fixed Low fixed 0.75-3",
        "CVE-2021-36367 putty sid: Fixed Low fixed 0.75-3",
        "CVE-2023-5849 chromium buster: EndOfLife Unknown",
        "CVE-2023-5849 chromium bullseye:sid Fixed Unknown fixed 119.0.6045.105-1",
        "CVE-2023-5849 chromium bookworm:sid Fixed Unknown fixed 119.0.6045.105-1",
        "CVE-2023-5849 chromium forky: Fixed Unknown fixed 119.0.6045.105-1",
        "CVE-2023-5849 chromium sid: Fixed Unknown fixed 119.0.6045.105-1",
        "CVE-2023-5849 qtwebengine buster:sid Affected Negligible",
        "CVE-2023-5849 qtwebengine bullseye: Fixed Medium fixed 5.15.2-1+deb11u1",
        "CVE-2023-5849 qtwebengine bookworm:sid Affected Negligible",
        "CVE-2023-5849 qtwebengine forky: Affected Negligible",
        "CVE-2023-5849 qtwebengine sid: Affected Negligible",
    ];
    assert_eq!(lines, expected);
    let first = &parsed.records[0];
    assert_eq!(
        first.description,
        "PuTTY through 0.75 proceeds with a session even if i ..."
    );
    assert_eq!(
        first.url,
        "https://security-tracker.debian.org/tracker/CVE-2021-36367"
    );
    assert_eq!(first.affected.len(), releases());
}

fn releases() -> usize {
    distro::row("debian").unwrap().releases.len()
}

#[test]
fn every_state_is_read() {
    let text = "CVE-2005-1234 [text]\n\
        \t[bookworm] - only 1.0-1+deb12u1\n\
        \t- gone <removed>\n\t[bookworm] - gone <postponed> (x)\n\
        \t- clear <not-affected> (no such code)\n\t[bookworm] - clear <no-dsa> (x)\n\
        \t- odd <undetermined>\n\t[bookworm] - odd <unfixed>\n\
        \t- old\n\t[bookworm] - old <not-affected> (x)\n\
        \t- both 2-1\n\t[bookworm] - both <no-dsa> (x)\n\t[bookworm] - both 1-2\n\
        \t- twice 2-1 (high)\n\t- twice 3-1\n\tREJECTED\n";
    let parsed = read(text);
    assert_eq!(parsed.problems, []);
    assert!(parsed.records.iter().all(|record| record.withdrawn));
    let expected = [
        "only bookworm: Fixed Unknown fixed 1.0-1+deb12u1",
        "gone bookworm: Deferred Unknown",
        "gone sid: Affected Unknown",
        "clear bookworm: Deferred Unknown",
        "clear sid: NotAffected Unknown",
        "odd bookworm: Affected Unknown",
        "odd sid: UnderInvestigation Unknown",
        "old bookworm: NotAffected Unknown",
        "old sid: Affected Unknown",
        "both bookworm: Fixed Unknown fixed 1-2",
        "both sid: Fixed Unknown fixed 2-1",
        "twice bookworm:sid Fixed High fixed 2-1",
        "twice bookworm:sid Fixed Unknown fixed 3-1",
        "twice sid: Fixed High fixed 2-1",
        "twice sid: Fixed Unknown fixed 3-1",
    ];
    let lines = told(&parsed, &["bookworm", "sid"]);
    assert_eq!(lines, expected.map(|line| format!("CVE-2005-1234 {line}")));
}

// The name is the tracker's own: security-tracker.debian.org/tracker/TEMP-0841856-B18BAF.
#[test]
fn what_has_no_number_yet_has_the_trackers_name() {
    let text = "CVE-2016-XXXX [Privilege escalation possible to other user than root]\n\
        \t- bash <unfixed> (low; bug #841856)\n\
        CVE-2023-XXXX [other]\n\t- vlc 3.0.20-1\n";
    let ids: Vec<String> = read(text).records.into_iter().map(|one| one.id).collect();
    assert_eq!(ids[0], "TEMP-0841856-B18BAF");
    assert!(ids[1].starts_with("TEMP-0000000-"), "{}", ids[1]);
}

/// The same facts from the export and from the list are the same statements.
#[test]
fn the_list_says_what_the_export_says() {
    let list = "CVE-2021-36373 (text)\n\t- ant <unfixed> (unimportant)\n\
        \t[bookworm] - ant <no-dsa> (Minor issue)\n\t[bullseye] - ant <ignored> (Minor issue)\n\
        \t[buster] - ant 1.10.5-2+deb10u1\n\t[stretch] - ant <end-of-life>\n";
    let export = r#"{"ant": {"CVE-2021-36373": {"description": "text", "releases": {
        "sid": {"status": "open", "urgency": "unimportant"},
        "bookworm": {"status": "open", "urgency": "unimportant", "nodsa": "x", "nodsa_reason": ""},
        "bullseye": {"status": "open", "urgency": "unimportant", "nodsa": "x",
            "nodsa_reason": "ignored"},
        "buster": {"status": "resolved", "fixed_version": "1.10.5-2+deb10u1",
            "urgency": "not yet assigned"},
        "stretch": {"status": "open", "urgency": "end-of-life"}}}}}"#;
    let file = FeedFile::plain("debian", "json", export.as_bytes());
    let export = FEED.read(&file, &Limits::default());
    let all = ["sid", "bookworm", "bullseye", "buster", "stretch"];
    assert_eq!(told(&read(list), &all), told(&export, &all));
    let (one, other) = (&read(list).records[0], &export.records[0]);
    assert_eq!(
        (&one.id, &one.weaknesses, &one.url, &one.description),
        (&other.id, &other.weaknesses, &other.url, &other.description)
    );
}

#[test]
fn lines_that_are_not_understood_are_problems_with_their_number() {
    let text = "garbage\n\t- a 1\nCVE-2023-1 (x)\nCVE-2023-5849 (x)\n\t- a <odd>\n\
        \t[nosuch] - a 1\n\t- a <no-dsa> (x)\n\tgarbage\n\t- b 1\n\
        begin claimed by jmm\n--\nend claimed by jmm\nSTOP: here\n";
    let parsed = read(text);
    let lines: Vec<_> = parsed
        .problems
        .iter()
        .filter_map(|problem| problem.place.rsplit_once(' '))
        .map(|(_, line)| line)
        .collect();
    assert_eq!(lines, ["1", "3", "5", "6", "7", "8"]);
    assert_eq!(parsed.records.len(), 1);
    assert!(!parsed.failed);
}

#[test]
fn what_is_no_list_is_a_problem_of_the_file() {
    for text in ["", "{}", "\n\n", "\u{fffd}", "\t- a 1\n"] {
        assert!(read(text).failed, "{text:?}");
    }
    let nothing = read("CVE-2023-32508 (x)\n\tNOT-FOR-US: y\n");
    assert!(!nothing.failed && nothing.records.is_empty());
}

#[test]
fn a_list_past_a_limit_is_cut_off() {
    let few = Limits {
        records: 1,
        problems: 2,
        ..Limits::default()
    };
    let text = "CVE-2023-0001 (x)\n\t- a 1\n\t- b 1\n\t- c 1\nCVE-2023-0002 (x)\n\t- a 1\n";
    let parsed = read_within(text, &few);
    assert!(parsed.failed);
    assert_eq!(parsed.problems[0].kind, ProblemKind::Limit);
    let parsed = read_within("CVE-2023-0001 (x)\na\nb\nc\nd\n", &few);
    let last = parsed.problems.last().map(ToString::to_string).unwrap();
    assert_eq!(parsed.problems.len(), 3);
    assert!(last.contains("2 more lines"), "{last}");
}

/// What is found in a package, by the files of the tracker: status and fix.
fn found(files: &[(&str, &str)], package: &str) -> Vec<String> {
    let assessment = assess(&matchable(package), &database(files));
    assert_eq!(assessment.gaps, []);
    let told =
        |one: &model::Finding| format!("{} {} [{}]", one.id, one.status, one.fixed_in.join(" "));
    assessment.findings.iter().map(told).collect()
}

#[test]
fn a_bulletin_has_the_word_on_its_release_and_unstable_on_the_others() {
    let bulletins = "[02 Nov 2023] DSA-5546-1 chromium - security update\n\t{CVE-2023-5849}\n\
        \t[bullseye] - chromium 119.0.6045.105-1~deb11u1\n";
    let files = [
        ("debian/data/CVE/list", LIST),
        ("debian/data/DSA/list", bulletins),
    ];
    for (package, expected) in [
        // The bulletin's version is older than unstable's, and has the fix.
        ("debian:11 chromium 119.0.6045.105-1~deb11u1", ""),
        (
            "debian:11 chromium 118.0-1",
            "CVE-2023-5849 fixed [119.0.6045.105-1~deb11u1]",
        ),
        ("debian:12 chromium 118.0-1", "CVE-2023-5849 affected []"),
        ("debian:12 chromium 119.0.6045.105-1", ""),
        (
            "debian:sid chromium 118.0-1",
            "CVE-2023-5849 fixed [119.0.6045.105-1]",
        ),
        ("debian:10 chromium 90.0-1", "CVE-2023-5849 end_of_life []"),
        ("debian:11 putty 0.74-1", "CVE-2021-36367 deferred []"),
        ("debian:10 putty 0.70-1", "CVE-2021-36367 will_not_fix []"),
        ("debian:12 putty 0.78-1", ""),
    ] {
        assert_eq!(found(&files, package).join("; "), expected, "{package}");
    }
}

/// Unstable never had the code: that is no word on the release that a bulletin mends.
#[test]
fn what_is_not_so_in_unstable_takes_no_bulletin_back() {
    let files = [
        (
            "debian/data/CVE/list",
            "CVE-2023-0001 (x)\n\t{DSA-5000-1}\n\t- a <not-affected> (only in stable)\n",
        ),
        (
            "debian/data/DSA/list",
            "[02 Nov 2023] DSA-5000-1 a - x\n\t{CVE-2023-0001}\n\t[bookworm] - a 1-2\n",
        ),
    ];
    assert_eq!(
        found(&files, "debian:12 a 1-1"),
        ["CVE-2023-0001 fixed [1-2]"]
    );
    assert!(found(&files, "debian:11 a 1-1").is_empty());
}

/// Of the export and the list of one source the export has the word, release by release.
#[test]
fn the_export_goes_before_the_list() {
    let export = r#"{"putty": {"CVE-2021-36367": {"description": "PuTTY through 0.75", "releases":
        {"bullseye": {"status": "resolved", "fixed_version": "0.74-1+deb11u1"},
         "bookworm": {"status": "resolved", "fixed_version": "0.75-3"}}}}}"#;
    let mut files = [("debian/json", export), ("debian/data/CVE/list", LIST)];
    for _ in 0..2 {
        let database = database(&files);
        // One record of the export, and of the list putty elsewhere, chromium and qtwebengine.
        assert_eq!(database.sources()[0].advisories, 4);
        let entries = database.records_of("CVE-2021-36367").unwrap();
        let mut rows: Vec<_> = entries
            .iter()
            .flat_map(|one| &one.rows)
            .map(|row| row.0)
            .collect();
        rows.sort_unstable();
        let all = rows.len();
        rows.dedup();
        assert_eq!((all, rows.len()), (releases(), releases()));
        for (package, expected) in [
            ("debian:11 putty 0.74-1+deb11u1", ""),
            (
                "debian:11 putty 0.74-1",
                "CVE-2021-36367 fixed [0.74-1+deb11u1]",
            ),
            ("debian:10 putty 0.70-1", "CVE-2021-36367 will_not_fix []"),
            ("debian:12 chromium 118.0-1", "CVE-2023-5849 affected []"),
        ] {
            assert_eq!(found(&files, package).join("; "), expected, "{package}");
        }
        files.reverse();
    }
}
