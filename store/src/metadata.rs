//! The contract for everything that is not a blob.
//!
//! Each call is one transaction: what it has answered is durable, what it has not is not there.

use jiff::{SignedDuration, Timestamp};
use model::{Digest, Inventory, Reference, RepositoryName, Tag};

use crate::record::{
    AccessKey, AffectedImage, AssessedPackage, Job, JobKind, Manifest, ManifestSummary,
    PutManifest, Repository, ScanResult, ScanRow, UploadRow,
};
use crate::{StoreError, UploadId};

/// Shorthand for what every call answers.
pub type Answer<T> = Result<T, StoreError>;

/// Repositories, manifests, tags, uploads, scans, jobs and keys.
pub trait Metadata: Send + Sync {
    // Repositories.

    /// Makes a repository; `false` where one of that name is there already.
    fn create_repository(&self, repository: &Repository) -> Answer<bool>;
    /// The repository of that name.
    fn repository(&self, name: &RepositoryName) -> Answer<Option<Repository>>;
    /// Up to `limit` repositories after a name, by name.
    fn repositories(&self, after: Option<&RepositoryName>, limit: usize)
    -> Answer<Vec<Repository>>;
    /// Sets `scanOnPush`; `false` where there is no such repository.
    fn set_scan_on_push(&self, name: &RepositoryName, scan_on_push: bool) -> Answer<bool>;
    /// Removes a repository with all that is in it; `false` where there is none.
    fn delete_repository(&self, name: &RepositoryName) -> Answer<bool>;

    // Blobs of a repository. A blob is served to a repository's clients only if it is linked there.

    /// Says that a repository holds a blob; `false` where the repository is not there.
    fn link_blob(&self, repository: &RepositoryName, digest: &Digest, size: u64) -> Answer<bool>;
    /// The size of a blob that the repository holds.
    fn linked_blob(&self, repository: &RepositoryName, digest: &Digest) -> Answer<Option<u64>>;
    /// Takes a blob out of a repository; `false` where it was not there.
    fn unlink_blob(&self, repository: &RepositoryName, digest: &Digest) -> Answer<bool>;

    // Uploads.

    /// Remembers an upload; `false` where the repository is not there. The row outlives the
    /// process, but a power cut may take it: the client starts again.
    fn create_upload(&self, upload: &UploadRow) -> Answer<bool>;
    /// The upload of that name.
    fn upload(&self, id: &UploadId) -> Answer<Option<UploadRow>>;
    /// Forgets an upload that has become a blob and links that blob to its repository; `false`
    /// where the repository is not there any more.
    fn finish_upload(
        &self,
        id: &UploadId,
        repository: &RepositoryName,
        digest: &Digest,
        size: u64,
    ) -> Answer<bool>;
    /// Forgets an upload; a power cut may bring it back.
    fn delete_upload(&self, id: &UploadId) -> Answer<()>;

    // Manifests and tags.

