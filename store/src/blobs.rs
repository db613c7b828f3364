//! The contract for content-addressed bytes.
//!
//! Invariant: bytes are written under a temporary name, hashed while they stream, synced, then
//! renamed to their digest. What [`Upload::commit`] has answered survives a kill and a power cut.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::str::FromStr;

use jiff::Timestamp;
use model::Digest;

use crate::StoreError;

/// The name of an upload under way: a lower-case UUID.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UploadId(String);

/// A text that is no upload's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no upload can have that name")]
pub struct InvalidUploadId;

impl UploadId {
    /// The name for sixteen random bytes, as a version 4 UUID (RFC 9562, section 5.4).
    pub fn from_random(mut bytes: [u8; 16]) -> UploadId {
        let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
        *version = (*version & 0x0f) | 0x40;
        *variant = (*variant & 0x3f) | 0x80;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let cuts = [0..8, 8..12, 12..16, 16..20, 20..32];
        let parts: Vec<&str> = cuts.into_iter().filter_map(|cut| hex.get(cut)).collect();
        UploadId(parts.join("-"))
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UploadId {
    type Err = InvalidUploadId;

    fn from_str(text: &str) -> Result<UploadId, InvalidUploadId> {
        let shape = |(at, byte): (usize, u8)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        };
        match text.len() == 36 && text.bytes().enumerate().all(shape) {
            true => Ok(UploadId(text.to_owned())),
            false => Err(InvalidUploadId),
        }
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An upload as a list of them shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestingUpload {
    /// Its name.
    pub id: UploadId,
    /// When its bytes last changed, by the clock of the medium. Bytes on their way do not count
    /// before they rest.
    pub changed_at: Timestamp,
}

/// A stored blob, open for reading at any place.
pub trait Blob: Read + Seek + Send {
    /// Its size in bytes.
    fn length(&self) -> u64;
}

/// Why an upload could not become a blob.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The bytes are others than the digest says. The upload is gone.
    #[error("the bytes sent have the digest {actual}, not {expected}")]
    DigestMismatch {
        /// What the client said.
        expected: Digest,
        /// What the bytes are.
        actual: Digest,
    },
    /// The store failed. The upload is still there.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An upload that one caller holds open. Dropped, it keeps what was written as well as it can;
/// who must know that it is kept calls [`Upload::rest`].
pub trait Upload: Send {
    /// How many bytes it holds.
    fn length(&self) -> u64;

    /// A file that holds the bytes from the first on, as they are written: those that are within
    /// [`Upload::length`] never change any more, also when they get their name. `None` where they
    /// lie elsewhere than in one file.
    fn file(&self) -> Option<File>;

    /// Adds bytes at the end.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`] when there is no room, [`StoreError::Conflict`] when another server
    /// has gone on with the upload; what rested before is kept.
    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError>;

    /// Lets the upload go. From then on any server of this store can go on with it from exactly
    /// the length that is returned.
    ///
    /// # Errors
    ///
    /// As [`Upload::write`]. The upload holds what it held when it rested last.
    fn rest(self: Box<Self>) -> Result<u64, StoreError>;

    /// Checks the digest, makes the bytes durable and gives them their name. A blob that is
    /// there already is replaced by the same bytes, which heals a damaged one. Returns its size.
    ///
    /// # Errors
    ///
    /// [`CommitError`]; it holds [`StoreError::Conflict`] when another caller has gone on with the
    /// upload, or deleted it, meanwhile.
    fn commit(self: Box<Self>, expected: &Digest) -> Result<u64, CommitError>;
}

/// Content-addressed bytes.
pub trait Blobs: Send + Sync {
    /// Starts an empty upload under a name that no other has, or ever had: names are random.
    fn create_upload(&self, id: &UploadId) -> Result<(), StoreError>;

    /// Opens an upload to go on with it; `None` where there is none of that name, or another
    /// caller holds it open at this moment.
    fn open_upload(&self, id: &UploadId) -> Result<Option<Box<dyn Upload>>, StoreError>;

    /// How many bytes an upload holds; `None` where there is none.
    fn upload_length(&self, id: &UploadId) -> Result<Option<u64>, StoreError>;

    /// Forgets an upload and its bytes. One that is not there is no error.
    fn delete_upload(&self, id: &UploadId) -> Result<(), StoreError>;

    /// The uploads that are there, sorted by their names.
    fn uploads(&self) -> Result<Vec<RestingUpload>, StoreError>;

    /// Opens a blob; `None` where it is not there.
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn Blob>>, StoreError>;

    /// A blob's size; `None` where it is not there.
    fn length(&self, digest: &Digest) -> Result<Option<u64>, StoreError>;

    /// When a blob got its name, by the clock of the medium; `None` where it is not there.
    fn changed_at(&self, digest: &Digest) -> Result<Option<Timestamp>, StoreError>;

    /// Removes a blob. One that is not there is no error.
    fn delete(&self, digest: &Digest) -> Result<(), StoreError>;

    /// Up to `limit` digests after one, in order.
    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Digest>, StoreError>;
}
