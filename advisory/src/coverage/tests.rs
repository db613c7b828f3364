use model::coverage::Completeness;
use model::{Distro, Installed, Ownership, Package, Status};

use super::*;
use crate::{Builder, FeedFile, Limits, findings};

// After the DSA list and secdb; the dates are made up around the tests' now.
const DSA: &str = "[01 May 2023] DSA-5380-1 xorg-server - security update\n\t{CVE-2023-1393}\n\
    \t[bookworm] - xorg-server 2:1.20\n";
const MAIN: &str = r#"{"distroversion": "v3.18", "reponame": "main", "packages": []}"#;
const COMMUNITY: &str = r#"{"distroversion": "v3.18", "reponame": "community", "packages": []}"#;
const NOW: &str = "2023-05-10T00:00:00Z";

fn database(files: &[(&str, &str, &str)]) -> Database {
    let mut builder = Builder::new(Limits::default());
    for (path, date, text) in files {
        let (source, path) = path.split_once('/').unwrap();
        let file = FeedFile {
            source,
            archive: None,
            path,
            modified: date.parse().ok(),
            bytes: text.as_bytes(),
        };
        builder.add_file(&file).unwrap();
    }
    Database::open(builder.finish()).unwrap()
}

fn alpine(date: &str) -> Database {
    database(&[
        ("alpine/main.json", date, MAIN),
        ("alpine/community.json", date, COMMUNITY),
    ])
}

fn image(distro: Option<(&str, &str)>, packages: &[(&str, &str, &str)]) -> Inventory {
    let installed = |(kind, name, path): &(&str, &str, &str)| Installed {
        package: Package::new(kind.parse().unwrap(), *name, "2:1.19"),
        path: (*path).to_owned(),
        layer: None,
        ownership: Ownership::Own,
        licence: String::new(),
    };
    Inventory {
        repositories: Vec::new(),
        layers: Vec::new(),
        distro: distro.map(|(id, version)| Distro::new(id, version)),
        packages: packages.iter().map(installed).collect(),
        databases: vec!["lib/apk/db/installed".to_owned()],
        problems: Vec::new(),
    }
}

fn kinds(inventory: &Inventory, database: &Database, now: &str) -> String {
    let now = now.parse().unwrap();
    let coverage = coverage(inventory, Vec::new(), database, now, &AgeLimits::default());
    let kinds: Vec<_> = coverage.gaps.iter().map(|gap| gap.kind.as_str()).collect();
    format!("{} {}", coverage.verdict, kinds.join(" "))
}

#[test]
fn a_fresh_whole_feed_of_a_living_release_is_complete() {
    let image = image(Some(("alpine", "3.18.9")), &[("apk", "musl", "a")]);
    assert_eq!(
        kinds(&image, &alpine("2023-05-09T00:00:00Z"), NOW),
        "complete "
    );
}

#[test]
fn age_is_a_gap_from_its_limit_on() {
    let image = image(Some(("alpine", "3.18.9")), &[]);
    for (date, expected) in [
        ("2023-04-26T00:00:00Z", "complete "),
        ("2023-04-25T23:59:59Z", "incomplete stale_feed"),
        ("2023-05-12T00:00:00Z", "incomplete undated_feed"),
        ("", "incomplete undated_feed"),
    ] {
        assert_eq!(kinds(&image, &alpine(date), NOW), expected, "{date}");
    }
    let mut limits = AgeLimits::default();
    let long = SignedDuration::from_hours(24 * 365);
    limits.by_source.insert("alpine".to_owned(), long);
    let old = alpine("2022-08-01T00:00:00Z");
    let coverage = coverage(&image, Vec::new(), &old, NOW.parse().unwrap(), &limits);
    assert_eq!(coverage.verdict, Completeness::Complete);
}

#[test]
fn releases_end() {
    let image = |version| image(Some(("alpine", version)), &[]);
    let fresh = alpine("2025-05-09T00:00:00Z");
    assert_eq!(
        kinds(&image("3.18.9"), &fresh, "2025-05-09T23:00:00Z"),
        "complete "
    );
    let ended = kinds(&image("3.18.9"), &fresh, "2025-05-10T00:00:00Z");
    assert_eq!(ended, "incomplete end_of_life");
    let unknown = kinds(&image("3.99.0"), &fresh, "2025-05-09T00:00:00Z");
    assert_eq!(unknown, "incomplete end_of_life no_feed");
}

