//! Who is told what happened.

use jiff::Timestamp;
use model::{Change, Severity, Wildcard};
use serde::{Deserialize, Serialize};

/// How far the outbox has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    /// The last place that was given; 0 before the first.
    pub placed: u64,
    /// Events up to this place were removed, since they were too old.
    pub forgotten: u64,
}

/// Which events somebody wants. What is empty or `None` lets everything through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventFilter {
    /// Kinds, in the words of [`Happening::kind`](super::Happening::kind).
    pub kinds: Vec<String>,
    /// The least severity of what is found.
    pub least_severity: Option<Severity>,
    /// Only weaknesses for which there is a fix.
    pub fixable: bool,
    /// Patterns of repositories.
    pub repositories: Vec<Wildcard>,
    /// What became of a weakness.
    pub changes: Vec<Change>,
}

/// Somebody who is told, and how far that has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its name, unique.
    pub name: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Where events go, in the words of who delivers them: an address, a file.
    pub target: String,
    /// The form in which they go there.
    pub shape: String,
    /// Which go there.
    pub filter: EventFilter,
    /// The minute of the day, in UTC, at which one digest is told instead of single events.
    pub digest_minute: Option<u32>,
    /// The secret that deliveries are signed with, sealed under the server's key file.
    pub sealed: Option<Vec<u8>>,
    /// How far it has come.
    pub progress: Progress,
}

/// How far a subscription has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Whether nothing is delivered until somebody resumes it.
    pub paused: bool,
    /// Events up to this place were taken, or do not concern it.
    pub delivered: u64,
    /// When something was taken last.
    pub delivered_at: Option<Timestamp>,
    /// Up to when digests tell.
    pub digested_at: Timestamp,
    /// Failures since something was taken.
    pub attempts: u32,
    /// The last of them, in words.
    pub error: Option<String>,
    /// The end of the lease, or the earliest time to try.
    pub free_at: Timestamp,
    /// The number of the lease: how often it was leased.
    pub lease: u64,
}

impl Progress {
    /// That of a subscription that was just made.
    pub fn new(now: Timestamp) -> Progress {
        Progress {
            paused: false,
            delivered: 0,
            delivered_at: None,
            digested_at: now,
            attempts: 0,
            error: None,
            free_at: now,
            lease: 0,
        }
    }
}
