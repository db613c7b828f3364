//! The National Vulnerability Database, `nvd.nist.gov`, in its JSON of version 2.0: feeds by year,
//! pages of its API and single records have one form. Corrections to its configurations
//! (`nvd-data-overrides`) have it as well.
//!
//! What it says of a CVE itself completes other publishers' records. What it says of products is
//! kept in the ecosystem `cpe` under `vendor/product`; see [`configuration`].

use model::{Problem, ProblemKind};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::position::Lines;
use super::{Feed, FeedFile, Parsed, Remote, cut, rating, shown, time};
use crate::{Cve, CveFacts, Limits, Record, Score};

mod configuration;

use configuration::Configuration;

macro_rules! year {
    ($year:literal) => {
        Remote::file(
            "nvd",
            concat!("nvdcve-2.0-", $year, ".json.gz"),
            concat!(
                "https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-",
                $year,
                ".json.gz"
            ),
        )
    };
}

/// A file per year; what lies before 2002 is in the first. They are written anew each day, so that
/// the file of what was modified is not needed: of a CVE in both, either state would count.
const REMOTES: &[Remote] = &[
    year!("2002"),
    year!("2003"),
    year!("2004"),
    year!("2005"),
    year!("2006"),
    year!("2007"),
    year!("2008"),
    year!("2009"),
    year!("2010"),
    year!("2011"),
    year!("2012"),
    year!("2013"),
    year!("2014"),
    year!("2015"),
    year!("2016"),
    year!("2017"),
    year!("2018"),
    year!("2019"),
    year!("2020"),
    year!("2021"),
    year!("2022"),
    year!("2023"),
    year!("2024"),
    year!("2025"),
    year!("2026"),
];

/// The feed.
pub const FEED: Feed = Feed {
    name: "nvd",
    remotes: REMOTES,
    recognises: |source| source == "nvd" || source.starts_with("nvd-"),
    wants: |_, path| path.ends_with(".json") && !path.ends_with(".schema.json"),
    parse,
    publishes: &[],
    claims: |_, _, _| vec![configuration::ECOSYSTEM.to_owned()],
    missing: |_| Vec::new(),
};

/// A feed, a page of the API, or one record.
#[derive(Deserialize)]
struct Document<'a> {
    timestamp: Option<String>,
    #[serde(borrow)]
    vulnerabilities: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    cve: Option<&'a RawValue>,
    #[serde(rename = "_annotation")]
    annotation: Option<Annotation>,
}

/// What corrections say of themselves.
#[derive(Deserialize)]
struct Annotation {
    cve_id: String,
    modified: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    cve: Vulnerability,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vulnerability {
    #[serde(default)]
    id: String,
    published: Option<String>,
    last_modified: Option<String>,
    #[serde(default)]
    vuln_status: String,
    #[serde(default)]
    descriptions: Vec<Text>,
    #[serde(default)]
    metrics: Metrics,
    #[serde(default)]
    configurations: Vec<Configuration>,
}

/// A text in a language.
#[derive(Deserialize)]
pub(super) struct Text {
    #[serde(default)]
    lang: String,
    #[serde(default)]
    value: String,
}

#[derive(Default, Deserialize)]
struct Metrics {
    #[serde(default, rename = "cvssMetricV40")]
    v40: Vec<Metric>,
    #[serde(default, rename = "cvssMetricV31")]
    v31: Vec<Metric>,
    #[serde(default, rename = "cvssMetricV30")]
    v30: Vec<Metric>,
    #[serde(default, rename = "cvssMetricV2")]
    v2: Vec<Metric>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    #[serde(default, rename = "type")]
    kind: String,
    cvss_data: Vector,
}

/// A score as its vector, in whichever version of CVSS.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Vector {
    #[serde(default)]
    pub(super) vector_string: String,
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let failure = |detail: String| {
        Parsed::failure(Problem::new(ProblemKind::Malformed, file.place(), detail))
    };
    let document: Document<'_> = match serde_json::from_slice(file.bytes) {
        Ok(document) => document,
        Err(error) => return failure(error.to_string()),
    };
    let mut parsed = Parsed {
        date: document.timestamp.as_deref().and_then(time::read),
        ..Parsed::default()
    };
    let lines = Lines::new(file.bytes);
    match (document.vulnerabilities, document.cve) {
        (Some(items), _) if items.len() > limits.records => {
            let detail = format!("more than {} records in one file", limits.records);
            let problem = Problem::new(ProblemKind::Limit, file.place(), detail);
            return Parsed::failure(problem);
        }
        (Some(items), _) => {
            for item in items {
                let read = serde_json::from_str::<Item>(item.get()).map(|item| item.cve);
                let place = || lines.place_of(file, item.get());
                take(&place, read, limits, &mut parsed);
            }
        }
        (None, Some(cve)) => {
            let read = serde_json::from_str::<Vulnerability>(cve.get());
            let read = read.map(|cve| corrected(cve, document.annotation));
            take(&|| file.place(), read, limits, &mut parsed);
        }
        (None, None) => {
            return failure("it is neither a feed nor a record of version 2.0".to_owned());
        }
    }
    parsed
}

