//! Documents after the examples of CycloneDX: a VEX alone, and one in a bill of materials.

use model::{Package, PackageType};
use serde_json::{Value, json};

use super::*;

const SERIAL: &str = "3e671687-395b-41f5-a30f-a58921a69b79";
const JACKSON: &str = "pkg:maven/com.fasterxml.jackson.core/jackson-databind@2.10.0";

/// A finding in jackson-databind 2.10.0.
fn jackson() -> Finding {
    let mut one = finding("CVE-2020-25649", Severity::High, &[]);
    let name = "com.fasterxml.jackson.core:jackson-databind";
    one.package = Package::new(PackageType::Maven, name, "2.10.0");
    one.purl = one.package.purl(None);
    one
}

fn bom(extra: &Value, affects: &Value, analysis: &Value) -> String {
    let mut bom = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "serialNumber": format!("urn:uuid:{SERIAL}"),
        "metadata": {"timestamp": "2026-01-01T00:00:00Z", "authors": [{"name": "Anna"}]},
        "vulnerabilities": [{
            "id": "CVE-2020-25649",
            "references": [{"id": "SNYK-JAVA-1", "source": {"name": "SNYK"}}],
            "analysis": analysis, "affects": affects,
        }],
    });
    for (key, value) in extra.as_object().unwrap() {
        match (key.as_str(), bom["metadata"].as_object_mut()) {
            ("component", Some(metadata)) => metadata.insert(key.clone(), value.clone()),
            _ => bom
                .as_object_mut()
                .unwrap()
                .insert(key.clone(), value.clone()),
        };
    }
    bom.to_string()
}

fn not_affected() -> Value {
    json!({"state": "not_affected", "justification": "code_not_reachable", "detail": "Not called."})
}

#[test]
fn every_state_has_its_meaning() {
    let cases = [
        ("not_affected", "not_affected"),
        ("false_positive", "not_affected"),
        ("resolved", "fixed"),
        ("resolved_with_pedigree", "fixed"),
        ("in_triage", "under_investigation"),
        ("exploitable", "affected"),
    ];
    for (state, expected) in cases {
        let text = bom(
            &json!({}),
            &json!([{"ref": JACKSON}]),
            &json!({"state": state}),
        );
        assert_eq!(
            said_in(&text, &jackson(), &debian()),
            Some(expected),
            "{state}"
        );
    }
    let read = read(&bom(
        &json!({}),
        &json!([{"ref": JACKSON}]),
        &not_affected(),
    ));
    let one = &read.statements[0];
    assert_eq!(one.justification, "code_not_reachable: Not called.");
    assert_eq!(one.names, ["CVE-2020-25649", "SNYK-JAVA-1"]);
    assert_eq!(one.document, format!("urn:uuid:{SERIAL}/1"));
    assert_eq!(one.author, "Anna");
    assert_eq!(one.said_at.to_string(), "2026-01-01T00:00:00Z");
}

