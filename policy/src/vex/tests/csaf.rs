//! Documents after the form of Red Hat's and of the examples of the CSAF 2.0 specification.

use model::{Package, PackageType, Source};
use serde_json::{Value, json};

use super::*;

/// A tree of a release, a package of it, one of a module of it, a library with a version of its
/// branch and one with a range, and one of which nothing is known.
fn tree() -> Value {
    let leaf = |id: &str, category: &str, name: &str, helper: Value| {
        json!({"category": category, "name": name, "product": {
            "name": name, "product_id": id, "product_identification_helper": helper}})
    };
    let part = |id: &str, of: &str, whole: &str| {
        json!({"category": "default_component_of", "product_reference": of,
            "relates_to_product_reference": whole,
            "full_product_name": {"name": id, "product_id": id}})
    };
    json!({
        "branches": [{"category": "vendor", "name": "Red Hat", "branches": [
            leaf("rhel9", "product_name", "Red Hat Enterprise Linux 9",
                json!({"cpe": "cpe:/o:redhat:enterprise_linux:9"})),
            leaf("curl", "product_version", "curl",
                json!({"purl": "pkg:rpm/redhat/curl?arch=src"})),
            leaf("mod", "product_version", "nodejs:18",
                json!({"purl": "pkg:rpmmod/redhat/nodejs@18:9020"})),
            leaf("node", "product_version", "nodejs-18.2-1",
                json!({"purl": "pkg:rpm/redhat/nodejs@18.2-1?arch=x86_64"})),
            leaf("lib", "product_version", "1.2.3", json!({"purl": "pkg:npm/lib"})),
            leaf("range", "product_version_range", "vers:npm/<2.0.0",
                json!({"purl": "pkg:npm/ranged"})),
            leaf("any", "product_version_range", "<2", json!({"purl": "pkg:npm/lib"})),
            leaf("model", "product_name", "Box", json!({"model_numbers": ["7"]})),
        ]}],
        "full_product_names": [{"name": "image", "product_id": "image",
            "product_identification_helper": {"purl": format!("pkg:oci/app@{IMAGE}")}}],
        "relationships": [
            part("rhel9:curl", "curl", "rhel9"),
            part("mod-of-rhel9", "mod", "rhel9"),
            part("node-of-mod", "node", "mod-of-rhel9"),
            part("curl-of-box", "curl", "model"),
            part("loop", "loop", "loop"),
        ],
        "product_groups": [{"group_id": "g", "product_ids": ["rhel9:curl", "lib", "image"]}],
    })
}

fn csaf(vulnerability: &Value) -> String {
    json!({
        "document": {
            "category": "csaf_vex", "csaf_version": "2.0",
            "publisher": {"name": "Red Hat Product Security"},
            "tracking": {"id": "CVE-2026-1", "current_release_date": "2026-05-01T00:00:00+00:00"},
        },
        "product_tree": tree(),
        "vulnerabilities": [vulnerability],
    })
    .to_string()
}

/// A vulnerability in which products have a status, with a reason for each.
fn status(key: &str, ids: &[&str]) -> Value {
    json!({"cve": "CVE-2026-1", "product_status": {key: ids},
        "flags": [{"label": "component_not_present", "product_ids": ids}]})
}

fn rhel(version: &str) -> Inventory {
    Inventory {
        distro: Some(Distro::new("rhel", version)),
        ..Inventory::default()
    }
}

fn found(package: Package, inventory: &Inventory) -> Finding {
    let mut one = finding("CVE-2026-1", Severity::High, &[]);
    one.purl = package.purl(inventory.distro.as_ref());
    one.package = package;
    one
}

