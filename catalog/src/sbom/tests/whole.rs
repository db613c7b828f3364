//! Bills that are looked at themselves, after what Syft 1.18, Trivy 0.57 and others write.

use model::Inventory;

use super::*;

pub fn text(inventory: &Inventory) -> String {
    let mut text = String::new();
    if let Some(distro) = &inventory.distro {
        let stream = distro.stream().map(|stream| stream.to_string());
        let stream = stream.unwrap_or_default();
        text += &format!("{} {} = {stream}\n", distro.label(), distro.pretty);
    }
    for layer in &inventory.layers {
        text += &format!(
            "layer {:.11} {}\n",
            layer.diff_id.to_string(),
            layer.command
        );
    }
    for row in &inventory.packages {
        let found = FoundPackage {
            licence: row.licence.clone(),
            ..FoundPackage::from(row.package.clone())
        };
        let found = Found {
            packages: vec![found],
            ..Found::default()
        };
        let layer = row.layer.as_ref().map(ToString::to_string);
        text += show((found, Vec::new())).trim_end();
        text += &format!(" in {} {:.11}", row.path, layer.unwrap_or_default());
        text = text.trim_end().to_owned();
        match row.ownership {
            model::Ownership::Own => text += "\n",
            other => text += &format!(" {}\n", other.as_str()),
        }
    }
    for problem in &inventory.problems {
        text += &format!("! {problem}\n");
    }
    text
}

pub fn look(bill: &str) -> String {
    match inventory("bill", bill.as_bytes(), &Limits::default()) {
        Ok(inventory) => text(&inventory),
        Err(error) => format!("{error}\n"),
    }
}

const LAYER: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const LAYER_B: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