#[test]
fn a_reference_is_a_component_a_link_or_a_package_url() {
    let other = "f08a6ccd-4dce-4759-bd84-c626675d60a7";
    let encoded = "pkg%3Amaven%2Fcom.fasterxml.jackson.core%2Fjackson-databind%402.10.0";
    let inside = json!({"components": [
        {"type": "library", "name": "app", "components": [
            {"bom-ref": "jackson", "type": "library", "name": "jackson-databind", "purl": JACKSON}]},
        {"bom-ref": "nameless", "type": "library", "name": "jackson-databind"},
    ]});
    let root =
        |component: Value| json!({"component": component, "components": inside["components"]});
    let image = |digest: &str| {
        root(json!({"bom-ref": "root", "type": "container", "name": "app", "version": digest}))
    };
    let bare = json!({});
    let cases = [
        (&bare, JACKSON.to_owned(), true),
        (&bare, format!("{JACKSON}?type=jar"), true),
        (&bare, format!("urn:cdx:{other}/1#{JACKSON}?type=jar"), true),
        (&bare, format!("urn:cdx:{other}/1#{encoded}"), true),
        (&bare, format!("urn:cdx:{other}/1#4711"), false),
        (&bare, format!("urn:cdx:{other}/1"), false),
        (&inside, "jackson".into(), true),
        (&inside, format!("urn:cdx:{SERIAL}/1#jackson"), true),
        (&inside, "nameless".into(), false),
        (&image(IMAGE), "jackson".into(), true),
        (&image(OTHER), "jackson".into(), false),
        (&image(IMAGE), "root".into(), true),
        (&image(IMAGE), format!("urn:cdx:{SERIAL}/1"), true),
        (&image(OTHER), "root".into(), false),
        (
            &root(json!({"type": "application", "name": "app"})),
            "jackson".into(),
            true,
        ),
        (
            &root(json!({"type": "application", "purl": "pkg:npm/x"})),
            "jackson".into(),
            false,
        ),
    ];
    for (extra, reference, expected) in cases {
        let text = bom(extra, &json!([{"ref": reference}]), &not_affected());
        let (document, problems) = Document::read(&text, &Limits::default());
        assert!(problems.len() <= 1, "{problems:?}");
        let vex = Vex::new(document);
        let digests: [Digest; 1] = [IMAGE.parse().unwrap()];
        let subject = Subject {
            digests: &digests,
            ..Subject::default()
        };
        let (finding, inventory) = (&jackson(), &debian());
        let seen = Seen {
            finding,
            subject: &subject,
            inventory,
        };
        assert_eq!(
            vex.statement(&seen).is_some(),
            expected,
            "{extra} {reference}"
        );
    }
}

#[test]
fn versions_narrow_what_is_said() {
    let purl = JACKSON.trim_end_matches("@2.10.0");
    let cases = [
        (
            json!([{"version": "2.10.0", "status": "affected"}]),
            Some("under_investigation"),
        ),
        (json!([{"version": "2.10.0"}]), Some("under_investigation")),
        (
            json!([{"version": "2.10.0", "status": "unaffected"}]),
            Some("not_affected"),
        ),
        (
            json!([{"version": "2.10.0", "status": "unknown"}]),
            Some("under_investigation"),
        ),
        (json!([{"version": "2.11.0", "status": "unaffected"}]), None),
        (
            json!([{"range": "vers:maven/>=2.0|<2.10.1", "status": "unaffected"}]),
            Some("not_affected"),
        ),
        (
            json!([{"range": "vers:maven/<2.10.0", "status": "unaffected"}]),
            None,
        ),
    ];
    for (versions, expected) in cases {
        let affects = json!([{"ref": purl, "versions": versions}]);
        let text = bom(&json!({}), &affects, &json!({"state": "in_triage"}));
        assert_eq!(
            said_in(&text, &jackson(), &debian()),
            expected,
            "{versions}"
        );
    }
}

#[test]
fn what_is_no_statement_is_passed_over_and_what_is_broken_is_named() {
    problems(
        r#"{"bomFormat": "CycloneDX", "vulnerabilities": [
            {"id": "CVE-1", "affects": [{"ref": "pkg:npm/a"}]},
            {"id": "CVE-1", "analysis": {"state": "fine"}},
            {"analysis": {"state": "resolved"}},
            {"id": "CVE-1", "analysis": {"state": "resolved"}},
            {"id": "CVE-1", "analysis": {"state": "resolved"}, "affects": [{"ref": "x"},
                {"ref": "pkg:npm/a", "versions": [{"range": "<1"}]}]}]}"#,
        &expect![[r#"
            0 statements
            vulnerabilities[1].analysis.state: expected one of not_affected, false_positive, resolved, resolved_with_pedigree, in_triage, exploitable
            vulnerabilities[2].id: missing: which vulnerability it is
            vulnerabilities[3].affects: missing: of which component it speaks
            vulnerabilities[4].affects[0].ref: the ref names no component that is known by a package URL, a CPE or a digest
            vulnerabilities[4].affects[1].versions[0]: expected a version, or a range as vers:npm/<1.2.3
        "#]],
    );
}