    /// Stores a manifest, points a tag at it and, where `scan` is given, makes its scan PENDING
    /// as of that time with a job to do it, all in one transaction. A scan that is complete under
    /// the same image stays as it is, and no job is made.
    fn put_manifest(
        &self,
        manifest: &Manifest,
        tag: Option<&Tag>,
        scan: Option<Timestamp>,
    ) -> Answer<PutManifest>;
    /// The manifest that a tag or digest names.
    fn manifest(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Answer<Option<Manifest>>;
    /// Any manifest of that digest, in whichever repository.
    fn any_manifest(&self, digest: &Digest) -> Answer<Option<Manifest>>;
    /// The manifest's row without its bytes.
    fn manifest_summary(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Answer<Option<ManifestSummary>>;
    /// Up to `limit` manifests after a digest, by digest.
    fn manifests(
        &self,
        repository: &RepositoryName,
        after: Option<&Digest>,
        limit: usize,
    ) -> Answer<Vec<ManifestSummary>>;
    /// Manifests whose `subject` is that digest, by digest.
    fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
    ) -> Answer<Vec<ManifestSummary>>;
    /// Up to `limit` tags after one, in lexical order.
    fn tags(
        &self,
        repository: &RepositoryName,
        after: Option<&str>,
        limit: usize,
    ) -> Answer<Vec<(Tag, Digest)>>;
    /// Removes a tag; `false` where it was not there. The manifest stays.
    fn delete_tag(&self, repository: &RepositoryName, tag: &Tag) -> Answer<bool>;
    /// Removes a manifest and its tags; `false` where it was not there. A scan of that digest
    /// goes with its last manifest.
    fn delete_manifest(&self, repository: &RepositoryName, digest: &Digest) -> Answer<bool>;
    /// An index in the repository that names that manifest.
    fn parent_of(&self, repository: &RepositoryName, digest: &Digest) -> Answer<Option<Digest>>;

    // Scans.

    /// The scan of an image, if one was ever asked for.
    fn scan(&self, image: &Digest) -> Answer<Option<ScanRow>>;
    /// Makes an image's scan PENDING with a job to do it, unless it is under way already. Nothing
    /// is done for an image that no repository holds. Findings of an earlier scan stay readable
    /// until the new ones replace them.
    fn request_scan(&self, image: &Digest, now: Timestamp) -> Answer<()>;
    /// Says that a worker has begun.
    fn begin_scan(&self, image: &Digest) -> Answer<()>;
    /// Stores inventory, packages and findings, makes the scan COMPLETE and ends its job. Nothing
    /// is done for an image that was deleted meanwhile.
    fn complete_scan(&self, result: &ScanResult) -> Answer<()>;
    /// Makes the scan FAILED for a reason and ends its job; findings of an earlier scan are
    /// removed.
    fn fail_scan(&self, image: &Digest, detail: &str, now: Timestamp) -> Answer<()>;
    /// The inventory of an image that was scanned, with the catalog revision that made it.
    fn inventory(&self, image: &Digest) -> Answer<Option<(Inventory, String)>>;
    /// The assessed packages of an image that was scanned.
    fn assessed_packages(&self, image: &Digest) -> Answer<Vec<AssessedPackage>>;
    /// Up to `limit` scanned images after one whose findings are not of that database revision,
    /// or whose inventory is not of that catalog revision.
    fn images_behind(
        &self,
        database_revision: &str,
        catalog_revision: &str,
        after: Option<&Digest>,
        limit: usize,
    ) -> Answer<Vec<Digest>>;
    /// Images with a finding that has that identifier or alias, by repository and digest.
    fn affected_images(&self, id: &str, limit: usize) -> Answer<Vec<AffectedImage>>;

    // Layer reports: (diff id or layer digest, catalog revision) → opaque bytes of the catalogue.

    /// The report of a layer under a catalog revision.
    fn layer_report(&self, layer: &Digest, catalog_revision: &str) -> Answer<Option<Vec<u8>>>;
    /// Keeps a report, replacing those of other revisions.
    fn put_layer_report(&self, layer: &Digest, catalog_revision: &str, report: &[u8])
    -> Answer<()>;

    // Jobs: leased rows. A lease that runs out makes the job free again.

    /// Adds a job, unless one that does the same waits already.
    fn add_job(&self, kind: &JobKind, now: Timestamp) -> Answer<()>;
    /// Takes the oldest job that is free at `now`, for as long as the lease.
    fn lease_job(&self, now: Timestamp, lease: SignedDuration) -> Answer<Option<Job>>;
    /// Holds a leased job longer, until the lease from `now` on runs out; `false` where it is
    /// not there any more.
    fn renew_job(&self, id: i64, now: Timestamp, lease: SignedDuration) -> Answer<bool>;
    /// Ends a job.
    fn finish_job(&self, id: i64) -> Answer<()>;
    /// Gives a job back to be tried again not before a time.
    fn retry_job(&self, id: i64, not_before: Timestamp) -> Answer<()>;

    // Access keys.

    /// Keeps a key; `false` where the identifier is taken.
    fn create_access_key(&self, key: &AccessKey) -> Answer<bool>;
    /// The key of that identifier.
    fn access_key(&self, id: &str) -> Answer<Option<AccessKey>>;
    /// All keys, by identifier.
    fn access_keys(&self) -> Answer<Vec<AccessKey>>;

    // Registry tokens: only a hash is kept.

    /// Keeps a token's SHA-256 with whose it is and until when it holds.
    fn create_token(&self, hash: &Digest, key_id: &str, expires_at: Timestamp) -> Answer<()>;
    /// Whose token it is and until when it holds.
    fn token(&self, hash: &Digest) -> Answer<Option<(String, Timestamp)>>;
    /// Removes tokens that ran out before `now`.
    fn delete_expired_tokens(&self, now: Timestamp) -> Answer<()>;
}
