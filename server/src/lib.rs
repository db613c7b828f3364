//! HTTP: OCI distribution, ECR's JSON, the native API, the pages and the scan worker.
//!
//! Handlers are thin: what they do stands in functions that all surfaces share, so that a page
//! can never show what the API does not. Stores are blocking and are called from threads made for
//! that; nothing on the event loop waits for a disk.

pub mod analysis;
pub mod api;
pub mod app;
pub mod audit;
pub mod auth;
mod blocking;
pub mod cache;
pub mod ecr;
pub mod events;
pub mod facts;
pub mod gate;
mod health;
pub mod housekeeping;
pub mod index;
mod limiter;
pub mod limits;
pub mod matching;
pub mod metrics;
pub mod middleware;
pub mod oci;
pub mod pages;
pub mod router;
pub mod scan;
pub mod scanning;
pub mod serve;
pub mod settings;
pub mod surface;
#[cfg(test)]
mod testing;
pub mod tls;
mod trace;
pub mod unread;
pub mod updates;
pub mod worker;

pub use app::{App, Clock, Random};
pub use limits::Limits;
pub use settings::Settings;
