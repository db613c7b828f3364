//! What is broken, cut or too large: the rest is answered, and the gap is said.

use super::*;

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
            ! var/lib/dpkg/status:9 (malformed)
                a record without a usable name or version is passed over
            ! var/lib/dpkg/status:9 (malformed)
                is no field: '\x01garbage'
            ! var/lib/rpm/rpmdb.sqlite (malformed)
                is no file of the format rpm-sqlite
        "#]],
    );
    check(
        &format!("{DEBIAN}//- layer\n//- /var/lib/dpkg/status\n"),
        expect![[r#"
            distro debian-10 = debian:10
            databases ["var/lib/dpkg/status"]
            ! var/lib/dpkg/status (malformed)
                names no installed package
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
        let inventory = squash(std::slice::from_ref(&report), &Limits::default());
        show_inventory(&inventory, &[report.diff_id])
    };
    expect![[r#"
        distro debian-10 = debian:10
        apt 1.8.2 @ var/lib/dpkg/status, layer 1
        bash 5.0-4 @ var/lib/dpkg/status, layer 1
        databases ["var/lib/dpkg/status"]
        ! layer 1 (truncated)
            ends early
    "#]]
    .assert_eq(&cut(&layer.blob, layer.blob.len() - 9));
    expect![[r#"
        distro debian-10 = debian:10
        apt 1.8.2 @ var/lib/dpkg/status, layer 1
        databases ["var/lib/dpkg/status"]
        ! var/lib/dpkg/status:5 (malformed)
            a record without a usable name or version is passed over
        ! var/lib/dpkg/status:5 (malformed)
            is no field: 'Packag'
        ! layer 1 (truncated)
            the tar archive ends early, 1600 bytes in
        ! var/lib/dpkg/status (truncated)
            holds 64 of 116 bytes
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
        ! var/lib/dpkg/status (limit)
            has 116 bytes, more than the 30 that are read
    "#]]
    .assert_eq(&show_inventory(&squash(&[report], &limits), &[]));
}

#[test]
fn more_packages_than_are_kept_are_a_gap() {
    let text = format!("{DEBIAN}//- layer\n//- /lib/apk/db/installed\nP:musl\nV:1.2-r0\n\n");
    let image = Fixture::parse(&text).unwrap();
    let show = |limits: Limits| {
        let read = |layer: &FixtureLayer| catalogue(layer.blob.as_slice(), &limits).unwrap();
        let reports: Vec<LayerReport> = image.layers.iter().map(read).collect();
        show_inventory(&squash(&reports, &limits), &[])
    };
    expect![[r#"
        distro debian-10 = debian:10
        musl 1.2-r0 @ lib/apk/db/installed, layer -
        apt 1.8.2 @ var/lib/dpkg/status, layer -
        databases ["lib/apk/db/installed", "var/lib/dpkg/status"]
        ! var/lib/dpkg/status (limit)
            names 2 packages, more than the 1 that are kept
    "#]]
    .assert_eq(&show(Limits {
        packages: 1,
        ..Limits::default()
    }));
    expect![[r#"
        distro debian-10 = debian:10
        musl 1.2-r0 @ lib/apk/db/installed, layer -
        apt 1.8.2 @ var/lib/dpkg/status, layer -
        databases ["lib/apk/db/installed", "var/lib/dpkg/status"]
        ! layers (limit)
            hold 3 packages, more than the 2 that are kept
    "#]]
    .assert_eq(&show(Limits {
        image_packages: 2,
        ..Limits::default()
    }));
    let owned = format!("{DEBIAN}//- /var/lib/dpkg/info/a.list\n/bin/a\n/bin/b\n/etc/c.d\n");
    let image = Fixture::parse(&owned).unwrap();
    let limits = Limits {
        image_packages: 1,
        owned_files: 1,
        ..Limits::default()
    };
    let report = catalogue(image.layers[0].blob.as_slice(), &limits).unwrap();
    expect![[r#"
        distro debian-10 = debian:10
        apt 1.8.2 @ var/lib/dpkg/status, layer -
        databases ["var/lib/dpkg/status"]
        ! var/lib/dpkg/info/a.list (limit)
            names 2 files of packages, more than the 1 that are kept
        ! var/lib/dpkg/status (limit)
            names 2 packages, more than the 1 that are kept
    "#]]
    .assert_eq(&show_inventory(&squash(&[report], &limits), &[]));
    // Second names of a file say the same again.
    let linked =
        format!("{DEBIAN}//- hardlink /var/lib/dpkg/status.d/a -> /var/lib/dpkg/status.d/b\n");
    let linked = linked.replace("/var/lib/dpkg/status\n", "/var/lib/dpkg/status.d/b\n");
    let image = Fixture::parse(&linked).unwrap();
    let limits = Limits {
        image_packages: 2,
        file_problems: 1,
        ..Limits::default()
    };
    let report = catalogue(image.layers[0].blob.as_slice(), &limits).unwrap();
    expect![[r#"
        distro debian-10 = debian:10
        apt 1.8.2 @ var/lib/dpkg/status.d/b, layer -
        bash 5.0-4 @ var/lib/dpkg/status.d/b, layer -
        databases ["var/lib/dpkg/status.d/b"]
        ! var/lib/dpkg/status.d/a (limit)
            is a hard link to var/lib/dpkg/status.d/b, which names more than is kept twice
    "#]]
    .assert_eq(&show_inventory(&squash(&[report], &limits), &[]));
    // Text makes more of itself than a database or a program does.
    expect![[r#"
        distro debian-10 = debian:10
        musl 1.2-r0 @ lib/apk/db/installed, layer -
        databases ["lib/apk/db/installed"]
        ! var/lib/dpkg/status (limit)
            has 116 bytes, more than the 100 that are read
    "#]]
    .assert_eq(&show(Limits {
        text_bytes: 100,
        ..Limits::default()
    }));
}

#[test]
fn more_problems_than_are_kept_are_counted() {
    let image = Fixture::parse(&format!("{DEBIAN}one\ntwo\nthree\n")).unwrap();
    let limits = Limits {
        file_problems: 1,
        ..Limits::default()
    };
    let report = catalogue(image.layers[0].blob.as_slice(), &limits).unwrap();
    let id = report.diff_id.clone();
    expect![[r#"
        distro debian-10 = debian:10
        apt 1.8.2 @ var/lib/dpkg/status, layer 1
        bash 5.0-4 @ var/lib/dpkg/status, layer 1
        databases ["var/lib/dpkg/status"]
        ! var/lib/dpkg/status:8 (malformed)
            is no field: 'one'
        ! layer 1 (limit)
            2 more problems of files are left out
    "#]]
    .assert_eq(&show_inventory(&squash(&[report], &limits), &[id]));
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
fn layers_of_windows_are_never_clean() {
    check(
        "//- layer\n//- /Files/Windows/System32/License.txt\nx\n\
         //- /Hives/System_Delta\nregf\n\
         //- layer\n//- /Files/app/meta/snap.yaml\nname: a\nversion: 1\n\
         //- /Hives/Sam_Delta\nregf\n\
         //- layer\n//- /Files/app/x\nx\n",
        expect![[r#"
            a 1 @ Files/app/meta/snap.yaml, layer 2
            databases []
            ! layer 2 (unsupported)
                is a layer of Windows: neither its registry nor its updates are read, and its files lie below Files
            ! layer 1 (unsupported)
                is a layer of Windows: neither its registry nor its updates are read, and its files lie below Files
        "#]],
    );
    // A project may have a directory of that name.
    check(
        &format!("{DEBIAN}//- layer\n//- /Files/app/x\nx\n"),
        expect![[r#"
            distro debian-10 = debian:10
            apt 1.8.2 @ var/lib/dpkg/status, layer 1
            bash 5.0-4 @ var/lib/dpkg/status, layer 1
            databases ["var/lib/dpkg/status"]
        "#]],
    );
}
