//! An open target to its inventory, all its layers verified.

use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use image::target::SourceLayer;
use image::{Limits, Source};
use model::{Digest, Inventory};

use crate::layer;
use crate::report::LayerReport;
use crate::sbom::{self, BillError};
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
    /// It is no bill of materials.
    #[error("{0}")]
    Bill(BillError),
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

/// Catalogues every layer of an open target, or its directory, and squashes them; or reads its
/// bill of materials.
///
/// # Errors
///
/// Where its bytes cannot be had, or a layer that can be read whole is not the one that the
/// configuration names, or it is no bill. What is wrong inside a layer or a bill is a problem of
/// the inventory.
pub fn catalogue_source(source: &Source, limits: &Limits) -> Result<Inventory, CatalogueError> {
    if let Some(bill) = source.bill() {
        let place = bill.name();
        let opened = bill.open().map_err(BillError::Io);
        let read = opened.and_then(|reader| sbom::inventory(&place, reader, limits));
        return read.map_err(|error| match error {
            BillError::Io(cause) => CatalogueError::Io { place, cause },
            error => CatalogueError::Bill(error),
        });
    }
    if let Some(root) = source.directory() {
        let contents = layer::catalogue_directory(root, limits).map_err(|cause| {
            let place = root.display().to_string();
            CatalogueError::Io { place, cause }
        })?;
        return Ok(squash::of_directory(&contents, limits));
    }
    let reports: Result<Vec<LayerReport>, CatalogueError> =
        read_all(source.layers(), limits).into_iter().collect();
    let mut inventory = squash(&reports?, limits);
    let commands = source.layers().iter().map(|layer| layer.command.as_deref());
    inventory.set_commands(commands.map(Option::unwrap_or_default));
    Ok(inventory)
}

/// Layers are read beside each other by as many threads, since inflating one is work for one
/// processor.
const MOST_THREADS: usize = 4;

fn read_all(layers: &[SourceLayer], limits: &Limits) -> Vec<Result<LayerReport, CatalogueError>> {
    let next = AtomicUsize::new(0);
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = layers.len().min(processors).min(MOST_THREADS);
    let work = || {
        let mut read = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(layer) = layers.get(at) else {
                return read;
            };
            let report = read_one(at + 1, layer, limits);
            if report.is_err() {
                // What the others have begun is enough to say why.
                next.store(layers.len(), Ordering::Relaxed);
            }
            read.push((at, report));
        }
    };
    let mut read = thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .filter_map(|_| thread::Builder::new().spawn_scoped(scope, work).ok())
            .collect();
        let mut read = work();
        for other in others {
            match other.join() {
                Ok(more) => read.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        read
    });
    read.sort_by_key(|(at, _)| *at);
    read.into_iter().map(|(_, report)| report).collect()
}

fn read_one(
    number: usize,
    layer: &SourceLayer,
    limits: &Limits,
) -> Result<LayerReport, CatalogueError> {
    // What is not distributed with the image need not be here.
    if let (true, Some(diff_id)) = (layer.is_absent(), &layer.diff_id) {
        return Ok(LayerReport::absent(diff_id.clone()));
    }
    let read = layer
        .open()
        .and_then(|reader| layer::catalogue(reader, limits));
    let report = read.map_err(|cause| {
        let place = format!("layer {number}");
        CatalogueError::Io { place, cause }
    })?;
    // Where it could not be inflated to its end, a problem says so already.
    match layer.diff_id.as_ref().filter(|id| **id != report.diff_id) {
        Some(expected) if report.is_whole => Err(CatalogueError::DiffId {
            number,
            expected: expected.clone(),
            actual: report.diff_id,
        }),
        _ => Ok(report),
    }
}
