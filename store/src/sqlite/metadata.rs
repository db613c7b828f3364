//! Each call of the contract, handed to the table that it is about.

use jiff::{SignedDuration, Timestamp};
use model::{Digest, Inventory, Reference, RepositoryName, Tag};

use super::{Sqlite, access, finding, job, layer_report, manifest, repository, scan, tag, upload};
use crate::metadata::Answer;
use crate::record::{
    AccessKey, AffectedImage, AssessedPackage, Job, JobKind, Manifest, ManifestSummary,
    PutManifest, Repository, ScanResult, ScanRow, UploadRow,
};
use crate::{Metadata, UploadId};

impl Metadata for Sqlite {
    fn create_repository(&self, repository: &Repository) -> Answer<bool> {
        self.write(|t| repository::create(t, repository))
    }

    fn repository(&self, name: &RepositoryName) -> Answer<Option<Repository>> {
        self.read(|t| repository::get(t, name))
    }

    fn repositories(
        &self,
        after: Option<&RepositoryName>,
        limit: usize,
    ) -> Answer<Vec<Repository>> {
        self.read(|t| repository::list(t, after, limit))
    }

    fn set_scan_on_push(&self, name: &RepositoryName, scan_on_push: bool) -> Answer<bool> {
        self.write(|t| repository::set_scan_on_push(t, name, scan_on_push))
    }

    fn delete_repository(&self, name: &RepositoryName) -> Answer<bool> {
        self.write(|t| repository::delete(t, name))
    }

    fn link_blob(&self, repository: &RepositoryName, digest: &Digest, size: u64) -> Answer<bool> {
        self.write(|t| repository::link_blob(t, repository, digest, size))
    }

    fn linked_blob(&self, repository: &RepositoryName, digest: &Digest) -> Answer<Option<u64>> {
        self.read(|t| repository::linked_blob(t, repository, digest))
    }

    fn unlink_blob(&self, repository: &RepositoryName, digest: &Digest) -> Answer<bool> {
        self.write(|t| repository::unlink_blob(t, repository, digest))
    }

    fn create_upload(&self, upload: &UploadRow) -> Answer<bool> {
        self.write_unsynced(|t| upload::create(t, upload))
    }

    fn upload(&self, id: &UploadId) -> Answer<Option<UploadRow>> {
        self.read(|t| upload::get(t, id))
    }

    fn finish_upload(
        &self,
        id: &UploadId,
        repository: &RepositoryName,
        digest: &Digest,
        size: u64,
    ) -> Answer<bool> {
        self.write(|t| upload::finish(t, id, repository, digest, size))
    }

    fn delete_upload(&self, id: &UploadId) -> Answer<()> {
        self.write_unsynced(|t| upload::delete(t, id))
    }

    fn put_manifest(
        &self,
        manifest: &Manifest,
        tag: Option<&Tag>,
        scan: Option<Timestamp>,
    ) -> Answer<PutManifest> {
        self.write(|t| manifest::put(t, manifest, tag, scan))
    }

