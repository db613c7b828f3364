//! What is told, in no form yet.

use jiff::Timestamp;
use store::record::{Event, Happening};

use super::digest::Digest;

/// One thing that is told. Whoever gets it twice sees that by its identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Unique in the registry; the same when it is sent again.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Something that happened.
    Event(Happening),
    /// Events after one place up to another were removed before they could be told.
    Gap {
        /// The last event before the gap.
        after: u64,
        /// The last event in it.
        through: u64,
    },
    /// What happened in a day.
    Digest(Digest),
    /// Nothing: somebody tries out whether it arrives.
    Test {
        /// The subscription that is tried out.
        subscription: String,
    },
}

impl Message {
    /// That of an event: its place is its identifier.
    pub fn of(event: Event) -> Message {
        Message {
            id: event.sequence.to_string(),
            at: event.at,
            what: What::Event(event.what),
        }
    }

    /// That events are missing.
    pub fn gap(after: u64, through: u64, at: Timestamp) -> Message {
        Message {
            id: format!("gap-{after}-{through}"),
            at,
            what: What::Gap { after, through },
        }
    }

    /// The word for what is told.
    pub fn kind(&self) -> &'static str {
        match &self.what {
            What::Event(happening) => happening.kind(),
            What::Gap { .. } => "gap",
            What::Digest(_) => "digest",
            What::Test { .. } => "test",
        }
    }

    /// The place from which on who has got this goes on; none where it has no place in the order.
    pub fn place(&self) -> Option<u64> {
        match &self.what {
            What::Event(_) => self.id.parse().ok(),
            What::Gap { through, .. } => Some(*through),
            What::Digest(_) | What::Test { .. } => None,
        }
    }

    /// What it is about: an image, an identifier of a weakness.
    pub fn subject(&self) -> Option<String> {
        match &self.what {
            What::Event(Happening::Pushed(action) | Happening::Deleted(action)) => {
                let (repository, digest) = (&action.repository, &action.digest);
                Some(match &action.tag {
                    Some(tag) => format!("{repository}:{tag}@{digest}"),
                    None => format!("{repository}@{digest}"),
                })
            }
            What::Event(Happening::Scanned(scan)) => Some(scan.image.to_string()),
            What::Event(Happening::Vulnerability(change)) => Some(change.id.clone()),
            What::Gap { .. } | What::Digest(_) | What::Test { .. } => None,
        }
    }
}
