//! Images as archives and directories on disk.

use std::path::Path;

use image::compression::Compression;

use super::*;
use crate::catalogue_source;
use crate::target::CatalogueError;

/// What is said of a file of these bytes.
fn open(bytes: &[u8], name: &str) -> Result<Inventory, CatalogueError> {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    open_path(&path)
}

fn open_path(path: &Path) -> Result<Inventory, CatalogueError> {
    let source = image::Source::open(path.to_str().unwrap(), None, &Limits::default()).unwrap();
    catalogue_source(&source, &Limits::default())
}

#[test]
fn every_form_of_an_image_says_the_same() {
    let image = Fixture::parse(&format!(
        "{DEBIAN}//- layer zstd\n//- /lib/apk/db/installed\nP:musl\nV:1.2-r0\n\n"
    ))
    .unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let layout = temporary.path().join("layout");
    image.write_oci_directory(&layout).unwrap();
    let mut expected = squash(&reports(&image.layers), &Limits::default());
    assert_eq!(expected.packages.len(), 3);
    expected.set_commands(["layer 1", "layer 2"].into_iter());
    let docker = image.docker_archive("a:b");
    let packed = FixtureLayer::new(docker.clone(), Compression::Gzip).unwrap();
    for (name, inventory) in [
        ("docker.tar", open(&docker, "docker.tar")),
        ("docker.tgz", open(&packed.blob, "docker.tgz")),
        ("oci.tar", open(&image.oci_archive(), "oci.tar")),
        ("layout", open_path(&layout)),
    ] {
        assert_eq!(inventory.unwrap(), expected, "{name}");
    }
}

