//! The walk of one image through the rooms, and the way back to a reader.
//!
//! The worker, ECR's API, the native API and the pages all call these functions: there is one
//! answer to what is in an image and what is wrong with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use advisory::Database;
use catalog::LayerReport;
use image::config::ImageConfig;
use image::manifest::{ImageManifest, Manifest};
use jiff::Timestamp;
use model::finding::count_by_severity;
use model::{
    Coverage, DatabaseFacts, Digest, Finding, Gap, GapKind, Inventory, Matchable, Scan, Severity,
    Target,
};
use store::record::{AssessedPackage, ScanResult};
use store::{Blob, StoreError};

use crate::app::App;

/// ECR's words for an image in which nothing could be looked at.
pub const UNSUPPORTED: &str =
    "UnsupportedImageError: The operating system and/or package manager are not supported.";
/// What is said where no advisory database is loaded.
const NO_DATABASE: &str = "no advisory database is loaded: make one with 'lazaret db build' and \
                           give it to the server with --db";

/// Why an image could not be scanned.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// Trying again would end the same way; the text says why.
    #[error("{0}")]
    Unscannable(String),
    /// Trying again may help.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Catalogues an image from its blobs, layer by layer; layers that were read before are not read
/// again.
///
/// # Errors
///
/// See [`ScanError`]. A layer that is damaged is no error but a problem in the inventory.
pub fn catalogue(app: &App, image: &Digest) -> Result<Inventory, ScanError> {
    let stored = app.store.metadata.any_manifest(image)?.ok_or_else(|| {
        ScanError::Unscannable(format!(
            "the manifest {image} is not in the registry any more"
        ))
    })?;
    let limits = &app.settings.image_limits;
    let manifest = Manifest::parse(&stored.bytes, Some(&stored.media_type), limits)
        .map_err(|error| ScanError::Unscannable(error.to_string()))?;
    let Some(manifest) = manifest.as_image().filter(|_| manifest.is_image()) else {
        return Err(ScanError::Unscannable(format!(
            "UnsupportedImageError: a manifest of type {} holds no layers of an image",
            stored.media_type
        )));
    };
    let mut reports = Vec::with_capacity(manifest.layers.len());
    for layer in &manifest.layers {
        reports.push(layer_report(app, &layer.digest)?);
    }
    let mut inventory = catalog::squash(&reports);
    inventory
        .problems
        .extend(check_diff_ids(app, manifest, &reports)?);
    inventory.problems.sort();
    Ok(inventory)
}

fn layer_report(app: &App, layer: &Digest) -> Result<LayerReport, ScanError> {
    let metadata = &app.store.metadata;
    let known = metadata.layer_report(layer, catalog::REVISION)?;
    if let Some(report) = known.and_then(|bytes| LayerReport::from_bytes(&bytes).ok()) {
        return Ok(report);
    }
    let blob = open_blob(app, layer)?;
    // An error of the reader is the disk's: nothing is known then, and nothing may be kept.
    let report = catalog::catalogue(blob, &app.settings.image_limits).map_err(|cause| {
        let action = format!("read the layer {layer}");
        StoreError::Io { action, cause }
    })?;
    metadata.put_layer_report(layer, catalog::REVISION, &report.to_bytes())?;
    Ok(report)
}

fn open_blob(app: &App, digest: &Digest) -> Result<Box<dyn Blob>, ScanError> {
    app.store.blobs.open(digest)?.ok_or_else(|| {
        ScanError::Unscannable(format!("the blob {digest} is not in the registry any more"))
    })
}

/// A configuration whose diff ids are not those of the layers would make locations a lie.
fn check_diff_ids(
    app: &App,
    manifest: &ImageManifest,
    reports: &[LayerReport],
) -> Result<Vec<model::Problem>, ScanError> {
    let config = read_config(app, manifest)?;
    let problem = |detail: String| {
        let place = format!("configuration {}", manifest.config.digest);
        vec![model::Problem::new(
            model::ProblemKind::Malformed,
            place,
            detail,
        )]
    };
    Ok(match config {
        Err(detail) => problem(detail),
        Ok(config) if config.diff_ids.len() != reports.len() => {
            let (says, are) = (config.diff_ids.len(), reports.len());
            problem(format!(
                "it names {says} layers, but the manifest has {are}"
            ))
        }
        Ok(config) => {
            let mut pairs = config.diff_ids.iter().zip(reports);
            match pairs.find(|(said, report)| **said != report.diff_id) {
                Some((said, report)) => problem(format!(
                    "it says diff id {said}, but the layer has {}",
                    report.diff_id
                )),
                None => Vec::new(),
            }
        }
    })
}

/// The configuration of an image; the inner error says what is wrong with its bytes.
fn read_config(
    app: &App,
    manifest: &ImageManifest,
) -> Result<Result<ImageConfig, String>, ScanError> {
    let limits = &app.settings.image_limits;
    let mut bytes = Vec::new();
    let blob = open_blob(app, &manifest.config.digest)?;
    let read = std::io::Read::take(blob, limits.config_bytes + 1);
    if let Err(cause) = std::io::copy(&mut { read }, &mut bytes) {
        let action = format!("read the configuration {}", manifest.config.digest);
        return Err(ScanError::Store(StoreError::Io { action, cause }));
    }
    Ok(ImageConfig::parse(&bytes, limits).map_err(|error| error.to_string()))
}

