//! The walk of one image through the rooms, and the way back to a reader.
//!
//! The worker, ECR's API, the native API and the pages all call these functions: there is one
//! answer to what is in an image and what is wrong with it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use advisory::Database;
use catalog::LayerReport;
use image::config::ImageConfig;
use image::manifest::{Descriptor, ImageManifest, Manifest, media_type};
use jiff::Timestamp;
use model::{
    Coverage, DatabaseFacts, Digest, Finding, Gap, GapKind, Inventory, Matchable, Scan, Severity,
    Target,
};
use store::record::{AssessedPackage, PackageKey};
use store::{Blob, StoreError};

use crate::app::App;
use crate::{analysis, facts};

mod look;

pub use look::{Looked, Order, failed, look, look_soon, store_result};

/// ECR's words for an image in which nothing could be looked at.
pub const UNSUPPORTED: &str =
    "UnsupportedImageError: The operating system and/or package manager are not supported.";
/// What is said where no advisory database is loaded.
const NO_DATABASE: &str = "no advisory database is loaded: make one with 'lazaret db build' and \
                           give it to the server with --db";

/// How long a job waits for somebody else who reads the layer that it needs, before it reads it
/// itself.
const LONGEST_READ: Duration = Duration::from_secs(600);

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
        reports.push(match absent(app, layer)? {
            Some(report) => report,
            None => layer_report(app, &layer.digest)?,
        });
    }
    inventory(app, manifest, &reports)
}

/// Catalogues an image of whose layers the reports are there, or will be within a while; `None`
/// where they take longer.
///
/// # Errors
///
/// See [`ScanError`].
pub fn catalogue_soon(
    app: &Arc<App>,
    manifest: &ImageManifest,
    until: Instant,
) -> Result<Option<Inventory>, ScanError> {
    // All are begun before the first is waited for.
    let mut known = HashMap::new();
    for layer in &manifest.layers {
        let report = match known_report(app, &layer.digest)? {
            None => absent(app, layer)?,
            known => known,
        };
        if report.is_none() {
            analysis::read_soon(app, &layer.digest);
        }
        known.insert(&layer.digest, report);
    }
    let mut reports = Vec::with_capacity(manifest.layers.len());
    for layer in &manifest.layers {
        let report = match known.remove(&layer.digest).flatten() {
            Some(report) => Some(report),
            None => awaited_report(app, &layer.digest, until)?,
        };
        let Some(report) = report else {
            return Ok(None);
        };
        reports.push(report);
    }
    inventory(app, manifest, &reports).map(Some)
}

fn inventory(
    app: &App,
    manifest: &ImageManifest,
    reports: &[Arc<LayerReport>],
) -> Result<Inventory, ScanError> {
    let mut inventory = catalog::squash(reports, &app.settings.image_limits);
    let config = read_config(app, manifest)?;
    if let Ok(config) = &config {
        inventory.set_commands(config.layer_commands());
    }
    inventory
        .problems
        .extend(check_diff_ids(manifest, config, reports));
    inventory.problems.sort();
    Ok(inventory)
}

/// The report of a layer that is being read, once it is there.
fn awaited_report(
    app: &Arc<App>,
    layer: &Digest,
    until: Instant,
) -> Result<Option<Arc<LayerReport>>, StoreError> {
    if !app.analyses.wait(layer, until) {
        return Ok(None);
    }
    if let Some(report) = known_report(app, layer)? {
        return Ok(Some(report));
    }
    // Whoever followed the upload left it alone, since it looks like no layer. It was asked to be
    // read too late for that one; now nobody else reads it.
    analysis::read_soon(app, layer);
    match app.analyses.wait(layer, until) {
        true => known_report(app, layer),
        false => Ok(None),
    }
}

/// The report of a layer that registries need not hold, where this one does not.
fn absent(app: &App, layer: &Descriptor) -> Result<Option<Arc<LayerReport>>, StoreError> {
    if !media_type::is_foreign(&layer.media_type) || app.store.blobs.open(&layer.digest)?.is_some()
    {
        return Ok(None);
    }
    Ok(Some(Arc::new(LayerReport::absent(layer.digest.clone()))))
}

/// The report of a layer that was read before.
fn known_report(app: &App, layer: &Digest) -> Result<Option<Arc<LayerReport>>, StoreError> {
    if let Some(report) = app.analyses.recent(layer) {
        return Ok(Some(report));
    }
    let known = app.store.metadata.layer_report(layer, catalog::REVISION)?;
    let report = known.and_then(|bytes| LayerReport::from_bytes(&bytes).ok());
    let report = report.map(Arc::new);
    if let Some(report) = &report {
        app.analyses.keep(layer, report.clone());
    }
    Ok(report)
}

/// The report of a layer, which is read if nobody has and nobody is just doing so.
fn layer_report(app: &App, layer: &Digest) -> Result<Arc<LayerReport>, ScanError> {
    app.analyses.wait(layer, Instant::now() + LONGEST_READ);
    read_layer(app, layer)
}

