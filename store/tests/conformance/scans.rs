//! What every store of metadata must do: scans, packages and findings.

use model::{
    AdvisoryRef, Digest, Finding, Gap, GapKind, Installed, Inventory, Matchable, Ownership,
    Package, PackageType, Severity, Status, Stream,
};
use store::Metadata;
use store::metadata::{Events, Repositories, Scans};
use store::record::{
    AssessedPackage, Manifest, PackageKey, ScanFailed, ScanOrder, ScanResult, ScanState,
};

use super::metadata::{Open, at, digest, hold, manifest, name, put, tag, with};

const NONE: [(Severity, u64); 6] = [
    (Severity::Critical, 0),
    (Severity::High, 0),
    (Severity::Medium, 0),
    (Severity::Low, 0),
    (Severity::Negligible, 0),
    (Severity::Unknown, 0),
];

pub fn package(text: &str) -> Package {
    Package::new(PackageType::Deb, text, "1")
}

pub fn matchable(text: &str) -> Matchable {
    Matchable {
        stream: Some(Stream::new("debian", "12")),
        channels: vec![],
        package: package(text),
        ownership: Ownership::Own,
    }
}

pub fn finding(id: &str, aliases: &[&str], text: &str, severity: Severity) -> Finding {
    Finding {
        id: id.into(),
        aliases: aliases.iter().map(|alias| (*alias).into()).collect(),
        severity,
        cvss: None,
        published: None,
        status: Status::Fixed,
        package: package(text),
        purl: None,
        fixed_in: vec!["2".into()],
        description: "words ".repeat(50),
        advisory: AdvisoryRef {
            source: "debian".into(),
            id: id.into(),
            url: None,
        },
        locations: vec![],
    }
}

pub fn assessed(text: &str, findings: Vec<Finding>) -> AssessedPackage {
    AssessedPackage {
        matchable: matchable(text),
        keys: vec![PackageKey {
            ecosystem: "debian:12".into(),
            name: text.into(),
        }],
        findings,
        gaps: vec![],
    }
}

pub fn inventory(packages: &[AssessedPackage]) -> Inventory {
    let installed = |assessed: &AssessedPackage| Installed {
        package: assessed.matchable.package.clone(),
        path: "var/lib/dpkg/status".into(),
        layer: Some(digest("layer")),
        ownership: Ownership::Own,
        licence: String::new(),
    };
    Inventory {
        packages: packages.iter().map(installed).collect(),
        ..Inventory::default()
    }
}

pub fn result(image: &Digest, revision: &str, packages: Vec<AssessedPackage>) -> ScanResult {
    ScanResult {
        image: image.clone(),
        inventory: inventory(&packages),
        catalog_revision: "c1".into(),
        sets: vec![(0..packages.len()).collect()],
        packages,
        judge: revision.into(),
        completed_at: at(9),
    }
}

/// Pushes an image whose scan is wanted.
pub fn push(metadata: &dyn Metadata, repository: &str, text: &str) -> Digest {
    let image = manifest(repository, text);
    metadata
        .put_manifest(&image, Some(&tag(text)), ScanOrder::Later)
        .unwrap();
    image.digest
}

fn state(metadata: &dyn Metadata, image: &Digest) -> Option<ScanState> {
    metadata.scan(image).unwrap().map(|scan| scan.state)
}

pub fn lease(metadata: &dyn Metadata) -> bool {
    metadata
        .lease_job(None, at(30), jiff::SignedDuration::from_mins(1))
        .unwrap()
        .is_some()
}

pub fn affected(metadata: &dyn Metadata, id: &str) -> Vec<String> {
    let images = metadata.affected_images(id, None, 99).unwrap();
    let row = |image: store::record::AffectedImage| {
        let names = image
            .packages
            .iter()
            .map(|package| package.matchable.package.name.as_str());
        let tags: Vec<&str> = image.place.tags.iter().map(|tag| tag.as_str()).collect();
        format!(
            "{}:{} {}",
            image.place.repository,
            tags.join(","),
            names.collect::<Vec<_>>().join(",")
        )
    };
    let mut rows: Vec<String> = images.into_iter().map(row).collect();
    rows.sort();
    rows
}

