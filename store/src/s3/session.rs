//! An upload that is written to. Bytes gather in a buffer of one part's size. What fits there is
//! written in one request when the upload rests or ends; beyond it, a segment is sent in parts.
//!
//! Before it writes an object, a session claims the upload: the state counts the claim, and the
//! object is named by its number. So no other server ever writes to the same object, and a
//! session that was overtaken finds that out at its next claim, rest or commit.

use bytes::Bytes;
use futures_util::TryStreamExt;
use model::Digest;
use model::digest::{Algorithm, Hasher};
use object_store::{Attributes, GetOptions};

use super::blob;
use super::bucket::{Bucket, Condition};
use super::name::{self, Content, List};
use super::parts::Parts;
use super::state::{self, Seen, Segment, State};
use crate::{CommitError, StoreError, UploadId};

/// An upload under way.
pub struct Session {
    bucket: Bucket,
    id: UploadId,
    part_bytes: usize,
    seen: Seen,
    hasher: Hasher,
    /// The bytes that are in objects, in order.
    segments: Vec<Segment>,
    /// The segment that is sent in parts.
    parts: Option<Parts>,
    /// The bytes after those.
    buffer: Vec<u8>,
    length: u64,
    changed: bool,
    /// Bytes were taken that could not be stored: what rested last is what there is.
    broken: bool,
}

impl Session {
    /// Opens an upload as it rests; `None` where there is none.
    pub async fn open(
        bucket: &Bucket,
        id: &UploadId,
        part_bytes: usize,
    ) -> Result<Option<Session>, StoreError> {
        let seen = state::load(bucket, id).await?;
        let Some(seen) = seen.filter(|seen| !seen.state.ended) else {
            return Ok(None);
        };
        Ok(Some(Session {
            bucket: bucket.clone(),
            id: id.clone(),
            part_bytes,
            hasher: seen.state.hasher()?,
            segments: seen.state.segments.clone(),
            parts: None,
            buffer: Vec::new(),
            length: seen.state.length(),
            changed: false,
            broken: false,
            seen,
        }))
    }

    /// How many bytes it holds.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether something would be lost if it did not rest.
    pub fn is_worth_resting(&self) -> bool {
        self.changed && !self.broken
    }

