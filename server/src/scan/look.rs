//! What becomes of the scan of an image: it is looked at, with its push or by a job.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use advisory::Database;
use image::manifest::ImageManifest;
use model::{Digest, Inventory, PackageType};
use store::StoreError;
use store::record::{AssessedPackage, ScanFailed, ScanResult, ScanState};

use super::{ScanError, UNSUPPORTED, assess, catalogue_soon, coverage, in_words};
use crate::app::App;

/// Which packages came into an image together: those of a layer. Packages of one type, name and
/// version go with the first of them.
fn sets(inventory: &Inventory, packages: &[AssessedPackage]) -> Vec<Vec<usize>> {
    let mut layer_of: HashMap<(PackageType, &str, &str), Option<&Digest>> = HashMap::new();
    for installed in &inventory.packages {
        let package = &installed.package;
        let identity = (
            package.kind,
            package.name.as_str(),
            package.version.as_str(),
        );
        let layer = installed.layer.as_ref();
        let first = layer_of.entry(identity).or_insert(layer);
        *first = (*first).min(layer);
    }
    let mut sets: BTreeMap<Option<&Digest>, Vec<usize>> = BTreeMap::new();
    for (at, assessed) in packages.iter().enumerate() {
        let package = &assessed.matchable.package;
        let identity = (
            package.kind,
            package.name.as_str(),
            package.version.as_str(),
        );
        let layer = layer_of.get(&identity).copied().flatten();
        sets.entry(layer).or_default().push(at);
    }
    sets.into_values().collect()
}

/// What became of an image that was looked at.
pub enum Looked {
    /// This was found.
    Found(Box<ScanResult>),
    /// Nothing could be looked at.
    Failed(ScanFailed),
}

/// A scan that ends without anything found out, for this reason.
pub fn failed(app: &App, image: &Digest, detail: String) -> ScanFailed {
    ScanFailed {
        image: image.clone(),
        detail,
        catalog_revision: catalog::REVISION.to_owned(),
        completed_at: app.clock.now(),
    }
}

/// Assesses an inventory with a database, for the image's scan.
pub fn look(
    app: &App,
    image: &Digest,
    inventory: Inventory,
    database: Option<&Database>,
) -> Looked {
    let now = app.clock.now();
    let packages = assess(&inventory, database);
    let gaps = packages.iter().flat_map(|package| &package.gaps);
    let coverage = coverage(app, &inventory, gaps.cloned().collect(), database, now);
    if coverage.verdict == model::coverage::Completeness::Unsupported {
        let gaps = in_words(&coverage.gaps);
        return Looked::Failed(failed(app, image, format!("{UNSUPPORTED} {gaps}")));
    }
    Looked::Found(Box::new(ScanResult {
        image: image.clone(),
        sets: sets(&inventory, &packages),
        inventory,
        catalog_revision: catalog::REVISION.to_owned(),
        packages,
        judge: database.map(Database::judge).unwrap_or_default(),
        completed_at: now,
    }))
}

/// What is to become of the scan of an image that is pushed.
pub enum Order {
    /// What was found before stands: it has followed the database.
    Stands,
    /// A job ends it.
    Later,
    /// This became of it.
    Looked(Looked),
}

/// Looks at an image that is pushed, if its layers are catalogued within a while.
///
/// # Errors
///
/// Where the store fails.
pub fn look_soon(
    app: &Arc<App>,
    image: &Digest,
    manifest: &ImageManifest,
) -> Result<Order, StoreError> {
    let known = app.store.metadata.facts_version(image)?;
    if known.is_some_and(|known| known.state == ScanState::Complete) {
        return Ok(Order::Stands);
    }
    if app.settings.push_wait.is_zero() {
        return Ok(Order::Later);
    }
    let until = Instant::now() + app.settings.push_wait;
    match catalogue_soon(app, manifest, until) {
        Ok(Some(inventory)) => {
            let database = app.database.current();
            Ok(Order::Looked(look(
                app,
                image,
                inventory,
                database.as_deref(),
            )))
        }
        Ok(None) => Ok(Order::Later),
        Err(ScanError::Unscannable(detail)) => {
            let failed = failed(app, image, detail);
            Ok(Order::Looked(Looked::Failed(failed)))
        }
        Err(ScanError::Store(error)) => {
            // The push is good all the same.
            tracing::warn!(%error, %image, "the scan could not be made with the push: a job will");
            Ok(Order::Later)
        }
    }
}

/// Assesses an inventory with the database in use and stores the whole as the image's scan.
///
/// # Errors
///
/// Where the store fails.
pub fn store_result(app: &App, image: &Digest, inventory: Inventory) -> Result<(), StoreError> {
    let database = app.database.current();
    let metadata = &app.store.metadata;
    match look(app, image, inventory, database.as_deref()) {
        Looked::Found(result) => metadata.complete_scan(&result),
        Looked::Failed(failed) => metadata.fail_scan(&failed),
    }
}
