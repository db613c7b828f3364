//! Findings of packages to findings of an image.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use model::{Coverage, Finding, Installed, Inventory, Location, Matchable, PackageType};

use crate::coverage::coverage;
use crate::database::Database;
use crate::limits::AgeLimits;
use crate::matching::{Assessment, assess};

/// What is wrong with an image, and how much of that question could be answered.
///
/// `now` is the time at which ages are judged.
pub fn findings(
    inventory: &Inventory,
    database: &Database,
    now: Timestamp,
    limits: &AgeLimits,
) -> (Vec<Finding>, Coverage) {
    let mut assessed: HashMap<Matchable, Assessment> = HashMap::new();
    for installed in &inventory.packages {
        let matchable = inventory.matchable(installed);
        assessed
            .entry(matchable)
            .or_insert_with_key(|matchable| assess(matchable, database));
    }
    let mut undecided = Vec::new();
    let mut found = Vec::with_capacity(assessed.len());
    for (matchable, assessment) in assessed {
        undecided.extend(assessment.gaps);
        found.push((matchable, assessment.findings));
    }
    let coverage = coverage(inventory, undecided, database, now, limits);
    (join(inventory, &found), coverage)
}

/// Gives findings their places in an image: one per identifier, type, name and version, in
/// [`Finding::sort_key`] order, with every path and layer in which the package lies.
///
/// `assessed` may come in any order and hold packages that are not in the image.
pub fn join(inventory: &Inventory, assessed: &[(Matchable, Vec<Finding>)]) -> Vec<Finding> {
    let by_key: HashMap<&Matchable, &Vec<Finding>> =
        assessed.iter().map(|(key, found)| (key, found)).collect();
    type Key = (String, PackageType, String, String);
    let mut joined: BTreeMap<Key, Finding> = BTreeMap::new();
    for installed in &inventory.packages {
        let Some(found) = by_key.get(&inventory.matchable(installed)) else {
            continue;
        };
        for finding in *found {
            let package = &installed.package;
            let key = (
                finding.id.clone(),
                package.kind,
                package.name.clone(),
                package.version.clone(),
            );
            match joined.get_mut(&key) {
                Some(known) => merge(known, finding, inventory, installed),
                None => drop(joined.insert(key, placed(finding, inventory, installed))),
            }
        }
    }
    let mut all: Vec<Finding> = joined.into_values().collect();
    for finding in &mut all {
        finding.locations.sort();
        finding.locations.dedup();
    }
    all.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    all
}

fn placed(finding: &Finding, inventory: &Inventory, installed: &Installed) -> Finding {
    Finding {
        package: installed.package.clone(),
        purl: installed.package.purl(inventory.distro.as_ref()),
        locations: vec![location(installed)],
        ..finding.clone()
    }
}

/// The same weakness in the same package of another architecture or source: the smaller package,
/// the worse rating and the earlier date stand for both.
fn merge(known: &mut Finding, finding: &Finding, inventory: &Inventory, installed: &Installed) {
    known.locations.push(location(installed));
    known.severity = known.severity.min(finding.severity);
    known.cvss = known.cvss.max(finding.cvss);
    known.published = [known.published, finding.published]
        .into_iter()
        .flatten()
        .min();
    if installed.package < known.package {
        known.package = installed.package.clone();
        known.purl = installed.package.purl(inventory.distro.as_ref());
    }
}

fn location(installed: &Installed) -> Location {
    Location {
        path: installed.path.clone(),
        layer: installed.layer.clone(),
    }
}
