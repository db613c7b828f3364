//! Objects of one bucket below one prefix, and what can go wrong with them.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{
    Attributes, Error, GetOptions, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode,
    PutOptions, PutPayload, UpdateVersion,
};

use crate::StoreError;

/// What this backend asks of a store of objects.
pub trait Objects: ObjectStore + MultipartStore {}

impl<T: ObjectStore + MultipartStore> Objects for T {}

/// A bucket, with the prefix that all names have.
#[derive(Clone)]
pub struct Bucket {
    objects: Arc<dyn Objects>,
    prefix: String,
}

/// On which condition an object is written.
pub enum Condition {
    /// Whatever is there.
    None,
    /// Only where nothing is there.
    Absent,
    /// Only over the version that has this tag.
    Version(String),
}

/// What became of a write.
pub enum Written {
    /// It stands, under this tag.
    Stands(String),
    /// The condition did not hold; nothing was changed.
    Refused,
}

impl Bucket {
    /// The objects whose names begin with a prefix, which may be empty.
    pub fn new(objects: Arc<dyn Objects>, prefix: &str) -> Bucket {
        let prefix = prefix.trim_matches('/');
        let prefix = match prefix.is_empty() {
            true => String::new(),
            false => format!("{prefix}/"),
        };
        Bucket { objects, prefix }
    }

    /// The whole name of an object or of a directory.
    pub fn path(&self, name: &str) -> Path {
        Path::from(format!("{}{name}", self.prefix))
    }

    /// Writes an object in one request.
    pub async fn put(
        &self,
        path: &Path,
        bytes: Bytes,
        attributes: Attributes,
        condition: Condition,
    ) -> Result<Written, StoreError> {
        let version = |tag| UpdateVersion {
            e_tag: Some(tag),
            version: None,
        };
        let mode = match condition {
            Condition::None => PutMode::Overwrite,
            Condition::Absent => PutMode::Create,
            Condition::Version(tag) => PutMode::Update(version(tag)),
        };
        let options = PutOptions {
            mode,
            attributes,
            ..PutOptions::default()
        };
        match self.objects.put_opts(path, bytes.into(), options).await {
            Ok(written) => Ok(Written::Stands(written.e_tag.unwrap_or_default())),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Written::Refused),
            Err(cause) => Err(failed("write", path, &cause)),
        }
    }

    /// Asks for an object; `None` where it is not there.
    pub async fn get(
        &self,
        path: &Path,
        options: GetOptions,
    ) -> Result<Option<GetResult>, StoreError> {
        let got = present(self.objects.get_opts(path, options).await);
        got.map_err(|cause| failed("read", path, &cause))
    }

    /// An object's length and tag without its bytes.
    pub async fn look(&self, path: &Path) -> Result<Option<GetResult>, StoreError> {
        let options = GetOptions {
            head: true,
            ..GetOptions::default()
        };
        self.get(path, options).await
    }

    /// Removes an object. One that is not there is no error.
    pub async fn delete(&self, path: &Path) -> Result<(), StoreError> {
        let removed = present(self.objects.delete(path).await);
        removed
            .map(drop)
            .map_err(|cause| failed("remove", path, &cause))
    }

    /// The objects in a directory and those below, from after a name on.
    pub fn list(
        &self,
        directory: &Path,
        after: Option<&Path>,
    ) -> BoxStream<'static, Result<ObjectMeta, StoreError>> {
        let listed = match after {
            Some(after) => self.objects.list_with_offset(Some(directory), after),
            None => self.objects.list(Some(directory)),
        };
        let directory = directory.clone();
        Box::pin(listed.map_err(move |cause| failed("list", &directory, &cause)))
    }

    /// Begins an object of many parts. Returns the name of this attempt.
    pub async fn begin(&self, path: &Path) -> Result<String, StoreError> {
        let begun = self.objects.create_multipart(path).await;
        begun.map_err(|cause| failed("begin", path, &cause))
    }

    /// Stores one part, counted from 0.
    pub async fn put_part(
        &self,
        path: &Path,
        attempt: &String,
        number: usize,
        bytes: Bytes,
    ) -> Result<PartId, StoreError> {
        let payload = PutPayload::from(bytes);
        let stored = self.objects.put_part(path, attempt, number, payload).await;
        stored.map_err(|cause| lost(path, &cause))
    }

    /// Joins the parts to the object.
    pub async fn complete(
        &self,
        path: &Path,
        attempt: &String,
        parts: Vec<PartId>,
    ) -> Result<(), StoreError> {
        let joined = self.objects.complete_multipart(path, attempt, parts).await;
        joined.map(drop).map_err(|cause| lost(path, &cause))
    }

    /// Gives an object of many parts up, with its parts. Failing costs room and nothing else.
    pub async fn abort(&self, path: &Path, attempt: &String) {
        let _ = self.objects.abort_multipart(path, attempt).await;
    }
}

/// An attempt that is gone was ended by another server that took the upload over.
fn lost(path: &Path, cause: &Error) -> StoreError {
    match cause {
        Error::NotFound { .. } => StoreError::Conflict(format!("the parts of {path} are gone")),
        cause => failed("write a part of", path, cause),
    }
}

/// `None` where the store says that nothing is there.
fn present<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(cause) => Err(cause),
    }
}

/// How servers say that there is no room. The client library gives the answer as text only.
const FULL: [&str; 6] = [
    "507 ",
    "QuotaExceeded",
    "InsufficientStorage",
    "XMinioStorageFull",
    "StorageFull",
    "NoSpaceLeft",
];

/// The error of an action at a place, with what to do about it.
pub fn failed(action: &str, path: &Path, cause: &Error) -> StoreError {
    let action = format!("{action} the object {path}");
    let text = cause.to_string();
    if FULL.iter().any(|word| text.contains(word)) {
        return StoreError::Full(format!("could not {action}: {text}"));
    }
    let (kind, advice) = match cause {
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => (
            io::ErrorKind::PermissionDenied,
            "check the access key, its secret, the region and the bucket's policy",
        ),
        Error::NotFound { .. } => (io::ErrorKind::NotFound, "check that the bucket is there"),
        _ => (
            io::ErrorKind::Other,
            "check that the S3 server can be reached",
        ),
    };
    StoreError::Io {
        action,
        cause: io::Error::new(kind, format!("{text} ({advice})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &str) -> StoreError {
        let cause = Error::Generic {
            store: "S3",
            source: text.into(),
        };
        failed("write", &Path::from("a"), &cause)
    }

    #[test]
    fn a_full_bucket_is_told_from_a_broken_one() {
        let full = "Server returned non-2xx status code: 507 Insufficient Storage: ";
        assert!(matches!(generic(full), StoreError::Full(_)));
        let quota = "Server returned error response: <Code>QuotaExceeded</Code>";
        assert!(matches!(generic(quota), StoreError::Full(_)));
        assert!(matches!(
            generic("connection refused"),
            StoreError::Io { .. }
        ));
    }
}
