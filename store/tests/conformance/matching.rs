//! What every store of metadata must do: findings that follow the database, package by package.

use jiff::SignedDuration;
use model::{Change, Digest, Finding, Reason, Severity};
use store::record::{
    AssessedPackage, Job, JobKind, MatchBegun, PackageKey, Reassessed, Reassessment, ScanResult,
    StoredPackage, WeaknessChange,
};
use store::{Metadata, StoreError};

use super::metadata::{Open, at, with};
use super::scans::{affected, assessed, finding, inventory, push, rows};

/// Scans an image: each set is a text of package names.
fn scan(metadata: &dyn Metadata, image: &Digest, revision: &str, sets: &[&str]) {
    let mut packages = Vec::new();
    let mut places = Vec::new();
    for set in sets {
        let names = set.split_whitespace();
        let from = packages.len();
        packages.extend(names.map(|name| assessed(name, weak(name))));
        places.push((from..packages.len()).collect());
    }
    let result = ScanResult {
        image: image.clone(),
        inventory: inventory(&packages),
        catalog_revision: "c1".into(),
        packages,
        sets: places,
        judge: revision.into(),
        completed_at: at(9),
    };
    metadata.complete_scan(&result).unwrap();
}

/// Packages whose name says so have a finding.
fn weak(name: &str) -> Vec<Finding> {
    match name.starts_with("weak") {
        true => vec![finding("CVE-1", &["DSA-1"], name, Severity::High)],
        false => vec![],
    }
}

fn job(metadata: &dyn Metadata, revision: &str) -> Job {
    let kind = JobKind::Match {
        judge: revision.into(),
    };
    let lease = SignedDuration::from_secs(5);
    metadata.claim_job(&kind, at(20), lease).unwrap().unwrap()
}

fn matched(metadata: &dyn Metadata, revision: &str) {
    let job = job(metadata, revision);
    assert!(metadata.finish_match(&job, revision).unwrap());
    metadata.finish_job(&job).unwrap();
}

fn stored(metadata: &dyn Metadata, name: &str) -> StoredPackage {
    let key = PackageKey {
        ecosystem: "debian:12".into(),
        name: name.into(),
    };
    let mut found = metadata.packages_under(&[key]).unwrap();
    assert_eq!(found.len(), 1, "{name}");
    found.remove(0)
}

/// A batch that says something else of one package.
fn batch(stored: &StoredPackage, findings: Vec<Finding>, change: Change) -> Reassessment {
    let told = findings
        .first()
        .or(stored.assessed.findings.first())
        .cloned();
    let changes = told.into_iter().map(|finding| WeaknessChange {
        id: finding.id,
        aliases: finding.aliases,
        change,
        reason: Reason::NewAdvisory,
        severity: finding.severity,
        description: finding.description,
        packages: vec![(stored.id, finding.fixed_in)],
    });
    Reassessment {
        changes: changes.collect(),
        packages: vec![Reassessed {
            id: stored.id,
            before: stored.assessed.clone(),
            after: AssessedPackage {
                findings,
                ..stored.assessed.clone()
            },
        }],
        database_revision: "d2".into(),
        at: at(21),
        places: 2,
    }
}

fn counts(metadata: &dyn Metadata, image: &Digest) -> String {
    let scan = metadata.scan(image).unwrap().unwrap();
    let counts = scan.counts.iter().filter(|(_, count)| *count > 0);
    let words: Vec<String> = counts
        .map(|(severity, count)| format!("{count} {severity}"))
        .collect();
    words.join(", ")
}

fn events(metadata: &dyn Metadata, kind: &str) -> usize {
    let kind = store::Value::Text(kind.into());
    let told = |(table, row): &&(String, Vec<store::Value>)| table == "event" && row[3] == kind;
    rows(metadata).iter().filter(told).count()
}

