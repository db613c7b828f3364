//! The Open Source Vulnerability format, `ossf.github.io/osv-schema`, JSON or YAML, of any
//! publisher: one record per file, or a list of them.

use model::{Problem, ProblemKind};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::position::Lines;
use super::{Feed, FeedFile, Parsed, Remote, yaml};
use crate::{Limits, Record};

mod affected;
mod ecosystem;
mod rebuild;
mod record;
mod schema;
mod severity;
mod source;

use schema::Vulnerability;
pub(super) use source::is_called;

macro_rules! archive {
    ($ecosystem:literal) => {
        Remote::file(
            "osv",
            concat!($ecosystem, "/all.zip"),
            concat!(
                "https://osv-vulnerabilities.storage.googleapis.com/",
                $ecosystem,
                "/all.zip"
            ),
        )
    };
}

/// Each ecosystem is an archive. Distributions whose publishers are read themselves are left out,
/// but for those whose archive joins identifiers that the publisher's own file lists apart.
const REMOTES: &[Remote] = &[
    archive!("AlmaLinux"),
    archive!("Alpaquita"),
    archive!("BellSoft Hardened Containers"),
    archive!("Bitnami"),
    archive!("CRAN"),
    archive!("Chainguard"),
    archive!("CleanStart"),
    archive!("Echo"),
    archive!("GHC"),
    archive!("GitHub Actions"),
    archive!("Go"),
    archive!("Hackage"),
    archive!("Hex"),
    archive!("Julia"),
    archive!("Mageia"),
    archive!("Maven"),
    archive!("MinimOS"),
    archive!("NuGet"),
    archive!("Packagist"),
    archive!("Pub"),
    archive!("PyPI"),
    archive!("Rocky Linux"),
    archive!("Root"),
    archive!("RubyGems"),
    archive!("SUSE"),
    archive!("SwiftURL"),
    archive!("VSCode"),
    archive!("Wolfi"),
    archive!("crates.io"),
    archive!("npm"),
    archive!("opam"),
    archive!("openEuler"),
    archive!("openSUSE"),
];

/// The feed.
pub const FEED: Feed = Feed {
    name: "osv",
    remotes: REMOTES,
    recognises: source::recognises,
    wants: source::wants,
    parse,
    publishes: &[],
    claims: source::claims,
    missing: |_| Vec::new(),
};

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let mut parsed = Parsed::default();
    let is_yaml = file.path.ends_with(".yaml") || file.path.ends_with(".yml");
    let is_list = file.bytes.trim_ascii_start().first() == Some(&b'[');
    if is_yaml {
        let read = yaml::read::<Vulnerability>(file.bytes, limits);
        take(&|| file.place(), read, limits, &mut parsed);
    } else if is_list {
        list(file, limits, &mut parsed);
    } else {
        take(&|| file.place(), json(file.bytes), limits, &mut parsed);
    }
    parsed
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

fn list(file: &FeedFile<'_>, limits: &Limits, parsed: &mut Parsed) {
    let texts: Vec<&RawValue> = match serde_json::from_slice(file.bytes) {
        Ok(texts) => texts,
        Err(error) => {
            let detail = error.to_string();
            let problem = Problem::new(ProblemKind::Malformed, file.place(), detail);
            *parsed = Parsed::failure(problem);
            return;
        }
    };
    let lines = Lines::new(file.bytes);
    for text in texts {
        let place = || lines.place_of(file, text.get());
        take(&place, json(text.get().as_bytes()), limits, parsed);
    }
}

/// Accepts a record, or says why not. The place is looked for only where it is needed: a line's
/// number costs a walk through the file.
fn take(
    place: &dyn Fn() -> String,
    read: Result<Vulnerability, String>,
    limits: &Limits,
    parsed: &mut Parsed,
) {
    let made: Result<(Record, Vec<String>), String> =
        read.and_then(|vulnerability| record::from(vulnerability, limits));
    let remarks = match made {
        Ok((record, remarks)) => {
            parsed.records.push(record);
            remarks
        }
        Err(detail) => vec![detail],
    };
    let problem = |detail| Problem::new(ProblemKind::Malformed, place(), detail);
    parsed.problems.extend(remarks.into_iter().map(problem));
}

#[cfg(test)]
mod tests;
