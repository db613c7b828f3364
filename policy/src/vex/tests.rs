//! Statements, and findings that they speak of.

use expect_test::{Expect, expect};
use model::{Digest, Distro, Finding, Inventory, Severity};

use super::*;
use crate::fixture::finding;
use crate::suppress::Seen;
use crate::{Limits, Subject};

mod csaf;
mod cyclonedx;
mod images;

const IMAGE: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const CURL: &str = r#"{"@id": "pkg:deb/debian/curl"}"#;

/// A document of version 0.2.0 with the statements given.
fn document(id: &str, statements: &str) -> String {
    format!(
        r#"{{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "{id}", "author": "Anna",
            "timestamp": "2026-01-01T00:00:00Z", "version": 1, "statements": [{statements}]}}"#
    )
}

fn statement(name: &str, product: &str, status: &str, rest: &str) -> String {
    format!(
        r#"{{"vulnerability": {{"name": "{name}"}}, "products": [{product}],
            "status": "{status}", "justification": "component_not_present"{rest}}}"#
    )
}

fn read(text: &str) -> Document {
    let (document, problems) = Document::read(text, &Limits::default());
    assert_eq!(problems, []);
    document.unwrap()
}

/// What is said of a finding in the image, in a word.
fn said(statements: &[String], finding: &Finding) -> Option<&'static str> {
    said_in(&document("d", &statements.join(",")), finding, &debian())
}

/// An inventory of Debian 12 without packages.
fn debian() -> Inventory {
    Inventory {
        distro: Some(Distro::new("debian", "12")),
        ..Inventory::default()
    }
}

/// What a document says of a finding in the image, in a word.
fn said_in(text: &str, finding: &Finding, inventory: &Inventory) -> Option<&'static str> {
    let digests: [Digest; 1] = [IMAGE.parse().unwrap()];
    let subject = Subject {
        digests: &digests,
        ..Subject::default()
    };
    let seen = Seen {
        finding,
        subject: &subject,
        inventory,
    };
    let vex = Vex::new([read(text)]);
    vex.statement(&seen).map(|one| one.status.as_str())
}

