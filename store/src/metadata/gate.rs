//! What the gate goes by: policies, exceptions, VEX documents and passes.
//!
//! Every change raises one number in its own transaction: who keeps the documents in memory asks
//! for that number only.

use jiff::Timestamp;

use super::Answer;
use crate::record::{GateDocument, GateKind, NewGateDocument, Pass};

/// The contract for the gate.
pub trait Gate {
    /// How often anything of the gate has changed; 0 where there was never anything.
    fn gate_version(&self) -> Answer<u64>;

    /// Makes a new version of a document; its number.
    fn put_gate_document(&self, document: &NewGateDocument<'_>) -> Answer<u64>;
    /// Makes a version that says that the document is deleted; `false` where there is none.
    fn delete_gate_document(
        &self,
        kind: GateKind,
        name: &str,
        who: &str,
        now: Timestamp,
    ) -> Answer<bool>;
    /// Up to `limit` documents of a kind after a name, by name, each in its latest version; without
    /// those that are deleted.
    fn gate_documents(
        &self,
        kind: GateKind,
        after: Option<&str>,
        limit: usize,
    ) -> Answer<Vec<GateDocument>>;
    /// The latest version of a document, unless it is deleted.
    fn gate_document(&self, kind: GateKind, name: &str) -> Answer<Option<GateDocument>>;
    /// Up to `limit` versions of a document before a number, newest first.
    fn gate_document_versions(
        &self,
        kind: GateKind,
        name: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Answer<Vec<GateDocument>>;

    /// Keeps a pass; `false` where the identifier is taken.
    fn create_pass(&self, pass: &Pass) -> Answer<bool>;
    /// Ends a pass now; `false` where there is none that still holds.
    fn end_pass(&self, id: &str, now: Timestamp) -> Answer<bool>;
    /// Up to `limit` passes that end after a time, those that end last first.
    fn passes(&self, now: Timestamp, limit: usize) -> Answer<Vec<Pass>>;
}
