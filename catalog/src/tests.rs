//! End to end: an image as one string, its inventory as text.

use expect_test::{Expect, expect};
use image::Limits;
use image::fixture::{Fixture, FixtureLayer};
use model::{Digest, Inventory, Problem};

use crate::cataloger::Found;
use crate::{LayerReport, catalogue, squash};

/// What a parser answered, line by line.
pub fn show((found, problems): (Found, Vec<Problem>)) -> String {
    let mut text = String::new();
    for package in found.packages {
        text += &format!("{} {} {}", package.kind, package.name, package.version);
        if let Some(source) = package.source {
            text += &format!(" ({} {})", source.name, source.version);
        }
        if let Some(architecture) = package.architecture {
            text += &format!(" [{architecture}]");
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
        let path = &installed.path;
        text += &format!(
            "{} {} @ {path}, layer {layer}\n",
            package.name, package.version
        );
    }
    text += &format!("databases {:?}\n", inventory.databases);
    for problem in &inventory.problems {
        let mut line = problem.to_string();
        for (at, layer) in layers.iter().enumerate() {
            line = line.replace(layer.as_str(), &(at + 1).to_string());
        }
        text += &format!("! {line}\n");
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
    expected.assert_eq(&show_inventory(&squash(&reports), &ids));
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
fn the_same_layer_twice_is_one_answer() {
    let image = Fixture::parse(DEBIAN).unwrap();
    let twice = [image.layers[0].clone(), image.layers[0].clone()];
    let (once, twice) = (squash(&reports(&image.layers)), squash(&reports(&twice)));
    assert_eq!(once, twice);
    assert_eq!(once.packages.len(), 2);
}

#[test]
fn links_lead_to_databases() {
    check(
        "//- layer
//- symlink /lib -> usr/lib
//- symlink /etc/os-release -> ../usr/lib/os-release
//- /usr/lib/os-release
ID=alpine
VERSION_ID=3.22.1
//- layer
//- /lib/apk/db/installed
P:musl
V:1.2-r0

//- layer
//- /usr/lib/apk/db/installed
P:musl
V:1.2-r0

P:zlib
V:1
",
        expect![[r#"
            distro alpine-3.22.1 = alpine:3.22
            musl 1.2-r0 @ usr/lib/apk/db/installed, layer 2
            zlib 1 @ usr/lib/apk/db/installed, layer 3
            databases ["usr/lib/apk/db/installed"]
        "#]],
    );
    check(
        "//- layer
//- /usr/lib/os-release
ID=debian
VERSION_CODENAME=trixie
//- hardlink /etc/os-release -> /usr/lib/os-release
//- symlink /a -> b
//- symlink /b -> a
//- symlink /var/lib/rpm -> ../../../../../a/x
//- symlink /var/lib/dpkg -> /opt/dpkg
//- /opt/dpkg/status
Package: hidden
Version: 1
//- /opt/apk
P:hidden
//- hardlink /lib/apk/db/installed -> /opt/apk
",
        expect![[r#"
            distro debian-trixie = debian:13
            databases []
            ! lib/apk/db/installed: is a hard link to opt/apk, whose content was not read (unsupported)
            ! var/lib/dpkg/status: leads to opt/dpkg/status, whose content was not read (unsupported)
        "#]],
    );
}

#[test]
fn the_distribution_can_change_and_repositories_win() {
    check(
        "//- layer
//- /etc/os-release
ID=alpine
VERSION_ID=3.17.0
//- /etc/apk/repositories
https://dl-cdn.alpinelinux.org/alpine/v3.17/main
//- /lib/apk/db/installed
P:musl
V:1.2-r0

//- layer
//- /etc/os-release
ID=alpine
VERSION_ID=3.18.9
//- /etc/apk/repositories
https://dl-cdn.alpinelinux.org/alpine/edge/main
",
        expect![[r#"
            distro alpine-3.18.9 = alpine:edge
            musl 1.2-r0 @ lib/apk/db/installed, layer 1
            databases ["lib/apk/db/installed"]
        "#]],
    );
    check(
        "//- layer\n//- /etc/debian_version\ntrixie/sid\n//- /etc/os-release\nID=debian\n",
        expect![[r#"
            distro debian-trixie = debian:13
            databases []
        "#]],
    );
    check(
        "//- layer\n//- /etc/alpine-release\n3.18.9\n",
        expect![[r#"
        distro alpine-3.18.9 = alpine:3.18
        databases []
    "#]],
    );
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
            libssl3 3.0.11-1 @ var/lib/dpkg/status.d/libssl3, layer 1
            databases ["var/lib/dpkg/status.d/libc6", "var/lib/dpkg/status.d/libssl3"]
        "#]],
    );
}

#[test]
fn what_cannot_be_read_is_a_problem() {
    check(
        &format!(
            "{DEBIAN}
\u{1}garbage

Package: zsh
Version: 5
//- layer
//- /var/lib/rpm/rpmdb.sqlite
SQLite format 3
"
        ),
        expect![[r#"
            distro debian-10 = debian:10
            apt 1.8.2 @ var/lib/dpkg/status, layer 1
            bash 5.0-4 @ var/lib/dpkg/status, layer 1
            zsh 5 @ var/lib/dpkg/status, layer 1
            databases ["var/lib/dpkg/status"]
            ! var/lib/dpkg/status:9: a record without a usable name or version is passed over (malformed)
            ! var/lib/dpkg/status:9: is no field: '\x01garbage' (malformed)
            ! var/lib/rpm/rpmdb.sqlite: a database of packages of Red Hat, SUSE, Amazon and their kin is there, but cannot be read yet (unsupported)
        "#]],
    );
    check(
        &format!("{DEBIAN}//- layer\n//- /var/lib/dpkg/status\n"),
        expect![[r#"
        distro debian-10 = debian:10
        databases ["var/lib/dpkg/status"]
        ! var/lib/dpkg/status: names no installed package (malformed)
    "#]],
    );
}

#[test]
fn a_cut_layer_gives_what_it_holds() {
    let image = Fixture::parse(&format!("{DEBIAN}//- /etc/x\n{}", "text\n".repeat(999))).unwrap();
    let [layer] = image.layers.as_slice() else {
        panic!("one layer");
    };
    let cut = |bytes: &[u8], at: usize| {
        let report = catalogue(bytes.get(..at).unwrap(), &Limits::default()).unwrap();
        let inventory = squash(std::slice::from_ref(&report));
        show_inventory(&inventory, &[report.diff_id])
    };
    expect![[r#"
        distro debian-10 = debian:10
        apt 1.8.2 @ var/lib/dpkg/status, layer 1
        bash 5.0-4 @ var/lib/dpkg/status, layer 1
        databases ["var/lib/dpkg/status"]
        ! layer 1: ends early (truncated)
    "#]]
    .assert_eq(&cut(&layer.blob, layer.blob.len() - 9));
    expect![[r#"
        distro debian-10 = debian:10
        apt 1.8.2 @ var/lib/dpkg/status, layer 1
        databases ["var/lib/dpkg/status"]
        ! var/lib/dpkg/status:5: a record without a usable name or version is passed over (malformed)
        ! var/lib/dpkg/status:5: is no field: 'Packag' (malformed)
        ! layer 1: the tar archive ends early, 1600 bytes in (truncated)
        ! var/lib/dpkg/status: holds 64 of 116 bytes (truncated)
    "#]]
    .assert_eq(&cut(&layer.tar, 1600));
}

#[test]
fn limits_are_gaps_not_failures() {
    let image = Fixture::parse(DEBIAN).unwrap();
    let limits = Limits {
        captured_bytes: 30,
        ..Limits::default()
    };
    let report = catalogue(image.layers[0].blob.as_slice(), &limits).unwrap();
    expect![[r#"
        distro debian-10 = debian:10
        databases []
        ! var/lib/dpkg/status: has 116 bytes, more than the 30 that are read (limit)
    "#]]
    .assert_eq(&show_inventory(&squash(&[report]), &[]));
}

#[test]
fn bytes_that_are_no_report_are_refused() {
    let image = Fixture::parse(DEBIAN).unwrap();
    let [report] = reports(&image.layers).try_into().unwrap();
    let bytes = report.to_bytes();
    assert!(LayerReport::from_bytes(&bytes).is_ok());
    for bytes in [
        b"".as_slice(),
        b"garbage",
        b"LZLR1\n",
        &bytes[..bytes.len() / 2],
    ] {
        assert!(LayerReport::from_bytes(bytes).is_err());
    }
    assert_eq!(crate::REVISION.len(), 32);
}

#[test]
fn a_source_and_a_directory_say_the_same() {
    let image = Fixture::parse(DEBIAN).unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let archive = temporary.path().join("image.tar");
    std::fs::write(&archive, image.docker_archive("a:b")).unwrap();
    let root = temporary.path().join("root");
    std::fs::create_dir_all(root.join("etc")).unwrap();
    std::fs::create_dir_all(root.join("var/lib/dpkg")).unwrap();
    std::fs::write(root.join("etc/os-release"), "ID=debian\nVERSION_ID=10\n").unwrap();
    let status = "Package: apt\nVersion: 1.8.2\n\nPackage: bash\nVersion: 5.0-4\n";
    std::fs::write(root.join("var/lib/dpkg/status"), status).unwrap();
    let open = |path: &std::path::Path| {
        let source = image::Source::open(path.to_str().unwrap(), None, &Limits::default());
        crate::catalogue_source(&source.unwrap(), &Limits::default()).unwrap()
    };
    let (mut of_archive, of_directory) = (open(&archive), open(&root));
    assert!(
        of_archive
            .packages
            .iter()
            .all(|installed| installed.layer.is_some())
    );
    for installed in &mut of_archive.packages {
        installed.layer = None;
    }
    assert_eq!(of_archive, of_directory);
}

#[test]
fn a_layer_that_is_not_the_promised_one_is_an_error() {
    let image = Fixture::parse(DEBIAN).unwrap();
    let mut archive = image.docker_archive("a:b");
    let at = archive
        .windows(5)
        .position(|part| part == b"1.8.2")
        .unwrap();
    archive[at] = b'2';
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("image.tar");
    std::fs::write(&path, archive).unwrap();
    let source = image::Source::open(path.to_str().unwrap(), None, &Limits::default()).unwrap();
    let error = crate::catalogue_source(&source, &Limits::default())
        .unwrap_err()
        .to_string();
    assert!(error.contains("layer 1 has the diff id"), "{error}");
}