    fn manifest(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Answer<Option<Manifest>> {
        self.read(|t| manifest::get(t, repository, reference))
    }

    fn any_manifest(&self, digest: &Digest) -> Answer<Option<Manifest>> {
        self.read(|t| manifest::any(t, digest))
    }

    fn manifest_summary(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Answer<Option<ManifestSummary>> {
        self.read(|t| manifest::summary(t, repository, reference))
    }

    fn manifests(
        &self,
        repository: &RepositoryName,
        after: Option<&Digest>,
        limit: usize,
    ) -> Answer<Vec<ManifestSummary>> {
        self.read(|t| manifest::list(t, repository, after, limit))
    }

    fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
    ) -> Answer<Vec<ManifestSummary>> {
        self.read(|t| manifest::referrers(t, repository, subject))
    }

    fn tags(
        &self,
        repository: &RepositoryName,
        after: Option<&str>,
        limit: usize,
    ) -> Answer<Vec<(Tag, Digest)>> {
        self.read(|t| tag::list(t, repository, after, limit))
    }

    fn delete_tag(&self, repository: &RepositoryName, tag: &Tag) -> Answer<bool> {
        self.write(|t| tag::delete(t, repository, tag))
    }

    fn delete_manifest(&self, repository: &RepositoryName, digest: &Digest) -> Answer<bool> {
        self.write(|t| manifest::delete(t, repository, digest))
    }

    fn parent_of(&self, repository: &RepositoryName, digest: &Digest) -> Answer<Option<Digest>> {
        self.read(|t| manifest::parent_of(t, repository, digest))
    }

    fn scan(&self, image: &Digest) -> Answer<Option<ScanRow>> {
        self.read(|t| scan::get(t, image))
    }

    fn request_scan(&self, image: &Digest, now: Timestamp) -> Answer<()> {
        self.write(|t| scan::request(t, image, now))
    }

    fn begin_scan(&self, image: &Digest) -> Answer<()> {
        self.write(|t| scan::begin(t, image))
    }

    fn complete_scan(&self, result: &ScanResult) -> Answer<()> {
        self.write(|t| scan::complete(t, result))
    }

    fn fail_scan(&self, image: &Digest, detail: &str, now: Timestamp) -> Answer<()> {
        self.write(|t| scan::fail(t, image, detail, now))
    }

    fn inventory(&self, image: &Digest) -> Answer<Option<(Inventory, String)>> {
        self.read(|t| scan::inventory(t, image))
    }

    fn assessed_packages(&self, image: &Digest) -> Answer<Vec<AssessedPackage>> {
        self.read(|t| finding::of_image(t, image))
    }

    fn images_behind(
        &self,
        database_revision: &str,
        catalog_revision: &str,
        after: Option<&Digest>,
        limit: usize,
    ) -> Answer<Vec<Digest>> {
        self.read(|t| scan::images_behind(t, database_revision, catalog_revision, after, limit))
    }

    fn affected_images(&self, id: &str, limit: usize) -> Answer<Vec<AffectedImage>> {
        self.read(|t| finding::affected_images(t, id, limit))
    }

    fn layer_report(&self, layer: &Digest, catalog_revision: &str) -> Answer<Option<Vec<u8>>> {
        self.read(|t| layer_report::get(t, layer, catalog_revision))
    }

    fn put_layer_report(
        &self,
        layer: &Digest,
        catalog_revision: &str,
        report: &[u8],
    ) -> Answer<()> {
        self.write(|t| layer_report::put(t, layer, catalog_revision, report))
    }

    fn add_job(&self, kind: &JobKind, now: Timestamp) -> Answer<()> {
        self.write(|t| job::add(t, kind, now))
    }

    fn lease_job(&self, now: Timestamp, lease: SignedDuration) -> Answer<Option<Job>> {
        self.write(|t| job::lease(t, now, lease))
    }

    fn renew_job(&self, id: i64, now: Timestamp, lease: SignedDuration) -> Answer<bool> {
        self.write(|t| job::renew(t, id, now, lease))
    }

    fn finish_job(&self, id: i64) -> Answer<()> {
        self.write(|t| job::finish(t, id))
    }

    fn retry_job(&self, id: i64, not_before: Timestamp) -> Answer<()> {
        self.write(|t| job::retry(t, id, not_before))
    }

    fn create_access_key(&self, key: &AccessKey) -> Answer<bool> {
        self.write(|t| access::create_key(t, key))
    }

    fn access_key(&self, id: &str) -> Answer<Option<AccessKey>> {
        self.read(|t| access::key(t, id))
    }

    fn access_keys(&self) -> Answer<Vec<AccessKey>> {
        self.read(access::keys)
    }

    fn create_token(&self, hash: &Digest, key_id: &str, expires_at: Timestamp) -> Answer<()> {
        self.write(|t| access::create_token(t, hash, key_id, expires_at))
    }

    fn token(&self, hash: &Digest) -> Answer<Option<(String, Timestamp)>> {
        self.read(|t| access::token(t, hash))
    }

    fn delete_expired_tokens(&self, now: Timestamp) -> Answer<()> {
        self.write(|t| access::delete_expired_tokens(t, now))
    }
}
