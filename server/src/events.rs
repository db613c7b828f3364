//! What happened, told to others: `docs/events.md` is the contract.
//!
//! The store keeps what happened in the order in which it did ([`store::metadata::Events`]). A
//! [`courier::Courier`] takes it to subscribers, one after the other for each, at least once;
//! [`feed`] answers those who ask. What is told is a [`message::Message`], which a
//! [`shape::Shape`] writes.

pub mod courier;
mod deliver;
pub mod digest;
pub mod feed;
pub mod filter;
pub mod hub;
pub mod local;
pub mod message;
pub mod settings;
pub mod shape;
pub mod signature;
pub mod subscriptions;
mod view;
pub mod webhook;

pub use courier::Courier;
pub use hub::Hub;
pub use settings::EventSettings;

/// Every kind of event, in the words of filters.
pub const KINDS: [&str; 4] = ["pushed", "deleted", "scanned", "vulnerability"];

#[cfg(test)]
mod tests;
