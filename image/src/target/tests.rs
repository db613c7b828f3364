use super::*;
use crate::fixture::{self, Fixture};
use std::io::Write;

const TEXT: &str = "//- layer\n//- /etc/os-release\nID=alpine\n//- layer zstd\n//- /b\nx\n";

fn write(directory: &Path, name: &str, bytes: &[u8]) -> String {
    let path = directory.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

fn open(target: &str) -> Result<Source, TargetError> {
    Source::open(target, None, &Limits::default())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The layers' digests, as they are read through the source.
fn diff_ids(source: &Source) -> Vec<Digest> {
    let layers = source.layers().iter();
    let read = layers.map(|layer| {
        let reader = layer.open().unwrap();
        let summary = crate::layer::entries(reader, &Limits::default(), &mut |_| {});
        let diff_id = summary.unwrap().diff_id;
        assert!(layer.diff_id.as_ref().is_none_or(|said| *said == diff_id));
        diff_id
    });
    read.collect()
}

#[test]
fn every_form_is_recognised_by_looking() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path();
    let image = Fixture::parse(TEXT).unwrap();
    let expected: Vec<Digest> = image.layers.iter().map(|layer| layer.diff_id()).collect();
    let docker = image.docker_archive("a:b");
    let oci = image.oci_archive();
    let layout = directory.join("layout");
    image.write_oci_directory(&layout).unwrap();
    let cases = [
        (write(directory, "docker.tar", &docker), image.image_id()),
        (
            write(directory, "docker.tar.gz", &gzip(&docker)),
            image.image_id(),
        ),
        (write(directory, "oci.tar", &oci), image.digest()),
        (
            write(
                directory,
                "oci.tar.zst",
                &zstd::encode_all(oci.as_slice(), 1).unwrap(),
            ),
            image.digest(),
        ),
        (layout.display().to_string(), image.digest()),
        (format!("oci-dir:{}", layout.display()), image.digest()),
    ];
    for (target, digest) in cases {
        let source = open(&target).unwrap();
        assert_eq!(source.target().digest, Some(digest), "{target}");
        assert_eq!(source.target().platform.unwrap().to_string(), "linux/amd64");
        assert_eq!(diff_ids(&source), expected, "{target}");
        assert_eq!(source.layers()[0].command.as_deref(), Some("layer 1"));
    }
    for name in ["root.tar", "root.tar.gz"] {
        let bytes = match name {
            "root.tar" => image.layers[0].tar.clone(),
            _ => image.layers[0].blob.clone(),
        };
        let source = open(&write(directory, name, &bytes)).unwrap();
        assert_eq!(source.target().digest, None);
        assert_eq!(diff_ids(&source), expected[..1]);
    }
    let source = open(&format!("dir:{}", layout.display())).unwrap();
    assert_eq!(source.directory(), Some(layout.as_path()));
}

#[test]
fn a_bill_of_materials_is_recognised_or_named() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path();
    let json = write(
        directory,
        "image.spdx.json",
        b"{\"spdxVersion\": \"SPDX-2.3\"}",
    );
    let other = write(directory, "other", b"anything");
    for (target, name) in [
        (json.clone(), "image.spdx.json"),
        (format!("sbom:{other}"), "other"),
        ("-".to_owned(), "standard input"),
        ("sbom:-".to_owned(), "standard input"),
    ] {
        let source = open(&target).unwrap();
        assert_eq!(source.bill().unwrap().name(), name);
        assert_eq!(source.layers().len(), 0);
        assert!(source.directory().is_none());
        assert_eq!(source.target().digest, None);
    }
    assert!(
        open(&format!("rootfs-archive:{json}"))
            .unwrap()
            .bill()
            .is_none()
    );
    assert!(open(&format!("sbom:{}", directory.display())).is_err());
    assert!(open("oci-archive:-").is_err());
}

#[test]
fn of_several_images_the_one_that_fits_is_taken() {
    let temporary = tempfile::tempdir().unwrap();
    let one = Fixture::for_platform(TEXT, "linux", "s390x").unwrap();
    let other = Fixture::for_platform(TEXT, "linux", "arm").unwrap();
    let archive = fixture::oci_archive(&[&one, &other]);
    let path = write(temporary.path(), "oci.tar", &archive);
    let choose = |platform| Source::open(&path, Some(platform), &Limits::default());
    let chosen = choose("linux/s390x").unwrap();
    assert_eq!(chosen.target().digest, Some(one.digest()));
    let error = choose("windows/amd64").unwrap_err().to_string();
    assert!(
        error.contains("(linux/s390x)") && error.contains("(linux/arm)"),
        "{error}"
    );
    assert!(error.contains("windows/amd64 fits 0"), "{error}");
    let path = write(temporary.path(), "one.tar", &one.oci_archive());
    assert!(open(&path).is_ok(), "a single image need not fit");
    assert!(Source::open(&path, Some("linux/arm"), &Limits::default()).is_err());
}