/// A record with what its correction says beside it.
fn corrected(cve: Vulnerability, annotation: Option<Annotation>) -> Vulnerability {
    match annotation {
        Some(annotation) if cve.id.is_empty() => Vulnerability {
            id: annotation.cve_id,
            last_modified: cve.last_modified.or(annotation.modified),
            ..cve
        },
        _ => cve,
    }
}

fn take(
    place: &dyn Fn() -> String,
    read: serde_json::Result<Vulnerability>,
    limits: &Limits,
    parsed: &mut Parsed,
) {
    let known = read.map_err(|error| error.to_string()).and_then(|read| {
        let cve = named(&read.id)?;
        Ok((cve, read))
    });
    match known {
        Ok((cve, read)) => keep(cve, read, limits, parsed),
        Err(detail) => parsed.malformed(place(), detail),
    }
}

fn keep(cve: Cve, read: Vulnerability, limits: &Limits, parsed: &mut Parsed) {
    let rejected = read.vuln_status.eq_ignore_ascii_case("rejected");
    let facts = CveFacts {
        score: score(&read.metrics),
        description: english(&read.descriptions, limits),
        published: read.published.as_deref().and_then(time::read),
        rejected,
    };
    let affected = configuration::rows(&read.configurations);
    if !affected.is_empty() {
        let mut record = Record::new(&read.id);
        record.url = format!("https://nvd.nist.gov/vuln/detail/{}", read.id);
        record.withdrawn = rejected;
        record.modified = read.last_modified.as_deref().and_then(time::read);
        record.affected = affected;
        parsed.records.push(record);
    }
    // Corrections of configurations say nothing of the weakness itself; one that names nothing that
    // can be in an image is a word all the same.
    if facts != CveFacts::default() || parsed.records.last().is_none_or(|last| last.id != read.id) {
        parsed.cves.push((cve, facts));
    }
}

/// The CVE of an identifier that has to be one.
pub(super) fn named(id: &str) -> Result<Cve, String> {
    let cve = Cve::of(id).filter(|_| id.starts_with("CVE-"));
    cve.ok_or_else(|| format!("'{}' is no CVE", shown(id)))
}

/// The English text, cut.
pub(super) fn english(texts: &[Text], limits: &Limits) -> String {
    let is_english = |text: &&Text| text.lang == "en" || text.lang.starts_with("en-");
    let found = texts.iter().find(is_english);
    found.map_or(String::new(), |text| {
        cut(&text.value, limits.description_bytes)
    })
}

/// The score of the newest version of CVSS; of one version the highest of a primary source, else
/// the highest of anybody's.
fn score(metrics: &Metrics) -> Option<Score> {
    let highest = |of_version: &[Metric], primary: bool| {
        let of_kind = of_version
            .iter()
            .filter(|one| !primary || one.kind == "Primary");
        of_kind
            .filter_map(|one| rating::score(&one.cvss_data.vector_string))
            .max()
    };
    [&metrics.v40, &metrics.v31, &metrics.v30, &metrics.v2]
        .into_iter()
        .find_map(|one| highest(one, true).or_else(|| highest(one, false)))
}

#[cfg(test)]
pub(super) mod tests;