pub fn a_scan_is_seen_from_the_push_on(open: Open) {
    let metadata = with(open, &["a"]);
    let image = push(&*metadata, "a", "m");
    drop(metadata);
    let metadata = open();
    let scan = metadata.scan(&image).unwrap().unwrap();
    assert_eq!(
        (scan.state, scan.requested_at, scan.counts),
        (ScanState::InProgress, at(2), NONE)
    );
    assert_eq!(scan.completed_at, None);
    push(&*metadata, "a", "m");
    metadata.request_scan(&image, at(6)).unwrap();
    assert!(lease(&*metadata));
    assert!(!lease(&*metadata), "asked for thrice, queued once");
    metadata.begin_scan(&image).unwrap();
    assert_eq!(state(&*metadata, &image), Some(ScanState::InProgress));
    metadata.request_scan(&image, at(8)).unwrap();
    assert_eq!(state(&*metadata, &image), Some(ScanState::InProgress));
    assert_eq!(metadata.scan(&digest("other")).unwrap(), None);
}

pub fn a_complete_scan_answers_everything(open: Open) {
    let metadata = with(open, &["a"]);
    let image = push(&*metadata, "a", "m");
    let undecided = AssessedPackage {
        gaps: vec![Gap::new(GapKind::Undecided, "why")],
        ..assessed("zlib", vec![])
    };
    let openssl = assessed(
        "openssl",
        vec![finding("CVE-1", &["DSA-1"], "openssl", Severity::High)],
    );
    let packages = vec![undecided, openssl];
    let given = result(&image, "d1", packages.clone());
    metadata.complete_scan(&given).unwrap();
    drop(metadata);
    let metadata = open();
    let scan = metadata.scan(&image).unwrap().unwrap();
    assert_eq!(
        (scan.state, scan.completed_at),
        (ScanState::Complete, Some(at(9)))
    );
    assert_eq!(scan.counts[1], (Severity::High, 1));
    assert_eq!(
        metadata.inventory(&image).unwrap(),
        Some((given.inventory, "c1".into()))
    );
    let found = metadata.assessed_packages(&image).unwrap();
    assert_eq!(found, [packages[1].clone(), packages[0].clone()], "by key");
    assert!(!lease(&*metadata), "the job has ended with the scan");
    push(&*metadata, "a", "m");
    assert_eq!(
        state(&*metadata, &image),
        Some(ScanState::Complete),
        "pushed again, still known"
    );
    assert!(!lease(&*metadata));
}

pub fn a_new_scan_replaces_the_old_one_at_its_end(open: Open) {
    let metadata = with(open, &["a"]);
    let image = push(&*metadata, "a", "m");
    let old = vec![assessed(
        "curl",
        vec![finding("CVE-1", &[], "curl", Severity::High)],
    )];
    metadata
        .complete_scan(&result(&image, "d1", old.clone()))
        .unwrap();
    metadata.request_scan(&image, at(6)).unwrap();
    assert_eq!(state(&*metadata, &image), Some(ScanState::Pending));
    assert_eq!(metadata.assessed_packages(&image).unwrap(), old);
    assert!(lease(&*metadata));
    let new = vec![assessed(
        "tar",
        vec![finding("CVE-2", &[], "tar", Severity::Low)],
    )];
    metadata
        .complete_scan(&result(&image, "d1", new.clone()))
        .unwrap();
    assert_eq!(metadata.assessed_packages(&image).unwrap(), new);
    assert!(affected(&*metadata, "CVE-1").is_empty());
    assert_eq!(affected(&*metadata, "CVE-2"), ["a:m tar"]);
    let left = metadata.packages(None, 9).unwrap();
    assert_eq!(left.len(), 1, "what no image holds is forgotten");
}

fn failed(image: &Digest, detail: &str, second: i64) -> ScanFailed {
    ScanFailed {
        image: image.clone(),
        detail: detail.to_owned(),
        catalog_revision: "c1".to_owned(),
        completed_at: at(second),
    }
}

