//! Test support: one string is an image. Production code has no use for it.
//!
//! ```text
//! //- layer zstd                        gzip (when nothing is said), zstd or plain
//! //- /etc/os-release                   a file; its content follows, up to the next such line
//! ID=alpine
//! //- /bin/run 755                      with permission bits, 644 when nothing is said
//! //- directory /srv
//! //- symlink /etc/mtab -> ../proc/mounts
//! //- hardlink /a -> /bin/run
//! //- layer
//! //- whiteout /etc/os-release
//! //- opaque /srv
//! ```
//!
//! Every line may be indented by as much as the first one. The same text gives the same bytes.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use model::{Digest, Platform};
use serde_json::{Value, json};

use crate::compression::Compression;
use crate::manifest::media_type;

pub mod tar;

/// An image, ready to be pushed or written.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// Its layers, lowest first.
    pub layers: Vec<FixtureLayer>,
    /// Its configuration's bytes.
    pub config: Vec<u8>,
    /// Its manifest's bytes, of the OCI media type.
    pub manifest: Vec<u8>,
    /// What it says that it runs on.
    pub platform: Platform,
}

/// One layer.
#[derive(Clone, Debug)]
pub struct FixtureLayer {
    /// The tar archive.
    pub tar: Vec<u8>,
    /// The archive as it is stored, compressed.
    pub blob: Vec<u8>,
    /// How it is compressed.
    pub compression: Compression,
}

/// A text that is no image.
#[derive(Debug, thiserror::Error)]
pub enum FixtureError {
    /// A line that says nothing that is known.
    #[error("line {line} of the image's text: {what}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// Compressing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl FixtureLayer {
    /// A layer of an archive.
    ///
    /// # Errors
    ///
    /// Where compressing fails.
    pub fn new(tar: Vec<u8>, compression: Compression) -> io::Result<FixtureLayer> {
        let blob = match compression {
            Compression::Gzip => {
                let level = flate2::Compression::default();
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
                encoder.write_all(&tar)?;
                encoder.finish()?
            }
            Compression::Zstd => zstd::encode_all(tar.as_slice(), 3)?,
            Compression::Plain | Compression::Unsupported(_) => tar.clone(),
        };
        Ok(FixtureLayer {
            tar,
            blob,
            compression,
        })
    }

    /// The digest of the archive.
    pub fn diff_id(&self) -> Digest {
        Digest::of(&self.tar)
    }

    fn descriptor(&self) -> Value {
        let media_type = match self.compression {
            Compression::Gzip => media_type::OCI_LAYER_GZIP,
            Compression::Zstd => media_type::OCI_LAYER_ZSTD,
            Compression::Plain | Compression::Unsupported(_) => media_type::OCI_LAYER,
        };
        descriptor(media_type, &self.blob)
    }
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": Digest::of(bytes), "size": bytes.len() })
}

impl Fixture {
    /// The image of a text, for `linux/amd64`.
    ///
    /// # Errors
    ///
    /// Where a line says nothing that is known.
    pub fn parse(text: &str) -> Result<Fixture, FixtureError> {
        Fixture::for_platform(text, "linux", "amd64")
    }

    /// The image of a text, for a platform.
    ///
    /// # Errors
    ///
    /// As [`Fixture::parse`].
    pub fn for_platform(text: &str, os: &str, architecture: &str) -> Result<Fixture, FixtureError> {
        let platform = Platform {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: None,
        };
        Ok(Fixture::of_layers(tar::layers(text)?, platform))
    }