/// The report of a layer, which is read if it never was.
///
/// # Errors
///
/// See [`ScanError`].
pub fn read_layer(app: &App, layer: &Digest) -> Result<Arc<LayerReport>, ScanError> {
    if let Some(report) = known_report(app, layer)? {
        return Ok(report);
    }
    let blob = open_blob(app, layer)?;
    // An error of the reader is the disk's: nothing is known then, and nothing may be kept.
    let report = catalog::catalogue(blob, &app.settings.image_limits).map_err(|cause| {
        let action = format!("read the layer {layer}");
        StoreError::Io { action, cause }
    })?;
    let report = Arc::new(report);
    app.analyses.keep(layer, report.clone());
    analysis::store(app, layer, &report);
    Ok(report)
}

/// A blob that a scan needs.
///
/// # Errors
///
/// [`ScanError::Unscannable`] where it is gone.
pub fn open_blob(app: &App, digest: &Digest) -> Result<Box<dyn Blob>, ScanError> {
    app.store.blobs.open(digest)?.ok_or_else(|| {
        ScanError::Unscannable(format!("the blob {digest} is not in the registry any more"))
    })
}

/// A configuration whose diff ids are not those of the layers would make locations a lie.
fn check_diff_ids(
    manifest: &ImageManifest,
    config: Result<ImageConfig, String>,
    reports: &[Arc<LayerReport>],
) -> Vec<model::Problem> {
    let problem = |detail: String| {
        let place = format!("configuration {}", manifest.config.digest);
        vec![model::Problem::new(
            model::ProblemKind::Malformed,
            place,
            detail,
        )]
    };
    match config {
        Err(detail) => problem(detail),
        Ok(config) if config.diff_ids.len() != reports.len() => {
            let (says, are) = (config.diff_ids.len(), reports.len());
            problem(format!(
                "it names {says} layers, but the manifest has {are}"
            ))
        }
        Ok(config) => {
            let mut pairs = config.diff_ids.iter().zip(reports);
            // Of one that is not there, or not whole, a problem says so already.
            match pairs.find(|(said, report)| report.is_whole && **said != report.diff_id) {
                Some((said, report)) => problem(format!(
                    "it says diff id {said}, but the layer has {}",
                    report.diff_id
                )),
                None => Vec::new(),
            }
        }
    }
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
    let assess = |matchable| assess_package(matchable, database);
    distinct.into_iter().map(assess).collect()
}

/// Matches one package with the database, if there is one.
pub fn assess_package(matchable: Matchable, database: Option<&Database>) -> AssessedPackage {
    let assessment = database
        .map(|database| advisory::assess(&matchable, database))
        .unwrap_or_default();
    let keys = advisory::keys(&matchable)
        .into_iter()
        .map(|key| PackageKey {
            ecosystem: key.ecosystem,
            name: key.name,
        });
    let keys = keys.collect();
    AssessedPackage {
        matchable,
        keys,
        findings: assessment.findings,
        gaps: assessment.gaps,
    }
}

/// Gives findings their places in an image.
pub fn join(inventory: &Inventory, packages: &[AssessedPackage]) -> Vec<Finding> {
    let pairs: Vec<(Matchable, Vec<Finding>)> = packages
        .iter()
        .map(|package| (package.matchable.clone(), package.findings.clone()))
        .collect();
    advisory::join(inventory, &pairs)
}

/// How much of the question could be answered, as of a time.
pub fn coverage(
    app: &App,
    inventory: &Inventory,
    undecided: Vec<Gap>,
    database: Option<&Database>,
    now: Timestamp,
) -> Coverage {
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
    let facts = facts::of(app, image)?;
    let (inventory, findings, coverage) = match &facts {
        Some(facts) => {
            let (inventory, findings) = (&*facts.inventory, &*facts.findings);
            (inventory.clone(), findings.clone(), facts.coverage.clone())
        }
        None => {
            let unseen = Coverage::from_gaps(Vec::new(), false);
            (Inventory::default(), Vec::new(), unseen)
        }
    };
    Ok(Scan {
        target: Target {
            name: image.to_string(),
            digest: Some(image.clone()),
            platform: platform(app, image),
        },
        coverage,
        findings,
        // Whose word counts depends on the repository: verdicts say it.
        suppressed: Vec::new(),
        stated: Vec::new(),
        database: database_facts(app),
        inventory,
    })
}

/// The advisory database in use, in short.
pub fn database_facts(app: &App) -> DatabaseFacts {
    let none = DatabaseFacts {
        revision: String::new(),
        built: None,
        sources: Vec::new(),
    };
    let database = app.database.current();
    database.map_or(none, |database| database.facts())
}

/// What an image runs on, where its configuration can be read and says so.
pub fn platform(app: &App, image: &Digest) -> Option<model::Platform> {
    let stored = app.store.metadata.any_manifest(image).ok()??;
    let limits = &app.settings.image_limits;
    let manifest = Manifest::parse(&stored.bytes, Some(&stored.media_type), limits).ok()?;
    read_config(app, manifest.as_image()?).ok()?.ok()?.platform
}

/// What a scanned image's scan could not answer.
///
/// # Errors
///
/// Where the store fails.
pub fn gaps(app: &App, image: &Digest) -> Result<Vec<Gap>, StoreError> {
    let facts = facts::of(app, image)?;
    Ok(facts.map_or(Vec::new(), |facts| facts.coverage.gaps.clone()))
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
