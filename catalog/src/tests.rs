//! End to end: an image as one string, its inventory as text.

use expect_test::{Expect, expect};
use image::Limits;
use image::fixture::{Fixture, FixtureLayer};
use model::{Digest, Inventory, Ownership, Problem};

use crate::cataloger::Found;
use crate::{LayerReport, catalogue, squash};

mod channels;
mod damage;
mod directories;
mod links;
mod ownership;
mod sources;

/// What a parser answered, line by line.
pub fn show((found, problems): (Found, Vec<Problem>)) -> String {
    let mut text = String::new();
    for found in found.packages {
        let package = found.package;
        text += &format!("{} {} {}", package.kind, package.name, package.version);
        if let Some(source) = package.source {
            text += &format!(" ({} {})", source.name, source.version);
        }
        if let Some(architecture) = package.architecture {
            text += &format!(" [{architecture}]");
        }
        for (what, value) in [
            ("module", package.module),
            ("vendor", package.vendor),
            ("cpe", package.cpe),
            ("licence", Some(found.licence)),
            ("within", Some(found.within)),
        ] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                text += &format!(" {what} {value:?}");
            }
        }
        text += "\n";
    }
    for (package, files) in found.owned {
        for file in files {
            text += &format!("{package} owns {}", file.path);
            text += &file
                .digest
                .map(|digest| format!(" {digest}"))
                .unwrap_or_default();
            text += "\n";
        }
    }
    for repository in found.repositories {
        text += &format!("repository {repository}\n");
    }
    for problem in problems {
        text += &format!("! {problem}\n");
    }
    text
}

fn show_inventory(inventory: &Inventory, layers: &[Digest]) -> String {
    let mut text = String::new();
    if let Some(distro) = &inventory.distro {
        let stream = distro
            .stream()
            .map(|stream| stream.to_string())
            .unwrap_or_default();
        text += &format!("distro {} = {stream}\n", distro.label());
    }
    for installed in &inventory.packages {
        let package = &installed.package;
        let at = layers
            .iter()
            .position(|layer| Some(layer) == installed.layer.as_ref());
        let layer = at.map_or("-".to_owned(), |at| (at + 1).to_string());
        let source = package.source.as_ref();
        let source = source.map(|source| format!(" ({} {})", source.name, source.version));
        let (name, version, path) = (&package.name, &package.version, &installed.path);
        let source = source.unwrap_or_default();
        let licence = match installed.licence.as_str() {
            "" => String::new(),
            licence => format!(", {licence}"),
        };
        let owner = match installed.ownership {
            Ownership::Own => "",
            Ownership::DistroUnchanged => ", the distribution's",
            Ownership::DistroChanged => ", the distribution's but changed",
        };
        text += &format!("{name} {version}{source} @ {path}, layer {layer}{licence}{owner}\n");
    }
    text += &format!("databases {:?}\n", inventory.databases);
    for problem in &inventory.problems {
        let mut place = problem.place.clone();
        for (at, layer) in layers.iter().enumerate() {
            place = place.replace(layer.as_str(), &(at + 1).to_string());
        }
        let (kind, detail) = (problem.kind.as_str(), &problem.detail);
        text += &format!("! {place} ({kind})\n    {detail}\n");
    }
    text
}

fn reports(layers: &[FixtureLayer]) -> Vec<LayerReport> {
    let report = |layer: &FixtureLayer| {
        let report = catalogue(layer.blob.as_slice(), &Limits::default()).unwrap();
        let kept = LayerReport::from_bytes(&report.to_bytes()).unwrap();
        assert_eq!(kept, report, "what is kept is what was read");
        kept
    };
    layers.iter().map(report).collect()
}

fn check(text: &str, expected: Expect) {
    let image = Fixture::parse(text).unwrap();
    let reports = reports(&image.layers);
    let ids: Vec<Digest> = reports
        .iter()
        .map(|report| report.diff_id.clone())
        .collect();
    expected.assert_eq(&show_inventory(&squash(&reports, &Limits::default()), &ids));
}

const DEBIAN: &str = "\
//- layer
//- /etc/os-release
ID=debian
VERSION_ID=\"10\"
//- /var/lib/dpkg/status
Package: apt
Status: install ok installed
Version: 1.8.2

