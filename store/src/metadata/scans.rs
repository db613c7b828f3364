//! Scans, inventories and what the catalogue read in layers.

use jiff::Timestamp;
use model::{Digest, Inventory};

use super::Answer;
use crate::record::{
    AffectedImage, AssessedPackage, FactsVersion, ScanFailed, ScanResult, ScanRow,
};

/// The contract for scans: one per manifest digest, whatever repositories hold it.
pub trait Scans {
    /// The scan of an image, if one was ever asked for.
    fn scan(&self, image: &Digest) -> Answer<Option<ScanRow>>;
    /// Makes an image's scan PENDING with a job to do it, unless it is under way already. Nothing
    /// is done for an image that no repository holds. Findings of an earlier scan stay readable
    /// until the new ones replace them.
    fn request_scan(&self, image: &Digest, now: Timestamp) -> Answer<()>;
    /// Says that a worker has begun.
    fn begin_scan(&self, image: &Digest) -> Answer<()>;
    /// Stores inventory and packages, makes the scan COMPLETE and ends its job; an event tells of
    /// it. What is known of a package already is not stored again: it follows the database. Nothing
    /// is done for an image that was deleted meanwhile.
    fn complete_scan(&self, result: &ScanResult) -> Answer<()>;
    /// Makes the scan FAILED for a reason and ends its job; findings of an earlier scan are
    /// removed. An event tells of it.
    fn fail_scan(&self, failed: &ScanFailed) -> Answer<()>;
    /// The inventory of an image that was scanned, with the catalog revision that made it.
    fn inventory(&self, image: &Digest) -> Answer<Option<(Inventory, String)>>;
    /// The assessed packages of an image that was scanned, in order.
    fn assessed_packages(&self, image: &Digest) -> Answer<Vec<AssessedPackage>>;
    /// What the facts of an image are made of; `None` where no scan was ever asked for. Much less
    /// work than reading them.
    fn facts_version(&self, image: &Digest) -> Answer<Option<FactsVersion>>;
    /// Up to `limit` scanned images after one whose inventory is not of that catalog revision.
    fn images_behind(
        &self,
        catalog_revision: &str,
        after: Option<&Digest>,
        limit: usize,
    ) -> Answer<Vec<Digest>>;
    /// A page of the images with a finding that has that identifier or alias: those of up to
    /// `limit` scans whose numbers come after `after`, in the order of those numbers. An image that
    /// several repositories hold is there once for each.
    fn affected_images(
        &self,
        id: &str,
        after: Option<i64>,
        limit: usize,
    ) -> Answer<Vec<AffectedImage>>;
    /// The same for images that hold one of these packages.
    fn images_with_packages(
        &self,
        packages: &[i64],
        after: Option<i64>,
        limit: usize,
    ) -> Answer<Vec<AffectedImage>>;

    /// The report of a layer under a catalog revision: opaque bytes of the catalogue.
    fn layer_report(&self, layer: &Digest, catalog_revision: &str) -> Answer<Option<Vec<u8>>>;
    /// Keeps a report, replacing those of other revisions.
    fn put_layer_report(&self, layer: &Digest, catalog_revision: &str, report: &[u8])
    -> Answer<()>;
}
