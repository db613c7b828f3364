//! What must survive: blobs, repositories, tags, reports, inventories, findings and jobs.
//!
//! Two small contracts, [`Blobs`] and [`Metadata`], are all that the server knows. Both are
//! blocking: the server calls them from threads made for that, never from its event loop. Each
//! backend passes the one conformance suite of its contract, in `tests/`.

pub mod blobs;
pub mod disk;
pub mod metadata;
pub mod postgres;
pub mod record;
pub mod s3;
mod sql;
pub mod sqlite;
mod tls;

pub use blobs::{Blob, Blobs, CommitError, RestingUpload, Upload, UploadId};
pub use disk::Disk;
pub use metadata::Metadata;
pub use postgres::Postgres;
pub use s3::{S3, S3Settings};
pub use sql::dump::{TABLES, Table};
pub use sql::row::Value;
pub use sqlite::Sqlite;

use std::path::Path;
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
    /// Another server has changed the same thing meanwhile. What that one was answered stands;
    /// ask how things are, then go on from there.
    #[error("another server was quicker: {0}")]
    Conflict(String),
    /// The data is not what this program wrote.
    #[error("the store's data is damaged: {0}")]
    Damaged(String),
    /// Others changed the same at the same time, again and again: the same call may succeed later.
    #[error("too many change the same at once: {0}")]
    Busy(String),
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

impl Store {
    /// The embedded store in a directory of its own, which is made where it is not there: blobs
    /// as files, everything else in `metadata.sqlite`.
    ///
    /// # Errors
    ///
    /// As [`Disk::open`] and [`Sqlite::open`].
    pub fn embedded(dir: &Path) -> Result<Store, StoreError> {
        let blobs = Arc::new(Disk::open(dir)?);
        let metadata = Arc::new(Sqlite::open(&dir.join("metadata.sqlite"))?);
        Ok(Store { blobs, metadata })
    }
}
