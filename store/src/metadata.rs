//! The contract for everything that is not a blob, a trait per subject.
//!
//! Each call is one transaction: what it has answered is durable, what it has not is not there.
//! Transactions are serializable: calls that run at once end as if they had run one by one.

mod access;
mod audit;
mod events;
mod gate;
mod holdings;
mod housekeeping;
mod jobs;
mod manifests;
mod matching;
mod preferences;
mod repositories;
mod scans;
mod transfer;

pub use access::Access;
pub use audit::Audit;
pub use events::Events;
pub use gate::Gate;
pub use holdings::Holdings;
pub use housekeeping::Housekeeping;
pub use jobs::Jobs;
pub use manifests::Manifests;
pub use matching::Matching;
pub use preferences::Preferences;
pub use repositories::Repositories;
pub use scans::Scans;
pub use transfer::Transfer;

use crate::StoreError;

/// Shorthand for what every call answers.
pub type Answer<T> = Result<T, StoreError>;

/// What repositories are made of, and what is in them.
pub trait Contents: Repositories + Holdings + Manifests + Scans + Matching {}

impl<T: Repositories + Holdings + Manifests + Scans + Matching> Contents for T {}

/// A store of metadata: all subjects together.
pub trait Metadata:
    Contents
    + Jobs
    + Access
    + Audit
    + Events
    + Gate
    + Preferences
    + Housekeeping
    + Transfer
    + Send
    + Sync
{
}

impl<
    T: Contents
        + Jobs
        + Access
        + Audit
        + Events
        + Gate
        + Preferences
        + Housekeeping
        + Transfer
        + Send
        + Sync,
> Metadata for T
{
}
