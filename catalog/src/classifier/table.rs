//! The programs that are told by name and evidence.

use super::{Class, Evidence, class, find, near};

mod databases;
mod languages;
mod libraries;
mod servers;
mod tools;

/// Every class, by what it is for. Of several that mean a file the first with evidence counts.
pub const CLASSES: &[&[Class]] = &[
    languages::CLASSES,
    databases::CLASSES,
    libraries::CLASSES,
    servers::CLASSES,
    tools::CLASSES,
];
