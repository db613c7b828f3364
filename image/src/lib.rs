//! OCI and Docker bytes to manifest, configuration and a stream of layer entries, within limits.
//!
//! This crate knows how images are packed and nothing of what is in them. It opens files where
//! [`target`] is asked to, never a socket. Every read of foreign bytes is bounded by a
//! [`Limits`] that the caller gives; what lies past a limit becomes a [`model::Problem`], not a
//! failure.

pub mod compression;
pub mod config;
pub mod directory;
pub mod fixture;
mod hashing;
pub mod layer;
pub mod limits;
pub mod manifest;
pub mod path;
pub mod problems;
pub mod tar;
pub mod target;

pub use config::ImageConfig;
pub use layer::{Entry, Kind, LayerSummary};
pub use limits::Limits;
pub use manifest::{Descriptor, Manifest, ManifestError};
pub use target::{Source, TargetError};
