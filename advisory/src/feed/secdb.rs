//! The layout of Alpine's security database, which Wolfi, Chainguard and MinimOS share: packages,
//! each with its fixed versions, each with the identifiers that it fixes.
//!
//! Keyed by origin package. A fixed version of `0` says that the package was never affected. An
//! entry is one string that can hold several words: its CVEs are weaknesses of their own (real
//! ones: `CVE-2020-11740 CVE-2020-11741 XSA-313`), other identifiers are aliases of each, and
//! text in brackets is commentary. One record per entry.

use std::collections::BTreeMap;

use model::{Ecosystem, Problem, ProblemKind, Stream};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::position::Lines;
use super::{FeedFile, Parsed, yaml};
use crate::identifier;
use crate::{Affected, Limits, Range, Record, State, Weakness};

/// A file of the database. Only what is matched by is read. `R` is a row, or its raw text where
/// one broken row shall not take the file with it.
#[derive(Deserialize)]
#[serde(bound(deserialize = "R: Deserialize<'de>"))]
pub struct File<R> {
    /// The branch, where there are several.
    #[serde(default)]
    pub distroversion: String,
    /// The repository.
    #[serde(default)]
    pub reponame: String,
    /// The packages; `None` where the file has no list of them.
    #[serde(default = "no_rows")]
    pub packages: Option<Vec<R>>,
}

fn no_rows<R>() -> Option<Vec<R>> {
    None
}

/// One package in a wrapping of its own.
#[derive(Deserialize)]
pub struct Row {
    pkg: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    #[serde(default)]
    secfixes: BTreeMap<String, Option<Vec<String>>>,
}

/// Reads a file, JSON by its name or else YAML; broken rows of JSON are problems of their own.
///
/// # Errors
///
/// Why nothing of it can be read.
pub fn read(
    file: &FeedFile<'_>,
    limits: &Limits,
    problems: &mut Vec<Problem>,
) -> Result<File<Row>, String> {
    match file.path.ends_with(".json") {
        true => read_json(file, problems),
        false => yaml::read::<File<Row>>(file.bytes, limits),
    }
}

/// Whether a path is a file of `security.json`, the one file of a distribution without branches.
pub fn is_security(path: &str) -> bool {
    path.rsplit('/').next() == Some("security.json")
}

/// Reads the one file of a distribution that rolls.
pub fn rolling(file: &FeedFile<'_>, limits: &Limits, id: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let failure =
        |detail| Parsed::failure(Problem::new(ProblemKind::Malformed, file.place(), detail));
    let packages = match read(file, limits, &mut parsed.problems) {
        Ok(content) => content.packages,
        Err(detail) => return failure(detail),
    };
    let Some(packages) = packages.filter(|packages| !packages.is_empty()) else {
        return failure("it lists no package: fetch it anew".to_owned());
    };
    let stream = Ecosystem::Distro(Stream::new(id, "rolling"));
    parsed.streams = vec![stream.to_string()];
    for row in packages {
        read_package(file, &stream, row, |_| String::new(), &mut parsed);
    }
    parsed
}

/// A JSON file whose broken rows are problems of their own.
fn read_json(file: &FeedFile<'_>, problems: &mut Vec<Problem>) -> Result<File<Row>, String> {
    let raw: File<&RawValue> =
        serde_json::from_slice(file.bytes).map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    let lines = Lines::new(file.bytes);
    for text in raw.packages.unwrap_or_default() {
        match serde_json::from_str(text.get()) {
            Ok(row) => rows.push(row),
            Err(error) => {
                let place = lines.place_of(file, text.get());
                problems.push(Problem::new(
                    ProblemKind::Malformed,
                    place,
                    error.to_string(),
                ));
            }
        }
    }
    Ok(File {
        distroversion: raw.distroversion,
        reponame: raw.reponame,
        packages: Some(rows),
    })
}

/// The records of one package, whose pages `address` knows.
pub fn read_package(
    file: &FeedFile<'_>,
    stream: &Ecosystem,
    row: Row,
    address: impl Fn(&str) -> String,
    parsed: &mut Parsed,
) {
    let package = row.pkg;
    for (version, entries) in package.secfixes {
        for entry in entries.unwrap_or_default() {
            let Some(weaknesses) = weaknesses(&entry) else {
                let place = format!("{}: {} {version}", file.place(), package.name);
                let detail = format!("'{}' names no weakness", shortened(&entry));
                let problem = Problem::new(ProblemKind::Malformed, place, detail);
                parsed.problems.push(problem);
                continue;
            };
            let affected = match version.as_str() {
                "0" => Affected::new(stream, package.name.as_str(), State::NotAffected),
                _ => Affected::new(stream, package.name.as_str(), State::Fixed)
                    .range(Range::before(version.clone())),
            };
            let mut record = record(weaknesses, affected);
            record.url = address(&record.id);
            parsed.records.push(record);
        }
    }
}

fn record(weaknesses: Vec<Weakness>, affected: Affected) -> Record {
    let id = weaknesses.first().map_or("", |weakness| &weakness.id);
    let mut record = Record::new(id);
    record.weaknesses = weaknesses;
    record.affected = vec![affected];
    record
}

/// The weaknesses that an entry names: each of its CVEs, or its first other identifier.
fn weaknesses(entry: &str) -> Option<Vec<Weakness>> {
    let entry = entry.split('(').next().unwrap_or_default();
    // Written by hand: `CVE 2018-16859` and `CVE_2019-2426` are among them.
    let entry = entry.replace("CVE ", "CVE-").replace("CVE_", "CVE-");
    let mut cves = Vec::new();
    let mut others = Vec::new();
    for word in entry
        .split([' ', '\t', ',', ';'])
        .filter(|word| !word.is_empty())
    {
        match identifier::cve(word) {
            Some(cve) => cves.push(cve.to_owned()),
            None if identifier::looks_like_one(word) => others.push(word.to_owned()),
            None => {}
        }
    }
    if cves.is_empty() && !others.is_empty() {
        cves.push(others.remove(0));
    }
    others.sort();
    let named = |id| Weakness {
        id,
        aliases: others.clone(),
    };
    let all: Vec<_> = cves.into_iter().map(named).collect();
    (!all.is_empty()).then_some(all)
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}
