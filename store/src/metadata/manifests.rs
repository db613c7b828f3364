//! Manifests and tags.

use jiff::Timestamp;
use model::{Digest, Reference, RepositoryName, Tag};

use super::Answer;
use crate::record::{Manifest, ManifestSummary, PutManifest, ScanOrder};

/// The contract for manifests, and the tags that point at them.
pub trait Manifests {
    /// Stores a manifest, points a tag at it and does what is ordered of its scan, all in one
    /// transaction. A tag that the repository's rule holds fast is not moved, and nothing else is
    /// done then.
    fn put_manifest(
        &self,
        manifest: &Manifest,
        tag: Option<&Tag>,
        scan: ScanOrder<'_>,
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
    /// Up to `limit` manifests after a digest whose `subject` is that digest, by digest.
    fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
        after: Option<&Digest>,
        limit: usize,
    ) -> Answer<Vec<ManifestSummary>>;
    /// Up to `limit` tags after one, in lexical order.
    fn tags(
        &self,
        repository: &RepositoryName,
        after: Option<&str>,
        limit: usize,
    ) -> Answer<Vec<(Tag, Digest)>>;
    /// Removes a tag; `false` where it was not there. The manifest stays.
    fn delete_tag(&self, repository: &RepositoryName, tag: &Tag, now: Timestamp) -> Answer<bool>;
    /// Removes a manifest and its tags; `false` where it was not there. A scan of that digest
    /// goes with its last manifest. Each tag is an event, then the manifest is one.
    fn delete_manifest(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        now: Timestamp,
    ) -> Answer<bool>;
    /// Up to `limit` names under which a manifest is in a repository: its digest and those of the
    /// indexes that name it, each with each of its tags, or without one.
    fn names_of(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        limit: usize,
    ) -> Answer<Vec<(Digest, Option<Tag>)>>;
    /// Up to `limit` repositories after one that hold a manifest, by name.
    fn repositories_of(
        &self,
        digest: &Digest,
        after: Option<&RepositoryName>,
        limit: usize,
    ) -> Answer<Vec<RepositoryName>>;
    /// An index in the repository that names that manifest.
    fn parent_of(&self, repository: &RepositoryName, digest: &Digest) -> Answer<Option<Digest>>;
}