#[test]
fn nobody_answers_for_what_nobody_names() {
    let fresh = alpine("2023-05-09T00:00:00Z");
    for (distro, packages, expected) in [
        (None, &[][..], "incomplete unknown_distro"),
        (Some(("plan9", "4")), &[], "incomplete unknown_distro"),
        (Some(("alpine", "edge")), &[], "incomplete unknown_distro"),
        (Some(("debian", "12")), &[], "incomplete no_feed"),
        (
            Some(("alpine", "3.18.1")),
            &[("rpm", "a", "x")],
            "incomplete no_feed",
        ),
        (
            Some(("alpine", "3.18.1")),
            &[("npm", "a", "x")],
            "incomplete no_feed",
        ),
    ] {
        assert_eq!(
            kinds(&image(distro, packages), &fresh, NOW),
            expected,
            "{distro:?}"
        );
    }
    let mut nothing = image(None, &[]);
    nothing.databases.clear();
    assert_eq!(
        kinds(&nothing, &fresh, NOW),
        "unsupported no_package_database"
    );
}

#[test]
fn collections_cover_nothing() {
    let npm = r#"{"id": "GHSA-1", "modified": "2023-05-09T00:00:00Z", "affected":
        [{"package": {"ecosystem": "npm", "name": "a"}}]}"#;
    let image = image(Some(("alpine", "3.18.1")), &[("npm", "b", "x")]);
    for (path, expected) in [
        ("osv-misc/a.json", "incomplete no_feed"),
        ("ghsa-osv-subset/a.json", "incomplete no_feed"),
        ("osv-npm/a.json", "complete "),
        ("osv/npm/a.json", "complete "),
        ("ghsa/github-reviewed/2023/a.json", "complete "),
    ] {
        let date = "2023-05-09T00:00:00Z";
        let files = [
            ("alpine/m.json", date, MAIN),
            ("alpine/c.json", date, COMMUNITY),
            (path, "", npm),
        ];
        assert_eq!(kinds(&image, &database(&files), NOW), expected, "{path}");
    }
}

#[test]
fn parts_and_broken_sources_are_gaps() {
    let debian = image(Some(("debian", "12")), &[]);
    let list = database(&[("debian/data/DSA/list", "", DSA)]);
    assert_eq!(kinds(&debian, &list, NOW), "incomplete partial_feed");
    let broken = database(&[("debian/data/DSA/list", "", "?")]);
    assert_eq!(
        kinds(&debian, &broken, NOW),
        "incomplete no_feed broken_feed"
    );
    let date = "2023-05-09T00:00:00Z";
    let alpine = image(Some(("alpine", "3.18.1")), &[]);
    let main = database(&[("alpine/main.json", date, MAIN)]);
    assert_eq!(kinds(&alpine, &main, NOW), "incomplete partial_feed");
    let cut = database(&[
        ("alpine/main.json", date, MAIN),
        ("alpine/community.json", date, COMMUNITY),
        ("alpine/edge.json", date, "{"),
    ]);
    assert_eq!(kinds(&alpine, &cut, NOW), "incomplete partial_feed");
}

#[test]
fn what_the_catalogue_could_not_read_is_a_gap() {
    let mut image = image(Some(("alpine", "3.18.1")), &[]);
    use ProblemKind::*;
    image.problems = [Malformed, Truncated, Limit, Unsupported]
        .map(|kind| Problem::new(kind, "lib/apk/db/installed", "line 7"))
        .to_vec();
    let told = kinds(&image, &alpine("2023-05-09T00:00:00Z"), NOW);
    assert_eq!(told, "incomplete unreadable limit unsupported");
}

#[test]
fn findings_have_every_place_once() {
    let list = database(&[("debian/data/DSA/list", "", DSA)]);
    let mut image = image(
        Some(("debian", "12")),
        &[
            ("deb", "xorg-server", "var/lib/dpkg/status.d/b"),
            ("deb", "xorg-server", "var/lib/dpkg/status"),
            ("deb", "xorg-server", "var/lib/dpkg/status"),
            ("deb", "other", "var/lib/dpkg/status"),
        ],
    );
    image.packages[0].package.architecture = Some("arm64".to_owned());
    let (found, coverage) = findings(&image, &list, NOW.parse().unwrap(), &AgeLimits::default());
    assert_eq!(
        (found.len(), coverage.verdict),
        (1, Completeness::Incomplete)
    );
    assert_eq!(
        (found[0].id.as_str(), found[0].status),
        ("CVE-2023-1393", Status::Fixed)
    );
    let places: Vec<_> = found[0]
        .locations
        .iter()
        .map(|place| place.path.as_str())
        .collect();
    assert_eq!(places, ["var/lib/dpkg/status", "var/lib/dpkg/status.d/b"]);
    let purl = "pkg:deb/debian/xorg-server@2:1.19?distro=debian-12";
    assert_eq!(found[0].purl.as_deref(), Some(purl));
}