Package: bash
Status: install ok installed
Version: 5.0-4
";

#[test]
fn a_package_is_of_the_layer_from_which_it_stays() {
    check(
        &format!(
            "{DEBIAN}\
//- layer zstd
//- /var/lib/dpkg/status
Package: apt
Status: install ok installed
Version: 1.8.2

Package: bash
Status: install ok installed
Version: 5.0-5

Package: curl
Status: install ok installed
Version: 7.64
//- layer plain
//- /var/lib/dpkg/status
Package: apt
Status: install ok installed
Version: 1.8.2

Package: bash
Status: install ok installed
Version: 5.0-4
"
        ),
        expect![[r#"
            distro debian-10 = debian:10
            apt 1.8.2 @ var/lib/dpkg/status, layer 1
            bash 5.0-4 @ var/lib/dpkg/status, layer 3
            databases ["var/lib/dpkg/status"]
        "#]],
    );
}

#[test]
fn whiteouts_opaque_directories_and_replaced_parents_delete() {
    let nothing = || {
        expect![[r#"
            distro debian-10 = debian:10
            databases []
        "#]]
    };
    for upper in [
        "//- whiteout /var/lib/dpkg/status",
        "//- whiteout /var",
        "//- opaque /var/lib",
        "//- /var\nnow a file",
        "//- symlink /var/lib -> /nowhere",
        "//- directory /var/lib/dpkg/status",
    ] {
        check(&format!("{DEBIAN}//- layer\n{upper}\n"), nothing());
    }
    check(
        &format!("{DEBIAN}//- layer\n//- opaque /\n"),
        expect![[r#"
        databases []
    "#]],
    );
    check(
        &format!("{DEBIAN}//- layer\n//- directory /var/lib\n//- whiteout /var/lib/dpk\n"),
        expect![[r#"
            distro debian-10 = debian:10
            apt 1.8.2 @ var/lib/dpkg/status, layer 1
            bash 5.0-4 @ var/lib/dpkg/status, layer 1
            databases ["var/lib/dpkg/status"]
        "#]],
    );
}

#[test]
fn a_whiteout_beside_its_file_hides_the_lower_one_only() {
    check(
        &format!(
            "{DEBIAN}//- layer\n//- opaque /var/lib/dpkg\n//- /var/lib/dpkg/status\n\
             Package: bash\nVersion: 5.0-4\n"
        ),
        expect![[r#"
            distro debian-10 = debian:10
            bash 5.0-4 @ var/lib/dpkg/status, layer 1
            databases ["var/lib/dpkg/status"]
        "#]],
    );
}

#[test]
fn what_was_removed_and_comes_again_is_of_the_layer_that_brings_it() {
    check(
        &format!(
            "{DEBIAN}\
//- layer
//- whiteout /var/lib/dpkg/status
//- layer
//- /var/lib/dpkg/status
Package: apt
Version: 1.8.2
//- layer
//- /var/lib/dpkg/status
Package: bash
Version: 5.0-4
//- layer
//- /var/lib/dpkg/status
Package: bash
Version: 5.0-4

Package: apt
Version: 1.8.2
"
        ),
        expect![[r#"
            distro debian-10 = debian:10
            apt 1.8.2 @ var/lib/dpkg/status, layer 5
            bash 5.0-4 @ var/lib/dpkg/status, layer 4
            databases ["var/lib/dpkg/status"]
        "#]],
    );
    check(
        &format!("{DEBIAN}//- layer\n//- /var\nfile\n//- layer\n//- directory /var\n"),
        expect![[r#"
            distro debian-10 = debian:10
            databases []
        "#]],
    );
}

#[test]
fn a_package_has_its_source_and_only_installed_ones_count() {
    // After Debian 10.1's status file, 2019-09; the states are made up.
    check(
        "//- layer
//- /var/lib/dpkg/status
Package: libgcc1
Status: hold ok installed
Source: gcc-8 (8.3.0-6)
Version: 1:8.3.0-6

Package: libssl1.1
Status: install ok installed
Source: openssl
Version: 1.1.1c-1

Package: gone
Status: deinstall ok config-files
Version: 1
//- layer
//- /lib/apk/db/installed
P:busybox-binsh
V:1.36.1-r29
o:busybox
L:GPL-2.0-only

P:musl
V:1

",
        expect![[r#"
            busybox-binsh 1.36.1-r29 (busybox 1.36.1-r29) @ lib/apk/db/installed, layer 2, GPL-2.0-only
            musl 1 @ lib/apk/db/installed, layer 2
            libgcc1 1:8.3.0-6 (gcc-8 8.3.0-6) @ var/lib/dpkg/status, layer 1
            libssl1.1 1.1.1c-1 (openssl 1.1.1c-1) @ var/lib/dpkg/status, layer 1
            databases ["lib/apk/db/installed", "var/lib/dpkg/status"]
        "#]],
    );
}

#[test]
fn without_a_database_nothing_is_answered() {
    check(
        "//- layer\n//- /app\nbinary\n",
        expect![[r#"
        databases []
    "#]],
    );
    assert_eq!(
        squash::<LayerReport>(&[], &Limits::default()),
        Inventory::default()
    );
}

#[test]
fn the_same_layer_twice_is_one_answer() {
    let image = Fixture::parse(DEBIAN).unwrap();
    let twice = [image.layers[0].clone(), image.layers[0].clone()];
    let (once, twice) = (
        squash(&reports(&image.layers), &Limits::default()),
        squash(&reports(&twice), &Limits::default()),
    );
    assert_eq!(once.packages, twice.packages);
    assert_eq!(once.packages.len(), 2);
}

#[test]
fn distroless_has_a_file_per_package() {
    check(
        "//- layer
//- /etc/os-release
ID=debian
VERSION_ID=12
//- /var/lib/dpkg/status.d/libssl3
Package: libssl3
Source: openssl
Version: 3.0.11-1
//- /var/lib/dpkg/status.d/libssl3.md5sums
fcf4e9ee9b1dfd8b55a52ac7ca1ec10b  usr/lib/libssl.so.3
//- /var/lib/dpkg/status.d/tzdata
Package: tzdata
Version: 2024a
//- layer
//- whiteout /var/lib/dpkg/status.d/tzdata
//- /var/lib/dpkg/status.d/libc6
Package: libc6
Version: 2.36-9
",
        expect![[r#"
            distro debian-12 = debian:12
            libc6 2.36-9 @ var/lib/dpkg/status.d/libc6, layer 2
            libssl3 3.0.11-1 (openssl 3.0.11-1) @ var/lib/dpkg/status.d/libssl3, layer 1
            databases ["var/lib/dpkg/status.d/libc6", "var/lib/dpkg/status.d/libssl3"]
        "#]],
    );
}

#[test]
fn the_family_of_rpm_is_told_by_its_own_files() {
    // After openEuler 22.03's, Leap 42.3's and Oracle Linux 6's files.
    for (text, expected) in [
        (
            "//- /etc/os-release\nID=\"openEuler\"\nVERSION_ID=\"22.03\"\n\
             PRETTY_NAME=\"openEuler 22.03 (LTS-SP3)\"\n",
            "openeuler:22.03-lts-sp3",
        ),
        (
            "//- /etc/os-release\nID=\"openEuler\"\nVERSION_ID=\"22.03\"\n\
             PRETTY_NAME=\"openEuler 22.03 LTS\"\n",
            "openeuler:22.03-lts",
        ),
        (
            "//- /etc/os-release\nID=opensuse\nVERSION_ID=\"42.3\"\n\
             PRETTY_NAME=\"openSUSE Leap 42.3\"\n",
            "opensuse-leap:42.3",
        ),
        (
            "//- /etc/oracle-release\nOracle Linux Server release 6.10\n\
             //- /etc/redhat-release\nRed Hat Enterprise Linux Server release 6.10 (Santiago)\n\
             //- symlink /etc/system-release -> oracle-release\n",
            "ol:6",
        ),
        (
            "//- /etc/centos-release\nCentOS release 6.10 (Final)\n\
             //- symlink /etc/redhat-release -> centos-release\n",
            "rhel:6",
        ),
    ] {
        let image = Fixture::parse(&format!("//- layer\n{text}")).unwrap();
        let inventory = squash(&reports(&image.layers), &Limits::default());
        let stream = inventory.distro.and_then(|distro| distro.stream()).unwrap();
        assert_eq!(stream.to_string(), expected);
    }
}
