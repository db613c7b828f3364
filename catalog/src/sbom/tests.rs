use expect_test::expect;

use super::*;
use crate::cataloger::DistroFact;
use crate::tests::show;

mod attestations;
mod whole;

fn read(text: &str) -> String {
    let (found, problems) = parse("bom", text.as_bytes(), &Limits::default());
    let system = match &found.distro {
        Some(DistroFact::OsRelease { id, version, .. }) => format!("system {id} {version}\n"),
        _ => String::new(),
    };
    system + &show((found, problems))
}

#[test]
fn components_may_lie_inside_each_other_and_the_image_itself_is_none() {
    // After CycloneDX 1.6 as Trivy 0.57 and cdxgen 11 write it.
    let text = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6",
        "metadata": {"component": {"type": "container", "name": "x", "purl": "pkg:oci/x@1"},
            "tools": {"components": [{"name": "trivy", "purl": "pkg:golang/trivy@1"}]}},
        "components": [
          {"type": "operating-system", "name": "Debian", "version": "12.5"},
          {"type": "library", "name": "libssl3", "version": "3.0.11-1",
           "purl": "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12.5",
           "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "custom"}}, 5],
           "properties": [{"name": "aquasecurity:trivy:SrcName", "value": "openssl"},
             {"name": "aquasecurity:trivy:SrcVersion", "value": "3.0.11"},
             {"name": "aquasecurity:trivy:SrcRelease", "value": "1"},
             {"name": "aquasecurity:trivy:SrcEpoch", "value": 1}]},
          {"name": "outer", "purl": "pkg:npm/%40a/outer@1.0.0", "licenses": [{"expression": "MIT"}],
           "components": [{"purl": "pkg:npm/inner", "version": "2.0.0",
             "components": [{"purl": "pkg:npm/innermost@3"}]}]},
          {"name": "python", "version": "3.11.4", "purl": "pkg:generic/python@3.11.4",
           "cpe": "cpe:2.3:a:python:python:3.11.4:*:*:*:*:*:*:*"},
          {"name": "no purl", "version": "1"}, null, 3, ["x"], {"purl": {"a": 1}}],
        "dependencies": [{"ref": "a"}]}"#;
    expect![[r#"
        system debian 12.5
        deb libssl3 3.0.11-1 (openssl 1:3.0.11-1) [amd64] licence "MIT AND custom"
        npm innermost 3
        npm inner 2.0.0
        npm @a/outer 1.0.0 licence "MIT"
        generic python 3.11.4 cpe "python:python"
    "#]]
    .assert_eq(&read(text));
    let cut = read(text.get(..1_300).unwrap());
    assert!(cut.contains("deb libssl3"), "{cut}");
    assert!(cut.contains("(truncated)"), "{cut}");
}

#[test]
fn spdx_names_packages_by_references() {
    // After SPDX 2.3 as Syft 1.18 writes it, and SPDX 3.0's own examples.
    let two = r#"{"spdxVersion": "SPDX-2.3", "documentDescribes": ["SPDXRef-a"], "packages": [
        {"name": "a", "versionInfo": "1", "licenseDeclared": "NOASSERTION", "externalRefs": [
          {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:*:a:1:*:*:*:*:*:*:*"},
          {"referenceType": "purl", "referenceLocator": "pkg:generic/a"}]},
        {"name": "ubuntu", "versionInfo": "22.04", "primaryPackagePurpose": "OPERATING_SYSTEM"},
        {"name": "b", "licenseDeclared": "MIT", "externalRefs": "none"}]}"#;
    let three = r#"{"@graph": [{"type": "software_Package", "name": "c",
        "software_packageVersion": "2", "software_packageUrl": "pkg:npm/c"}, {"type": "Tool"}]}"#;
    for (text, expected) in [
        (two.to_owned(), "system ubuntu 22.04\ngeneric a 1\n"),
        (
            format!(r#"{{"sbom": {two}}}"#),
            "system ubuntu 22.04\ngeneric a 1\n",
        ),
        (format!(r#"{{"predicate": {three}}}"#), "npm c 2\n"),
        (
            r#"{"predicate": 5, "sbom": ["x"], "packages": {"a": "b"}}"#.to_owned(),
            "",
        ),
    ] {
        assert_eq!(read(&text), expected);
    }
    expect![[r#"
        system alpine 3.18.4
        apk musl 1.2.4-r1 (musl 1.2.4-r1) [x86_64] licence "MIT"
        npm b 1
    "#]]
    .assert_eq(&read(
        "SPDXVersion: SPDX-2.3\nPackageName: musl\nPackageVersion: 1.2.4-r1\n\
         PackageLicenseDeclared: MIT\nPackageCopyrightText: <text>\nPackageName: not one\n</text>\n\
         ExternalRef: PACKAGE-MANAGER purl pkg:apk/alpine/musl@1.2.4-r1?arch=x86_64&upstream=musl\n\
         PackageName: alpine\nPackageVersion: 3.18.4\nPrimaryPackagePurpose: OPERATING-SYSTEM\n\
         PackageName: b\nExternalRef: PACKAGE-MANAGER purl pkg:npm/b@1\nFileName: x\n\
         ExternalRef: PACKAGE-MANAGER purl pkg:npm/notmine@1\n",
    ));
}

#[test]
fn xml_says_the_same() {
    let text = r#"<?xml version="1.0"?>
      <bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1">
        <metadata><component type="container"><purl>pkg:npm/image@1</purl></component></metadata>
        <components>
          <component type="operating-system"><name>alpine</name><version>3.18</version></component>
          <component type="library">
            <supplier><contact><name>no licence</name></contact></supplier>
            <name>a</name><version>1</version>
            <licenses><license><id>MIT</id></license><license><name>x</name></license></licenses>
            <purl>pkg:deb/debian/a@1?arch=amd64&amp;upstream=b%402</purl>
            <pedigree><ancestors><component><purl>pkg:npm/old@1</purl></component></ancestors>
            </pedigree>
            <components><component><name>c</name><version>3</version>
              <purl><![CDATA[pkg:npm/c]]></purl></component></components>
          </component>
          <component type="library"><purl/></component>
        </components>
      </bom>"#;
    expect![[r#"
        system alpine 3.18
        npm c 3
        deb a 1 (b 2) [amd64] licence "MIT AND x"
    "#]]
    .assert_eq(&read(text));
    let cut = read(text.split("<pedigree>").next().unwrap());
    assert!(
        cut.contains("deb a 1") && cut.contains("(truncated)"),
        "{cut}"
    );
    assert!(read("<html></html>").contains("is no bill"));
    assert!(read("<a></b>").contains("malformed"));
}

#[test]
fn what_is_no_bill_is_said_to_be_none() {
    assert!(read("").contains("is no bill of materials"));
    assert!(read("hello: world\n").contains("is no bill of materials"));
    assert!(read("{\"components\": [").contains("truncated"));
    assert!(read("{\"components\": [}").contains("malformed"));
    let deep = "{\"components\":[".repeat(500);
    assert!(read(&deep).contains("recursion limit"));
}

#[test]
fn what_an_apk_was_built_from_is_not_installed() {
    let text = r#"{"spdxVersion": "SPDX-2.3", "packages": [
        {"externalRefs": [{"referenceType": "purl",
          "referenceLocator": "pkg:apk/wolfi/curl@8.1.2-r0?arch=x86_64"}]},
        {"externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:generic/curl@8.1.2"}]}]}"#;
    let path = "var/lib/db/sbom/curl-8.1.2-r0.spdx.json";
    let found = parse_in_image(path, text.as_bytes(), &Limits::default());
    assert_eq!(show(found), "apk curl 8.1.2-r0 [x86_64]\n");
}