// After endoflife.date's answers; the dates are made up around those that are built in.
#[test]
fn what_a_feed_says_of_an_end_goes_before_what_is_built_in() {
    let ends = r#"{"generated_at": "2025-05-09T00:00:00+00:00", "result": {"name": "alpine-linux",
        "releases": [{"name": "3.18", "eolFrom": "2025-05-20"},
        {"name": "3.99", "eolFrom": "2099-05-01"}]}}"#;
    let fresh = database(&[
        ("alpine/main.json", "2025-05-09T00:00:00Z", MAIN),
        ("alpine/community.json", "2025-05-09T00:00:00Z", COMMUNITY),
        ("endoflife/alpine-linux.json", "", ends),
    ]);
    let image = |version| image(Some(("alpine", version)), &[]);
    let known = "2025-05-20T00:00:00Z";
    assert_eq!(kinds(&image("3.18.9"), &fresh, known), "complete ");
    let ended = kinds(&image("3.18.9"), &fresh, "2025-05-21T00:00:00Z");
    assert_eq!(ended, "incomplete end_of_life");
    // A release that is newer than the program is known by the feed.
    assert_eq!(kinds(&image("3.99.0"), &fresh, known), "incomplete no_feed");
}

#[test]
fn a_part_of_the_distributions_own_package_needs_no_other_word() {
    let mut image = image(
        Some(("alpine", "3.18.9")),
        &[
            ("apk", "py3-six", "a"),
            ("pypi", "six", "usr/lib/six/METADATA"),
        ],
    );
    let database = alpine("2023-05-09T00:00:00Z");
    assert_eq!(kinds(&image, &database, NOW), "incomplete no_feed");
    image.packages[1].ownership = Ownership::DistroUnchanged;
    assert_eq!(kinds(&image, &database, NOW), "complete ");
    let matchable = image.matchable(&image.packages[1]);
    assert_eq!(crate::key::keys(&matchable), []);
    // Changed since, or of a distribution that nobody knows, it is anybody's.
    image.packages[1].ownership = Ownership::DistroChanged;
    assert_eq!(kinds(&image, &database, NOW), "incomplete no_feed");
    image.packages[1].ownership = Ownership::DistroUnchanged;
    image.distro = Some(Distro::new("plan9", "4"));
    let matchable = image.matchable(&image.packages[1]);
    assert_eq!(matchable.ownership, Ownership::Own);
}

#[test]
fn what_nobody_answers_for_is_named() {
    let mut image = image(
        Some(("alpine", "3.18.9")),
        &[
            ("apk", "musl", "a"),
            ("generic", "nginx", "usr/sbin/nginx"),
            ("generic", "tool", "usr/bin/tool"),
        ],
    );
    image.packages[1].package.cpe = Some("f5:nginx".to_owned());
    let told = |image: &Inventory| -> String {
        let now = NOW.parse().unwrap();
        let (database, ages) = (alpine("2023-05-09T00:00:00Z"), AgeLimits::default());
        let coverage = coverage(image, Vec::new(), &database, now, &ages);
        let lines = coverage
            .gaps
            .iter()
            .map(|gap| format!("{}: {}\n", gap.kind, gap.detail));
        lines.collect()
    };
    expect_test::expect![[r#"
        no_feed: no source of the database answers for cpe (1 program without a package manager): add its feed and build the database again
        no_feed: without a package manager, and without a name under which weaknesses are published: tool; compared with nothing
    "#]].assert_eq(&told(&image));
    image.distro = Some(Distro::new("debian", "12"));
    for installed in &mut image.packages {
        installed.package.kind = PackageType::Deb;
        installed.package.vendor = Some("Docker".to_owned());
    }
    expect_test::expect![[r#"
        no_feed: Docker built what the distribution does not answer for, nor does any source: musl, nginx, tool; read what Docker publishes
        no_feed: no source of the database answers for debian:12 (packages): add its feed and build the database again
    "#]].assert_eq(&told(&image));
}

#[test]
fn packages_of_epel_need_a_source_of_their_own() {
    let mut image = image(Some(("rocky", "9.4")), &[("rpm", "htop", "a")]);
    image.packages[0].package.vendor = Some("Fedora Project".to_owned());
    let now = NOW.parse().unwrap();
    let database = alpine("2023-05-09T00:00:00Z");
    let coverage = coverage(&image, Vec::new(), &database, now, &AgeLimits::default());
    let is_told = |gap: &Gap| gap.detail.starts_with("EPEL built");
    assert!(coverage.gaps.iter().any(is_told), "{:?}", coverage.gaps);
}

/// CentOS is looked up as Red Hat's, which is mended for years to come.
#[test]
fn a_rebuild_ends_on_its_own_day() {
    let centos = image(Some(("centos", "8")), &[]);
    let database = alpine(NOW);
    let coverage = |now: &str| {
        let now = now.parse().unwrap();
        coverage(&centos, Vec::new(), &database, now, &AgeLimits::default())
    };
    let ended = |now: &str| {
        let mut gaps = coverage(now).gaps.into_iter();
        gaps.find(|gap| gap.kind == GapKind::EndOfLife)
            .map(|gap| gap.detail)
    };
    assert_eq!(ended("2021-12-31T12:00:00Z"), None);
    let detail = ended(NOW).unwrap();
    assert!(detail.starts_with("centos:8 got its last fixes on 2021-12-31"));
}
