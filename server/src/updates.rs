//! When the advisory database is brought up to date, and how that ended last.
//!
//! The server does not fetch anything itself: whoever starts it hands it a task that does, which
//! waits here for somebody who wants it at once.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

/// Where the database comes from, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// How long after one update the next is due.
    pub every: Duration,
    /// Where from, in words.
    pub from: String,
}

/// How an update ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Why it failed, if it did: then the database stays as it was.
    pub failure: Option<String>,
}

/// What is known of updates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Nothing where updates are off.
    pub schedule: Option<Schedule>,
    /// Whether one is under way.
    pub running: bool,
    /// How the last one ended.
    pub last: Option<Ended>,
}

/// Updates of the database.
#[derive(Default)]
pub struct Updates {
    known: Mutex<Known>,
    wanted: Notify,
}

impl Updates {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that there will be updates from now on.
    pub fn begin(&self, schedule: Schedule) {
        self.lock().schedule = Some(schedule);
    }

    /// What is known now.
    pub fn known(&self) -> Known {
        self.lock().clone()
    }

    /// Asks for an update at once; `false` where updates are off.
    pub fn want(&self) -> bool {
        let is_on = self.lock().schedule.is_some();
        if is_on {
            self.wanted.notify_one();
        }
        is_on
    }

    /// Waits until somebody wants one, or for so long.
    pub async fn wait(&self, at_most: Duration) {
        drop(tokio::time::timeout(at_most, self.wanted.notified()).await);
    }

    /// Says that one has begun.
    pub fn started(&self) {
        self.lock().running = true;
    }

    /// Says how it ended.
    pub fn ended(&self, ended: Ended) {
        let mut known = self.lock();
        known.running = false;
        known.last = Some(ended);
    }
}
