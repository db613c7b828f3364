//! What lies around bills, and what is no bill.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::whole::look;
use super::*;

const BILL: &str = r#"{"bomFormat": "CycloneDX", "components": [{"purl": "pkg:npm/a@1"}]}"#;

fn envelope(statement: &str) -> String {
    let payload = STANDARD.encode(statement);
    format!(
        r#"{{"payloadType": "application/vnd.in-toto+json", "payload": "{payload}", "signatures": []}}"#
    )
}

#[test]
fn a_bill_is_found_in_what_attests_it() {
    let statement = format!(
        r#"{{"_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": "https://cyclonedx.org/bom", "predicate": {BILL}}}"#
    );
    let tag_value = "SPDXVersion: SPDX-2.3\\nPackageName: a\\n\
        ExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1\\n";
    let other = r#"{"predicateType": "https://slsa.dev/provenance/v1", "predicate": {}}"#;
    let bundle = format!(
        r#"{{"mediaType": "x", "dsseEnvelope": {}}}"#,
        envelope(&statement)
    );
    for text in [
        statement.clone(),
        envelope(&statement),
        bundle,
        // As cosign downloads them: a line each.
        format!("{}\n{}\n", envelope(other), envelope(&statement)),
        format!(r#"{{"predicate": {{"Data": {BILL}}}}}"#),
        format!(r#"{{"predicate": {{"Data": "{tag_value}"}}}}"#),
        format!(r#"{{"SPDX": {BILL}}}"#),
        format!("\u{feff}\n {BILL}"),
    ] {
        assert_eq!(look(&text), "npm a 1 in bill\n", "{text}");
    }
    assert!(look(&envelope(other)).starts_with("bill is no bill of materials that is read"));
    assert!(look(r#"{"payload": "%"}"#).contains("its payload is no base64"));
    let deep = (0..12).fold(BILL.to_owned(), |text, _| envelope(&text));
    assert!(
        look(&deep).contains("lies in too many attestations"),
        "{}",
        look(&deep)
    );
}

#[test]
fn what_is_no_bill_is_an_error() {
    for text in [
        "",
        "{}",
        "<a/>",
        "hello: world",
        "[1]",
        "{\"components\": [",
        "{\"packages\": [{\"name\": \"a\"}]}",
        "{\"predicate\": 5, \"sbom\": [\"x\"], \"packages\": {\"a\": \"b\"}}",
        "\u{feff}",
        "{\"a\": \u{0}}",
    ] {
        assert!(
            look(text).starts_with("bill is no bill of materials that is read"),
            "{text}"
        );
    }
    assert!(look("{\"bomFormat\": 1, \"components\": [").contains("(truncated)"));
}

#[test]
fn limits_are_kept_and_said() {
    let limits = Limits {
        bill_components: 2,
        bill_bytes: 200_000,
        ..Limits::default()
    };
    let read = |text: &str| {
        let inventory = inventory("bill", text.as_bytes(), &limits).unwrap();
        let problems = inventory.problems.iter().map(ToString::to_string);
        (
            inventory.packages.len(),
            problems.collect::<Vec<_>>().join("; "),
        )
    };
    let one = r#"{"purl": "pkg:npm/a@1"}"#;
    let many = format!(r#"{{"components": [{one}, {one}, {one}, {one}]}}"#);
    let (count, problems) = read(&many);
    assert_eq!(
        (count, problems.as_str()),
        (
            1,
            "bill: has more than 2 components: the rest was not read (limit)"
        )
    );
    let long = format!(
        r#"{{"components": [{one}], "x": "{}"}}"#,
        "y".repeat(400_000)
    );
    let (count, problems) = read(&long);
    assert_eq!(count, 1);
    assert!(
        problems.contains("more than 200000 bytes (limit)"),
        "{problems}"
    );
    let deep = format!(r#"{{"components": [{one}], "x": {}"#, "[".repeat(100_000));
    assert!(look(&deep).contains("(truncated)"));
    let deep = format!("<bom><components>{}", "<component>".repeat(50_000));
    assert!(look(&deep).contains("(truncated)"));
}

#[test]
fn a_compressed_bill_is_read() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, BILL.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let found = inventory("bill", packed.as_slice(), &Limits::default()).unwrap();
    assert_eq!(found.packages.len(), 1);
    let cut = packed.get(..packed.len() / 2).unwrap();
    let cut = inventory("bill", cut, &Limits::default());
    assert!(cut.is_ok_and(|found| !found.problems.is_empty()));
}
