//! What the bucket knows of an upload under way: one small JSON object, `uploads/<uuid>`.
//!
//! It is only ever written over the version that the writer has seen. Who writes it has the
//! upload; whoever held it before loses its next write, and learns of it.

use bytes::Bytes;
use model::Digest;
use model::digest::{Algorithm, Hasher};
use object_store::path::Path;
use object_store::{Attributes, GetOptions};
use serde::{Deserialize, Serialize};

use super::bucket::{Bucket, Condition, Written};
use crate::{StoreError, UploadId};

/// The longest list of an upload's or a blob's pieces that is read, in bytes.
pub const MAX_LIST: u64 = 64 << 20;

/// One object that holds the next bytes of an upload: `data/<uuid>/<number>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// The claim under which it was written, which no other object of the upload has.
    pub number: u64,
    /// Its size in bytes.
    pub length: u64,
}

/// An upload, as it rested last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// How often somebody claimed the upload to write an object.
    pub claims: u64,
    /// The parts of the object that the last claim was made for, until the upload rests.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub attempt: Option<String>,
    /// The bytes that rest, in order.
    pub segments: Vec<Segment>,
    /// What SHA-256 knows of those bytes, in hexadecimal digits.
    pub hash: String,
    /// The blob that these bytes were found to be: its name is being written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub naming: Option<Digest>,
    /// The upload is being deleted.
    #[serde(default)]
    pub ended: bool,
}

impl State {
    /// Nothing yet.
    pub fn empty() -> State {
        State {
            claims: 0,
            attempt: None,
            segments: Vec::new(),
            hash: hash_text(&Hasher::new(Algorithm::Sha256)),
            naming: None,
            ended: false,
        }
    }

    /// How many bytes rest.
    pub fn length(&self) -> u64 {
        self.segments.iter().map(|segment| segment.length).sum()
    }

    /// The hash of the bytes that rest.
    pub fn hasher(&self) -> Result<Hasher, StoreError> {
        let bytes = hex::decode(&self.hash).ok();
        let hasher = bytes.and_then(|bytes| Hasher::from_state(&bytes));
        hasher.ok_or_else(|| StoreError::Damaged("an upload's hash cannot be read".to_owned()))
    }
}

/// A hash under way as text.
pub fn hash_text(hasher: &Hasher) -> String {
    hex::encode(hasher.state().unwrap_or_default())
}

/// A state together with the tag of the version that was seen.
pub struct Seen {
    /// What it says.
    pub state: State,
    tag: String,
}

/// Where an upload's state lies.
pub fn place(bucket: &Bucket, id: &UploadId) -> Path {
    bucket.path(&format!("uploads/{id}"))
}

/// Where a segment lies.
pub fn segment_place(bucket: &Bucket, id: &UploadId, number: u64) -> Path {
    bucket.path(&format!("data/{id}/{number}"))
}

/// Writes the first state of an upload; `false` where one is there.
pub async fn create(bucket: &Bucket, id: &UploadId) -> Result<bool, StoreError> {
    let written = put(bucket, id, &State::empty(), Condition::Absent).await?;
    Ok(matches!(written, Written::Stands(_)))
}

/// Reads the state; `None` where there is no such upload.
pub async fn load(bucket: &Bucket, id: &UploadId) -> Result<Option<Seen>, StoreError> {
    let path = place(bucket, id);
    let Some(got) = bucket.get(&path, GetOptions::default()).await? else {
        return Ok(None);
    };
    let tag = got.meta.e_tag.clone().unwrap_or_default();
    let bytes = collect(&path, got).await?;
    let damaged = |cause| StoreError::Damaged(format!("the object {path}: {cause}"));
    let state = serde_json::from_slice(&bytes).map_err(damaged)?;
    Ok(Some(Seen { state, tag }))
}

/// Writes a state over the one that was seen.
///
/// # Errors
///
/// [`StoreError::Conflict`] where another one stands there by now, or none.
pub async fn update(
    bucket: &Bucket,
    id: &UploadId,
    seen: &Seen,
    state: State,
) -> Result<Seen, StoreError> {
    let over = Condition::Version(seen.tag.clone());
    if let Written::Stands(tag) = put(bucket, id, &state, over).await? {
        return Ok(Seen { state, tag });
    }
    // A write whose answer was lost is sent again, and then meets itself. A claim for one request
    // cannot be told from the same claim of another server, and counts as lost.
    let own = state.claims == seen.state.claims || state.attempt.is_some();
    match load(bucket, id).await? {
        Some(found) if own && found.state == state => Ok(found),
        _ => Err(StoreError::Conflict(format!("on the upload {id}"))),
    }
}

async fn put(
    bucket: &Bucket,
    id: &UploadId,
    state: &State,
    condition: Condition,
) -> Result<Written, StoreError> {
    let json = serde_json::to_vec(state).map_err(|cause| StoreError::Damaged(cause.to_string()))?;
    let path = place(bucket, id);
    let attributes = Attributes::new();
    bucket.put(&path, json.into(), attributes, condition).await
}

/// All bytes of a small object.
pub async fn collect(path: &Path, got: object_store::GetResult) -> Result<Bytes, StoreError> {
    if got.meta.size > MAX_LIST {
        let size = got.meta.size;
        let message = format!("the object {path} has {size} bytes, more than this program writes");
        return Err(StoreError::Damaged(message));
    }
    let bytes = got.bytes().await;
    bytes.map_err(|cause| super::bucket::failed("read", path, &cause))
}