#[test]
fn a_root_file_system_says_the_same() {
    let image = Fixture::parse(DEBIAN).unwrap();
    let [layer] = image.layers.as_slice() else {
        panic!("one layer");
    };
    let temporary = tempfile::tempdir().unwrap();
    let root = temporary.path();
    let summary = image::layer::entries(layer.tar.as_slice(), &Limits::default(), &mut |entry| {
        let path = root.join(entry.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = std::fs::File::create(path).unwrap();
        std::io::copy(entry.body, &mut file).unwrap();
    });
    assert_eq!(summary.unwrap().problems, []);
    let mut expected = squash(&reports(&image.layers), &Limits::default());
    for bytes in [&layer.tar, &layer.blob] {
        assert_eq!(open(bytes, "root.tar").unwrap(), expected);
    }
    for installed in &mut expected.packages {
        installed.layer = None;
    }
    expected.layers.clear();
    assert_eq!(open_path(root).unwrap(), expected);
}

#[test]
fn a_foreign_layer_that_is_not_there_is_a_gap() {
    let mut image = Fixture::parse(&format!("//- layer\n//- /base\nx\n{DEBIAN}")).unwrap();
    let manifest = String::from_utf8(image.manifest).unwrap();
    // As Docker's and OCI's manifests call what may not be distributed.
    let foreign = manifest.replacen(
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        1,
    );
    assert_ne!(foreign, manifest);
    image.manifest = foreign.into_bytes();
    let temporary = tempfile::tempdir().unwrap();
    image.write_oci_directory(temporary.path()).unwrap();
    let ids: Vec<Digest> = image.layers.iter().map(FixtureLayer::diff_id).collect();
    let whole = open_path(temporary.path()).unwrap();
    assert_eq!((whole.packages.len(), whole.problems.len()), (2, 0));
    let blob = Digest::of(&image.layers[0].blob);
    std::fs::remove_file(temporary.path().join("blobs/sha256").join(blob.hex())).unwrap();
    expect![[r#"
        distro debian-10 = debian:10
        apt 1.8.2 @ var/lib/dpkg/status, layer 2
        bash 5.0-4 @ var/lib/dpkg/status, layer 2
        databases ["var/lib/dpkg/status"]
        ! layer 1 (unsupported)
            is not distributed with the image (a foreign layer) and is not here: nothing in it was looked at
    "#]]
    .assert_eq(&show_inventory(&open_path(temporary.path()).unwrap(), &ids));
}

#[test]
fn layers_that_can_be_read_in_parts_say_the_same() {
    // eStargz: a gzip member of its own for each file, a landmark, and at the end a table of
    // contents as a file and a footer as a member without content.
    let table = "//- /.no.prefetch.landmark\n\u{f}\n//- /stargz.index.json\n{\"version\": 1, \"entries\": []}\n";
    let image = Fixture::parse(&format!("{DEBIAN}{table}")).unwrap();
    let [layer] = image.layers.as_slice() else {
        panic!("one layer");
    };
    let gzip = |part: &[u8]| {
        FixtureLayer::new(part.to_vec(), Compression::Gzip)
            .unwrap()
            .blob
    };
    let footer = gzip(b"");
    let parts = layer.tar.chunks(512).map(gzip).chain([footer]);
    let members: Vec<u8> = parts.flatten().collect();
    // zstd:chunked: a frame for each, and the table in frames that are skipped.
    let zstd = |part: &[u8]| {
        FixtureLayer::new(part.to_vec(), Compression::Zstd)
            .unwrap()
            .blob
    };
    let skipped = |text: &[u8]| {
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        [&[0x50, 0x2a, 0x4d, 0x18], length.as_slice(), text].concat()
    };
    let frames = layer.tar.chunks(512).map(zstd);
    let frames: Vec<u8> = frames
        .chain([skipped(b"{}"), skipped(&[0; 64])])
        .flatten()
        .collect();
    let expected = catalogue(layer.tar.as_slice(), &Limits::default()).unwrap();
    assert_eq!(expected.contents.problems, []);
    for blob in [members, frames] {
        let report = catalogue(blob.as_slice(), &Limits::default()).unwrap();
        assert_eq!(report.contents, expected.contents);
        assert_eq!(
            (report.diff_id, report.is_whole),
            (expected.diff_id.clone(), true)
        );
    }
    check(
        &format!("{DEBIAN}{table}"),
        expect![[r#"
            distro debian-10 = debian:10
            apt 1.8.2 @ var/lib/dpkg/status, layer 1
            bash 5.0-4 @ var/lib/dpkg/status, layer 1
            databases ["var/lib/dpkg/status"]
        "#]],
    );
}

#[test]
fn a_layer_without_entries_is_one() {
    let mut image = Fixture::parse(&format!("{DEBIAN}//- layer\n//- layer\n")).unwrap();
    assert_eq!(image.layers.len(), 3);
    // Docker's empty layer is the end of an archive; others have no byte at all.
    image.layers[2] = FixtureLayer::new(Vec::new(), Compression::Gzip).unwrap();
    let inventory = squash(&reports(&image.layers), &Limits::default());
    assert_eq!(
        (inventory.packages.len(), inventory.problems),
        (2, Vec::new())
    );
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
    let error = open(&archive, "image.tar").unwrap_err().to_string();
    assert!(error.contains("layer 1 has the diff id"), "{error}");
    // The configuration's order counts.
    let image = Fixture::parse("//- layer\n//- /a\n//- layer\n//- /b\n").unwrap();
    let mut swapped = image.clone();
    swapped.layers.swap(0, 1);
    let error = open(&swapped.docker_archive("a:b"), "image.tar").unwrap_err();
    assert!(
        error.to_string().contains("layer 1 has the diff id"),
        "{error}"
    );
}

#[test]
fn wrong_bytes_are_an_error_whatever_else_is_odd() {
    let odd = "//- /etc/.wh.\n".repeat(Limits::default().problems + 1);
    let text = format!("{DEBIAN}{odd}//- /etc/issue\nDebian\n");
    let image = Fixture::parse(&text).unwrap();
    let mut archive = image.docker_archive("a:b");
    let at = archive
        .windows(7)
        .position(|part| part == b"Debian\n")
        .unwrap();
    archive[at] = b'd';
    let error = open(&archive, "image.tar").unwrap_err().to_string();
    assert!(error.contains("layer 1 has the diff id"), "{error}");
}