pub fn a_change_reaches_every_image_and_no_other(open: Open) {
    let metadata = with(open, &["a"]);
    let images: Vec<Digest> = ["m", "n", "o"]
        .map(|text| push(&*metadata, "a", text))
        .to_vec();
    matched(&*metadata, "d1");
    scan(&*metadata, &images[0], "d1", &["base curl", "app"]);
    scan(&*metadata, &images[1], "d1", &["base curl"]);
    scan(&*metadata, &images[2], "d1", &["base"]);
    let versions = |metadata: &dyn Metadata| {
        let version = |image| metadata.facts_version(image).unwrap().unwrap();
        images.iter().map(version).collect::<Vec<_>>()
    };
    let before = versions(&*metadata);
    let job = job(&*metadata, "d2");
    let new = vec![finding("CVE-9", &["GHSA-9"], "curl", Severity::Critical)];
    let given = batch(&stored(&*metadata, "curl"), new.clone(), Change::Found);
    assert!(metadata.reassess(&job, &given).unwrap());
    assert!(metadata.finish_match(&job, "d2").unwrap());
    drop(metadata);
    let metadata = open();
    assert_eq!(metadata.matched_by().unwrap().as_deref(), Some("d2"));
    let now: Vec<String> = images
        .iter()
        .map(|image| counts(&*metadata, image))
        .collect();
    assert_eq!(now, ["1 critical", "1 critical", ""]);
    assert_eq!(affected(&*metadata, "CVE-9"), ["a:m curl", "a:n curl"]);
    assert_eq!(affected(&*metadata, "GHSA-9").len(), 2);
    let changed: Vec<bool> = versions(&*metadata)
        .iter()
        .zip(&before)
        .map(|(now, before)| !now.holds_the_same(before))
        .collect();
    assert_eq!(changed, [true, true, false]);
    assert_eq!(
        events(&*metadata, "vulnerability"),
        1,
        "one for both images"
    );
    assert_eq!(stored(&*metadata, "curl").assessed.findings, new);
    let gone = batch(&stored(&*metadata, "curl"), vec![], Change::Gone);
    assert!(metadata.reassess(&job, &gone).unwrap());
    assert_eq!(counts(&*metadata, &images[0]), "");
    assert!(affected(&*metadata, "CVE-9").is_empty());
    assert_eq!(events(&*metadata, "vulnerability"), 2);
}

pub fn what_is_known_of_a_package_stays(open: Open) {
    let metadata = with(open, &["a"]);
    let first = push(&*metadata, "a", "m");
    matched(&*metadata, "d1");
    scan(&*metadata, &first, "d1", &["curl"]);
    let job = job(&*metadata, "d2");
    let new = vec![finding("CVE-9", &[], "curl", Severity::Low)];
    let given = batch(&stored(&*metadata, "curl"), new, Change::Found);
    assert!(metadata.reassess(&job, &given).unwrap());
    assert!(metadata.finish_match(&job, "d2").unwrap());
    // Somebody who uses the older database still finds nothing: that is no news.
    for (text, sets) in [("n", ["curl"]), ("o", ["curl tar"])] {
        let image = push(&*metadata, "a", text);
        scan(&*metadata, &image, "d1", &sets);
        assert_eq!(counts(&*metadata, &image), "1 low", "{text}");
    }
}

pub fn packages_of_one_name_and_version_count_once(open: Open) {
    let metadata = with(open, &["a"]);
    let image = push(&*metadata, "a", "m");
    let mut packages = Vec::new();
    for (architecture, severity) in [("amd64", Severity::Low), ("i386", Severity::Low)] {
        let mut package = assessed("curl", vec![finding("CVE-1", &[], "curl", severity)]);
        package.matchable.package.architecture = Some(architecture.into());
        packages.push(package);
    }
    let result = ScanResult {
        image: image.clone(),
        inventory: inventory(&packages),
        catalog_revision: "c1".into(),
        packages,
        sets: vec![vec![0, 1]],
        judge: "d1".into(),
        completed_at: at(9),
    };
    metadata.complete_scan(&result).unwrap();
    assert_eq!(counts(&*metadata, &image), "1 low");
    let job = job(&*metadata, "d2");
    let both = || metadata.packages(None, 9).unwrap();
    let worse = vec![finding("CVE-1", &[], "curl", Severity::High)];
    let given = batch(&both()[0], worse, Change::Altered);
    assert!(metadata.reassess(&job, &given).unwrap());
    assert_eq!(
        counts(&*metadata, &image),
        "1 high",
        "the worse rating stands"
    );
    let given = batch(&both()[0], vec![], Change::Gone);
    assert!(metadata.reassess(&job, &given).unwrap());
    assert_eq!(
        counts(&*metadata, &image),
        "1 low",
        "the other still has it"
    );
    let given = batch(&both()[1], vec![], Change::Gone);
    assert!(metadata.reassess(&job, &given).unwrap());
    assert_eq!(counts(&*metadata, &image), "");
}

