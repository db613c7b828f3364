//! The outbox, and who is told what stands in it.
//!
//! An event is written with the change that it tells of, and gets its place in the order
//! afterwards. A subscription is leased by one server at a time, as a job is, and what a server
//! says whose lease another has since changes nothing: the place up to which a subscription was
//! told never goes back.

use jiff::{SignedDuration, Timestamp};

use super::Answer;
use crate::record::{Event, Outbox, Subscription};

/// The contract for events.
pub trait Events {
    /// Gives up to `limit` events that have no place one each, in the order in which they were
    /// written, and answers how far the outbox has come. Two servers at once give none twice.
    fn place_events(&self, limit: usize) -> Answer<Outbox>;
    /// How far the outbox has come.
    fn outbox(&self) -> Answer<Outbox>;
    /// Up to `limit` events after a place, in order.
    fn events(&self, after: u64, limit: usize) -> Answer<Vec<Event>>;
    /// Removes up to `limit` events that happened before a time, the oldest first, whether they
    /// were delivered or not; how many they were. Who was not told is told that events are missing.
    fn forget_events(&self, before: Timestamp, limit: usize) -> Answer<u64>;

    /// Makes a subscription to what happens from now on, whatever its `delivered` says; `false`
    /// where one of that name is there already.
    fn create_subscription(&self, subscription: &Subscription) -> Answer<bool>;
    /// The subscription of that name.
    fn subscription(&self, name: &str) -> Answer<Option<Subscription>>;
    /// All subscriptions, by name.
    fn subscriptions(&self) -> Answer<Vec<Subscription>>;
    /// Removes a subscription; `false` where there is none.
    fn delete_subscription(&self, name: &str) -> Answer<bool>;
    /// Pauses a subscription, or resumes it at once: failures are forgotten then. `false` where
    /// there is none.
    fn pause_subscription(&self, name: &str, paused: bool, now: Timestamp) -> Answer<bool>;

    /// Takes a subscription that is free at `now` and not paused, for as long as the lease; `None`
    /// where there is none.
    fn lease_subscription(
        &self,
        name: &str,
        now: Timestamp,
        lease: SignedDuration,
    ) -> Answer<Option<Subscription>>;
    /// Says that events up to a place were taken at `now` or do not concern it, and that digests
    /// tell up to a time; holds the lease from `now` on. `false` where another has leased it
    /// since, or it is not there any more.
    fn advance_subscription(
        &self,
        leased: &Subscription,
        to: u64,
        taken: bool,
        digested_at: Timestamp,
        now: Timestamp,
        lease: SignedDuration,
    ) -> Answer<bool>;
    /// Says that a delivery failed, and gives the lease back: it is tried again not before a time,
    /// or, where it is to be paused, not before somebody resumes it.
    fn fail_subscription(
        &self,
        leased: &Subscription,
        error: &str,
        pause: bool,
        not_before: Timestamp,
    ) -> Answer<bool>;
    /// Gives the lease back: others may take it from `now` on.
    fn release_subscription(&self, leased: &Subscription, now: Timestamp) -> Answer<()>;
}
