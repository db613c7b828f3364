//! What must survive: blobs, repositories, tags, reports, inventories, findings and jobs.
//!
//! Two small contracts, [`Blobs`] and [`Metadata`], are all that the server knows. Both are
//! blocking: the server calls them from threads made for that, never from its event loop. Each
//! backend passes the one conformance suite of its contract, in `tests/`.

pub mod blobs;
pub mod disk;
pub mod metadata;
pub mod record;

pub use blobs::{Blob, Blobs, CommitError, Upload, UploadId};
pub use disk::Disk;
pub use metadata::Metadata;

use std::sync::Arc;

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no room left: nothing was changed, and the same call may succeed later.
    #[error("the store is full: {0}")]
    Full(String),
    /// The medium failed.
    #[error("the store could not {action}: {cause}")]
    Io {
        /// What was tried, with the place.
        action: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The data is not what this program wrote.
    #[error("the store's data is damaged: {0}")]
    Damaged(String),
    /// The metadata database refused.
    #[error("the metadata store failed: {0}")]
    Database(String),
}

/// Both halves of a store, shared by all threads.
#[derive(Clone)]
pub struct Store {
    /// Content-addressed bytes.
    pub blobs: Arc<dyn Blobs>,
    /// Everything else.
    pub metadata: Arc<dyn Metadata>,
}
