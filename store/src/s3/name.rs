//! The names of blobs: `blobs/<algorithm>/<two digits>/<hex>`.
//!
//! A blob that came in one small piece lies under its name. Any other has a short JSON list there
//! that says in which segments its bytes lie. Which of the two it is, and the blob's length, are
//! in the object's user metadata, so that one HEAD request answers for both.

use bytes::Bytes;
use model::Digest;
use object_store::path::Path;
use object_store::{Attribute, Attributes, GetOptions, GetResult};
use serde::{Deserialize, Serialize};

use super::bucket::{Bucket, Condition, Written};
use super::state::{Segment, collect, segment_place};
use crate::{StoreError, UploadId};

/// The blob's length, in the user metadata.
const LENGTH: &str = "lazaret-length";
/// What the object holds, in the user metadata: [`BYTES`] or [`LIST`].
const FORM: &str = "lazaret-form";
const BYTES: &str = "bytes";
const LIST: &str = "list";
/// How often a name is written again because another server wrote it at the same moment.
const TRIES: u32 = 32;

/// Where a blob's bytes lie when they do not lie under its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The upload that they came with.
    pub upload: String,
    /// They, in order.
    pub segments: Vec<Segment>,
}

impl List {
    /// The segments of an upload.
    pub fn new(id: &UploadId, segments: Vec<Segment>) -> List {
        let upload = id.to_string();
        List { upload, segments }
    }

    fn id(&self) -> Result<UploadId, StoreError> {
        let damaged = |cause| StoreError::Damaged(format!("a blob's list of segments: {cause}"));
        self.upload.parse().map_err(damaged)
    }

    /// Each segment's object and length.
    pub fn places(&self, bucket: &Bucket) -> Result<Vec<(Path, u64)>, StoreError> {
        let id = self.id()?;
        let segments = self.segments.iter();
        let place = |segment: &Segment| {
            let path = segment_place(bucket, &id, segment.number);
            (path, segment.length)
        };
        Ok(segments.map(place).collect())
    }
}

/// What a name holds.
pub enum Content {
    /// The blob's bytes.
    Bytes(Bytes),
    /// Where they lie.
    List(List),
}

/// A name that was found.
pub struct Found {
    /// The blob's size in bytes.
    pub length: u64,
    /// Whether a list lies there, and not the bytes.
    pub is_list: bool,
    /// The answer, with the object's bytes unless it was only looked at.
    pub got: GetResult,
}

/// Where a blob's name lies.
pub fn place(bucket: &Bucket, digest: &Digest) -> Path {
    let first: String = digest.hex().chars().take(2).collect();
    let algorithm = digest.algorithm().as_str();
    bucket.path(&format!("blobs/{algorithm}/{first}/{}", digest.hex()))
}

/// Looks at a name, without its bytes; `None` where it is not there.
pub async fn look(bucket: &Bucket, digest: &Digest) -> Result<Option<Found>, StoreError> {
    let path = place(bucket, digest);
    bucket.look(&path).await?.map(found).transpose()
}

/// Opens a name; `None` where it is not there.
pub async fn open(bucket: &Bucket, digest: &Digest) -> Result<Option<Found>, StoreError> {
    let path = place(bucket, digest);
    let got = bucket.get(&path, GetOptions::default()).await?;
    got.map(found).transpose()
}

fn found(got: GetResult) -> Result<Found, StoreError> {
    let value = |key: &'static str| got.attributes.get(&Attribute::Metadata(key.into()));
    let length = value(LENGTH).and_then(|length| length.as_ref().parse().ok());
    let is_list = value(FORM).map(|form| form.as_ref() == LIST);
    match (length, is_list) {
        (Some(length), Some(is_list)) => Ok(Found {
            length,
            is_list,
            got,
        }),
        _ => Err(StoreError::Damaged(format!(
            "the object {} has lost its metadata: the S3 server, or who copied the bucket, did \
             not keep it",
            got.meta.location
        ))),
    }
}

impl Found {
    /// The list that lies there; `None` where the bytes themselves do.
    pub async fn list(self) -> Result<Option<List>, StoreError> {
        if !self.is_list {
            return Ok(None);
        }
        let path = self.got.meta.location.clone();
        let bytes = collect(&path, self.got).await?;
        let damaged = |cause| StoreError::Damaged(format!("the object {path}: {cause}"));
        serde_json::from_slice(&bytes).map(Some).map_err(damaged)
    }
}

/// Gives a blob its name. One that was there is replaced, and the bytes that it pointed to are
/// removed after the new name stands.
pub async fn put(
    bucket: &Bucket,
    digest: &Digest,
    length: u64,
    content: &Content,
) -> Result<(), StoreError> {
    let (form, bytes) = match content {
        Content::Bytes(bytes) => (BYTES, bytes.clone()),
        Content::List(list) => (LIST, json(list)?),
    };
    let path = place(bucket, digest);
    let mut attributes = Attributes::new();
    attributes.insert(Attribute::Metadata(FORM.into()), form.into());
    attributes.insert(
        Attribute::Metadata(LENGTH.into()),
        length.to_string().into(),
    );
    let mut condition = Condition::Absent;
    let mut replaced = None;
    for _ in 0..TRIES {
        let written = bucket.put(&path, bytes.clone(), attributes.clone(), condition);
        if let Written::Stands(_) = written.await? {
            return discard(bucket, replaced).await;
        }
        (condition, replaced) = match open(bucket, digest).await? {
            None => (Condition::Absent, None),
            Some(found) => {
                let tag = found.got.meta.e_tag.clone().unwrap_or_default();
                (Condition::Version(tag), found.list().await?)
            }
        };
        // This very name stands: the answer of an earlier try was lost.
        if matches!((content, &replaced), (Content::List(new), Some(old)) if new == old) {
            return Ok(());
        }
    }
    Err(StoreError::Conflict(format!("on the name of {digest}")))
}

fn json(list: &List) -> Result<Bytes, StoreError> {
    let json = serde_json::to_vec(list).map_err(|cause| StoreError::Damaged(cause.to_string()))?;
    Ok(json.into())
}

/// Removes a name, then the bytes that it pointed to.
pub async fn delete(bucket: &Bucket, digest: &Digest) -> Result<(), StoreError> {
    let Some(found) = open(bucket, digest).await? else {
        return Ok(());
    };
    let list = found.list().await?;
    bucket.delete(&place(bucket, digest)).await?;
    discard(bucket, list).await
}

async fn discard(bucket: &Bucket, list: Option<List>) -> Result<(), StoreError> {
    let places = list.map(|list| list.places(bucket)).transpose()?;
    for (path, _) in places.unwrap_or_default() {
        bucket.delete(&path).await?;
    }
    Ok(())
}
