//! An artifact in one file: the OCI image layout in a tar archive.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::PathBuf;

use anyhow::{Context, bail};
use model::Digest;
use serde_json::{Value, json};

use super::MOST_DOCUMENT;
use crate::db::build;

/// The media type of the manifest, and of the index that names it.
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// An archive.
pub struct Archive {
    path: PathBuf,
}

impl Archive {
    /// The archive at a path, which need not be there yet.
    pub fn new(path: PathBuf) -> Archive {
        Archive { path }
    }

    /// The manifest that the archive's index names.
    ///
    /// # Errors
    ///
    /// Where the archive cannot be read or holds no single manifest.
    pub fn manifest(&self) -> anyhow::Result<Option<Vec<u8>>> {
        if !self.path.exists() {
            return Ok(None);
        }
        let index = self.member("index.json", MOST_DOCUMENT)?;
        let index: Value = serde_json::from_slice(&index).context("its index.json is no JSON")?;
        let entries = index
            .get("manifests")
            .and_then(Value::as_array)
            .map(Vec::as_slice);
        let [entry] = entries.unwrap_or_default() else {
            bail!("{} does not hold one artifact", self.path.display());
        };
        let digest = entry
            .get("digest")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let digest: Digest = digest.parse().context("its index names no digest")?;
        let manifest = self.blob(&digest, MOST_DOCUMENT)?;
        match Digest::of(&manifest) == digest {
            true => Ok(Some(manifest)),
            false => bail!("the manifest {digest} is not what it is called"),
        }
    }

    /// A blob.
    ///
    /// # Errors
    ///
    /// Where it is not there, or longer than the limit.
    pub fn blob(&self, digest: &Digest, limit: u64) -> anyhow::Result<Vec<u8>> {
        self.member(&path_of(digest), limit)
    }

    fn member(&self, name: &str, limit: u64) -> anyhow::Result<Vec<u8>> {
        let failed = || format!("cannot read {}", self.path.display());
        let file = File::open(&self.path).with_context(failed)?;
        let mut archive = tar::Archive::new(BufReader::new(file));
        for entry in archive.entries().with_context(failed)? {
            let entry = entry.with_context(failed)?;
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            if path.trim_start_matches("./") != name {
                continue;
            }
            let mut bytes = Vec::new();
            entry
                .take(limit + 1)
                .read_to_end(&mut bytes)
                .with_context(failed)?;
            if bytes.len() as u64 > limit {
                bail!(
                    "{name} in {} is longer than {limit} bytes",
                    self.path.display()
                );
            }
            return Ok(bytes);
        }
        bail!("{} holds no {name}", self.path.display())
    }

    /// Writes the archive, in the place of what was there.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    pub fn put(&self, manifest: &[u8], blobs: &[(Digest, Vec<u8>)]) -> anyhow::Result<u64> {
        let digest = Digest::of(manifest);
        let index = json!({
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [{
                "mediaType": MANIFEST,
                "digest": digest.as_str(),
                "size": manifest.len(),
                "artifactType": super::ARTIFACT,
            }],
        });
        let mut builder = tar::Builder::new(Vec::new());
        let mut add = |name: &str, bytes: &[u8]| {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(0);
            builder.append_data(&mut header, name, bytes)
        };
        add("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        add("index.json", index.to_string().as_bytes())?;
        add(&path_of(&digest), manifest)?;
        for (digest, bytes) in blobs {
            add(&path_of(digest), bytes)?;
        }
        let whole = builder.into_inner()?;
        build::write(&self.path, &whole)?;
        Ok(whole.len() as u64)
    }
}

fn path_of(digest: &Digest) -> String {
    format!("blobs/{}", digest.as_str().replace(':', "/"))
}
