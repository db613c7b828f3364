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
    let mut expected = squash(&reports(&image.layers));
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
    let mut expected = squash(&reports(&image.layers));
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
