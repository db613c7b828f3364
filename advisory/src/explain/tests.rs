use expect_test::{Expect, expect};
use model::{Digest, Distro, ImageLayer, Installed, Ownership, PackageType, Source};

use super::*;
use crate::matching::tests::database;

/// An image of Debian 12 whose second layer brings openssl and a kernel's headers.
fn image() -> Inventory {
    let layer = Digest::of(b"second");
    let mut ssl = Package::new(PackageType::Deb, "libssl3", "3.0.9-1");
    ssl.source = Some(Source {
        name: "openssl".into(),
        version: "3.0.9-1".into(),
    });
    let mut headers = Package::new(PackageType::Deb, "linux-libc-dev", "6.1.1-1");
    headers.source = Some(Source {
        name: "linux".into(),
        version: "6.1.1-1".into(),
    });
    let installed = |package| Installed {
        package,
        path: "var/lib/dpkg/status".into(),
        layer: Some(layer.clone()),
        ownership: Ownership::Own,
        licence: String::new(),
    };
    Inventory {
        distro: Some(Distro::new("debian", "12")),
        layers: vec![ImageLayer {
            diff_id: layer.clone(),
            command: "RUN apt-get install libssl3".into(),
        }],
        packages: vec![installed(ssl), installed(headers)],
        databases: vec!["var/lib/dpkg/status".into()],
        ..Inventory::default()
    }
}

// After security-tracker.debian.org/tracker/data/json, 2024-01; the versions are made up.
const TRACKER: &str = r#"{"openssl": {
  "CVE-2023-0001": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "3.0.11-1", "urgency": "low"}}},
  "CVE-2023-0002": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "3.0.9-1", "urgency": "low"}}},
  "CVE-2023-0003": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "0", "urgency": "low"}}},
  "CVE-2023-0004": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "a b", "urgency": "low"}}}},
 "linux": {
  "CVE-2023-0005": {"releases": {"bookworm": {"status": "open", "urgency": "high"}}}},
 "zlib": {
  "CVE-2023-0006": {"releases": {"bookworm": {"status": "open", "urgency": "high"}}}},
 "libssl3": {
  "CVE-2023-0008": {"releases": {"bullseye": {"status": "open", "urgency": "high"}}}}}"#;

fn told(id: &str) -> String {
    let database = database(&[("debian/tracker.json", TRACKER)]);
    let explanation = explain(&image(), &database, id).unwrap();
    let mut out = String::new();
    for one in &explanation.packages {
        let reported = one.reported.as_ref();
        out += &format!(
            "{} {}: {}\n",
            one.package.name,
            one.package.version,
            reported.map_or("not reported", |reported| reported.status)
        );
        for text in one.unasked.iter().chain(&one.undecided) {
            out += &format!("  {text}\n");
        }
        for said in &one.statements {
            let (says, means) = (said.says, said.means);
            out += &format!("  {} {}: {says}, {means}\n", said.source, said.record);
            for text in said.comparisons.iter().chain(&said.dismissed) {
                out += &format!("    {text}\n");
            }
        }
        assert_eq!(one.locations.len(), 1);
        assert_eq!(one.command, "RUN apt-get install libssl3");
    }
    assert_eq!(explanation.release.as_deref(), Some("debian:12"));
    for name in &explanation.namesakes {
        out += &format!("namesake: {name}\n");
    }
    let elsewhere = explanation.elsewhere.iter();
    for (ecosystem, name) in elsewhere {
        out += &format!("elsewhere: {ecosystem} {name}\n");
    }
    let (sources, withdrawn) = (explanation.sources.join(" "), explanation.withdrawn);
    assert_eq!(explanation.elsewhere_total, explanation.elsewhere.len());
    out + &format!("sources: {sources}; withdrawn: {}\n", withdrawn.join(" "))
}

#[track_caller]
fn check(id: &str, expected: Expect) {
    expected.assert_eq(&told(id));
}

#[test]
fn a_finding_has_its_comparison() {
    check(
        "CVE-2023-0001",
        expect![[r#"
        libssl3 3.0.9-1: fixed
          debian CVE-2023-0001: fixed, affected
            3.0.9-1 is within [, 3.0.11-1)
        sources: debian; withdrawn: 
    "#]],
    );
}

#[test]
fn an_absence_has_its_reason() {
    check(
        "CVE-2023-0002",
        expect![[r#"
        libssl3 3.0.9-1: not reported
          debian CVE-2023-0002: fixed, not_affected
            3.0.9-1 is not within [, 3.0.9-1)
        sources: debian; withdrawn: 
    "#]],
    );
    check(
        "CVE-2023-0003",
        expect![[r#"
        libssl3 3.0.9-1: not reported
          debian CVE-2023-0003: not_affected, not_affected
        sources: debian; withdrawn: 
    "#]],
    );
    check(
        "CVE-2023-0004",
        expect![[r#"
        libssl3 3.0.9-1: not reported
          libssl3 3.0.9-1 may or may not have CVE-2023-0004: 'a b' is not ordered by dpkg: there is a blank within (advisory CVE-2023-0004 of debian); compare the versions by hand
          debian CVE-2023-0004: fixed, undecided
            whether 3.0.9-1 is within [, a b): 'a b' is not ordered by dpkg: there is a blank within
        sources: debian; withdrawn: 
    "#]],
    );
    check(
        "CVE-2023-0005",
        expect![[r#"
        linux-libc-dev 6.1.1-1: not reported
          it holds headers of the kernel and no kernel: the kernel's weaknesses are not in it
          debian CVE-2023-0005: affected, affected
        sources: debian; withdrawn: 
    "#]],
    );
    check(
        "CVE-2023-0006",
        expect![[r#"
        elsewhere: debian:12 zlib
        sources: debian; withdrawn: 
    "#]],
    );
    check(
        "CVE-2023-0008",
        expect![[r#"
        namesake: libssl3
        elsewhere: debian:11 libssl3
        sources: debian; withdrawn: 
    "#]],
    );
    check(
        "CVE-2023-0007",
        expect![[r#"
        sources: ; withdrawn: 
    "#]],
    );
}
