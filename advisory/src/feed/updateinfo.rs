//! `updateinfo.xml` of package repositories: bulletins of distributions whose packages are RPMs, as
//! createrepo_c writes them and dnf reads them. Each owner is a feed of its own.
//!
//! Keyed by binary package. A package with several versions in one bulletin, one for each
//! architecture, is a row for each.

use std::collections::{BTreeMap, BTreeSet};

use model::{Problem, ProblemKind, Severity};

use super::xml::{self, Element};
use super::{FeedFile, Parsed, cut, rating, time};
use crate::{Affected, Limits, Range, Record, State, Weakness, identifier};

/// Where the packages of a bulletin belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The release: `amzn:2023`.
    pub ecosystem: String,
    /// The extra repository, empty for the main one.
    pub channel: String,
}

/// What differs from owner to owner.
pub struct Owner {
    /// The place of a collection by its short name, and of a package by its release.
    pub place: fn(collection: &str, release: &str) -> Option<Place>,
    /// The page of a bulletin.
    pub page: fn(id: &str) -> String,
}

/// Whether a path is such a file, unpacked.
pub fn is_one(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.ends_with(".xml") && name.contains("updateinfo")
}

/// Reads a file.
pub fn parse(file: &FeedFile<'_>, limits: &Limits, owner: &Owner) -> Parsed {
    let mut parsed = Parsed::default();
    let mut count = 0_usize;
    let read = xml::read(file.bytes, &["update"], limits, |update, byte| {
        count += 1;
        if count > limits.records {
            return;
        }
        match record(&update, limits, owner) {
            Ok(Some(record)) => parsed.records.push(record),
            Ok(None) => {}
            Err(detail) => {
                parsed.malformed(format!("{}: byte {byte}", file.place()), detail);
            }
        }
    });
    if let Err(detail) = read {
        let problem = Problem::new(ProblemKind::Truncated, file.place(), detail);
        parsed.failed = true;
        parsed.problems.push(problem);
    }
    if count == 0 && !parsed.failed {
        let detail = "it has no update: fetch it anew";
        let problem = Problem::new(ProblemKind::Malformed, file.place(), detail);
        return Parsed::failure(problem);
    }
    parsed
}

/// The record of a bulletin; nothing of one that is about no weakness.
fn record(update: &Element, limits: &Limits, owner: &Owner) -> Result<Option<Record>, String> {
    let id = update.text_of("id");
    if id.is_empty() {
        return Err("an update without an id".to_owned());
    }
    if !update.attribute("type").eq_ignore_ascii_case("security") {
        return Ok(None);
    }
    let mut record = Record::new(id);
    record.bulletin = true;
    let cves = cves(update);
    if !cves.is_empty() {
        record.weaknesses = cves.into_iter().map(Weakness::new).collect();
    }
    record.severity = severity(update);
    record.url = (owner.page)(id);
    record.description = cut(update.text_of("description"), limits.description_bytes);
    let date = |name: &str| {
        update
            .child(name)
            .and_then(|one| time::read(one.attribute("date")))
    };
    record.published = date("issued");
    record.modified = date("updated");
    record.withdrawn = update.attribute("status").eq_ignore_ascii_case("revoked");
    record.affected = rows(update, owner);
    Ok(Some(record))
}

fn severity(update: &Element) -> Severity {
    rating::word(update.text_of("severity"))
}

/// The CVEs that its references name, by identifier or in their titles.
fn cves(update: &Element) -> BTreeSet<String> {
    let references = update
        .child("references")
        .into_iter()
        .flat_map(|all| &all.children);
    let words = references.flat_map(|one| {
        let title = one.attribute("title").split(|letter: char| {
            letter.is_whitespace() || matches!(letter, ',' | ';' | ':' | '(' | ')' | '[' | ']')
        });
        std::iter::once(one.attribute("id")).chain(title)
    });
    words
        .filter_map(identifier::cve)
        .map(str::to_owned)
        .collect()
}

fn rows(update: &Element, owner: &Owner) -> Vec<Affected> {
    // By place, package and version, the architectures that it is built for.
    let mut known: BTreeMap<(String, String, &str, String), BTreeSet<String>> = BTreeMap::new();
    let collections = update
        .child("pkglist")
        .into_iter()
        .flat_map(|list| list.all("collection"));
    for collection in collections {
        let short = collection.attribute("short");
        for package in collection.all("package") {
            let (name, release) = (package.attribute("name"), package.attribute("release"));
            let place = (owner.place)(short, release).filter(|_| !is_debug(name));
            let (Some(place), Some(version)) = (place, version(package)) else {
                continue;
            };
            let key = (place.ecosystem, place.channel, name, version);
            known
                .entry(key)
                .or_default()
                .insert(package.attribute("arch").to_owned());
        }
    }
    let row = |((ecosystem, channel, name, version), architectures): (
        (_, _, &str, _),
        BTreeSet<String>,
    )| {
        let everywhere = architectures.contains("noarch") || architectures.contains("");
        Affected {
            ecosystem,
            channel,
            module: String::new(),
            architectures: match everywhere {
                true => Vec::new(),
                false => architectures
                    .into_iter()
                    .filter(|one| one != "src")
                    .collect(),
            },
            package: name.to_owned(),
            state: State::Fixed,
            severity: Severity::Unknown,
            ranges: vec![Range::before(version)],
            versions: Vec::new(),
        }
    };
    known.into_iter().map(row).collect()
}

/// Symbols for debuggers hold nothing that runs.
fn is_debug(name: &str) -> bool {
    name.is_empty() || name.ends_with("-debuginfo") || name.ends_with("-debugsource")
}

/// Epoch, version and release; an epoch of 0 is none.
fn version(package: &Element) -> Option<String> {
    let (version, release) = (package.attribute("version"), package.attribute("release"));
    if version.is_empty() || release.is_empty() {
        return None;
    }
    Some(match package.attribute("epoch") {
        "" | "0" => format!("{version}-{release}"),
        epoch => format!("{epoch}:{version}-{release}"),
    })
}