    /// The image of layers.
    pub fn of_layers(layers: Vec<FixtureLayer>, platform: Platform) -> Fixture {
        let diff_ids: Vec<Digest> = layers.iter().map(FixtureLayer::diff_id).collect();
        let step = |at: usize| json!({ "created_by": format!("layer {at}") });
        let config = json!({
            "architecture": platform.architecture,
            "os": platform.os,
            "config": {},
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
            "history": (1..=layers.len()).map(step).collect::<Vec<_>>(),
        });
        let config = config.to_string().into_bytes();
        let descriptors: Vec<Value> = layers.iter().map(FixtureLayer::descriptor).collect();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": media_type::OCI_MANIFEST,
            "config": descriptor(media_type::OCI_CONFIG, &config),
            "layers": descriptors,
        });
        Fixture {
            layers,
            config,
            manifest: manifest.to_string().into_bytes(),
            platform,
        }
    }

    /// The manifest's digest.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.manifest)
    }

    /// The configuration's digest: the image id.
    pub fn image_id(&self) -> Digest {
        Digest::of(&self.config)
    }

    /// Configuration and layers by digest, as they are pushed.
    pub fn blobs(&self) -> Vec<(Digest, &[u8])> {
        let layers = self.layers.iter().map(|layer| layer.blob.as_slice());
        let all = std::iter::once(self.config.as_slice()).chain(layers);
        all.map(|bytes| (Digest::of(bytes), bytes)).collect()
    }

    /// An archive as `docker save` wrote it before version 25, layers uncompressed.
    pub fn docker_archive(&self, name: &str) -> Vec<u8> {
        let mut archive = tar::Writer::default();
        let mut paths = Vec::new();
        for layer in &self.layers {
            let path = format!("{}/layer.tar", layer.diff_id().hex());
            if !paths.contains(&path) {
                archive.file(&path, 0o644, &layer.tar);
            }
            paths.push(path);
        }
        let config = format!("{}.json", self.image_id().hex());
        archive.file(&config, 0o644, &self.config);
        let manifest = json!([{ "Config": config, "RepoTags": [name], "Layers": paths }]);
        archive.file("manifest.json", 0o644, manifest.to_string().as_bytes());
        archive.finish()
    }

    /// An OCI image layout as an archive.
    pub fn oci_archive(&self) -> Vec<u8> {
        oci_archive(&[self])
    }

    /// Writes an OCI image layout into a directory that is there.
    ///
    /// # Errors
    ///
    /// Where a file cannot be written.
    pub fn write_oci_directory(&self, directory: &Path) -> io::Result<()> {
        for (path, bytes) in layout(&[self]) {
            let path = directory.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, bytes)?;
        }
        Ok(())
    }
}

/// A manifest that is attached to another, with files of some media types: OCI image
/// specification 1.1, `manifest.md`, "Guidelines for Artifact Usage". Also all its blobs.
pub fn artifact(
    subject: &Fixture,
    artifact_type: &str,
    files: &[(&str, &[u8])],
) -> (Vec<u8>, Vec<Vec<u8>>) {
    let config = b"{}".to_vec();
    let layers = files.iter().map(|(kind, bytes)| descriptor(kind, bytes));
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "artifactType": artifact_type,
        "config": descriptor("application/vnd.oci.empty.v1+json", &config),
        "layers": layers.collect::<Vec<_>>(),
        "subject": descriptor(media_type::OCI_MANIFEST, &subject.manifest),
    });
    let mut blobs = vec![config];
    blobs.extend(files.iter().map(|(_, bytes)| bytes.to_vec()));
    (manifest.to_string().into_bytes(), blobs)
}

/// Adds a manifest and its blobs to an OCI image layout directory, under these annotations.
///
/// # Errors
///
/// Where the layout cannot be read or written.
pub fn add_to_layout(
    directory: &Path,
    (manifest, blobs): &(Vec<u8>, Vec<Vec<u8>>),
    annotations: &[(&str, &str)],
) -> io::Result<()> {
    for bytes in blobs.iter().chain([manifest]) {
        let digest = Digest::of(bytes);
        fs::write(directory.join("blobs/sha256").join(digest.hex()), bytes)?;
    }
    let path = directory.join("index.json");
    let mut index: Value = serde_json::from_slice(&fs::read(&path)?)?;
    let mut entry = descriptor(media_type::OCI_MANIFEST, manifest);
    let annotations = annotations.iter().copied();
    let annotations: std::collections::BTreeMap<&str, &str> = annotations.collect();
    if let Some(entry) = entry.as_object_mut() {
        entry.insert("annotations".to_owned(), json!(annotations));
    }
    if let Some(list) = index.get_mut("manifests").and_then(Value::as_array_mut) {
        list.push(entry);
    }
    fs::write(path, index.to_string())
}

