use super::*;
use crate::Database;

// After secdb.alpinelinux.org, v3.12, 2020-10, and the DSA list, 2023-04-02.
const MAIN: &[u8] = br#"{"distroversion": "v3.12", "reponame": "main", "packages": [
    {"pkg": {"name": "zlib", "secfixes": {"1.2.12-r2": ["CVE-2022-37434"], "0": ["CVE-2023-6992"]}}},
    {"pkg": {"name": "openssl", "secfixes": {"1.1.1j-r0": ["CVE-2021-23839", "CVE-2021-23840"]}}}]}"#;
const COMMUNITY: &[u8] = br#"{"distroversion": "v3.12", "reponame": "community", "packages": []}"#;
const DSA: &[u8] = b"[29 Mar 2023] DSA-5380-1 xorg-server - security update\n\t{CVE-2023-1393}\n\
    \t[bullseye] - xorg-server 2:1.20.11-1+deb11u6\n";
const OSV: &[u8] = br#"{"id": "PYSEC-2019-213", "modified": "2021-08-27T03:22:49Z",
    "aliases": ["CVE-2019-17400"], "affected": [{"package": {"name": "Un_oconv",
    "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"},
    {"fixed": "0.9.0"}]}], "versions": ["0.6", "0.8.2"]}]}"#;

fn files() -> Vec<FeedFile<'static>> {
    vec![
        FeedFile::plain("alpine", "v3.12/main.json", MAIN),
        FeedFile::plain("alpine", "v3.12/community.json", COMMUNITY),
        FeedFile::plain("alpine", "v3.13/main.json", b"{"),
        FeedFile::plain("debian", "data/DSA/list", DSA),
        FeedFile::plain("osv-pypi", "PYSEC-2019-213.json", OSV),
        FeedFile::plain("osv-pypi", "PYSEC-2019-214.json", b"{\"id\": 7}"),
        FeedFile::plain("osv-pypi", "INDEX.tsv", b"not read"),
    ]
}

