//! An open target to its inventory, all its layers verified.

use std::io;

use image::{Limits, Source};
use model::{Digest, Inventory};

use crate::layer;
use crate::squash::{self, squash};

/// Why a target could not be catalogued.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Its bytes could not be had.
    #[error("cannot read {place}: {cause}")]
    Io {
        /// Which part of it.
        place: String,
        /// What the system said.
        cause: io::Error,
    },
    /// A layer is not the one that the configuration names.
    #[error(
        "layer {number} has the diff id {actual}, but the image's configuration says {expected}: \
         the image is damaged or was tampered with; make it again from its source"
    )]
    DiffId {
        /// Which, from 1, lowest first.
        number: usize,
        /// What the configuration says.
        expected: Digest,
        /// What the layer is.
        actual: Digest,
    },
}

/// Catalogues every layer of an open target, or its directory, and squashes them.
///
/// # Errors
///
/// Where its bytes cannot be had, or a layer that can be read whole is not the one that the
/// configuration names. What is wrong inside a layer is a problem of the inventory.
pub fn catalogue_source(source: &Source, limits: &Limits) -> Result<Inventory, CatalogueError> {
    if let Some(root) = source.directory() {
        let contents = layer::catalogue_directory(root, limits).map_err(|cause| {
            let place = root.display().to_string();
            CatalogueError::Io { place, cause }
        })?;
        return Ok(squash::of_directory(&contents));
    }
    let mut reports = Vec::with_capacity(source.layers().len());
    for (at, layer) in source.layers().iter().enumerate() {
        let number = at + 1;
        let read = layer
            .open()
            .and_then(|reader| layer::catalogue(reader, limits));
        let report = read.map_err(|cause| {
            let place = format!("layer {number}");
            CatalogueError::Io { place, cause }
        })?;
        // Where it could not be inflated to its end, a problem says so already.
        if let Some(expected) = layer.diff_id.as_ref().filter(|id| **id != report.diff_id)
            && report.is_whole
        {
            return Err(CatalogueError::DiffId {
                number,
                expected: expected.clone(),
                actual: report.diff_id,
            });
        }
        reports.push(report);
    }
    Ok(squash(&reports))
}
