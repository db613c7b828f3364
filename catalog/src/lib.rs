//! One layer to a [`LayerReport`]; a stack of them to a [`model::Inventory`].
//!
//! This crate knows package formats and no advisories. It opens nothing itself: it is handed
//! bytes, or an [`image::target::Source`] that somebody opened. Two steps: [`catalogue`] reads a
//! layer alone, whatever lies above or below it, so that its report can be kept under
//! (layer digest, [`REVISION`]); [`squash`] puts reports on each other by one rule for every
//! format: the topmost layer that touches a path wins.

pub mod cataloger;
pub mod classifier;
pub mod layer;
pub mod program;
pub mod report;
pub mod squash;
pub mod target;

mod apk;
mod apk_repositories;
mod apt;
mod cargo_lock;
mod chisel;
mod composer;
mod conan;
mod conda;
mod cran;
mod document;
mod dotnet;
mod dpkg;
mod entries;
mod flatpak;
mod gem;
mod github_actions;
mod gradle;
mod haskell;
mod hex;
mod homebrew;
mod java;
mod julia;
mod jvm;
mod luarocks;
mod maven;
mod nix;
mod node;
mod opam;
mod opkg;
mod os_release;
mod ownership;
mod pacman;
mod pear;
mod perl;
mod portage;
mod pubspec;
mod python;
mod rpm;
mod rpm_repositories;
pub mod sbom;
mod snap;
mod swift;
mod terms;
mod text;
mod vcpkg;
mod xml;
mod zip;

pub use layer::catalogue;
pub use report::{FileReport, LayerReport};
pub use squash::squash;
pub use target::catalogue_source;

/// A hash of the sources that made a report: other sources, other reports.
pub const REVISION: &str = env!("CATALOG_REVISION");

#[cfg(test)]
mod tests;
