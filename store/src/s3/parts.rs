//! One segment that is sent in parts: one part is on its way while the next one fills.

use bytes::Bytes;
use object_store::multipart::PartId;
use object_store::path::Path;
use tokio::task::JoinHandle;

use super::bucket::Bucket;
use crate::StoreError;

/// How many parts an object may have in S3.
const MAX_PARTS: usize = 10_000;

/// A segment under way.
pub struct Parts {
    bucket: Bucket,
    path: Path,
    attempt: String,
    done: Vec<PartId>,
    sending: Option<JoinHandle<Result<PartId, StoreError>>>,
    length: u64,
    completed: bool,
}

impl Parts {
    /// Goes on with an object that was begun.
    pub fn new(bucket: &Bucket, path: Path, attempt: String) -> Parts {
        Parts {
            bucket: bucket.clone(),
            path,
            attempt,
            done: Vec::new(),
            sending: None,
            length: 0,
            completed: false,
        }
    }

    /// Whether no further part fits.
    pub fn is_full(&self) -> bool {
        self.done.len() + usize::from(self.sending.is_some()) >= MAX_PARTS
    }

    /// Waits for the part on its way, and sends the next one.
    pub async fn send(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.wait().await?;
        self.length += bytes.len() as u64;
        let (bucket, path) = (self.bucket.clone(), self.path.clone());
        let (attempt, number) = (self.attempt.clone(), self.done.len());
        let sending = async move { bucket.put_part(&path, &attempt, number, bytes).await };
        self.sending = Some(tokio::spawn(sending));
        Ok(())
    }

    /// Makes the object of its parts. Returns its length in bytes.
    pub async fn complete(mut self) -> Result<u64, StoreError> {
        self.wait().await?;
        let done = std::mem::take(&mut self.done);
        // From here on the object may stand, even if the answer does not come.
        self.completed = true;
        match self.bucket.complete(&self.path, &self.attempt, done).await {
            Ok(()) => Ok(self.length),
            Err(error) => match self.bucket.look(&self.path).await? {
                // Nobody else completes this object: the answer to an earlier try was lost.
                Some(found) if found.meta.size == self.length => Ok(self.length),
                _ => Err(error),
            },
        }
    }

    async fn wait(&mut self) -> Result<(), StoreError> {
        let Some(sending) = self.sending.take() else {
            return Ok(());
        };
        let sent = sending.await.map_err(|cause| StoreError::Io {
            action: format!("write a part of the object {}", self.path),
            cause: std::io::Error::other(cause),
        })?;
        self.done.push(sent?);
        Ok(())
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if self.completed {
            return;
        }
        let Ok(handle) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (bucket, path) = (self.bucket.clone(), self.path.clone());
        let (attempt, sending) = (std::mem::take(&mut self.attempt), self.sending.take());
        handle.spawn(async move {
            if let Some(sending) = sending {
                let _ = sending.await;
            }
            bucket.abort(&path, &attempt).await;
        });
    }
}
