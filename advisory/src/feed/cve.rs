//! The CVE list, `github.com/CVEProject/cvelistV5`: records of version 5, with what CISA's
//! Vulnrichment adds to them as an authorised data publisher.
//!
//! What it says of a CVE itself completes other publishers' records. Products are named there in
//! free text; only those that name a package of a package registry (`packageURL`, or
//! `collectionURL` and `packageName`) become rows. Records of the form of NVD, which lie in the
//! same directory sometimes, are read by NVD's reader.

use model::{Ecosystem, PackageType, Problem, ProblemKind};
use serde::Deserialize;

use super::nvd::{self, Text};
use super::{Feed, FeedFile, Parsed, Remote, rating, time};
use crate::name::normalised;
use crate::{Affected, Cve, CveFacts, End, Limits, Range, Record, State};

/// All records, of which each is a file.
const REMOTES: &[Remote] = &[Remote::file(
    "cve",
    "cvelistV5-main.zip",
    "https://github.com/CVEProject/cvelistV5/archive/refs/heads/main.zip",
)];

/// The feed.
pub const FEED: Feed = Feed {
    name: "cve",
    remotes: REMOTES,
    recognises: |source| source == "cve" || source.starts_with("cve-"),
    wants: |_, path| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.ends_with(".json") && !name.starts_with("delta") && !name.starts_with("nvdcve-1.")
    },
    parse,
    publishes: &[],
    claims: |_, _, _| Vec::new(),
    missing: |_| Vec::new(),
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    cve_metadata: Metadata,
    #[serde(default)]
    containers: Containers,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    cve_id: String,
    #[serde(default)]
    state: String,
    date_published: Option<String>,
    date_updated: Option<String>,
}

#[derive(Default, Deserialize)]
struct Containers {
    #[serde(default)]
    cna: Container,
    #[serde(default)]
    adp: Vec<Container>,
}

#[derive(Default, Deserialize)]
struct Container {
    #[serde(default)]
    descriptions: Vec<Text>,
    #[serde(default)]
    metrics: Vec<Metric>,
    #[serde(default)]
    affected: Vec<Product>,
}