pub fn sets_are_shared_and_go_with_their_last_image(open: Open) {
    let metadata = with(open, &["a"]);
    let (one, two) = (push(&*metadata, "a", "m"), push(&*metadata, "a", "n"));
    scan(&*metadata, &one, "d1", &["weak-a b", "c"]);
    scan(&*metadata, &two, "d1", &["b weak-a", "d"]);
    let count = |table: &str| {
        let rows = rows(&*metadata);
        rows.iter().filter(|(name, _)| name == table).count()
    };
    let tables = [
        "package",
        "package_set",
        "set_package",
        "image_set",
        "finding",
    ];
    assert_eq!(tables.map(count), [4, 3, 4, 4, 2]);
    let name = super::metadata::name("a");
    assert!(metadata.delete_manifest(&name, &one, at(30)).unwrap());
    assert_eq!(tables.map(count), [3, 2, 3, 2, 2]);
    assert_eq!(counts(&*metadata, &two), "1 high");
    assert!(metadata.delete_manifest(&name, &two, at(30)).unwrap());
    assert_eq!(tables.map(count), [0; 5]);
}

pub fn who_lost_the_job_changes_nothing(open: Open) {
    let metadata = with(open, &["a"]);
    let image = push(&*metadata, "a", "m");
    scan(&*metadata, &image, "d1", &["curl"]);
    let lost = job(&*metadata, "d2");
    let lease = SignedDuration::from_secs(5);
    let held = metadata.claim_job(&lost.kind, at(60), lease).unwrap();
    let held = held.expect("the lease ran out");
    let new = vec![finding("CVE-9", &[], "curl", Severity::Low)];
    let given = batch(&stored(&*metadata, "curl"), new, Change::Found);
    assert!(!metadata.reassess(&lost, &given).unwrap());
    assert!(!metadata.finish_match(&lost, "d2").unwrap());
    assert_eq!(counts(&*metadata, &image), "");
    assert_eq!(events(&*metadata, "vulnerability"), 0);
    assert_eq!(metadata.matched_by().unwrap(), None);
    assert!(metadata.reassess(&held, &given).unwrap());
    assert_eq!(counts(&*metadata, &image), "1 low");
    let again = metadata.reassess(&held, &given);
    assert!(
        matches!(again, Err(StoreError::Conflict(_))),
        "what is stored is not what was seen: {again:?}"
    );
    assert_eq!(counts(&*metadata, &image), "1 low");
}

pub fn a_match_that_never_ends_leaves_no_revision(open: Open) {
    let metadata = with(open, &["a"]);
    let image = push(&*metadata, "a", "m");
    matched(&*metadata, "d1");
    scan(&*metadata, &image, "d1", &["curl"]);
    let dead = job(&*metadata, "d2");
    let from = |revision: Option<&str>| MatchBegun::From(revision.map(str::to_owned));
    assert_eq!(metadata.begin_match(&dead, "d2").unwrap(), from(Some("d1")));
    let new = vec![finding("CVE-9", &[], "curl", Severity::Low)];
    let given = batch(&stored(&*metadata, "curl"), new, Change::Found);
    assert!(metadata.reassess(&dead, &given).unwrap());
    let next = push(&*metadata, "a", "n");
    scan(&*metadata, &next, "d1", &["tar"]);
    let unsettled = metadata.unsettled_packages(None, 9).unwrap();
    assert_eq!(unsettled.len(), 1, "the job may have passed it already");
    drop(metadata);
    let metadata = open();
    assert_eq!(metadata.matched_by().unwrap(), None);
    let back = job(&*metadata, "d1");
    assert_eq!(metadata.begin_match(&back, "d1").unwrap(), from(None));
    assert!(
        !metadata.reassess(&dead, &given).unwrap(),
        "it is overtaken"
    );
    assert!(!metadata.finish_match(&dead, "d2").unwrap());
    let begun = metadata.begin_match(&dead, "d2").unwrap();
    assert_eq!(begun, MatchBegun::NotHeld);
    assert!(!metadata.finish_match(&back, "d1").unwrap(), "tar waits");
    let same = batch(&stored(&*metadata, "tar"), vec![], Change::Found);
    assert!(metadata.reassess(&back, &same).unwrap());
    assert!(metadata.finish_match(&back, "d1").unwrap());
    assert_eq!(metadata.matched_by().unwrap().as_deref(), Some("d1"));
    assert_eq!(
        metadata.begin_match(&back, "d1").unwrap(),
        from(Some("d1")),
        "what is there already stays so"
    );
    assert_eq!(metadata.matched_by().unwrap().as_deref(), Some("d1"));
}

