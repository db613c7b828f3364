//! Statements about images and parts of products, and attestations.

use base64::Engine;
use model::{Installed, Location, Ownership, Package, PackageType};
use serde_json::json;

use super::*;

/// Whether a product of OpenVEX is the image or a part of it.
fn is_product(product: &str, seen: &Seen<'_>) -> bool {
    let text = document("d", &statement("CVE-2026-1", product, "fixed", ""));
    Vex::new([read(&text)]).statement(seen).is_some()
}

#[test]
fn an_image_is_known_by_digest_or_by_its_names() {
    let one = finding("CVE-2026-1", Severity::High, &[]);
    let digests: [Digest; 1] = [IMAGE.parse().unwrap()];
    let (tags, images) = (["v1".to_owned()], ["registry.example/shop/app".to_owned()]);
    let subject = Subject {
        digests: &digests,
        tags: &tags,
        images: &images,
        architecture: Some("amd64"),
        ..Subject::default()
    };
    let inventory = debian();
    let seen = Seen {
        finding: &one,
        subject: &subject,
        inventory: &inventory,
    };
    let hashes =
        |hex: &str| format!(r#"{{"@id": "pkg:oci/app", "hashes": {{"sha-256": "{hex}"}}}}"#);
    let cases = [
        (format!(r#""pkg:oci/app@{IMAGE}""#), true),
        (
            format!(r#""pkg:oci/anything@{IMAGE}?repository_url=elsewhere.example/x""#),
            true,
        ),
        (format!(r#""pkg:oci/app@{IMAGE}?arch=amd64""#), true),
        (format!(r#""pkg:oci/app@{IMAGE}?arch=arm64""#), false),
        (format!(r#""pkg:oci/app@{OTHER}""#), false),
        (r#""pkg:oci/app""#.into(), true),
        (
            r#""pkg:oci/app?repository_url=registry.example/shop/app""#.into(),
            true,
        ),
        (
            r#""pkg:oci/app?repository_url=https://registry.example/shop""#.into(),
            true,
        ),
        (
            r#""pkg:oci/app?repository_url=other.example/shop/app""#.into(),
            false,
        ),
        (r#""pkg:oci/app?tag=v1""#.into(), true),
        (r#""pkg:oci/app?tag=v2""#.into(), false),
        (r#""pkg:oci/pp""#.into(), false),
        (r#""pkg:docker/shop/app@v1""#.into(), true),
        (r#""pkg:docker/other/app@v1""#.into(), false),
        (hashes(IMAGE.trim_start_matches("sha256:")), true),
        (hashes(OTHER.trim_start_matches("sha256:")), false),
        (
            r#"{"@id": "https://x", "identifiers": {"cpe23": "cpe:2.3:a:haxx:curl:1.0:*"}}"#.into(),
            true,
        ),
        (
            r#"{"@id": "https://x", "identifiers": {"cpe23": "cpe:2.3:a:haxx:curl:1.1:*"}}"#.into(),
            false,
        ),
        (
            r#"{"identifiers": {"cpe22": "cpe:/o:debian:debian_linux:12"}}"#.into(),
            true,
        ),
        (
            r#"{"identifiers": {"cpe22": "cpe:/o:debian:debian_linux:11"}}"#.into(),
            false,
        ),
    ];
    for (product, expected) in cases {
        assert_eq!(is_product(&product, &seen), expected, "{product}");
    }
}

#[test]
fn a_part_counts_in_its_product_only() {
    let package = |name: &str, version: &str, path: &str| Installed {
        package: Package::new(PackageType::Golang, name, version),
        path: path.into(),
        layer: None,
        ownership: Ownership::Own,
        licence: String::new(),
    };
    let inventory = Inventory {
        packages: vec![
            package("example.com/app", "v1.0.0", "usr/bin/app"),
            package("example.com/other", "v1.0.0", "usr/bin/other"),
        ],
        ..debian()
    };
    let found_at = |paths: &[&str]| {
        let mut one = finding("CVE-2026-1", Severity::High, &[]);
        one.package = Package::new(PackageType::Golang, "golang.org/x/net", "v0.1.0");
        one.purl = one.package.purl(None);
        one.locations = paths
            .iter()
            .map(|path| Location {
                path: (*path).into(),
                layer: None,
            })
            .collect();
        one
    };
    let subject = Subject::default();
    let part = |whole: &str| {
        format!(
            r#"{{"@id": "{whole}", "subcomponents": [{{"@id": "pkg:golang/golang.org/x/net"}}]}}"#
        )
    };
    let cases: [(&str, &[&str], bool); 5] = [
        ("pkg:golang/example.com/app", &["usr/bin/app"], true),
        ("pkg:golang/example.com/app@v1.0.0", &["usr/bin/app"], true),
        ("pkg:golang/example.com/app@v2.0.0", &["usr/bin/app"], false),
        ("pkg:golang/example.com/app", &["usr/bin/other"], false),
        (
            "pkg:golang/example.com/app",
            &["usr/bin/app", "usr/bin/other"],
            false,
        ),
    ];
    for (whole, paths, expected) in cases {
        let one = found_at(paths);
        let seen = Seen {
            finding: &one,
            subject: &subject,
            inventory: &inventory,
        };
        assert_eq!(
            is_product(&part(whole), &seen),
            expected,
            "{whole} {paths:?}"
        );
    }
}

/// An attestation of OpenVEX about images of these digests, as `cosign attest` makes them.
fn attested(statements: &str, digest: &str) -> serde_json::Value {
    let predicate: serde_json::Value = serde_json::from_str(&document("d", statements)).unwrap();
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "app", "digest": {"sha256": digest.trim_start_matches("sha256:")}}],
        "predicateType": "https://openvex.dev/ns/v0.2.0",
        "predicate": predicate,
    })
}

#[test]
fn an_attestation_speaks_of_its_subjects() {
    let one = finding("CVE-2026-1", Severity::High, &[]);
    let with = statement("CVE-2026-1", CURL, "not_affected", "");
    let without = r#"{"vulnerability": "CVE-2026-1", "status": "fixed"}"#;
    let said = |value: &serde_json::Value| said_in(&value.to_string(), &one, &debian());
    assert_eq!(said(&attested(&with, IMAGE)), Some("not_affected"));
    assert_eq!(said(&attested(&with, OTHER)), None);
    assert_eq!(said(&attested(without, IMAGE)), Some("fixed"));
    assert_eq!(said(&attested(without, OTHER)), None);
    let text = attested(&with, IMAGE).to_string();
    let envelope = json!({
        "payloadType": "application/vnd.in-toto+json",
        "payload": base64::engine::general_purpose::STANDARD.encode(text),
        "signatures": [],
    });
    assert_eq!(said(&envelope), Some("not_affected"));
    let bundle = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "dsseEnvelope": envelope,
    });
    assert_eq!(said(&bundle), Some("not_affected"));
}

#[test]
fn an_attestation_that_cannot_be_read_says_nothing() {
    problems(
        r#"{"payloadType": "application/vnd.in-toto+json", "payload": "!"}"#,
        &expect![[r#"
            0 statements
            payload: expected a statement in JSON, in base64
        "#]],
    );
    problems(
        r#"{"_type": "https://in-toto.io/Statement/v1", "subject": [], "predicate": {}}"#,
        &expect![[r#"
            0 statements
            subject: expected a subject with a digest of sha256
        "#]],
    );
}