#[test]
fn what_cannot_be_opened_says_why() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path();
    let image = Fixture::parse(TEXT).unwrap();
    let docker = image.docker_archive("a:b");
    let oci = image.oci_archive();
    let absent = directory.join("absent").display().to_string();
    let mut wrong = oci.clone();
    let at = oci
        .windows(9)
        .position(|part| part == b"\"history\"")
        .unwrap();
    wrong[at + 1] = b'H';
    let cases = [
        (absent, "No such file"),
        (write(directory, "empty", b""), "is an empty archive"),
        (
            write(directory, "text", b"hello"),
            "the tar archive ends early",
        ),
        (
            write(
                directory,
                "half.tar",
                docker.get(..docker.len() / 2).unwrap(),
            ),
            "",
        ),
        (
            write(directory, "half.gz", gzip(&docker).get(..300).unwrap()),
            "",
        ),
        (
            format!("docker-archive:{}", write(directory, "o.tar", &oci)),
            "lacks the file 'manifest.json'",
        ),
        (write(directory, "wrong.tar", &wrong), "has the digest"),
        (format!("oci-dir:{}", directory.display()), "no OCI layout"),
        (
            format!("dir:{}", write(directory, "file", b"x")),
            "is no directory",
        ),
    ];
    for (target, expected) in cases {
        match open(&target) {
            Err(error) => assert!(error.to_string().contains(expected), "{target}: {error}"),
            Ok(source) => {
                assert!(expected.is_empty(), "{target}");
                let layer = source.layers()[0].open().unwrap();
                let summary = crate::layer::entries(layer, &Limits::default(), &mut |_| {});
                assert!(!summary.unwrap().problems.is_empty(), "{target}");
            }
        }
    }
}

#[test]
fn what_is_attached_to_the_image_is_known() {
    const VEX: &str = "application/vnd.openvex+json";
    let temporary = tempfile::tempdir().unwrap();
    let image = Fixture::parse(TEXT).unwrap();
    let other = Fixture::parse("//- layer\n//- /c\nx\n").unwrap();
    let layout = temporary.path().join("layout");
    image.write_oci_directory(&layout).unwrap();
    let attached = fixture::artifact(&image, VEX, &[(VEX, b"{}")]);
    let add = |artifact: &(Vec<u8>, Vec<Vec<u8>>), annotations: &[(&str, &str)]| {
        fixture::add_to_layout(&layout, artifact, annotations).unwrap();
    };
    add(&attached, &[]);
    add(&fixture::artifact(&other, VEX, &[(VEX, b"other")]), &[]);
    let large = fixture::artifact(&image, "application/x", &[("text/plain", b"large")]);
    add(&large, &[]);
    // As cosign names its attestations, which have no subject.
    let tag = format!("shop/app:{}.att", image.digest().as_str().replace(':', "-"));
    let (manifest, blobs) = fixture::artifact(&other, "application/y", &[("a/b", b"tag")]);
    let mut manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    manifest.as_object_mut().unwrap().remove("subject");
    let by_tag = (manifest.to_string().into_bytes(), blobs);
    add(&by_tag, &[("org.opencontainers.image.ref.name", &tag)]);
    // As buildkit marks its own.
    let (manifest, blobs) = fixture::artifact(&other, "application/z", &[("a/b", b"mark")]);
    let mut manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    manifest.as_object_mut().unwrap().remove("subject");
    let marked = (manifest.to_string().into_bytes(), blobs);
    let digest = image.digest();
    let marks = [
        ("vnd.docker.reference.type", "attestation-manifest"),
        ("vnd.docker.reference.digest", digest.as_str()),
    ];
    add(&marked, &marks);
    let source = open(&layout.display().to_string()).unwrap();
    let known = source.known_as();
    assert_eq!(known.digests, [image.digest()]);
    let mut found: Vec<(&str, String)> = known
        .attached
        .iter()
        .map(|one| {
            let bytes = one.files[0].read(4);
            let said = bytes.map(|bytes| String::from_utf8(bytes).unwrap());
            let said = said.unwrap_or_else(|error| {
                assert!(error.contains("more than 4 bytes"), "{error}");
                "too large".to_owned()
            });
            (one.artifact_type.as_str(), said)
        })
        .collect();
    found.sort();
    let expected = [
        ("application/vnd.openvex+json", "{}"),
        ("application/x", "too large"),
        ("application/y", "tag"),
        ("application/z", "mark"),
    ];
    assert_eq!(found, expected.map(|(kind, said)| (kind, said.to_owned())));
    assert!(known.problems.is_empty());
    // A blob that was changed is not read, a manifest that was is named.
    let blob = |bytes: &[u8]| layout.join("blobs/sha256").join(Digest::of(bytes).hex());
    std::fs::write(blob(b"{}"), b"[]").unwrap();
    std::fs::write(blob(&marked.0), b"{}").unwrap();
    let source = open(&layout.display().to_string()).unwrap();
    let known = source.known_as();
    assert_eq!((known.attached.len(), known.problems.len()), (3, 1));
    let files = known.attached.iter().flat_map(|one| &one.files);
    let failed = files.filter(|file| file.read(100).is_err()).count();
    assert_eq!(failed, 1);
}

#[test]
fn archives_say_what_their_image_is_called() {
    let temporary = tempfile::tempdir().unwrap();
    let image = Fixture::parse(TEXT).unwrap();
    let docker = image.docker_archive("shop/app:v1");
    let source = open(&write(temporary.path(), "docker.tar", &docker)).unwrap();
    assert_eq!(source.known_as().references, ["shop/app:v1"]);
}
