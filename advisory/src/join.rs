//! Findings of packages to findings of an image.

use std::collections::HashMap;

use jiff::Timestamp;
use model::{
    Coverage, Cvss, Finding, Installed, Inventory, Location, Matchable, Package, PackageType,
    Severity,
};

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
    type Key<'a> = (&'a str, PackageType, &'a str, &'a str);
    let mut joined: HashMap<Key<'_>, Joined<'_>> = HashMap::new();
    for (place, installed) in inventory.packages.iter().enumerate() {
        let Some(found) = by_key.get(&inventory.matchable(installed)) else {
            continue;
        };
        let package = &installed.package;
        for finding in *found {
            let key = (
                finding.id.as_str(),
                package.kind,
                package.name.as_str(),
                package.version.as_str(),
            );
            let one = joined
                .entry(key)
                .or_insert_with(|| Joined::new(finding, (place, package)));
            one.take(finding, (place, installed));
        }
    }
    let mut purls: HashMap<usize, Option<String>> = HashMap::new();
    let mut all: Vec<Finding> = joined
        .into_values()
        .map(|one| {
            let make = || one.package.purl(inventory.distro.as_ref());
            let purl = purls.entry(one.place).or_insert_with(make).clone();
            one.finished(purl)
        })
        .collect();
    all.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    all
}

/// A finding in all of its places. Where the same weakness is in the same package of another
/// architecture or source, the smaller package, the worse rating and the earlier date stand for
/// both.
struct Joined<'a> {
    finding: &'a Finding,
    /// The package's place in the inventory.
    place: usize,
    package: &'a Package,
    severity: Severity,
    cvss: Option<Cvss>,
    published: Option<Timestamp>,
    locations: Vec<Location>,
}

impl<'a> Joined<'a> {
    fn new(finding: &'a Finding, (place, package): (usize, &'a Package)) -> Joined<'a> {
        Joined {
            finding,
            place,
            package,
            severity: finding.severity,
            cvss: finding.cvss,
            published: finding.published,
            locations: Vec::new(),
        }
    }

    fn take(&mut self, finding: &Finding, (place, installed): (usize, &'a Installed)) {
        self.locations.push(location(installed));
        self.severity = self.severity.min(finding.severity);
        self.cvss = self.cvss.max(finding.cvss);
        let dates = [self.published, finding.published];
        self.published = dates.into_iter().flatten().min();
        if installed.package < *self.package {
            (self.place, self.package) = (place, &installed.package);
        }
    }

    fn finished(mut self, purl: Option<String>) -> Finding {
        self.locations.sort();
        self.locations.dedup();
        let finding = self.finding;
        Finding {
            id: finding.id.clone(),
            aliases: finding.aliases.clone(),
            severity: self.severity,
            cvss: self.cvss,
            published: self.published,
            status: finding.status,
            package: self.package.clone(),
            purl,
            fixed_in: finding.fixed_in.clone(),
            description: finding.description.clone(),
            advisory: finding.advisory.clone(),
            locations: self.locations,
        }
    }
}

fn location(installed: &Installed) -> Location {
    Location {
        path: installed.path.clone(),
        layer: installed.layer.clone(),
    }
}