fn build(files: &[FeedFile<'_>], limits: Limits) -> Vec<u8> {
    let mut builder = Builder::new(limits);
    for file in files {
        builder.add_file(file).unwrap();
    }
    builder.finish()
}

#[test]
fn the_order_of_files_does_not_matter() {
    let mut files = files();
    let first = build(&files, Limits::default());
    for turn in 0..files.len() {
        files.rotate_left(1);
        let swapped = turn % (files.len() - 1);
        files.swap(swapped, swapped + 1);
        assert_eq!(build(&files, Limits::default()), first, "{turn}");
    }
    // The same file once more counts once more, but says nothing more.
    let twice: Vec<_> = files.iter().chain(&files).copied().collect();
    let twice = Database::open(build(&twice, Limits::default())).unwrap();
    let once = Database::open(first).unwrap();
    assert_eq!(twice.sources()[0].rows, once.sources()[0].rows);
}

#[test]
fn sources_say_what_they_hold_and_what_they_lack() {
    let database = Database::open(build(&files(), Limits::default())).unwrap();
    let told: Vec<_> = database
        .sources()
        .iter()
        .map(|source| {
            let date = source.date.map(|date| date.to_string()).unwrap_or_default();
            let missing = source.missing.len();
            let covers = source.covers.join(" ");
            format!(
                "{} {} {date} problems {} missing {missing} covers {covers}",
                source.name, source.advisories, source.problem_count
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "alpine 4  problems 1 missing 1 covers alpine:3.12",
            "debian 1 2023-03-29T00:00:00Z problems 0 missing 1 covers debian:11",
            "osv-pypi 1 2021-08-27T03:22:49Z problems 1 missing 0 covers pypi",
        ]
    );
    assert_eq!(database.built(), "2023-03-29T00:00:00Z".parse().ok());
    let facts = database.facts();
    assert!(
        facts.sources[1].problems[0]
            .detail
            .contains("only the bulletins")
    );
    assert!(
        facts.sources[2].problems[0]
            .place
            .starts_with("osv-pypi/PYSEC-2019-214.json")
    );
}

#[test]
fn a_source_of_which_nothing_can_be_read_is_broken() {
    let mut builder = Builder::new(Limits::default());
    builder
        .add_file(&FeedFile::plain("debian", "data/DSA/list", b"?"))
        .unwrap();
    builder
        .mark_broken("osv", "the archive is cut off")
        .unwrap();
    builder.add_source("alpine").unwrap();
    assert_eq!(
        builder.add_source("nosuchsource"),
        Err(UnknownSource("nosuchsource".into()))
    );
    let names: Vec<_> = builder
        .broken_sources()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["debian", "osv"]);
    let database = Database::open(builder.finish()).unwrap();
    assert!(
        database.facts().sources[1].problems[0]
            .detail
            .contains("could not be read")
    );
}

#[test]
fn limits_are_problems_and_never_silent() {
    let osv = |id: &str, name: &str| {
        format!(
            "{{\"id\": \"{id}\", \"affected\": [{{\"package\": {{\"ecosystem\": \"npm\", \
             \"name\": \"{name}\"}}}}]}}"
        )
    };
    let long = osv("A-1", &"x".repeat(50));
    let files = [osv("A-2", "a"), osv("A-3", "b"), osv("A-4", "c")];
    let limits = Limits {
        records: 2,
        string_bytes: 49,
        ..Limits::default()
    };
    let mut builder = Builder::new(limits);
    for text in [&long].into_iter().chain(&files) {
        builder
            .add_file(&FeedFile::plain("osv-npm", "a.json", text.as_bytes()))
            .unwrap();
    }
    let database = Database::open(builder.finish()).unwrap();
    let source = &database.sources()[0];
    assert_eq!(
        (
            source.advisories,
            source.problem_count,
            source.missing.len()
        ),
        (2, 2, 1)
    );

    let limits = Limits {
        problems: 2,
        ..Limits::default()
    };
    let names: Vec<_> = (0..9).map(|number| format!("{number}.json")).collect();
    let broken: Vec<_> = names
        .iter()
        .map(|name| FeedFile::plain("osv", name, b"{"))
        .collect();
    let mut reversed = broken.clone();
    reversed.reverse();
    let bytes = build(&broken, limits);
    assert_eq!(bytes, build(&reversed, limits));
    let facts = Database::open(bytes).unwrap().facts();
    assert!(
        facts.sources[0]
            .problems
            .iter()
            .any(|one| one.detail.starts_with("7 more"))
    );
}

#[test]
fn a_source_has_no_more_entries_than_its_limit() {
    let text = "CVE-2020-1111;0.5;0.5\nCVE-2020-1112;0.5;0.5\n";
    let limits = Limits {
        records: 3,
        ..Limits::default()
    };
    let files = ["a.csv", "b.csv"].map(|path| FeedFile::plain("epss", path, text.as_bytes()));
    let database = Database::open(build(&files, limits)).unwrap();
    let source = &database.sources()[0];
    assert_eq!((source.advisories, source.problem_count), (3, 1));
    assert_eq!(source.problems[0].kind, ProblemKind::Limit);
    assert_eq!(source.missing.len(), 1, "the source is a partial one");
    assert!(source.broken.is_none());
}

#[test]
fn an_archives_date_stands_in_for_a_record_without_one() {
    let member = |modified: &str| FeedFile {
        archive: Some("a.tar.zst"),
        modified: modified.parse().ok(),
        ..FeedFile::plain("alpine", "v3.12/main.json", MAIN)
    };
    let bytes = build(
        &[
            member("2020-06-08T00:00:00Z"),
            member("2020-06-07T00:00:00Z"),
        ],
        Limits::default(),
    );
    let database = Database::open(bytes).unwrap();
    assert_eq!(database.built(), "2020-06-08T00:00:00Z".parse().ok());
    // After vuln.go.dev, 2026-08: a date that is a placeholder is none.
    let go = br#"{"id": "GO-2021-0064", "modified": "0001-01-01T00:00:00Z", "affected": []}"#;
    let member = FeedFile {
        modified: "2026-08-21T00:00:00Z".parse().ok(),
        ..FeedFile::plain("govulndb", "data/osv/GO-2021-0064.json", go)
    };
    let database = Database::open(build(&[member], Limits::default())).unwrap();
    assert_eq!(database.built(), "2026-08-21T00:00:00Z".parse().ok());
}

/// A database of what some feed made of a file of `osv`.
fn of_parsed(parsed: Parsed) -> Database {
    let mut builder = Builder::new(Limits::default());
    builder
        .add_parsed(&FeedFile::plain("osv", "Alpine/a.json", b""), parsed)
        .unwrap();
    Database::open(builder.finish()).unwrap()
}

fn record(id: &str, change: impl FnOnce(&mut Record)) -> Record {
    let mut record = Record::new(id);
    let everything = crate::Affected::new(
        &model::Ecosystem::Distro(model::Stream::new("alpine", "3.12")),
        "zlib",
        crate::State::Affected,
    );
    record.affected = vec![everything.range(crate::Range::all())];
    change(&mut record);
    record
}

#[test]
fn records_are_completed_by_what_is_known_of_their_weakness() {
    let facts = |tenths, description: &str, rejected| crate::CveFacts {
        score: Some(crate::Score {
            modern: true,
            base: model::Cvss::from_tenths(tenths).unwrap(),
        }),
        description: description.to_owned(),
        published: Some("2022-08-05T00:00:00Z".parse().unwrap()),
        rejected,
    };
    let cve = |name| crate::Cve::of(name).unwrap();
    let parsed = Parsed {
        records: vec![
            record("CVE-2022-37434", |_| {}),
            record("CVE-2022-37435", |own| {
                own.severity = model::Severity::Low;
                own.description = "its own".to_owned();
            }),
            record("CVE-2022-37436", |_| {}),
            record("DSA-1", |two| {
                two.bulletin = true;
                two.weaknesses = ["CVE-2022-37434", "CVE-2022-37435"]
                    .map(crate::Weakness::new)
                    .into();
            }),
        ],
        cves: vec![
            (cve("CVE-2022-37434"), facts(98, "short", false)),
            (cve("CVE-2022-37434"), facts(75, "longer text", false)),
            (cve("CVE-2022-37435"), facts(98, "foreign", false)),
            (cve("CVE-2022-37436"), facts(98, "", true)),
        ],
        ..Parsed::default()
    };
    let database = of_parsed(parsed);
    let ecosystem = "alpine:3.12".parse().unwrap();
    let told: Vec<String> = database
        .lookup(&ecosystem, "zlib")
        .map(|hit| {
            let advisory = hit.unwrap().statement.advisory;
            format!(
                "{} {} {:?} {:?} {}",
                advisory.id,
                advisory.severity,
                advisory.score.map(|score| score.base.to_string()),
                advisory.description,
                advisory.withdrawn
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "CVE-2022-37434 critical Some(\"9.8\") \"longer text\" false",
            "CVE-2022-37435 low Some(\"9.8\") \"its own\" false",
            "CVE-2022-37436 critical Some(\"9.8\") \"\" true",
            "DSA-1 unknown None \"\" false",
        ]
    );
    // A record and the word on its weakness are one.
    assert_eq!(database.sources()[0].advisories, 4);
}

#[test]
fn releases_and_repositories_are_kept_beside() {
    let parsed = Parsed {
        ends: [("alpine:3.12", "2022-05-01"), ("alpine:3.12", "2022-06-01")]
            .map(|(release, day)| (release.to_owned(), day.parse().unwrap()))
            .into(),
        repositories: vec![("rhel-9".to_owned(), vec!["cpe:/o:x".to_owned()])],
        ..Parsed::default()
    };
    let database = of_parsed(parsed);
    assert_eq!(
        database.ends("alpine:3.12"),
        Some("2022-06-01".parse().unwrap())
    );
    assert_eq!(database.ends("alpine:3.13"), None);
    assert_eq!(database.products_of("rhel-9").unwrap(), ["cpe:/o:x"]);
    database.verify().unwrap();
    let none = of_parsed(Parsed::default());
    assert!(none.products_of("rhel-9").unwrap().is_empty());
    let changed = Database::changed_keys(&database, &none, 10).unwrap();
    assert_eq!(
        changed,
        crate::Changed::TooMany,
        "channels in use may be others"
    );
}

#[test]
fn a_statement_on_a_module_or_another_architecture_is_not_meant() {
    let scoped = |id: &str, module: &str, architecture: &str| {
        record(id, |record| {
            record.affected[0].module = module.to_owned();
            let only = Some(architecture).filter(|one| !one.is_empty());
            record.affected[0].architectures = only.map(str::to_owned).into_iter().collect();
        })
    };
    let parsed = Parsed {
        records: vec![
            scoped("CVE-2020-0001", "", ""),
            scoped("CVE-2020-0002", "nodejs:18", ""),
            scoped("CVE-2020-0003", "", "aarch64"),
            scoped("CVE-2020-0004", "", "x86_64"),
        ],
        ..Parsed::default()
    };
    let database = of_parsed(parsed);
    let mut package = crate::matching::tests::matchable("alpine:3.12 zlib 1-r0 zlib 1-r0");
    let found = |package: &model::Matchable| -> String {
        let assessed = crate::assess(package, &database);
        let found = assessed.findings.iter().map(|one| one.id.as_str());
        found
            .collect::<Vec<_>>()
            .join(" ")
            .replace("CVE-2020-000", "")
    };
    assert_eq!(found(&package), "1 3 4", "it does not say for which it is");
    package.package.architecture = Some("x86_64".to_owned());
    assert_eq!(found(&package), "1 4");
}

#[test]
fn a_source_that_cannot_be_read_anew_is_kept_as_it_was() {
    let before = Database::open(build(&files(), Limits::default())).unwrap();
    let mut builder = Builder::new(Limits::default());
    builder
        .add_file(&FeedFile::plain("debian", "data/DSA/list", DSA))
        .unwrap();
    builder
        .add_file(&FeedFile::plain("alpine", "v3.12/main.json", b"{"))
        .unwrap();
    assert!(builder.keep(&before, "alpine", "it is cut off").unwrap());
    assert!(!builder.keep(&before, "unheard-of", "").unwrap());
    let after = Database::open(builder.finish()).unwrap();
    after.verify().unwrap();
    let names: Vec<&str> = after
        .sources()
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["alpine", "debian"]);
    assert_eq!(
        after.segment_bytes("alpine"),
        before.segment_bytes("alpine")
    );
    let (old, new) = (&before.sources()[0], &after.sources()[0]);
    assert_eq!((new.rows, new.advisories), (old.rows, old.advisories));
    assert!(new.problems[0].detail.ends_with("anew: it is cut off"));
    // Kept once more, it says so once.
    let mut builder = Builder::new(Limits::default());
    assert!(builder.keep(&after, "alpine", "it is away").unwrap());
    let again = Database::open(builder.finish()).unwrap();
    let kept = again.sources()[0].problems.iter();
    assert_eq!(kept.filter(|one| one.detail.starts_with("kept")).count(), 1);
}
