//! Where artifacts lie: a registry, or an OCI archive for places without a network.

use std::path::PathBuf;

use anyhow::{Context, bail};
use model::Digest;

use super::archive::Archive;
use super::registry::Registry;
use crate::cli::artifact::Connection;

/// What an archive's reference begins with.
const ARCHIVE: &str = "oci-archive:";

/// Where an artifact lies.
pub enum Transport {
    /// In a registry.
    Registry(Registry),
    /// In a file.
    Archive(Archive),
}

impl Transport {
    /// The place of a reference: `HOST[:PORT]/NAME[:TAG]` or `oci-archive:FILE`.
    ///
    /// # Errors
    ///
    /// Where it is none, or the connection cannot be prepared.
    pub fn open(reference: &str, connection: &Connection) -> anyhow::Result<Transport> {
        match reference.strip_prefix(ARCHIVE) {
            Some("") => bail!("name the archive's file after {ARCHIVE}"),
            Some(path) => Ok(Transport::Archive(Archive::new(PathBuf::from(path)))),
            None => Registry::open(reference, connection).map(Transport::Registry),
        }
    }

    /// Whether what is pushed stands beside what was there.
    pub fn remembers(&self) -> bool {
        matches!(self, Transport::Registry(_))
    }

    /// The manifest, where there is one.
    ///
    /// # Errors
    ///
    /// Where the place cannot be asked.
    pub async fn manifest(&self) -> anyhow::Result<Option<Vec<u8>>> {
        match self {
            Transport::Registry(registry) => registry.manifest().await,
            Transport::Archive(archive) => archive.manifest(),
        }
    }

    /// A blob, of which the digest was compared.
    ///
    /// # Errors
    ///
    /// Where it is not there, is longer than the limit, or is another one.
    pub async fn blob(&self, digest: &Digest, limit: u64) -> anyhow::Result<Vec<u8>> {
        let bytes = match self {
            Transport::Registry(registry) => registry.blob(digest, limit).await,
            Transport::Archive(archive) => archive.blob(digest, limit),
        };
        let bytes = bytes.with_context(|| format!("cannot get the blob {digest}"))?;
        match Digest::of(&bytes) == *digest {
            true => Ok(bytes),
            false => bail!("the blob {digest} is not what it is called: it was changed on its way"),
        }
    }

    /// Puts an artifact there: its blobs, then its manifest. Blobs that are there stay.
    ///
    /// # Errors
    ///
    /// Where the place does not take it.
    pub async fn put(&self, manifest: &[u8], blobs: &[(Digest, Vec<u8>)]) -> anyhow::Result<u64> {
        match self {
            Transport::Registry(registry) => registry.put(manifest, blobs).await,
            Transport::Archive(archive) => archive.put(manifest, blobs),
        }
    }
}
