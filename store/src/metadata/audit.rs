//! Who did or wanted what. Entries are added and never changed; they go only by their age.

use jiff::Timestamp;

use super::Answer;
use crate::record::{AuditFilter, Audited, Entry};

/// The contract for the audit log.
pub trait Audit {
    /// Adds entries, in their order.
    fn record_audit(&self, entries: &[Entry]) -> Answer<()>;
    /// Up to `limit` entries after a place that fit, in the log's order.
    fn audit(&self, filter: &AuditFilter, after: Option<u64>, limit: usize)
    -> Answer<Vec<Audited>>;
    /// Removes up to `limit` entries from before a time; how many they were.
    fn forget_audit(&self, before: Timestamp, limit: usize) -> Answer<u64>;
}