pub fn a_failed_scan_says_why(open: Open) {
    let metadata = with(open, &["a"]);
    let image = push(&*metadata, "a", "m");
    let found = vec![assessed(
        "curl",
        vec![finding("CVE-1", &[], "curl", Severity::High)],
    )];
    metadata
        .complete_scan(&result(&image, "d1", found))
        .unwrap();
    metadata.request_scan(&image, at(6)).unwrap();
    metadata
        .fail_scan(&failed(&image, "a layer is broken", 21))
        .unwrap();
    let scan = metadata.scan(&image).unwrap().unwrap();
    assert_eq!((scan.state, scan.counts), (ScanState::Failed, NONE));
    assert_eq!(
        (scan.detail.as_str(), scan.completed_at),
        ("a layer is broken", Some(at(21)))
    );
    assert!(metadata.inventory(&image).unwrap().is_none());
    assert!(metadata.assessed_packages(&image).unwrap().is_empty());
    assert!(affected(&*metadata, "CVE-1").is_empty());
    push(&*metadata, "a", "m");
    let again = metadata.scan(&image).unwrap().unwrap();
    assert_eq!(
        (again.state, again.detail.as_str()),
        (ScanState::InProgress, "")
    );
}

pub fn a_scan_goes_with_its_last_manifest(open: Open) {
    let metadata = with(open, &["a", "b"]);
    let image = push(&*metadata, "a", "m");
    push(&*metadata, "b", "m");
    let found = vec![assessed(
        "curl",
        vec![finding("CVE-1", &[], "curl", Severity::High)],
    )];
    metadata
        .complete_scan(&result(&image, "d1", found.clone()))
        .unwrap();
    assert!(metadata.delete_manifest(&name("a"), &image, at(9)).unwrap());
    assert_eq!(affected(&*metadata, "CVE-1"), ["b:m curl"]);
    assert!(metadata.delete_repository(&name("b"), at(9)).unwrap());
    assert!(affected(&*metadata, "CVE-1").is_empty());
    assert_eq!(metadata.scan(&image).unwrap(), None);
    assert!(metadata.inventory(&image).unwrap().is_none());
    metadata.request_scan(&image, at(9)).unwrap();
    metadata
        .complete_scan(&result(&image, "d1", found))
        .unwrap();
    metadata.fail_scan(&failed(&image, "late", 9)).unwrap();
    assert_eq!(
        metadata.scan(&image).unwrap(),
        None,
        "a worker that is late revives nothing"
    );
    let waiting = push(&*metadata, "a", "n");
    assert!(
        metadata
            .delete_manifest(&name("a"), &waiting, at(9))
            .unwrap()
    );
    assert!(!lease(&*metadata), "the job goes with it");
}

pub fn a_push_stores_its_scan_with_it(open: Open) {
    let metadata = with(open, &["a"]);
    let (good, bad) = (manifest("a", "m"), manifest("a", "n"));
    let found = vec![assessed(
        "curl",
        vec![finding("CVE-1", &[], "curl", Severity::High)],
    )];
    let given = result(&good.digest, "d1", found);
    let failed = failed(&bad.digest, "no packages", 9);
    for (image, order) in [
        (&good, ScanOrder::Done(&given)),
        (&bad, ScanOrder::Failed(&failed)),
    ] {
        metadata.put_manifest(image, None, order).unwrap();
    }
    drop(metadata);
    let metadata = open();
    assert_eq!(state(&*metadata, &good.digest), Some(ScanState::Complete));
    assert_eq!(affected(&*metadata, "CVE-1"), ["a: curl"]);
    let scan = metadata.scan(&bad.digest).unwrap().unwrap();
    assert_eq!(
        (scan.state, scan.detail.as_str()),
        (ScanState::Failed, "no packages")
    );
    assert!(!lease(&*metadata), "nothing is left to do");
    metadata
        .put_manifest(&good, None, ScanOrder::Later)
        .unwrap();
    assert_eq!(state(&*metadata, &good.digest), Some(ScanState::Complete));
    assert!(!lease(&*metadata), "what is complete stands");
}

pub fn images_of_another_catalogue_are_behind(open: Open) {
    let metadata = with(open, &["a"]);
    let mut both = [push(&*metadata, "a", "m"), push(&*metadata, "a", "n")];
    both.sort();
    for image in &both {
        metadata
            .complete_scan(&result(image, "d1", vec![]))
            .unwrap();
    }
    let behind = |catalog, after: Option<&Digest>, limit| {
        metadata.images_behind(catalog, after, limit).unwrap()
    };
    assert!(behind("c1", None, 9).is_empty());
    assert_eq!(behind("c2", None, 9), both);
    assert_eq!(behind("c2", Some(&both[0]), 9), both[1..]);
    assert_eq!(behind("c2", None, 1), both[..1]);
    let failed = failed(&both[0], "that is beyond this catalogue", 9);
    metadata.fail_scan(&failed).unwrap();
    assert!(behind("c1", None, 9).is_empty());
    assert_eq!(behind("c2", None, 9), both, "another may do better");
    metadata.request_scan(&both[0], at(10)).unwrap();
    assert_eq!(behind("c2", None, 9), both[1..], "it is being done");
}