#[test]
fn syft_tells_everything() {
    let config = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!(
            r#"{{"os": "linux", "architecture": "amd64", "rootfs": {{"type": "layers",
            "diff_ids": ["{LAYER}", "{LAYER_B}"]}}, "history": [{{"created_by": "ADD rootfs"}},
            {{"created_by": "RUN pip"}}]}}"#
        ),
    );
    let at = |path: &str, layer: &str, evidence: &str| {
        format!(
            r#"{{"path": "{path}", "layerID": "{layer}",
                "annotations": {{"evidence": "{evidence}"}}}}"#
        )
    };
    let status = at("/var/lib/dpkg/status", LAYER, "primary");
    let copyright = at("/usr/share/doc/x/copyright", LAYER, "supporting");
    let packages = "/usr/lib/python3/dist-packages";
    let document = format!(
        r#"{{"artifacts": [
          {{"id": "1", "name": "python3-six", "version": "1:1.16.0-3", "type": "deb",
            "locations": [{copyright}, {status}], "licenses": [{{"value": "Expat"}}],
            "cpes": [{{"cpe": "cpe:2.3:a:python3-six:python3-six:1:*:*:*:*:*:*:*"}}],
            "purl": "pkg:deb/debian/python3-six@1:1.16.0-3?arch=all&distro=debian-11&upstream=six",
            "metadata": {{"package": "python3-six", "source": "six", "sourceVersion": "",
              "files": [{{"path": "{packages}/six-1.16.0.egg-info/PKG-INFO",
                "digest": {{"algorithm": "md5", "value": "00"}}}}, {{"path": 3}}, 4]}}}},
          {{"id": "2", "name": "six", "version": "1.16.0", "type": "python", "purl": "pkg:pypi/six@1.16.0",
            "locations": [{six}], "metadata": {{"name": "six", "source": "x"}}}},
          {{"id": "3", "name": "pip", "version": "23.0", "type": "python", "purl": "pkg:pypi/pip@23.0",
            "locations": [{pip}]}},
          {{"id": "4", "name": "x", "version": "2", "type": "java-archive",
            "purl": "pkg:maven/a.b/x@2", "locations": [{jar}],
            "metadata": {{"virtualPath": "/app.jar:BOOT-INF/lib/x.jar"}}}},
          {{"id": "5", "name": "vmlinuz", "version": "6", "type": "linux-kernel", "purl": ""}}],
        "artifactRelationships": [
          {{"parent": "1", "child": "2", "type": "ownership-by-file-overlap"}},
          {{"parent": "1", "child": "3", "type": "ownership-by-file-overlap"}},
          {{"parent": "2", "child": "1", "type": "ownership-by-file-overlap"}},
          {{"parent": "9", "child": "3", "type": "ownership-by-file-overlap"}},
          {{"parent": "1", "child": "4", "type": "contains"}}],
        "files": [{{"location": {{"path": "{packages}/six-1.16.0.egg-info/PKG-INFO"}},
          "digests": [{{"algorithm": "sha256", "value": "00"}}]}}],
        "source": {{"type": "image", "metadata": {{"config": "{config}",
          "layers": [{{"digest": "{LAYER}"}}, {{"digest": "{LAYER_B}"}}]}}}},
        "distro": {{"id": "debian", "versionID": "11", "versionCodename": "bullseye",
          "prettyName": "Debian GNU/Linux 11 (bullseye)"}},
        "descriptor": {{"name": "syft", "version": "1.18.1"}}}}"#,
        six = at(
            &format!("{packages}/six-1.16.0.egg-info/PKG-INFO"),
            LAYER,
            "primary"
        ),
        pip = at(&format!("{packages}/pip/METADATA"), LAYER_B, "primary"),
        jar = at("/app.jar", LAYER_B, "primary"),
    );
    expect![[r#"
        debian-11 Debian GNU/Linux 11 (bullseye) = debian:11
        layer sha256:aaaa ADD rootfs
        layer sha256:bbbb RUN pip
        deb python3-six 1:1.16.0-3 (six 1:1.16.0-3) [all] licence "Expat" in var/lib/dpkg/status sha256:aaaa
        maven a.b:x 2 in app.jar:BOOT-INF/lib/x.jar sha256:bbbb
        pypi pip 23.0 in usr/lib/python3/dist-packages/pip/METADATA sha256:bbbb distro_changed
        pypi six 1.16.0 in usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO sha256:aaaa distro_unchanged
        ! bill: 1 components have no package URL: they were compared with nothing (vmlinuz) (unsupported)
    "#]]
    .assert_eq(&look(&document));
}

#[test]
fn digests_decide_whose_a_file_is_where_they_can_be_compared() {
    let document = |claimed: &str, there: &str| {
        format!(
            r#"{{"descriptor": {{}}, "artifacts": [
              {{"id": "1", "purl": "pkg:rpm/fedora/python3-six@1.16.0-3.fc40?distro=fedora-40",
                "metadata": {{"sourceRpm": "python-six-1.16.0-3.fc40.src.rpm", "vendor": "Fedora Project",
                  "files": [{{"path": "/usr/lib/python3.12/site-packages/six.dist-info/METADATA",
                  "digest": {{"algorithm": "sha256", "value": "{claimed}"}}}}]}}}},
              {{"id": "2", "purl": "pkg:pypi/six@1.17.0", "locations": [
                {{"path": "/usr/lib/python3.12/site-packages/six.dist-info/METADATA"}}]}}],
            "artifactRelationships": [{{"parent": "1", "child": "2", "type": "ownership-by-file-overlap"}}],
            "files": [{{"location": {{"path": "/usr/lib/python3.12/site-packages/six.dist-info/METADATA"}},
              "digests": [{{"algorithm": "sha1", "value": "33"}}, {{"algorithm": "sha256", "value": "{there}"}}]}},
              {{"location": {{"path": "/etc/passwd"}}, "digests": 3}}]}}"#
        )
    };
    assert!(look(&document("11", "11")).contains("METADATA distro_unchanged\n"));
    assert!(look(&document("11", "22")).contains("METADATA distro_changed\n"));
    expect![[r#"
        fedora-40  = fedora:40
        rpm python3-six 1.16.0-3.fc40 (python-six 1.16.0-3.fc40) vendor "Fedora Project" in bill
        pypi six 1.17.0 in usr/lib/python3.12/site-packages/six.dist-info/METADATA distro_unchanged
    "#]]
    .assert_eq(&look(&document("ff", "ff")));
}

#[test]
fn cyclonedx_of_syft_and_trivy_has_properties() {
    let component = r#"{"type": "library", "publisher": "CentOS", "name": "nodejs",
      "version": "1:10.21.0-3.module_el8", "bom-ref": "n",
      "purl": "pkg:rpm/centos/nodejs@10.21.0-3.module_el8?arch=x86_64&distro=centos-8&epoch=1",
      "properties": [{"name": "syft:location:0:layerID", "value": "LAYER"},
        {"name": "syft:location:0:path", "value": "/usr/share/licenses/nodejs/LICENSE"},
        {"name": "syft:location:1:path", "value": "/var/lib/rpm/Packages"},
        {"name": "syft:location:9:path", "value": "/lost"},
        {"name": "syft:metadata:sourceRpm", "value": "nodejs-10.21.0-3.module_el8.src.rpm"}]}"#;
    let bill = format!(
        r#"{{"bomFormat": "CycloneDX", "metadata": {{"tools": {{"components": [{{"name": "syft"}}]}},
        "component": {{"type": "container", "name": "x", "bom-ref": "x"}}}},
        "components": [{component}, {{"type": "operating-system", "name": "centos", "version": "8",
          "properties": [{{"name": "syft:distro:id", "value": "centos"}},
          {{"name": "syft:distro:prettyName", "value": "CentOS Linux 8"}}]}},
          {{"type": "file", "name": "/etc/passwd"}}]}}"#
    );
    expect![[r#"
        centos-8 CentOS Linux 8 = rhel:8
        rpm nodejs 1:10.21.0-3.module_el8 (nodejs 10.21.0-3.module_el8) [x86_64] vendor "CentOS" in var/lib/rpm/Packages
        ! bill: 1 packages are parts of modules, but the bill does not say of which: what advisories say of modules was not compared with them (nodejs) (unsupported)
    "#]]
    .assert_eq(&look(&bill.replace("LAYER", LAYER)));
    let trivy = r#"{"bomFormat": "CycloneDX", "metadata": {"tools": [{"vendor": "aquasecurity", "name": "trivy"}],
        "component": {"type": "container", "name": "alma", "purl": "pkg:oci/alma@sha256:00",
          "properties": [{"name": "aquasecurity:trivy:DiffID", "value": "LAYER"}]}},
      "components": [{"type": "operating-system", "name": "alma", "version": "8.5"},
        {"type": "application", "name": "app/package-lock.json", "properties": [
          {"name": "aquasecurity:trivy:Class", "value": "lang-pkgs"}]},
        {"type": "library", "name": "perl", "version": "5.26-1", "properties": [
          {"name": "aquasecurity:trivy:Modularitylabel", "value": "perl:5.26:80:x"},
          {"name": "aquasecurity:trivy:LayerDiffID", "value": "LAYER"},
          {"name": "aquasecurity:trivy:SrcName", "value": "perl"},
          {"name": "aquasecurity:trivy:SrcVersion", "value": "5.26"},
          {"name": "aquasecurity:trivy:SrcRelease", "value": "1"}],
         "purl": "pkg:rpm/alma/perl@5.26-1?arch=x86_64&distro=alma-8.5&epoch=4"}]}"#;
    expect![[r#"
        almalinux-8.5  = almalinux:8
        layer sha256:aaaa 
        rpm perl 4:5.26-1 (perl 5.26-1) [x86_64] module "perl:5.26:80:x" in bill sha256:aaaa
    "#]]
    .assert_eq(&look(&trivy.replace("LAYER", LAYER)));
}

#[test]
fn spdx_has_remarks_and_package_urls() {
    let syft = "SPDXVersion: SPDX-2.3\nCreator: Tool: syft-1.18.1\n\
        PackageName: x/layout\nSPDXID: SPDXRef-DocumentRoot-Image-x\nPrimaryPackagePurpose: CONTAINER\n\
        PackageName: libssl1.1\nSPDXID: SPDXRef-1\nPackageVersion: 1.1.1n-0\n\
        PackageSourceInfo: <text>acquired package info from DPKG DB: /usr/share/doc/x/copyright, /var/lib/dpkg/status</text>\n\
        ExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/libssl1.1@1.1.1n-0?arch=amd64&upstream=openssl&distro=debian-11\n\
        PackageName: six\nSPDXID: SPDXRef-2\nPackageVersion: 1.1.1n\n\
        ExternalRef: PACKAGE-MANAGER purl pkg:pypi/six@1.1.1n\n\
        PackageName: root\nSPDXID: SPDXRef-3\n\
        Relationship: SPDXRef-1 OTHER SPDXRef-2\n\
        RelationshipComment: ownership-by-file-overlap: indicates that\n\
        Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-3\n\
        ExternalDocumentRef: DocumentRef-x https://example.invalid/x SHA1: 00\n";
    expect![[r#"
        debian-11  = debian:11
        deb libssl1.1 1.1.1n-0 (openssl 1.1.1n-0) [amd64] in var/lib/dpkg/status
        pypi six 1.1.1n in bill distro_unchanged
        ! bill: refers to 1 other documents, which were not read: scan them too (unsupported)
    "#]]
    .assert_eq(&look(syft));
    let trivy = r#"{"SPDXID": "SPDXRef-DOCUMENT", "spdxVersion": "SPDX-2.3",
      "creationInfo": {"creators": ["Organization: aquasecurity", "Tool: trivy-0.57.0"]},
      "packages": [
        {"SPDXID": "SPDXRef-ContainerImage-1", "name": "debian.tar", "attributionTexts": ["DiffID: LAYER"]},
        {"SPDXID": "SPDXRef-OperatingSystem-2", "name": "debian", "versionInfo": "12.5"},
        {"SPDXID": "SPDXRef-Application-3", "name": "node-pkg"},
        {"SPDXID": "SPDXRef-Package-4", "name": "libssl3", "versionInfo": "3.0.11-1~deb12u2",
          "sourceInfo": "built package from: openssl 3.0.11-1~deb12u2", "licenseDeclared": "NONE",
          "annotations": [{"annotator": "Tool: trivy", "comment": "LayerDiffID: LAYER"}],
          "externalRefs": [{"referenceType": "purl",
            "referenceLocator": "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12.5"}]}],
      "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
        "relatedSpdxElement": "SPDXRef-ContainerImage-1"}, 5]}"#;
    expect![[r#"
        debian-12.5  = debian:12
        layer sha256:aaaa 
        deb libssl3 3.0.11-1~deb12u2 (openssl 3.0.11-1~deb12u2) [amd64] in bill sha256:aaaa
    "#]]
    .assert_eq(&look(&trivy.replace("LAYER", LAYER)));
    let three = r#"{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [
        {"type": "software_Sbom", "spdxId": "urn:s", "rootElement": ["urn:root"]},
        {"type": "software_Package", "spdxId": "urn:root", "name": "image"},
        {"type": "software_Package", "spdxId": "urn:os", "name": "alpine", "software_packageVersion": "3.20.3",
          "software_primaryPurpose": "operatingSystem"},
        {"type": "software_Package", "spdxId": "urn:a", "name": "musl", "software_packageVersion": "1.2.5-r0",
          "externalIdentifier": [{"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl",
            "identifier": "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&upstream=musl"}]},
        {"type": "simplelicensing_LicenseExpression", "spdxId": "urn:l",
          "simplelicensing_licenseExpression": "MIT"},
        {"type": "Relationship", "from": "urn:a", "to": ["urn:l"], "relationshipType": "hasDeclaredLicense"},
        {"type": "software_File", "name": "/x"}, {"type": "Tool", "name": "syft"}, 7]}"#;
    expect![[r#"
        alpine-3.20.3  = alpine:3.20
        apk musl 1.2.5-r0 (musl 1.2.5-r0) [x86_64] licence "MIT" in bill
    "#]]
    .assert_eq(&look(three));
}

#[test]
fn xml_has_what_json_has() {
    let text = r#"<?xml version="1.0"?>
      <bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1">
        <metadata><tools><components><component type="application"><name>syft</name></component>
          </components></tools>
          <component type="library" bom-ref="r"><name>app</name><version>1</version>
            <purl>pkg:npm/app@1</purl></component></metadata>
        <components>
          <component type="library" bom-ref="a"><publisher>CentOS</publisher><name>a</name>
            <version>1-1</version><purl>pkg:rpm/centos/a@1-1?distro=centos-8&amp;epoch=0</purl>
            <properties><property name="syft:location:0:path">/var/lib/rpm/Packages</property>
              <property name="syft:metadata:modularityLabel">a:1:2:3</property></properties>
          </component>
          <component type="operating-system"><name>centos</name><version>8</version>
            <properties><property name="syft:distro:versionID">8.2</property></properties></component>
          <component type="library"><name>b</name></component>
        </components>
        <compositions><composition><aggregate>incomplete</aggregate></composition></compositions>
      </bom>"#;
    expect![[r#"
        centos-8.2  = rhel:8
        rpm a 0:1-1 module "a:1:2:3" vendor "CentOS" in var/lib/rpm/Packages
        npm app 1 in bill
        ! bill: 1 components have no package URL: they were compared with nothing (b) (unsupported)
        ! bill: says of 1 of its parts that they are 'incomplete' (unsupported)
    "#]]
    .assert_eq(&look(text));
}

#[test]
fn what_a_bill_does_not_tell_is_named() {
    let bill = |components: &str| {
        look(&format!(
            r#"{{"bomFormat": "CycloneDX", "components": [{components}]}}"#
        ))
    };
    expect![[r#"
        debian-12  = debian:12
        deb libssl3 3 in bill
        generic curl 8.1 cpe "haxx:curl" in bill
        ! bill: 1 components have no package URL: they were compared with nothing (unnamed) (unsupported)
        ! bill: 1 components have no version: they were compared with nothing (pkg:npm/x) (unsupported)
        ! bill: 1 components have package URLs of type 'github', which is not known here: they were compared with nothing (pkg:github/a/b@1) (unsupported)
        ! bill: 1 components have package URLs that cannot be read: they were compared with nothing (bad) (unsupported)
        ! bill: names 1 packages of ubuntu-22.04: they were compared as those of debian-12 (unsupported)
        ! bill: names no source packages: advisories of Debian GNU/Linux speak of those, so that of 2 packages of type deb only what is said of their own names was found; have them written (upstream= in package URLs) (unsupported)
    "#]]
    .assert_eq(&bill(
        r#"{"type": "operating-system", "name": "debian", "version": "12"},
        {"purl": "pkg:deb/debian/libssl3@3?distro=debian-12"}, {"purl": "pkg:npm/x"},
        {"purl": "pkg:deb/ubuntu/libssl3@3?distro=ubuntu-22.04"},
        {"purl": "pkg:github/a/b@1"}, {"purl": "pkg:npm/%0a@1", "name": "bad"},
        {"type": "library", "name": "unnamed", "version": "1"},
        {"name": "curl", "version": "8.1", "cpe": "cpe:2.3:a:haxx:curl:8.1:*:*:*:*:*:*:*"}"#,
    ));
    expect![[r#"
        debian-10  = debian:10
        deb a 1 (b 2) in bill
        ! bill: names the operating system debian-11 beside debian-10: all packages were compared as those of debian-10; scan bills of one system each (unsupported)
    "#]]
    .assert_eq(&bill(
        r#"{"type": "operating-system", "name": "debian", "version": "10"},
        {"type": "operating-system", "name": "debian", "version": "11"},
        {"purl": "pkg:deb/debian/a@1?upstream=b%402"}"#,
    ));
    // One thing that nothing is known of, and nothing else.
    let alone = r#"{"spdxVersion": "SPDX-2.3", "documentDescribes": ["a"],
        "packages": [{"SPDXID": "a", "name": "thing"}]}"#;
    expect![[r#"
        ! bill: 1 components have no package URL: they were compared with nothing (thing) (unsupported)
        ! bill: names no package that could be compared (unsupported)
    "#]]
    .assert_eq(&look(alone));
}

#[test]
fn distributions_are_named_in_many_ways() {
    for (purl, expected) in [
        ("pkg:deb/debian/a@1?distro=jessie", "debian:8"),
        ("pkg:deb/debian/a@1?distro=debian-bookworm", "debian:12"),
        (
            "pkg:deb/debian/a@1?os_name=debian&os_version=12&os_distro=bookworm",
            "debian:12",
        ),
        ("pkg:deb/debian/a@1", ""),
        (
            "pkg:apk/alpine/a@1?distro=alpine-3.14.0_alpha20210212",
            "alpine:edge",
        ),
        ("pkg:apk/alpine/a@1?distro=3.20.1", ""),
        ("pkg:apk/wolfi/a@1", "wolfi:rolling"),
        ("pkg:rpm/redhat/a@1?distro=redhat-8.10", "rhel:8"),
        ("pkg:rpm/redhat/a@1?distro=rhel-9.4", "rhel:9"),
        (
            "pkg:rpm/opensuse/a@1?distro=opensuse-leap-15.5",
            "opensuse-leap:15.5",
        ),
        (
            "pkg:rpm/opensuse.leap/a@1?distro=opensuse.leap-15.5",
            "opensuse-leap:15.5",
        ),
        (
            "pkg:rpm/opensuse/a@1?distro=opensuse-tumbleweed",
            "opensuse-tumbleweed:rolling",
        ),
        ("pkg:rpm/oracle/a@1?distro=oracle-8.5", "ol:8"),
        ("pkg:rpm/amazon/a@1?distro=amazon-2+%28Karoo%29", "amzn:2"),
        ("pkg:alpm/arch/a@1", "arch:rolling"),
    ] {
        let bill = format!(r#"{{"components": [{{"purl": "{purl}"}}]}}"#);
        let inventory = inventory("bill", bill.as_bytes(), &Limits::default()).unwrap();
        let stream = inventory.distro.and_then(|distro| distro.stream());
        let stream = stream.map(|stream| stream.to_string()).unwrap_or_default();
        assert_eq!(stream, expected, "{purl}");
    }
}
