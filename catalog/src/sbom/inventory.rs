//! A bill of materials that is looked at itself, to an inventory: the same facts as of the image
//! that it describes, as far as it tells them. What it cannot tell is a problem.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, BufReader, Read};

use image::compression::Inflate;
use image::{ImageConfig, Limits};
use model::distro::Matched;
use model::{Digest, Distro, ImageLayer, Installed, Inventory, PackageType, Problem, ProblemKind};

use super::bill::{Bill, Facts, Rest, Tally};
use super::component::{Place, is_of_distribution};
use super::{ownership, read_stream};
use crate::cataloger::{self, FoundPackage, Role};

/// Why a bill could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum BillError {
    /// Its bytes could not be had.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is of no form that is known.
    #[error(
        "{place} is no bill of materials that is read: expected CycloneDX (JSON, XML), SPDX \
         (JSON, tag-value), Syft's JSON, or an attestation of one{detail}"
    )]
    Unrecognised {
        /// What it is called.
        place: String,
        /// What was wrong with it, after a semicolon; empty where nothing was.
        detail: String,
    },
}

/// More of a distribution's packages than ever came from sources of their own names alone.
const MANY: usize = 10;

const BUFFER: usize = 128 << 10;

/// Reads a bill of any form, compressed or not. `name` is what problems and paths call it.
///
/// # Errors
///
/// Where its bytes cannot be had, or it is no bill. What is wrong inside it, and what it does not
/// tell, are problems of the inventory.
pub fn inventory(name: &str, reader: impl Read, limits: &Limits) -> Result<Inventory, BillError> {
    let mut bill = Bill::whole(name, limits);
    let mut inflate = Inflate::new(reader, limits.bill_bytes, limits)?;
    read_stream(BufReader::with_capacity(BUFFER, &mut inflate), &mut bill)?;
    if let Some(problem) = inflate.finish()?.problem {
        bill.problem(problem.kind, problem.detail);
    }
    let rest = *bill.rest.take().unwrap_or_default();
    let packages = std::mem::take(&mut bill.found.packages);
    let mut problems = bill.problems.finish(name);
    if !bill.is_bill && packages.is_empty() {
        let first = problems
            .first()
            .map(|problem| format!("; {}", problem.detail));
        return Err(BillError::Unrecognised {
            place: name.to_owned(),
            detail: first.unwrap_or_default(),
        });
    }
    let (distro, others) = rest.distro();
    let gaps = [others, untold(&packages, &rest, distro.as_ref())].concat();
    let gaps = gaps
        .into_iter()
        .map(|gap| Problem::new(ProblemKind::Unsupported, name, gap));
    problems.extend(gaps);
    problems.sort();
    problems.dedup();
    let layers = layers(&rest, limits);
    let mut inventory = Inventory {
        distro,
        layers,
        problems,
        ..Inventory::default()
    };
    install(name, packages, &rest, &mut inventory);
    Ok(inventory)
}

/// One row for each package and file that names it.
fn install(name: &str, packages: Vec<FoundPackage>, rest: &Rest, inventory: &mut Inventory) {
    let ownership = ownership::of(&packages, rest);
    let licences: HashMap<&str, &str> = rest
        .licensed
        .iter()
        .filter_map(|(package, licence)| Some((package.as_str(), rest.licences.get(licence)?)))
        .map(|(package, licence)| (package, licence.as_str()))
        .collect();
    let mut databases = BTreeSet::new();
    let all = packages.into_iter().zip(&rest.facts).zip(ownership);
    for ((found, facts), ownership) in all {
        let licence = match (found.licence.as_str(), licences.get(facts.id.as_str())) {
            ("", Some(licence)) => (*licence).to_owned(),
            (licence, _) => licence.to_owned(),
        };
        for place in telling(facts) {
            let path = match place.path.trim_start_matches('/') {
                "" => name.to_owned(),
                path => path.to_owned(),
            };
            if is_of_distribution(found.package.kind) {
                databases.insert(path.clone());
            }
            inventory.packages.push(Installed {
                package: found.package.clone(),
                path,
                layer: place.layer.parse::<Digest>().ok(),
                ownership,
                licence: licence.clone(),
            });
        }
    }
    inventory.databases = databases.into_iter().collect();
    inventory.packages.sort();
    inventory.packages.dedup();
}