#[derive(Deserialize)]
struct Metric {
    #[serde(rename = "cvssV4_0")]
    v40: Option<Vector>,
    #[serde(rename = "cvssV3_1")]
    v31: Option<Vector>,
    #[serde(rename = "cvssV3_0")]
    v30: Option<Vector>,
    #[serde(rename = "cvssV2_0")]
    v2: Option<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    #[serde(default)]
    vector_string: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product {
    #[serde(rename = "packageURL")]
    package_url: Option<String>,
    #[serde(rename = "collectionURL")]
    collection_url: Option<String>,
    package_name: Option<String>,
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    #[serde(default)]
    version: String,
    #[serde(default)]
    status: String,
    less_than: Option<String>,
    less_than_or_equal: Option<String>,
    #[serde(default)]
    version_type: String,
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let document: Document = match serde_json::from_slice(file.bytes) {
        Ok(document) => document,
        Err(error) => {
            let other = nvd::FEED.read(file, limits);
            if !other.failed {
                return other;
            }
            let detail = format!("it is no CVE record: {error}");
            let problem = Problem::new(ProblemKind::Malformed, file.place(), detail);
            return Parsed {
                problems: vec![problem],
                ..Parsed::default()
            };
        }
    };
    let id = document.cve_metadata.cve_id.clone();
    let Some(cve) = Cve::of(&id).filter(|_| id.starts_with("CVE-")) else {
        let shown: String = id.chars().take(40).collect();
        let detail = format!("'{shown}' is no CVE");
        let problem = Problem::new(ProblemKind::Malformed, file.place(), detail);
        return Parsed {
            problems: vec![problem],
            ..Parsed::default()
        };
    };
    let metadata = &document.cve_metadata;
    let rejected = metadata.state.eq_ignore_ascii_case("rejected");
    let containers = &document.containers;
    let facts = CveFacts {
        score: score(containers),
        description: nvd::english(&containers.cna.descriptions, limits),
        published: metadata.date_published.as_deref().and_then(time::read),
        rejected,
    };
    let mut parsed = Parsed {
        cves: vec![(cve, facts)],
        ..Parsed::default()
    };
    let affected = rows(&containers.cna.affected);
    if !affected.is_empty() {
        let mut record = Record::new(id.as_str());
        record.url = format!("https://www.cve.org/CVERecord?id={id}");
        record.withdrawn = rejected;
        record.modified = metadata.date_updated.as_deref().and_then(time::read);
        record.affected = affected;
        parsed.records.push(record);
    }
    parsed
}

/// The highest score of whoever assigned the CVE, else of whoever adds to it.
fn score(containers: &Containers) -> Option<crate::Score> {
    let of = |container: &Container| {
        let vectors = container.metrics.iter().flat_map(|metric| {
            [&metric.v40, &metric.v31, &metric.v30, &metric.v2]
                .into_iter()
                .flatten()
        });
        vectors
            .filter_map(|one| rating::score(&one.vector_string))
            .max()
    };
    of(&containers.cna).or_else(|| containers.adp.iter().filter_map(of).max())
}

/// Package registries by what their addresses hold.
const REGISTRIES: &[(&str, PackageType)] = &[
    ("registry.npmjs.org", PackageType::Npm),
    ("npmjs.com", PackageType::Npm),
    ("pypi.", PackageType::Pypi),
    ("repo.maven.apache.org", PackageType::Maven),
    ("repo1.maven.org", PackageType::Maven),
    ("crates.io", PackageType::Cargo),
    ("pkg.go.dev", PackageType::Golang),
    ("packagist.org", PackageType::Composer),
    ("nuget.org", PackageType::Nuget),
    ("rubygems.org", PackageType::Gem),
    ("hex.pm", PackageType::Hex),
    ("pub.dev", PackageType::Pub),
];

fn rows(products: &[Product]) -> Vec<Affected> {
    let mut rows = Vec::new();
    for product in products {
        let Some((kind, name)) = package(product) else {
            continue;
        };
        let ecosystem = Ecosystem::Language(kind);
        let name = normalised(kind.as_str(), &name).into_owned();
        let mut row = Affected::new(&ecosystem, name, State::Affected);
        let is_affected = |one: &&Version| one.status == "affected" && one.version_type != "git";
        for version in product.versions.iter().filter(is_affected) {
            add(&mut row, version);
        }
        if row
            .ranges
            .iter()
            .any(|range| matches!(range.end, End::Fixed(_)))
        {
            row.state = State::Fixed;
        }
        if !row.ranges.is_empty() || !row.versions.is_empty() {
            rows.push(row);
        }
    }
    rows
}

fn add(row: &mut Affected, version: &Version) {
    let introduced = match version.version.as_str() {
        "" | "0" | "*" | "unspecified" | "n/a" => None,
        version => Some(version.to_owned()),
    };
    let end = match (&version.less_than, &version.less_than_or_equal) {
        (Some(end), _) if end == "*" => End::Never,
        (Some(end), _) => End::Fixed(end.clone()),
        (None, Some(end)) if end == "*" => End::Never,
        (None, Some(end)) => End::Last(end.clone()),
        (None, None) => {
            row.versions.extend(introduced);
            return;
        }
    };
    row.ranges.push(Range { introduced, end });
}

/// The package that a product is in a package registry.
fn package(product: &Product) -> Option<(PackageType, String)> {
    if let Some(url) = &product.package_url {
        let rest = url.strip_prefix("pkg:")?;
        let (kind, rest) = rest.split_once('/')?;
        let kind: PackageType = kind.parse().ok()?;
        let name = rest.split(['@', '?', '#']).next().unwrap_or_default();
        let name = name.replace("%40", "@").replace("%2F", "/");
        let name = match kind {
            PackageType::Maven => name.replacen('/', ":", 1),
            _ => name,
        };
        return (!name.is_empty()).then_some((kind, name));
    }
    let (collection, name) = (
        product.collection_url.as_ref()?,
        product.package_name.as_ref()?,
    );
    let known = REGISTRIES
        .iter()
        .find(|(part, _)| collection.contains(part));
    known.map(|(_, kind)| (*kind, name.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let file = FeedFile {
            source: "cve",
            archive: None,
            path: "cves/2024/7xxx/CVE-2024-7826.json",
            modified: None,
            bytes: text.as_bytes(),
        };
        let parsed = FEED.read(&file, &Limits::default());
        assert!(!parsed.failed, "one broken record of many is no failure");
        let mut lines: Vec<String> = parsed
            .cves
            .iter()
            .map(|(cve, facts)| {
                let score = facts
                    .score
                    .map_or(String::new(), |score| score.base.to_string());
                let published = facts
                    .published
                    .map_or(String::new(), |time| time.to_string());
                let (rejected, text) = (facts.rejected, &facts.description);
                format!(
                    "{}-{} {score} {published} {rejected} {text}",
                    cve.year, cve.number
                )
            })
            .collect();
        for row in parsed.records.iter().flat_map(|record| &record.affected) {
            let (ecosystem, package, ranges) = (&row.ecosystem, &row.package, &row.ranges);
            let versions = row.versions.join(" ");
            lines.push(format!(
                "{ecosystem} {package} {:?} {ranges:?} {versions}",
                row.state
            ));
        }
        lines.extend(parsed.problems.iter().map(ToString::to_string));
        lines.join("\n")
    }

    // After CVE-2024-7826 (2024-10-03), shortened, with a score of CISA's.
    #[test]
    fn a_record_tells_of_a_weakness() {
        let text = r#"{"dataType": "CVE_RECORD", "cveMetadata": {"cveId": "CVE-2024-7826",
            "state": "PUBLISHED", "datePublished": "2024-10-03T17:05:33.461Z"},
            "containers": {"cna": {"affected": [{"product": "SecureAnywhere", "versions":
                [{"lessThan": "2.1.2.3", "status": "affected", "version": "0"}]}],
                "descriptions": [{"lang": "en-US", "value": "Improper check."}],
                "metrics": [{"format": "CVSS", "scenarios": []}]},
             "adp": [{"metrics": [{"cvssV3_1": {"vectorString":
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"}}]}]}}"#;
        assert_eq!(
            told(text),
            "2024-7826 8.8 2024-10-03T17:05:33.461Z false Improper check."
        );
    }

    #[test]
    fn packages_of_registries_become_rows() {
        let text = r#"{"cveMetadata": {"cveId": "CVE-2024-0001", "state": "REJECTED"}, "containers":
            {"cna": {"affected": [
             {"collectionURL": "https://repo.maven.apache.org/maven2", "packageName": "a.b:c",
              "versions": [{"version": "1.0", "lessThan": "1.2", "status": "affected"},
                           {"version": "2.0", "lessThanOrEqual": "*", "status": "affected"},
                           {"version": "3.0", "status": "unaffected"}]},
             {"packageURL": "pkg:npm/%40scope/name", "versions":
               [{"version": "0", "lessThanOrEqual": "4", "status": "affected"},
                {"version": "7", "status": "affected"},
                {"version": "abc", "versionType": "git", "status": "affected"}]},
             {"packageURL": "pkg:unheard/of", "versions": [{"version": "1", "status": "affected"}]}
            ]}}}"#;
        assert_eq!(
            told(text),
            "2024-1   true \n\
             maven a.b:c Fixed [Range { introduced: Some(\"1.0\"), end: Fixed(\"1.2\") }, \
             Range { introduced: Some(\"2.0\"), end: Never }] \n\
             npm @scope/name Affected [Range { introduced: None, end: Last(\"4\") }] 7"
        );
    }

    #[test]
    fn what_is_no_record_is_a_problem() {
        for text in [
            "",
            "{}",
            "[]",
            r#"{"cveMetadata": {"cveId": "X-1"}}"#,
            "{\"cveMetadata\": 1}",
        ] {
            assert!(told(text).contains("(malformed)"), "{text}");
        }
        let of_nvd =
            r#"{"vulnerabilities": [{"cve": {"id": "CVE-2023-0001", "vulnStatus": "Rejected"}}]}"#;
        assert_eq!(told(of_nvd), "2023-1   true ");
    }
}
