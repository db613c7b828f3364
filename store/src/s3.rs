//! Blobs as objects of one bucket of an S3-compatible server, shared by any number of servers.
//!
//! ```text
//! PREFIX/layout                   which layout this is
//! PREFIX/blobs/sha256/ab/abcd…    a blob's name: its bytes, or the list of its segments
//! PREFIX/data/<uuid>/<number>     a segment: bytes of the blob that came with that upload
//! PREFIX/uploads/<uuid>           what is known of an upload under way
//! ```
//!
//! Servers do not lock each other out: each write to shared state names the version that it
//! replaces, and one that comes too late changes nothing. `docs/storage.md` has the rules.

mod background;
mod blob;
mod bucket;
mod holds;
mod name;
mod parts;
mod session;
mod settings;
mod state;

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use model::Digest;
use object_store::path::Path;
use object_store::{Attributes, GetOptions, ObjectMeta};

use crate::{Blob, Blobs, CommitError, RestingUpload, StoreError, Upload, UploadId};
use background::Background;
use blob::S3Blob;
use bucket::{Bucket, Condition, Written};
use holds::{Held, Holds};
use session::Session;

pub use bucket::Objects;
pub use settings::S3Settings;

/// The size of a part, in bytes. S3 wants 5 MiB at least. An upload holds two of them in memory
/// at most: one on its way, one that fills.
pub const PART_BYTES: usize = 8 << 20;
/// What the layout object says. A program that does not know it must not touch the bucket.
const LAYOUT: &str = "lazaret blobs 1\n";
/// How long the end of the process waits for uploads whose connections just broke.
const PATIENCE: Duration = Duration::from_secs(10);

/// A bucket of blobs.
pub struct S3 {
    core: Arc<Core>,
}

/// What uploads and open blobs need of the backend.
struct Core {
    bucket: Bucket,
    holds: Holds,
    part_bytes: usize,
    background: Background,
}

impl S3 {
    /// Opens a bucket, and checks that it can be reached and that its server heeds conditions.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] where one of that is not so; it says what to do.
    pub fn open(settings: &S3Settings) -> Result<S3, StoreError> {
        let client = settings::client(settings)?;
        S3::over(Arc::new(client), &settings.prefix, PART_BYTES)
    }

    /// Opens any store of objects, with a size of parts to go with it, as [`S3::open`] does.
    ///
    /// # Errors
    ///
    /// As [`S3::open`].
    pub fn over(
        objects: Arc<dyn Objects>,
        prefix: &str,
        part_bytes: usize,
    ) -> Result<S3, StoreError> {
        let background = Background::start().map_err(|cause| StoreError::Io {
            action: "start threads for the bucket".to_owned(),
            cause,
        })?;
        let core = Core {
            bucket: Bucket::new(objects, prefix),
            holds: Holds::default(),
            part_bytes: part_bytes.max(1),
            background,
        };
        core.background.wait(check(&core.bucket))?;
        Ok(S3 {
            core: Arc::new(core),
        })
    }

    fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.core.background.wait(work)
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.core.holds.settle_all(PATIENCE);
    }
}

/// Makes or reads the layout object, and finds out by it whether the server heeds conditions.
async fn check(bucket: &Bucket) -> Result<(), StoreError> {
    let path = bucket.path("layout");
    let text = Bytes::from_static(LAYOUT.as_bytes());
    let put = |condition| bucket.put(&path, text.clone(), Attributes::new(), condition);
    put(Condition::Absent).await?;
    let Some(found) = bucket.get(&path, GetOptions::default()).await? else {
        return Err(unfit(&path, "an object that was written cannot be read"));
    };
    if state::collect(&path, found).await? != text {
        return Err(unfit(
            &path,
            "another program's data, or a newer one's, lies there",
        ));
    }
    let never = Condition::Version("\"00000000000000000000000000000000\"".to_owned());
    for condition in [Condition::Absent, never] {
        if let Written::Stands(_) = put(condition).await? {
            let why = "this S3 server ignores conditions (If-None-Match, If-Match), without which \
                       two servers can destroy each other's uploads: use one that heeds them";
            return Err(unfit(&path, why));
        }
    }
    Ok(())
}

fn unfit(path: &Path, why: &str) -> StoreError {
    StoreError::Io {
        action: format!("use the bucket ({path})"),
        cause: io::Error::new(io::ErrorKind::Unsupported, why),
    }
}

impl Blobs for S3 {
    fn create_upload(&self, id: &UploadId) -> Result<(), StoreError> {
        match self.wait(state::create(&self.core.bucket, id))? {
            true => Ok(()),
            false => Err(StoreError::Conflict(format!("the upload {id} is there"))),
        }
    }

    fn open_upload(&self, id: &UploadId) -> Result<Option<Box<dyn Upload>>, StoreError> {
        let Some(held) = self.core.holds.take(id) else {
            return Ok(None);
        };
        let opening = Session::open(&self.core.bucket, id, self.core.part_bytes);
        let session = self.wait(opening)?;
        Ok(session.map(|session| {
            Box::new(S3Upload {
                core: self.core.clone(),
                open: Some((session, held)),
            }) as Box<dyn Upload>
        }))
    }