/// The files that name a package: those that the bill says do, or the one that is read for such
/// packages; else the first.
fn telling(facts: &Facts) -> Vec<Place> {
    let places = &facts.places;
    let first: Vec<Place> = places
        .iter()
        .filter(|place| place.is_first)
        .cloned()
        .collect();
    if !first.is_empty() {
        return first;
    }
    let is_read = |place: &&Place| {
        let read = cataloger::of_path(place.path.trim_start_matches('/'));
        read.is_some_and(|read| matches!(read.role, Role::Database | Role::Installed))
    };
    let one = places.iter().find(is_read).or(places.first());
    vec![one.cloned().unwrap_or_default()]
}

/// The image's layers, where the bill has them all.
fn layers(rest: &Rest, limits: &Limits) -> Vec<ImageLayer> {
    let layers = rest.layers.iter().take(limits.layers);
    let ids: Vec<Digest> = layers.filter_map(|layer| layer.parse().ok()).collect();
    let config = ImageConfig::parse(&rest.config, limits).unwrap_or_default();
    let mut commands = config.layer_commands();
    let layer = |diff_id| ImageLayer {
        diff_id,
        command: commands.next().unwrap_or_default().to_owned(),
    };
    ids.into_iter().map(layer).collect()
}

/// What the bill does not tell, in words.
fn untold(packages: &[FoundPackage], rest: &Rest, distro: Option<&Distro>) -> Vec<String> {
    let mut gaps = Vec::new();
    if packages.is_empty() {
        gaps.push("names no package that could be compared".to_owned());
    }
    let mut unnamed = Tally::default();
    // What the document is about is the image or project itself, unless it is all there is.
    let is_root = |id: &str| rest.roots.len() == 1 && rest.roots.contains(id);
    let is_all = packages.is_empty() && rest.unnamed.len() == 1;
    let others = rest.unnamed.iter().filter(|(id, _)| is_all || !is_root(id));
    others.for_each(|(_, name)| unnamed.add(name));
    if unnamed.count > 0 {
        gaps.push(tell("components", &unnamed, "have no package URL", NOTHING));
    }
    for (reason, tally) in &rest.unmatched {
        gaps.push(tell("components", tally, reason, NOTHING));
    }
    if rest.others > 0 {
        let count = rest.others;
        gaps.push(format!(
            "refers to {count} other documents, which were not read: scan them too"
        ));
    }
    for (word, count) in &rest.incomplete {
        gaps.push(format!(
            "says of {count} of its parts that they are '{word}'"
        ));
    }
    gaps.extend(sources(packages, rest, distro));
    gaps.extend(modules(packages));
    gaps
}

const NOTHING: &str = "they were compared with nothing";

/// `3 components have no version: they were compared with nothing (a, b, c)`.
fn tell(what: &str, tally: &Tally, reason: &str, effect: &str) -> String {
    let (count, first) = (tally.count, tally.first.join(", "));
    let more = match count > tally.first.len() {
        true => ", …",
        false => "",
    };
    format!("{count} {what} {reason}: {effect} ({first}{more})")
}

/// Whether source packages are told, where advisories speak of them.
fn sources(packages: &[FoundPackage], rest: &Rest, distro: Option<&Distro>) -> Option<String> {
    let row = distro?.row().filter(|row| row.matched == Matched::Source)?;
    let of_distro = || packages.iter().filter(|one| one.package.kind == row.kind);
    let count = of_distro().count();
    let is_told = of_distro().any(|one| one.package.source.is_some());
    if count == 0 || is_told || (rest.names_sources && count <= MANY) {
        return None;
    }
    let (kind, name) = (row.kind, row.name);
    Some(format!(
        "names no source packages: advisories of {name} speak of those, so that of {count} \
         packages of type {kind} only what is said of their own names was found; have them \
         written (upstream= in package URLs)"
    ))
}

/// Packages that are parts of modules, which their releases say, while the bill leaves out of
/// which: advisories speak of one stream of a module.
fn modules(packages: &[FoundPackage]) -> Option<String> {
    let is_one = |one: &&FoundPackage| {
        let package = &one.package;
        let is_of_module = package.version.contains(".module");
        package.kind == PackageType::Rpm && package.module.is_none() && is_of_module
    };
    let mut tally = Tally::default();
    let found = packages.iter().filter(is_one);
    found.for_each(|one| tally.add(&one.package.name));
    let reason = "are parts of modules, but the bill does not say of which";
    let effect = "what advisories say of modules was not compared with them";
    (tally.count > 0).then(|| tell("packages", &tally, reason, effect))
}
