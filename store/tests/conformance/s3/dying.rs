//! A server that dies at each of its writes in turn: what others then find is whole.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use model::Digest;
use object_store::memory::InMemory;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartId, MultipartUpload,
    ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use store::{Blobs, CommitError, S3};

use super::super::blobs::{id, put, read, resting};
use super::memory::names;
use super::shared::bytes;
use super::{SMALL, over};

/// A store that stops changing after so many changes, as if its server had been killed.
#[derive(Debug)]
struct Dying {
    objects: Arc<InMemory>,
    left: AtomicUsize,
}

impl Dying {
    fn live(&self) -> Result<()> {
        let less = |left: usize| left.checked_sub(1);
        match self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
        {
            Ok(_) => Ok(()),
            Err(_) => Err(dead()),
        }
    }
}

fn dead() -> Error {
    Error::Generic {
        store: "Dying",
        source: "killed".into(),
    }
}

impl fmt::Display for Dying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dying")
    }
}

#[async_trait]
impl ObjectStore for Dying {
    async fn put_opts(&self, at: &Path, load: PutPayload, how: PutOptions) -> Result<PutResult> {
        self.live()?;
        self.objects.put_opts(at, load, how).await
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        how: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.objects.put_multipart_opts(at, how).await
    }

    async fn get_opts(&self, at: &Path, how: GetOptions) -> Result<GetResult> {
        self.objects.get_opts(at, how).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        match self.live() {
            Ok(()) => self.objects.delete_stream(locations),
            Err(error) => futures_util::stream::iter([Err(error)]).boxed(),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.objects.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.objects.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, how: CopyOptions) -> Result<()> {
        self.objects.copy_opts(from, to, how).await
    }
}

#[async_trait]
impl MultipartStore for Dying {
    async fn create_multipart(&self, path: &Path) -> Result<MultipartId> {
        self.live()?;
        self.objects.create_multipart(path).await
    }

    async fn put_part(
        &self,
        path: &Path,
        id: &MultipartId,
        number: usize,
        data: PutPayload,
    ) -> Result<PartId> {
        self.live()?;
        self.objects.put_part(path, id, number, data).await
    }

    async fn complete_multipart(
        &self,
        path: &Path,
        id: &MultipartId,
        parts: Vec<PartId>,
    ) -> Result<PutResult> {
        self.live()?;
        self.objects.complete_multipart(path, id, parts).await
    }

    async fn abort_multipart(&self, path: &Path, id: &MultipartId) -> Result<()> {
        self.live()?;
        self.objects.abort_multipart(path, id).await
    }
}

/// Pushes in two chunks over a blob that is there. Returns how much was acknowledged.
fn push(server: &S3, chunks: &[Vec<u8>; 2], digest: &Digest) -> (u64, bool) {
    let mut acknowledged = 0;
    let mut run = || {
        server.create_upload(&id(1))?;
        let mut upload = server.open_upload(&id(1))?.unwrap();
        upload.write(&chunks[0])?;
        acknowledged = upload.rest()?;
        let mut upload = server.open_upload(&id(1))?.unwrap();
        upload.write(&chunks[1])?;
        upload.commit(digest).map(drop)
    };
    let done: std::result::Result<(), CommitError> = run();
    (acknowledged, done.is_ok())
}

#[test]
fn a_death_at_any_write_leaves_whole_blobs_and_uploads() {
    for (first, second) in [(3, 2), (3, 40), (30, 40), (30, 0)] {
        let chunks = [bytes(1, first), bytes(2, second)];
        let whole = chunks.concat();
        let digest = Digest::of(&whole);
        for life in 0.. {
            let objects: Arc<InMemory> = Arc::default();
            put(&over(&objects, SMALL), 9, &whole);
            let left = AtomicUsize::new(usize::MAX);
            let dying = Arc::new(Dying {
                objects: objects.clone(),
                left,
            });
            let server = S3::over(dying.clone(), "some/prefix", SMALL).unwrap();
            dying.left.store(life, Ordering::SeqCst);
            let (acknowledged, done) = push(&server, &chunks, &digest);
            drop(server);
            let other = over(&objects, SMALL);
            assert_eq!(read(&other, &digest).unwrap(), whole, "after {life} writes");
            if !done && acknowledged > 0 && !resting(&other).is_empty() {
                finish(&other, acknowledged, &whole, &digest);
            }
            other.delete_upload(&id(1)).unwrap();
            assert_eq!(read(&other, &digest).unwrap(), whole, "after {life} writes");
            assert!(resting(&other).is_empty());
            if done {
                let mut found = names(&objects);
                found.retain(|name| name.starts_with("data/09"));
                assert!(found.is_empty(), "the replaced bytes are gone: {found:?}");
                break;
            }
        }
    }
}

/// Another server goes on from what was acknowledged.
fn finish(other: &S3, acknowledged: u64, whole: &[u8], digest: &Digest) {
    // Where the bytes had their name already, the upload has ended.
    let Some(mut upload) = other.open_upload(&id(1)).unwrap() else {
        return;
    };
    let length = upload.length();
    assert!(length >= acknowledged);
    let rest = &whole[length as usize..];
    if !rest.is_empty() {
        upload.write(rest).unwrap();
    }
    upload.commit(digest).unwrap();
    assert_eq!(read(other, digest).unwrap(), whole);
}

#[test]
fn a_death_while_deleting_leaves_no_name_without_bytes() {
    for life in 0..8 {
        let objects: Arc<InMemory> = Arc::default();
        let whole = bytes(1, 50);
        let digest = put(&over(&objects, SMALL), 9, &whole);
        let dying = Arc::new(Dying {
            objects: objects.clone(),
            left: AtomicUsize::new(usize::MAX),
        });
        let server = S3::over(dying.clone(), "some/prefix", SMALL).unwrap();
        dying.left.store(life, Ordering::SeqCst);
        let _ = server.delete(&digest);
        let other = over(&objects, SMALL);
        if other.length(&digest).unwrap().is_some() {
            assert_eq!(read(&other, &digest).unwrap(), whole);
        }
    }
}
