//! Which blobs a repository holds, and the uploads that bring them.
//!
//! A blob comes in three steps, so that garbage collection never takes what is on its way: it is
//! *claimed* before its bytes get their name, its bytes are committed, and it is *linked*. What
//! was claimed lately is not removed; what is being removed (*doomed*) cannot be claimed or
//! linked until it is gone.

use jiff::Timestamp;
use model::{Digest, RepositoryName};

use super::Answer;
use crate::UploadId;
use crate::record::{Claim, Link, UploadRow};

/// The contract for the blobs of repositories. A blob is served to a repository's clients only
/// if it is linked there.
pub trait Holdings {
    /// Says that a blob's bytes are about to be committed; `None` while they are being removed: the
    /// caller waits a moment and asks again. Outlives the process, but not a power cut.
    fn claim_blob(&self, digest: &Digest, now: Timestamp) -> Answer<Option<Claim>>;
    /// Says that a repository holds a blob that is stored already, as a mount does.
    fn link_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        now: Timestamp,
    ) -> Answer<Link>;
    /// The size of a blob that the repository holds; `None` also where its bytes are damaged.
    fn linked_blob(&self, repository: &RepositoryName, digest: &Digest) -> Answer<Option<u64>>;
    /// The same for somebody who will rely on it: a link that was last wanted before `stale` is
    /// wanted anew, so that it is not collected before a manifest names it.
    fn want_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        now: Timestamp,
        stale: Timestamp,
    ) -> Answer<Option<u64>>;
    /// Takes a blob out of a repository; `false` where it was not there.
    fn unlink_blob(&self, repository: &RepositoryName, digest: &Digest) -> Answer<bool>;
    /// Up to `limit` repositories after one that hold a blob, by name.
    fn holders_of(
        &self,
        digest: &Digest,
        after: Option<&RepositoryName>,
        limit: usize,
    ) -> Answer<Vec<RepositoryName>>;

    /// Remembers an upload; `false` where the repository is not there. The row outlives the
    /// process, but a power cut may take it: the client starts again.
    fn create_upload(&self, upload: &UploadRow) -> Answer<bool>;
    /// The upload of that name.
    fn upload(&self, id: &UploadId) -> Answer<Option<UploadRow>>;
    /// Up to `limit` uploads after one, by name.
    fn uploads(&self, after: Option<&UploadId>, limit: usize) -> Answer<Vec<UploadRow>>;
    /// Forgets an upload that has become a blob and links that blob, which was claimed before, to
    /// its repository. A blob that was damaged is sound again. A claim that did not last, because
    /// the blob was collected since, links nothing.
    fn finish_upload(
        &self,
        id: &UploadId,
        repository: &RepositoryName,
        digest: &Digest,
        claim: Claim,
        size: u64,
        now: Timestamp,
    ) -> Answer<Link>;
    /// Forgets an upload; a power cut may bring it back.
    fn delete_upload(&self, id: &UploadId) -> Answer<()>;
}
