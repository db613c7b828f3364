//! A blob, read in ranges: one request streams from the place where reading begins to the end of
//! the segment, however small the single reads are. A seek begins another one.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use model::Digest;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, GetResult};

use super::bucket::{Bucket, failed};
use super::{Core, name};
use crate::{Blob, StoreError};

/// How often reading is begun again at one place before it is given up.
const TRIES: u32 = 4;

/// Bytes as they arrive.
type Pieces = BoxStream<'static, Result<Bytes, StoreError>>;

/// An open blob.
pub struct S3Blob {
    core: Arc<Core>,
    source: Source,
    position: u64,
}

/// Where a blob's bytes come from.
struct Source {
    bucket: Bucket,
    digest: Digest,
    length: u64,
    /// The objects that hold it, in order, with their lengths.
    places: Vec<(Path, u64)>,
    pieces: Option<Pieces>,
    /// What arrived and was not read yet.
    arrived: Bytes,
}

/// Streams an object from a place on; `None` where it is not there.
pub async fn stream(
    bucket: &Bucket,
    path: &Path,
    range: std::ops::Range<u64>,
) -> Result<Option<Pieces>, StoreError> {
    let options = GetOptions {
        range: Some(GetRange::Bounded(range)),
        ..GetOptions::default()
    };
    Ok(bucket.get(path, options).await?.map(pieces))
}

fn pieces(got: GetResult) -> Pieces {
    let path = got.meta.location.clone();
    let stream = got.into_stream();
    Box::pin(stream.map_err(move |cause| failed("read", &path, &cause)))
}

impl S3Blob {
    /// Opens a blob; `None` where it is not there.
    pub fn open(core: &Arc<Core>, digest: &Digest) -> Result<Option<S3Blob>, StoreError> {
        let source = core.background.wait(Source::open(&core.bucket, digest))?;
        Ok(source.map(|source| S3Blob {
            core: core.clone(),
            source,
            position: 0,
        }))
    }
}

impl Source {
    async fn open(bucket: &Bucket, digest: &Digest) -> Result<Option<Source>, StoreError> {
        let Some(found) = name::open(bucket, digest).await? else {
            return Ok(None);
        };
        let length = found.length;
        let (places, pieces) = match found.is_list {
            true => {
                let list = found.list().await?;
                let places = list.map(|list| list.places(bucket)).transpose()?;
                (places.unwrap_or_default(), None)
            }
            // The answer that told the length goes on with the bytes.
            false => {
                let path = found.got.meta.location.clone();
                (vec![(path, length)], Some(pieces(found.got)))
            }
        };
        Ok(Some(Source {
            bucket: bucket.clone(),
            digest: digest.clone(),
            length,
            places,
            pieces,
            arrived: Bytes::new(),
        }))
    }

    /// Fills a buffer from a place on; the blob must reach that far. Less only before an error.
    async fn fill(&mut self, buffer: &mut [u8], position: u64) -> Result<usize, StoreError> {
        let mut filled = 0;
        loop {
            let rest = buffer.get_mut(filled..).unwrap_or_default();
            let count = rest.len().min(self.arrived.len());
            self.arrived
                .copy_to_slice(rest.get_mut(..count).unwrap_or_default());
            filled += count;
            let now = position + filled as u64;
            if count == rest.len() {
                return Ok(filled);
            }
            match self.next(now).await {
                Ok(piece) => self.arrived = piece,
                // What came before is good; the next read meets the error again.
                Err(_) if filled > 0 => return Ok(filled),
                Err(error) => return Err(error),
            }
        }
    }

    /// The bytes that arrive next, where all before a place have been read.
    async fn next(&mut self, position: u64) -> Result<Bytes, StoreError> {
        let mut last = None;
        for _ in 0..TRIES {
            let mut pieces = match self.pieces.take() {
                Some(pieces) => pieces,
                None => self.begin(position).await?,
            };
            match pieces.next().await {
                Some(Ok(piece)) => {
                    self.pieces = Some(pieces);
                    return Ok(piece);
                }
                Some(Err(error)) => last = Some(error),
                None => (),
            }
        }
        Err(last.unwrap_or_else(|| self.damaged("ends too early")))
    }

    /// Begins to read at a place.
    async fn begin(&mut self, position: u64) -> Result<Pieces, StoreError> {
        if let Some(pieces) = self.try_begin(position).await? {
            return Ok(pieces);
        }
        // The blob was pushed again, and its name now points to the same bytes elsewhere.
        let (bucket, digest) = (self.bucket.clone(), self.digest.clone());
        if let Some(source) = Source::open(&bucket, &digest).await? {
            self.places = source.places;
        }
        let begun = self.try_begin(position).await?;
        begun.ok_or_else(|| self.damaged("is not there any more"))
    }

    async fn try_begin(&self, position: u64) -> Result<Option<Pieces>, StoreError> {
        let mut from = position;
        for (path, length) in &self.places {
            if from < *length {
                return stream(&self.bucket, path, from..*length).await;
            }
            from -= length;
        }
        Err(self.damaged("ends too early"))
    }

    fn damaged(&self, how: &str) -> StoreError {
        StoreError::Damaged(format!("the blob {} {how}", self.digest))
    }
}

impl Read for S3Blob {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.source.length.saturating_sub(self.position);
        let most = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let buffer = buffer.get_mut(..most).unwrap_or_default();
        if buffer.is_empty() {
            return Ok(0);
        }
        let filling = self.source.fill(buffer, self.position);
        let filled = self.core.background.wait(filling);
        let filled = filled.map_err(io::Error::other)?;
        self.position += filled as u64;
        Ok(filled)
    }
}

impl Seek for S3Blob {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.source.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        let place = place.ok_or(io::ErrorKind::InvalidInput)?;
        if place != self.position {
            self.source.pieces = None;
            self.source.arrived = Bytes::new();
            self.position = place;
        }
        Ok(place)
    }
}

impl Blob for S3Blob {
    fn length(&self) -> u64 {
        self.source.length
    }
}