    fn upload_length(&self, id: &UploadId) -> Result<Option<u64>, StoreError> {
        self.core.holds.settle(id);
        let seen = self.wait(state::load(&self.core.bucket, id))?;
        let seen = seen.filter(|seen| !seen.state.ended);
        Ok(seen.map(|seen| seen.state.length()))
    }

    fn delete_upload(&self, id: &UploadId) -> Result<(), StoreError> {
        self.core.holds.settle(id);
        self.wait(session::delete(&self.core.bucket, id))
    }

    fn uploads(&self) -> Result<Vec<RestingUpload>, StoreError> {
        let directory = self.core.bucket.path("uploads");
        let listed = self.core.bucket.list(&directory, None).try_collect();
        let objects: Vec<ObjectMeta> = self.wait(listed)?;
        let mut uploads: Vec<_> = objects.iter().filter_map(resting).collect();
        uploads.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(uploads)
    }

    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn Blob>>, StoreError> {
        let blob = S3Blob::open(&self.core, digest)?;
        Ok(blob.map(|blob| Box::new(blob) as Box<dyn Blob>))
    }

    fn length(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        let found = self.wait(name::look(&self.core.bucket, digest))?;
        Ok(found.map(|found| found.length))
    }

    fn changed_at(&self, digest: &Digest) -> Result<Option<Timestamp>, StoreError> {
        let found = self.wait(name::look(&self.core.bucket, digest))?;
        Ok(found.and_then(|found| time(&found.got.meta)))
    }

    fn delete(&self, digest: &Digest) -> Result<(), StoreError> {
        self.wait(name::delete(&self.core.bucket, digest))
    }

    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Digest>, StoreError> {
        self.wait(list(&self.core.bucket, after, limit))
    }
}

fn resting(object: &ObjectMeta) -> Option<RestingUpload> {
    let id = object.location.filename()?.parse().ok()?;
    let changed_at = time(object)?;
    Some(RestingUpload { id, changed_at })
}

/// When an object was written, by the server's clock.
fn time(object: &ObjectMeta) -> Option<Timestamp> {
    let (seconds, fraction) = (
        object.last_modified.timestamp(),
        object.last_modified.timestamp_subsec_nanos(),
    );
    Timestamp::new(seconds, fraction.try_into().ok()?).ok()
}

/// Up to `limit` digests after one. S3 lists names by their bytes, which is the digests' order.
async fn list(
    bucket: &Bucket,
    after: Option<&Digest>,
    limit: usize,
) -> Result<Vec<Digest>, StoreError> {
    let (directory, offset) = (bucket.path("blobs"), after.map(|d| name::place(bucket, d)));
    let mut found = bucket.list(&directory, offset.as_ref());
    let mut digests: Vec<Digest> = Vec::new();
    while digests.len() < limit
        && let Some(object) = found.next().await
    {
        let path = object?.location;
        let Some(digest) = digest(&path) else {
            continue;
        };
        if after
            .max(digests.last())
            .is_some_and(|before| digest <= *before)
        {
            return Err(unfit(&path, "this S3 server does not list names in order"));
        }
        digests.push(digest);
    }
    Ok(digests)
}

fn digest(path: &Path) -> Option<Digest> {
    let mut parts = path.as_ref().rsplit('/');
    let (hex, _, algorithm) = (parts.next()?, parts.next()?, parts.next()?);
    format!("{algorithm}:{hex}").parse().ok()
}

/// An upload that this process holds.
struct S3Upload {
    core: Arc<Core>,
    /// Taken when it ends.
    open: Option<(Session, Held)>,
}

impl S3Upload {
    fn session(&mut self) -> Result<(&Core, &mut Session), StoreError> {
        match &mut self.open {
            Some((session, _)) => Ok((&self.core, session)),
            None => Err(StoreError::Conflict("the upload has ended".to_owned())),
        }
    }
}

impl Upload for S3Upload {
    fn length(&self) -> u64 {
        self.open
            .as_ref()
            .map_or(0, |(session, _)| session.length())
    }

    fn file(&self) -> Option<File> {
        None
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let (core, session) = self.session()?;
        core.background.wait(session.write(bytes))
    }

    fn rest(mut self: Box<Self>) -> Result<u64, StoreError> {
        let (core, session) = self.session()?;
        core.background.wait(session.rest())
    }

    fn commit(mut self: Box<Self>, expected: &Digest) -> Result<u64, CommitError> {
        let (core, session) = self.session()?;
        core.background.wait(session.commit(expected))
    }
}

impl Drop for S3Upload {
    fn drop(&mut self) {
        let Some((mut session, held)) = self.open.take() else {
            return;
        };
        // A caller on an event loop must not wait. Who opens the upload next does.
        held.let_go();
        self.core.background.spawn(async move {
            if session.is_worth_resting() {
                // Nobody is there to be told; what rested before is still there.
                let _ = session.rest().await;
            }
            drop(session);
            drop(held);
        });
    }
}