#[test]
fn products_are_what_the_tree_says() {
    let rpm = |name: &str, version: &str| Package {
        architecture: Some("x86_64".into()),
        ..Package::new(PackageType::Rpm, name, version)
    };
    let libcurl = Package {
        source: Some(Source {
            name: "curl".into(),
            version: "7.76-1".into(),
        }),
        ..rpm("libcurl", "7.76-1")
    };
    let node = |module: Option<&str>| Package {
        module: module.map(str::to_owned),
        ..rpm("nodejs", "1:18.2-1")
    };
    let npm = |name: &str, version: &str| Package::new(PackageType::Npm, name, version);
    let cases = [
        ("rhel9:curl", libcurl.clone(), "9.4", true),
        ("rhel9:curl", libcurl.clone(), "8.9", false),
        ("rhel9:curl", rpm("wget", "1"), "9.4", false),
        ("curl", libcurl.clone(), "8.9", true),
        ("curl-of-box", libcurl.clone(), "9.4", false),
        ("rhel9", libcurl.clone(), "9.4", true),
        ("rhel9", npm("lib", "1.2.3"), "9.4", false),
        (
            "node-of-mod",
            node(Some("nodejs:18:9020:abc:x86_64")),
            "9.4",
            true,
        ),
        (
            "node-of-mod",
            node(Some("nodejs:20:9020:abc:x86_64")),
            "9.4",
            false,
        ),
        ("node-of-mod", node(None), "9.4", false),
        ("lib", npm("lib", "1.2.3"), "9.4", true),
        ("lib", npm("lib", "1.2.4"), "9.4", false),
        ("range", npm("ranged", "1.9.0"), "9.4", true),
        ("range", npm("ranged", "2.0.0"), "9.4", false),
        ("any", npm("lib", "1.0.0"), "9.4", false),
        ("image", npm("lib", "9.9.9"), "9.4", true),
        ("loop", npm("lib", "1.2.3"), "9.4", false),
        ("nothing", npm("lib", "1.2.3"), "9.4", false),
    ];
    for (id, package, release, expected) in cases {
        let inventory = rhel(release);
        let one = found(package, &inventory);
        let text = csaf(&status("known_not_affected", &[id]));
        let (document, _) = Document::read(&text, &Limits::default());
        let vex = Vex::new(document);
        let digests: [Digest; 1] = [IMAGE.parse().unwrap()];
        let subject = Subject {
            digests: &digests,
            ..Subject::default()
        };
        let seen = Seen {
            finding: &one,
            subject: &subject,
            inventory: &inventory,
        };
        let said = vex.statement(&seen).is_some();
        assert_eq!(said, expected, "{id} {} {release}", one.package.name);
    }
}

#[test]
fn each_group_of_a_status_has_its_meaning() {
    let one = found(Package::new(PackageType::Npm, "lib", "1.2.3"), &rhel("9"));
    let cases = [
        ("known_not_affected", Some("not_affected")),
        ("fixed", Some("fixed")),
        ("first_fixed", Some("fixed")),
        ("under_investigation", Some("under_investigation")),
        ("known_affected", Some("affected")),
        ("first_affected", Some("affected")),
        ("last_affected", Some("affected")),
        ("recommended", None),
    ];
    for (key, expected) in cases {
        let text = csaf(&status(key, &["lib"]));
        assert_eq!(said_in(&text, &one, &rhel("9")), expected, "{key}");
    }
}

#[test]
fn reasons_are_flags_and_impacts_of_products_and_groups() {
    let text = csaf(&json!({
        "ids": [{"system_name": "x", "text": "GHSA-aaaa"}],
        "product_status": {"known_not_affected": ["rhel9:curl", "lib", "image", "model"],
            "known_affected": ["curl"]},
        "flags": [{"label": "component_not_present", "group_ids": ["g"]}],
        "threats": [
            {"category": "impact", "details": "It is not there.", "product_ids": ["lib"]},
            {"category": "exploit_status", "details": "none", "product_ids": ["lib"]},
        ],
    }));
    let (document, problems) = Document::read(&text, &Limits::default());
    let document = document.unwrap();
    let mut lines: Vec<String> = document
        .statements
        .iter()
        .map(|one| {
            let (status, count) = (one.status.as_str(), one.products.len());
            format!("{status} {count} {:?} {:?}", one.names, one.justification)
        })
        .collect();
    lines.extend(
        problems
            .iter()
            .map(|one| format!("{}: {}", one.place, one.detail)),
    );
    expect![[r#"
        not_affected 1 ["GHSA-AAAA"] "It is not there.: component_not_present"
        not_affected 2 ["GHSA-AAAA"] "component_not_present"
        affected 1 ["GHSA-AAAA"] ""
        vulnerabilities[0].product_status.known_not_affected: 1 products are left out: without the flag or the threat of the category impact that the profile wants; the first is model"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn other_categories_and_broken_documents_are_refused() {
    let advisory = csaf(&status("fixed", &["lib"])).replace("csaf_vex", "csaf_security_advisory");
    problems(
        &advisory,
        &expect![[r#"
            0 statements
            document.category: expected csaf_vex: documents of other categories do not say of what they leave out whether it is affected
        "#]],
    );
    problems(
        &csaf(&status("fixed", &["model", "nothing"])),
        &expect![[r#"
            0 statements
            vulnerabilities[0].product_status.fixed: 2 products are left out: known by no package URL, CPE or digest; the first is model
        "#]],
    );
}
