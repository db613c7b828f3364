//! What garbage collection, scrubbing and accounting ask.

use jiff::Timestamp;
use model::{Digest, RepositoryName};

use super::Answer;
use crate::record::{Job, RepositoryUsage, StoreUsage, StoredBlob, UnusedLink};

/// The contract for housekeeping.
pub trait Housekeeping {
    /// Answers at all.
    fn ping(&self) -> Answer<()>;
    /// What the database itself finds wrong with its files, in its own words; nothing if all is
    /// well, or if it has no way to tell.
    fn check(&self) -> Answer<Vec<String>>;

    /// Up to `limit` links after one of blobs that no manifest of their repository names and that
    /// nobody has wanted since `before`, by repository and digest. Nothing is changed.
    fn unused_links(
        &self,
        before: Timestamp,
        after: Option<&UnusedLink>,
        limit: usize,
    ) -> Answer<Vec<UnusedLink>>;
    /// Removes a link, if it is still one of those; `false` where it is not.
    fn remove_unused_link(&self, link: &UnusedLink, before: Timestamp) -> Answer<bool>;

    /// Up to `limit` blobs after one that no repository holds and that nobody has claimed since
    /// `before`, by digest, with those whose removal was begun. Nothing is changed.
    fn unheld_blobs(
        &self,
        before: Timestamp,
        after: Option<&Digest>,
        limit: usize,
    ) -> Answer<Vec<StoredBlob>>;
    /// Dooms a blob, if it is still one of those and the collector still holds its job: from now
    /// on nobody can claim or link it, and its bytes may be removed. `false` where it is not.
    fn doom_blob(
        &self,
        job: &Job,
        digest: &Digest,
        before: Timestamp,
        now: Timestamp,
    ) -> Answer<bool>;
    /// Dooms bytes that no row names, left over by a crash; `false` where a row names them, or
    /// the collector does not hold its job any more.
    fn doom_orphan(&self, job: &Job, digest: &Digest, now: Timestamp) -> Answer<bool>;
    /// Forgets a blob that was doomed at that time and whose bytes are gone now. One that another
    /// collector has doomed since is left to that one.
    fn forget_blob(&self, digest: &Digest, doomed_at: Timestamp) -> Answer<()>;
    /// Lets a blob live that was doomed at that time and whose bytes could not be removed.
    fn spare_blob(&self, digest: &Digest, doomed_at: Timestamp) -> Answer<()>;

    /// Up to `limit` blobs after one, by digest.
    fn blobs(&self, after: Option<&Digest>, limit: usize) -> Answer<Vec<StoredBlob>>;
    /// The blob of that digest.
    fn blob(&self, digest: &Digest) -> Answer<Option<StoredBlob>>;
    /// Says that the bytes of the blob that was looked at are damaged, since when, or that they are
    /// sound; `false` where it is another one since: pushed again, or about to be.
    fn set_damaged(&self, seen: &StoredBlob, since: Option<Timestamp>) -> Answer<bool>;
    /// Removes up to `limit` reports of layers that no repository holds; how many they were.
    fn forget_layer_reports(&self, limit: usize) -> Answer<u64>;

    /// Up to `limit` repositories after a name with what they hold, by name.
    fn repository_usage(
        &self,
        after: Option<&RepositoryName>,
        limit: usize,
    ) -> Answer<Vec<RepositoryUsage>>;
    /// What the whole store holds.
    fn store_usage(&self) -> Answer<StoreUsage>;
}