/// Matches every distinct package of an inventory with the database, if there is one.
pub fn assess(inventory: &Inventory, database: Option<&Database>) -> Vec<AssessedPackage> {
    let distinct: std::collections::BTreeSet<Matchable> = inventory
        .packages
        .iter()
        .map(|installed| inventory.matchable(installed))
        .collect();
    let assess = |matchable: Matchable| match database {
        None => AssessedPackage {
            matchable,
            findings: Vec::new(),
            gaps: Vec::new(),
        },
        Some(database) => {
            let assessment = advisory::assess(&matchable, database);
            let (findings, gaps) = (assessment.findings, assessment.gaps);
            AssessedPackage {
                matchable,
                findings,
                gaps,
            }
        }
    };
    distinct.into_iter().map(assess).collect()
}

/// Assesses an inventory with the database in use and stores the whole as the image's scan.
///
/// # Errors
///
/// Where the store fails.
pub fn store_result(
    app: &App,
    image: &Digest,
    inventory: Inventory,
    catalog_revision: &str,
    database: Option<Arc<Database>>,
) -> Result<(), StoreError> {
    let now = app.clock.now();
    let packages = assess(&inventory, database.as_deref());
    let findings = join(&inventory, &packages);
    let counts = count_by_severity(&findings).map(|(severity, count)| (severity, count as u64));
    let coverage = coverage(app, &inventory, &packages, database.as_deref(), now);
    if coverage.verdict == model::coverage::Completeness::Unsupported {
        let detail = format!("{UNSUPPORTED} {}", in_words(&coverage.gaps));
        return app.store.metadata.fail_scan(image, &detail, now);
    }
    app.store.metadata.complete_scan(&ScanResult {
        image: image.clone(),
        inventory,
        catalog_revision: catalog_revision.to_owned(),
        packages,
        database_revision: database
            .map(|database| database.revision().to_owned())
            .unwrap_or_default(),
        counts,
        completed_at: now,
    })
}

fn join(inventory: &Inventory, packages: &[AssessedPackage]) -> Vec<Finding> {
    let pairs: Vec<(Matchable, Vec<Finding>)> = packages
        .iter()
        .map(|package| (package.matchable.clone(), package.findings.clone()))
        .collect();
    advisory::join(inventory, &pairs)
}

fn coverage(
    app: &App,
    inventory: &Inventory,
    packages: &[AssessedPackage],
    database: Option<&Database>,
    now: Timestamp,
) -> Coverage {
    let undecided: Vec<Gap> = packages
        .iter()
        .flat_map(|package| package.gaps.iter().cloned())
        .collect();
    let Some(database) = database else {
        let looked_at = !inventory.databases.is_empty();
        let mut gaps = undecided;
        gaps.push(Gap::new(GapKind::NoFeed, NO_DATABASE));
        return Coverage::from_gaps(gaps, looked_at);
    };
    advisory::coverage(
        inventory,
        undecided,
        database,
        now,
        &app.settings.age_limits,
    )
}

/// A scanned image as its reader sees it now.
///
/// # Errors
///
/// Where the store fails.
pub fn read(app: &App, image: &Digest) -> Result<Scan, StoreError> {
    let inventory = app.store.metadata.inventory(image)?;
    let (inventory, _) = inventory.unwrap_or_default();
    let packages = app.store.metadata.assessed_packages(image)?;
    let database = app.database.current();
    let now = app.clock.now();
    let none = DatabaseFacts {
        revision: String::new(),
        built: None,
        sources: Vec::new(),
    };
    Ok(Scan {
        target: Target {
            name: image.to_string(),
            digest: Some(image.clone()),
            platform: platform(app, image),
        },
        coverage: coverage(app, &inventory, &packages, database.as_deref(), now),
        findings: join(&inventory, &packages),
        database: database.map_or(none, |database| database.facts()),
        inventory,
    })
}

/// What an image runs on, where its configuration can be read and says so.
fn platform(app: &App, image: &Digest) -> Option<model::Platform> {
    let stored = app.store.metadata.any_manifest(image).ok()??;
    let limits = &app.settings.image_limits;
    let manifest = Manifest::parse(&stored.bytes, Some(&stored.media_type), limits).ok()?;
    read_config(app, manifest.as_image()?).ok()?.ok()?.platform
}

/// The gaps of a scanned image in one line; empty where there are none.
///
/// # Errors
///
/// Where the store fails.
pub fn gaps_in_words(app: &App, image: &Digest) -> Result<String, StoreError> {
    let Some((inventory, _)) = app.store.metadata.inventory(image)? else {
        return Ok(String::new());
    };
    let packages = app.store.metadata.assessed_packages(image)?;
    let (database, now) = (app.database.current(), app.clock.now());
    Ok(in_words(
        &coverage(app, &inventory, &packages, database.as_deref(), now).gaps,
    ))
}

/// Gaps in one line.
pub fn in_words(gaps: &[Gap]) -> String {
    let words: Vec<String> = gaps
        .iter()
        .map(|gap| format!("{}: {}", gap.kind, gap.detail))
        .collect();
    words.join("; ")
}

/// Findings by severity, for a reader that wants numbers by word.
pub fn counts_by_word(counts: &[(Severity, u64)]) -> BTreeMap<&'static str, u64> {
    counts
        .iter()
        .map(|(severity, count)| (severity.as_str(), *count))
        .collect()
}