    /// Adds bytes. After an error, those that rested last are what the upload holds.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), StoreError> {
        self.check()?;
        if self.seen.state.naming.is_some() {
            return Err(self.conflict("its blob is being named"));
        }
        if !bytes.is_empty() {
            self.unpack().await?;
        }
        while !bytes.is_empty() {
            if self.buffer.len() >= self.part_bytes {
                let sent = self.send_part().await;
                self.checked(sent).await?;
            }
            let room = self.part_bytes - self.buffer.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.take(now);
            bytes = later;
        }
        Ok(())
    }

    /// Puts bytes into the buffer, which never grows beyond one part.
    fn take(&mut self, bytes: &[u8]) {
        let needed = self.buffer.len() + bytes.len();
        if self.buffer.capacity() < needed {
            let wanted = needed.max(2 * self.buffer.capacity()).min(self.part_bytes);
            self.buffer.reserve_exact(wanted - self.buffer.len());
        }
        self.buffer.extend_from_slice(bytes);
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
    }

    /// Takes the last segment back into the buffer if it is smaller than a part, so that many
    /// small chunks do not become as many objects. The old object stays until the upload ends.
    async fn unpack(&mut self) -> Result<(), StoreError> {
        let last = self.segments.last();
        let small = last.filter(|segment| segment.length < self.part_bytes as u64);
        if let Some(segment) = small.filter(|_| !self.changed) {
            let path = state::segment_place(&self.bucket, &self.id, segment.number);
            let Some(got) = self.bucket.get(&path, GetOptions::default()).await? else {
                return Err(self.conflict("its last bytes have moved on"));
            };
            self.buffer = state::collect(&path, got).await?.into();
            self.segments.pop();
        }
        self.changed = true;
        Ok(())
    }

    /// Sends the buffer as a part of the segment under way, or of a new one.
    async fn send_part(&mut self) -> Result<(), StoreError> {
        if self.parts.as_ref().is_some_and(Parts::is_full) {
            self.close_parts().await?;
        }
        if self.parts.is_none() {
            self.parts = Some(self.begin_parts().await?);
        }
        if let Some(parts) = &mut self.parts {
            parts.send(std::mem::take(&mut self.buffer).into()).await?;
        }
        Ok(())
    }

    async fn begin_parts(&mut self) -> Result<Parts, StoreError> {
        let number = self.seen.state.claims + 1;
        let path = state::segment_place(&self.bucket, &self.id, number);
        let attempt = self.bucket.begin(&path).await?;
        let parts = Parts::new(&self.bucket, path, attempt.clone());
        self.claim(Some(attempt)).await?;
        Ok(parts)
    }

    /// Claims the upload, which gives the next segment its number, and ends what the holder
    /// before may still be sending.
    async fn claim(&mut self, attempt: Option<String>) -> Result<(), StoreError> {
        let before = self.seen.state.clone();
        let mut claimed = before.clone();
        claimed.claims += 1;
        claimed.attempt = attempt;
        self.seen = state::update(&self.bucket, &self.id, &self.seen, claimed).await?;
        if let Some(attempt) = before.attempt {
            let path = state::segment_place(&self.bucket, &self.id, before.claims);
            self.bucket.abort(&path, &attempt).await;
        }
        Ok(())
    }

    async fn close_parts(&mut self) -> Result<(), StoreError> {
        let Some(parts) = self.parts.take() else {
            return Ok(());
        };
        let length = parts.complete().await?;
        let number = self.seen.state.claims;
        self.segments.push(Segment { number, length });
        Ok(())
    }

    /// Brings all bytes into segments.
    async fn store(&mut self) -> Result<(), StoreError> {
        let bytes = Bytes::from(std::mem::take(&mut self.buffer));
        if let Some(parts) = &mut self.parts {
            if !bytes.is_empty() {
                parts.send(bytes).await?;
            }
            return self.close_parts().await;
        }
        if bytes.is_empty() {
            return Ok(());
        }
        self.claim(None).await?;
        let number = self.seen.state.claims;
        let path = state::segment_place(&self.bucket, &self.id, number);
        let length = bytes.len() as u64;
        let (attributes, always) = (Attributes::new(), Condition::None);
        self.bucket.put(&path, bytes, attributes, always).await?;
        self.segments.push(Segment { number, length });
        Ok(())
    }

    /// Makes all bytes durable and tells the bucket, from which any server can go on.
    pub async fn rest(&mut self) -> Result<u64, StoreError> {
        self.check()?;
        if self.changed {
            let rested = self.rest_changed(None).await;
            self.checked(rested).await?;
        }
        Ok(self.length)
    }

    async fn rest_changed(&mut self, naming: Option<Digest>) -> Result<(), StoreError> {
        self.store().await?;
        let rested = State {
            claims: self.seen.state.claims,
            attempt: None,
            segments: self.segments.clone(),
            hash: state::hash_text(&self.hasher),
            naming,
            ended: false,
        };
        self.seen = state::update(&self.bucket, &self.id, &self.seen, rested).await?;
        self.changed = false;
        Ok(())
    }

    /// Checks the digest and gives the bytes their name. Returns their length.
    pub async fn commit(&mut self, expected: &Digest) -> Result<u64, CommitError> {
        self.check()?;
        if self
            .seen
            .state
            .naming
            .as_ref()
            .is_some_and(|digest| digest != expected)
        {
            return Err(self.conflict("its blob is being named").into());
        }
        let actual = self.digest(expected.algorithm()).await?;
        if actual != *expected {
            (self.parts, self.changed) = (None, false);
            end(&self.bucket, &self.id, &self.seen).await?;
            let expected = expected.clone();
            return Err(CommitError::DigestMismatch { expected, actual });
        }
        let named = self.name(expected).await;
        self.checked(named).await?;
        Ok(self.length)
    }

    async fn digest(&mut self, algorithm: Algorithm) -> Result<Digest, StoreError> {
        match algorithm {
            Algorithm::Sha256 => Ok(self.hasher.clone().finish()),
            Algorithm::Sha512 => {
                self.rest().await?;
                let mut hasher = Hasher::new(algorithm);
                let list = List::new(&self.id, self.segments.clone());
                for (path, length) in list.places(&self.bucket)? {
                    let begun = blob::stream(&self.bucket, &path, 0..length).await?;
                    let mut pieces = begun.ok_or_else(|| self.conflict("its bytes are gone"))?;
                    while let Some(piece) = pieces.try_next().await? {
                        hasher.update(&piece);
                    }
                }
                Ok(hasher.finish())
            }
        }
    }

    async fn name(&mut self, digest: &Digest) -> Result<(), StoreError> {
        let in_buffer = self.segments.is_empty() && self.parts.is_none();
        let content = if in_buffer {
            // Nobody else has the upload from here on.
            self.claim(None).await?;
            Content::Bytes(std::mem::take(&mut self.buffer).into())
        } else {
            self.rest_changed(Some(digest.clone())).await?;
            Content::List(List::new(&self.id, self.segments.clone()))
        };
        name::put(&self.bucket, digest, self.length, &content).await?;
        let used = self.segments.len() + usize::from(in_buffer);
        if self.seen.state.claims != used as u64 {
            if in_buffer {
                // The bytes that rested before go now: nobody shall go on from them.
                let mut ended = self.seen.state.clone();
                ended.ended = true;
                self.seen = state::update(&self.bucket, &self.id, &self.seen, ended).await?;
            }
            sweep(&self.bucket, &self.id, &self.segments).await?;
        }
        self.changed = false;
        let place = state::place(&self.bucket, &self.id);
        self.bucket.delete(&place).await
    }

    /// Ends the session after an error. If somebody else has the upload by now, that is why.
    async fn checked(&mut self, result: Result<(), StoreError>) -> Result<(), StoreError> {
        let Err(error) = result else {
            return Ok(());
        };
        self.broken = true;
        match state::load(&self.bucket, &self.id).await {
            Ok(Some(found)) if found.state == self.seen.state => Err(error),
            Ok(_) => Err(self.conflict("it has moved on")),
            Err(_) => Err(error),
        }
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.broken {
            true => Err(self.conflict("an earlier write failed: open it again")),
            false => Ok(()),
        }
    }

    fn conflict(&self, why: &str) -> StoreError {
        StoreError::Conflict(format!("on the upload {}: {why}", self.id))
    }
}