pub fn a_package_of_another_revision_is_unsettled(open: Open) {
    let metadata = with(open, &["a"]);
    let image = push(&*metadata, "a", "m");
    scan(&*metadata, &image, "d1", &["curl"]);
    let unsettled = |metadata: &dyn Metadata| {
        let packages = metadata.unsettled_packages(None, 9).unwrap();
        packages.len()
    };
    assert_eq!(unsettled(&*metadata), 1, "no revision was matched yet");
    let first = job(&*metadata, "d1");
    assert!(!metadata.finish_match(&first, "d1").unwrap());
    let same = batch(&stored(&*metadata, "curl"), vec![], Change::Found);
    assert!(metadata.reassess(&first, &same).unwrap());
    assert!(metadata.finish_match(&first, "d1").unwrap());
    metadata.finish_job(&first).unwrap();
    let next = push(&*metadata, "a", "n");
    scan(&*metadata, &next, "d1", &["tar"]);
    assert_eq!(unsettled(&*metadata), 0);
    let other = push(&*metadata, "a", "o");
    scan(&*metadata, &other, "d0", &["bash"]);
    assert_eq!(unsettled(&*metadata), 1);
    let lease = SignedDuration::from_secs(5);
    let mut kinds = Vec::new();
    assert_eq!(metadata.lease_job(None, at(40), lease).unwrap(), None);
    assert_eq!(metadata.lease_job(Some("d0"), at(40), lease).unwrap(), None);
    while let Some(job) = metadata.lease_job(Some("d1"), at(40), lease).unwrap() {
        kinds.push(job.kind);
    }
    let judge = "d1".to_owned();
    assert_eq!(kinds, [JobKind::Match { judge }], "somebody sees to it");
    let judge = |image: &Digest| metadata.facts_version(image).unwrap().unwrap().judge;
    assert_eq!(judge(&next).as_deref(), Some("d1"));
    assert_eq!(judge(&other), None, "its findings are of another judge");
}

pub fn packages_are_found_by_key_name_and_number(open: Open) {
    let metadata = with(open, &["a"]);
    let image = push(&*metadata, "a", "m");
    let mut source = assessed("libssl3", weak("weak"));
    let key = |ecosystem: &str, name: &str| PackageKey {
        ecosystem: ecosystem.into(),
        name: name.into(),
    };
    source.keys = vec![key("debian:12", "openssl"), key("cpe", "openssl/openssl")];
    let mut nobody = assessed("curl", vec![]);
    nobody.keys = vec![];
    let packages = vec![source, nobody, assessed("curl-dev", vec![])];
    let result = ScanResult {
        image: image.clone(),
        inventory: inventory(&packages),
        catalog_revision: "c1".into(),
        packages: packages.clone(),
        sets: vec![vec![0, 1, 2]],
        judge: "d1".into(),
        completed_at: at(9),
    };
    metadata.complete_scan(&result).unwrap();
    let names = |found: Vec<StoredPackage>| {
        let name = |stored: &StoredPackage| stored.assessed.matchable.package.name.clone();
        let mut names: Vec<String> = found.iter().map(name).collect();
        names.sort();
        names.join(" ")
    };
    let named = |name| names(metadata.packages_named(name, 9).unwrap());
    assert_eq!(named("openssl"), "libssl3");
    assert_eq!(named("libssl3"), "libssl3");
    assert_eq!(named("curl"), "curl", "not what only begins so");
    assert_eq!(named("cur"), "");
    let under = |ecosystem: &str, name: &str| {
        let (ecosystem, name) = (ecosystem.into(), name.into());
        let found = metadata.packages_under(&[PackageKey { ecosystem, name }]);
        names(found.unwrap())
    };
    assert_eq!(under("debian:12", "openssl"), "libssl3");
    assert_eq!(under("debian:11", "openssl"), "");
    assert_eq!(under("cpe", "openssl/openssl"), "libssl3");
    let both = metadata.packages_under(&packages[0].keys).unwrap();
    assert_eq!(names(both), "libssl3", "once, whatever keys it has");
    assert_eq!(under("debian:12", "curl"), "", "nobody answers for it");
    let all = metadata.packages(None, 9).unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(metadata.packages(Some(all[0].id), 1).unwrap(), all[1..2]);
    let ids: Vec<i64> = all.iter().map(|stored| stored.id).collect();
    let images = metadata.images_with_packages(&ids, None, 9).unwrap();
    assert_eq!(images.len(), 1);
    assert_eq!(images[0].packages.len(), 3);
    assert!(
        metadata
            .images_with_packages(&[], None, 9)
            .unwrap()
            .is_empty()
    );
}