#[test]
fn a_statement_speaks_of_names_and_products() {
    let mut one = finding("CVE-2026-1", Severity::High, &[]);
    one.aliases = vec!["GHSA-x".into()];
    let image = |digest: &str, rest: &str| format!(r#"{{"@id": "pkg:oci/app@{digest}"{rest}}}"#);
    let part = |purl: &str| format!(r#", "subcomponents": [{{"@id": "{purl}"}}]"#);
    let cases = [
        ("CVE-2026-1", CURL.to_owned(), true),
        ("ghsa-x", CURL.to_owned(), true),
        ("CVE-2026-2", CURL.to_owned(), false),
        (
            "CVE-2026-1",
            r#""pkg:deb/debian/curl@1.0""#.to_owned(),
            true,
        ),
        (
            "CVE-2026-1",
            r#""pkg:deb/debian/curl@1.1""#.to_owned(),
            false,
        ),
        (
            "CVE-2026-1",
            r#"{"@id": "urn:x", "identifiers": {"purl": "pkg:deb/debian/curl"}}"#.to_owned(),
            true,
        ),
        ("CVE-2026-1", image(IMAGE, ""), true),
        ("CVE-2026-1", image(OTHER, ""), false),
        (
            "CVE-2026-1",
            image(IMAGE, &part("pkg:deb/debian/curl@1.0")),
            true,
        ),
        (
            "CVE-2026-1",
            image(IMAGE, &part("pkg:deb/debian/wget")),
            false,
        ),
    ];
    for (name, product, expected) in cases {
        let said = said(&[statement(name, &product, "not_affected", "")], &one);
        assert_eq!(said.is_some(), expected, "{name} {product}");
    }
}

#[test]
fn the_latest_statement_wins_and_of_one_time_the_one_that_suppresses_least() {
    let one = finding("CVE-2026-1", Severity::High, &[]);
    let at = |day: &str, status: &str| {
        let rest = format!(r#", "timestamp": "2026-02-{day}T00:00:00Z""#);
        statement("CVE-2026-1", CURL, status, &rest)
    };
    let undated = |status: &str| statement("CVE-2026-1", CURL, status, "");
    let cases = [
        (
            vec![at("01", "not_affected"), at("02", "affected")],
            "affected",
        ),
        (
            vec![at("02", "affected"), at("01", "not_affected")],
            "affected",
        ),
        (
            vec![at("02", "not_affected"), at("01", "affected")],
            "not_affected",
        ),
        (
            vec![at("01", "not_affected"), at("01", "affected")],
            "affected",
        ),
        (
            vec![at("01", "fixed"), at("01", "under_investigation")],
            "under_investigation",
        ),
        (vec![undated("affected"), at("01", "fixed")], "fixed"),
    ];
    for (statements, expected) in cases {
        assert_eq!(said(&statements, &one), Some(expected), "{statements:?}");
    }
}

fn problems(text: &str, expected: &Expect) {
    let (document, problems) = Document::read(text, &Limits::default());
    let read = document.map_or(0, |one| one.statements.len());
    let mut said = format!("{read} statements\n");
    for one in problems {
        said.push_str(&format!("{}: {}\n", one.place, one.detail));
    }
    expected.assert_eq(&said);
}

#[test]
fn what_cannot_be_read_is_left_out_and_named() {
    let bad = [
        statement("CVE-1", CURL, "not_affected", ""),
        statement("CVE-1", CURL, "harmless", ""),
        statement(
            "CVE-1",
            r#""curl", {"@id": "https://example.com/curl"}"#,
            "fixed",
            "",
        ),
        statement(
            "CVE-1",
            r#"{"@id": "pkg:npm/a", "subcomponents": [{}]}"#,
            "fixed",
            "",
        ),
        statement("CVE-1", CURL, "fixed", r#", "timestamp": "soon""#),
        r#"{"vulnerability": "CVE-1", "products": ["pkg:npm/a"], "status": "not_affected"}"#.into(),
        r#"{"products": ["pkg:npm/a"], "status": "fixed"}"#.into(),
        "7".into(),
    ];
    problems(
        &document("d", &bad.join(",")),
        &expect![[r#"
            1 statements
            statements[1].status: expected one of not_affected, fixed, under_investigation, affected
            statements[2].products[0]: no package URL: missing scheme
            statements[2].products[1]: no package URL: invalid scheme: "https"
            statements[2].products: it names nothing that can be known
            statements[3].products[0].subcomponents[0]: expected a package URL, a hash or a CPE
            statements[3].products: it names nothing that can be known
            statements[4].timestamp: expected a time such as 2026-12-31T00:00:00Z
            statements[5].justification: missing: not_affected needs a justification or an impact_statement
            statements[6].vulnerability: missing
            statements[7]: expected a statement
        "#]],
    );
    problems(
        r#"{"@context": "https://cyclonedx.org"}"#,
        &expect![[r#"
            0 statements
            document: expected OpenVEX (an @context of https://openvex.dev/ns), CSAF (document.csaf_version) or CycloneDX in JSON (bomFormat), or one of them in an attestation
        "#]],
    );
    problems(
        "{",
        &expect![[r#"
        0 statements
        document: EOF while parsing an object at line 1 column 1
    "#]],
    );
}

#[test]
fn a_document_is_read_within_limits() {
    let limits = Limits {
        statements: 1,
        products: 1,
        ..Limits::default()
    };
    let two = r#""pkg:npm/a", "pkg:npm/b""#;
    let text = document(
        "d",
        &[
            statement("CVE-1", two, "fixed", ""),
            statement("CVE-2", two, "fixed", ""),
        ]
        .join(","),
    );
    let (read, problems) = Document::read(&text, &limits);
    assert_eq!(read.unwrap().statements.len(), 1);
    assert_eq!(problems.len(), 2);
    let small = Limits {
        bytes: text.len() - 1,
        ..limits
    };
    assert_eq!(Document::read(&text, &small).0, None);
}