/// An index that names images with their platforms.
pub fn index(images: &[&Fixture]) -> Vec<u8> {
    let entry = |image: &&Fixture| {
        let mut entry = descriptor(media_type::OCI_MANIFEST, &image.manifest);
        if let Some(fields) = entry.as_object_mut() {
            let platform = &image.platform;
            let platform = json!({ "os": platform.os, "architecture": platform.architecture });
            fields.insert("platform".to_owned(), platform);
        }
        entry
    };
    let index = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_INDEX,
        "manifests": images.iter().map(entry).collect::<Vec<_>>(),
    });
    index.to_string().into_bytes()
}

/// An OCI image layout of several images as an archive.
pub fn oci_archive(images: &[&Fixture]) -> Vec<u8> {
    let mut archive = tar::Writer::default();
    for (path, bytes) in layout(images) {
        archive.file(&path, 0o644, &bytes);
    }
    archive.finish()
}

/// The files of an OCI image layout: `image-layout.md`.
fn layout(images: &[&Fixture]) -> Vec<(String, Vec<u8>)> {
    let version = br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec();
    let mut files = vec![
        ("oci-layout".to_owned(), version),
        ("index.json".to_owned(), index(images)),
    ];
    for image in images {
        let manifest = (image.digest(), image.manifest.as_slice());
        for (digest, bytes) in std::iter::once(manifest).chain(image.blobs()) {
            let path = format!("blobs/sha256/{}", digest.hex());
            if !files.iter().any(|(known, _)| *known == path) {
                files.push((path, bytes.to_vec()));
            }
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Manifest, layer};

    #[test]
    fn a_text_is_an_image() {
        let text = r#"
            //- layer zstd
            //- /etc/os-release
            ID=alpine
             indented
            //- /bin/run 755
            //- directory /srv
            //- symlink /a -> ../b
            //- hardlink /c -> /bin/run
            //- layer
            //- whiteout /etc/os-release
            //- opaque /srv
            //- opaque /
        "#;
        let fixture = Fixture::parse(text).unwrap();
        assert_eq!(fixture.manifest, Fixture::parse(text).unwrap().manifest);
        let manifest = Manifest::parse(&fixture.manifest, None, &Limits::default()).unwrap();
        assert!(manifest.is_image());
        assert_eq!(manifest.blobs().len(), fixture.blobs().len());
        let mut lines = String::new();
        for layer in &fixture.layers {
            let summary = layer::entries(layer.blob.as_slice(), &Limits::default(), &mut |entry| {
                let mut body = String::new();
                entry.body.read_to_string(&mut body).unwrap();
                let executable = if entry.executable { "*" } else { "" };
                lines += &format!("{}{executable} {:?} {body:?}\n", entry.path, entry.kind);
            });
            let summary = summary.unwrap();
            assert_eq!(summary.problems, []);
            assert_eq!(summary.diff_id, layer.diff_id());
        }
        expect_test::expect![[r#"
            etc/os-release File { size: 20 } "ID=alpine\n indented\n"
            bin/run* File { size: 0 } ""
            srv Directory ""
            a Symlink { target: "../b" } ""
            c Hardlink { target: "bin/run" } ""
            etc/os-release Whiteout ""
            srv OpaqueDirectory ""
             OpaqueDirectory ""
        "#]]
        .assert_eq(&lines);
    }

    #[test]
    fn what_is_no_image_says_where() {
        for (text, expected) in [
            ("hello", "line 1"),
            ("//- /etc/x\n", "line 1"),
            ("//- layer\n//- nonsense", "line 2"),
            ("//- layer\n//- symlink /a", "line 2"),
            ("//- layer lzma", "line 1"),
        ] {
            let error = Fixture::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