pub fn affected_images_are_found_by_every_name(open: Open) {
    let metadata = with(open, &["b", "a"]);
    let weak = |text| finding("CVE-1", &["DSA-7", "GHSA-x"], text, Severity::High);
    let other = finding("CVE-2", &[], "curl", Severity::Low);
    let curl = assessed("curl", vec![weak("curl"), other]);
    let images = [
        (
            push(&*metadata, "b", "m"),
            vec![curl.clone(), assessed("bash", vec![weak("bash")])],
        ),
        (push(&*metadata, "a", "n"), vec![curl]),
        (
            push(&*metadata, "a", "clean"),
            vec![assessed("tar", vec![])],
        ),
    ];
    for (image, packages) in images {
        metadata
            .complete_scan(&result(&image, "d1", packages))
            .unwrap();
    }
    for id in ["CVE-1", "DSA-7", "GHSA-x"] {
        assert_eq!(
            affected(&*metadata, id),
            ["a:n curl", "b:m bash,curl"],
            "{id}"
        );
    }
    assert_eq!(affected(&*metadata, "CVE-2"), ["a:n curl", "b:m curl"]);
    let page = |after, limit| metadata.affected_images("CVE-1", after, limit).unwrap();
    let first = page(None, 1);
    assert_eq!(first.len(), 1);
    let second = page(Some(first[0].scan), 1);
    assert_eq!(second.len(), 1);
    assert!(first[0].scan < second[0].scan);
    assert!(page(Some(second[0].scan), 1).is_empty());
    assert!(affected(&*metadata, "CVE-").is_empty());
}

pub fn an_untagged_image_is_affected_too(open: Open) {
    let metadata = with(open, &["a"]);
    let image: Manifest = manifest("a", "m");
    put(&*metadata, &image, None);
    metadata.request_scan(&image.digest, at(5)).unwrap();
    let found = vec![assessed(
        "curl",
        vec![finding("CVE-1", &[], "curl", Severity::High)],
    )];
    metadata
        .complete_scan(&result(&image.digest, "d1", found))
        .unwrap();
    assert_eq!(affected(&*metadata, "CVE-1"), ["a: curl"]);
}

pub fn rows(metadata: &dyn Metadata) -> Vec<(String, Vec<store::Value>)> {
    let mut rows = Vec::new();
    let mut keep = |table: &store::Table, row| {
        rows.push((table.name.to_owned(), row));
        Ok(())
    };
    metadata.dump(&mut keep).unwrap();
    rows
}

pub fn all_rows_come_over_from_an_embedded_store(open: Open) {
    let dir = tempfile::tempdir().unwrap();
    let source = store::Sqlite::open(&dir.path().join("m")).unwrap();
    for each in ["a", "b"] {
        assert!(
            source
                .create_repository(&super::metadata::repository(each))
                .unwrap()
        );
        hold(&source, each, "blob", 4);
    }
    let image = push(&source, "a", "image");
    assert!(lease(&source));
    let found = finding("CVE-1", &["GHSA-1"], "one", Severity::High);
    source
        .complete_scan(&result(&image, "r1", vec![assessed("one", vec![found])]))
        .unwrap();
    for number in 0..600 {
        put(&source, &manifest("b", &format!("m{number}")), None);
    }
    source.place_events(10).unwrap();
    assert!(
        source
            .create_subscription(&super::events::subscription("tell"))
            .unwrap()
    );
    let target = open();
    let all = rows(&source);
    for table in store::TABLES {
        let of_table = all.iter().filter(|(name, _)| name == table.name);
        let of_table: Vec<_> = of_table.map(|(_, row)| row.clone()).collect();
        for part in of_table.chunks(250) {
            target.load(table, part).unwrap();
        }
    }
    assert!(rows(&*target) == all, "every row, as it was");
    assert_eq!(state(&*target, &image), Some(ScanState::Complete));
    assert_eq!(affected(&*target, "GHSA-1").len(), 1);
    put(&*target, &manifest("a", "new"), Some("new"));
    assert_eq!(
        target.store_usage().unwrap().manifests,
        602,
        "new rows have new numbers"
    );
}