/// Deletes an upload with its bytes. One whose blob was about to get its name is named instead:
/// the server that was at it may still be there.
pub async fn delete(bucket: &Bucket, id: &UploadId) -> Result<(), StoreError> {
    let Some(seen) = state::load(bucket, id).await? else {
        return Ok(());
    };
    let Some(digest) = &seen.state.naming else {
        return end(bucket, id, &seen).await;
    };
    let list = List::new(id, seen.state.segments.clone());
    let mut whole = true;
    for (path, length) in list.places(bucket)? {
        let found = bucket.look(&path).await?;
        whole &= found.is_some_and(|found| found.meta.size == length);
    }
    // Where bytes are missing, the blob was named, and has been deleted or replaced since.
    if whole {
        let length = seen.state.length();
        name::put(bucket, digest, length, &Content::List(list)).await?;
    }
    bucket.delete(&state::place(bucket, id)).await
}

/// Ends an upload without a blob: nobody can write to it any more, then its bytes go, then it.
async fn end(bucket: &Bucket, id: &UploadId, seen: &Seen) -> Result<(), StoreError> {
    let mut ended = seen.state.clone();
    ended.ended = true;
    let attempt = ended.attempt.clone();
    let seen = state::update(bucket, id, seen, ended).await?;
    if let Some(attempt) = attempt {
        let path = state::segment_place(bucket, id, seen.state.claims);
        bucket.abort(&path, &attempt).await;
    }
    sweep(bucket, id, &[]).await?;
    bucket.delete(&state::place(bucket, id)).await
}

/// Removes an upload's objects but those.
async fn sweep(bucket: &Bucket, id: &UploadId, keep: &[Segment]) -> Result<(), StoreError> {
    let kept = |segment: &Segment| state::segment_place(bucket, id, segment.number);
    let kept: Vec<_> = keep.iter().map(kept).collect();
    let mut found = bucket.list(&bucket.path(&format!("data/{id}")), None);
    while let Some(object) = found.try_next().await? {
        if !kept.contains(&object.location) {
            bucket.delete(&object.location).await?;
        }
    }
    Ok(())
}
