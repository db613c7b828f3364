//! The CVE list, `github.com/CVEProject/cvelistV5`: records of version 5, with what CISA's
//! Vulnrichment adds to them as an authorised data publisher.
//!
//! What it says of a CVE itself completes other publishers' records. Products are named there in
//! free text; only those that name a package of a package registry (`packageURL`, or
//! `collectionURL` and `packageName`) become rows. Records of the form of NVD, which lie in the
//! same directory sometimes, are read by NVD's reader.

use model::{Ecosystem, PackageType, Problem, ProblemKind};
use serde::Deserialize;

use super::nvd::{self, Text, Vector};
use super::{Feed, FeedFile, Parsed, Remote, rating, time};
use crate::matching::is_of_distro;
use crate::name::normalised;
use crate::{Affected, CveFacts, End, Limits, Range, Record, State};

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
    #[serde(default)]
    changes: Vec<Change>,
}

/// From a version on, within a range, something else holds.
#[derive(Deserialize)]
struct Change {
    #[serde(default)]
    at: String,
    #[serde(default)]
    status: String,
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    // One record of very many: what is wrong with it is no failure of the source.
    let unread = |detail: String| Parsed {
        problems: vec![Problem::new(ProblemKind::Malformed, file.place(), detail)],
        ..Parsed::default()
    };
    let document: Document = match serde_json::from_slice(file.bytes) {
        Ok(document) => document,
        Err(error) => {
            let other = nvd::FEED.read(file, limits);
            if !other.failed {
                return other;
            }
            return unread(format!("it is no CVE record: {error}"));
        }
    };
    let id = document.cve_metadata.cve_id.as_str();
    let cve = match nvd::named(id) {
        Ok(cve) => cve,
        Err(detail) => return unread(detail),
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
        let mut record = Record::new(id);
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
    ("mvnrepository.com", PackageType::Maven),
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
        let versions = product.versions.iter();
        for version in versions.filter(|one| one.version_type != "git") {
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

const AFFECTED: &str = "affected";

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
            if version.status == AFFECTED {
                row.versions.extend(introduced);
            }
            if version.status == AFFECTED && version.version == "*" {
                row.ranges.push(Range::all());
            }
            return;
        }
    };
    pieces(row, version, introduced, end);
}

/// The affected pieces of a range: its changes say from where on something else holds.
fn pieces(row: &mut Affected, version: &Version, start: Option<String>, end: End<String>) {
    let mut affected = (version.status == AFFECTED).then_some(start);
    for change in &version.changes {
        let at = change.at.clone();
        match (affected.take(), change.status.as_str()) {
            (Some(introduced), AFFECTED) => affected = Some(introduced),
            (None, AFFECTED) => affected = Some(Some(at)),
            (Some(introduced), status) => {
                let end = match status {
                    "unaffected" => End::Fixed(at),
                    _ => End::Limit(at),
                };
                row.ranges.push(Range { introduced, end });
            }
            (None, _) => {}
        }
    }
    if let Some(introduced) = affected {
        row.ranges.push(Range { introduced, end });
    }
}

/// The package that a product is in a package registry; packages of distributions are none.
fn package(product: &Product) -> Option<(PackageType, String)> {
    let (kind, name) = match (&product.package_url, &product.collection_url) {
        (Some(url), _) => of_url(url)?,
        (None, Some(collection)) => {
            let mut known = REGISTRIES.iter();
            let (_, kind) = known.find(|(part, _)| collection.contains(part))?;
            (*kind, product.package_name.clone()?)
        }
        (None, None) => return None,
    };
    let name = match kind {
        PackageType::Golang => module(&name),
        // Without a group nobody can tell which artifact is meant.
        PackageType::Maven if !name.contains(':') => return None,
        _ if is_of_distro(kind) => return None,
        _ => name,
    };
    (!name.is_empty()).then_some((kind, name))
}

/// Type and name of a package URL.
fn of_url(url: &str) -> Option<(PackageType, String)> {
    let (kind, rest) = url.strip_prefix("pkg:")?.split_once('/')?;
    let kind: PackageType = kind.parse().ok()?;
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    // The version stands behind the last slash; an `@` that begins a part is a scope's.
    let last = path.rfind('/').map_or(0, |at| at + 1);
    let version = path.rfind('@').filter(|at| *at > last);
    let name = version.and_then(|at| path.get(..at)).unwrap_or(path);
    let name = name.replace("%40", "@").replace("%2F", "/");
    let name = match kind {
        PackageType::Maven => name.replacen('/', ":", 1),
        _ => name,
    };
    Some((kind, name))
}

/// The module that a Go package belongs to, where its path tells: the CVE list names packages, and
/// modules are what is built in. The standard library is `stdlib`, what comes with the compiler
/// `toolchain`, as the Go vulnerability database calls them.
fn module(package: &str) -> String {
    let mut parts = package.split('/');
    match parts.next().unwrap_or_default() {
        "cmd" => "toolchain".to_owned(),
        "stdlib" | "toolchain" => package.to_owned(),
        first if !first.is_empty() && !first.contains('.') => "stdlib".to_owned(),
        "golang.org" if parts.next() == Some("x") => {
            package.split('/').take(3).collect::<Vec<_>>().join("/")
        }
        _ => package.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let file = FeedFile::plain("cve", "cves/2024/7xxx/CVE-2024-7826.json", text.as_bytes());
        let parsed = FEED.read(&file, &Limits::default());
        assert!(!parsed.failed, "one broken record of many is no failure");
        let mut lines = nvd::tests::facts(&parsed);
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

    // After CVE-2023-39325 and CVE-2023-1370 (2023) in their layout; the changes are made up.
    #[test]
    fn a_package_is_named_as_its_registry_has_it() {
        let of = |product: &str, version: &str| {
            let text = format!(
                "{{\"cveMetadata\": {{\"cveId\": \"CVE-2024-0001\"}}, \"containers\": {{\"cna\": \
                 {{\"affected\": [{{{product}, \"versions\": [{{{version}}}]}}]}}}}}}"
            );
            told(&text).replace("2024-1   false \n", "")
        };
        let one = r#""version": "1", "status": "affected""#;
        for (product, expected) in [
            (
                r#""collectionURL": "https://pkg.go.dev", "packageName": "net/http""#,
                "golang stdlib",
            ),
            (
                r#""collectionURL": "https://pkg.go.dev", "packageName": "cmd/go""#,
                "golang toolchain",
            ),
            (
                r#""collectionURL": "https://pkg.go.dev", "packageName": "golang.org/x/net/http2""#,
                "golang golang.org/x/net",
            ),
            (
                r#""collectionURL": "https://pkg.go.dev", "packageName": "github.com/a/b/v2""#,
                "golang github.com/a/b/v2",
            ),
            (
                r#""collectionURL": "https://mvnrepository.com", "packageName": "net.minidev:json""#,
                "maven net.minidev:json",
            ),
            (
                r#""packageURL": "pkg:npm/@scope/name@1?a=b#c""#,
                "npm @scope/name",
            ),
            (r#""packageURL": "pkg:pypi/Some_Name@1""#, "pypi some-name"),
        ] {
            let expected = format!("{expected} Affected [] 1");
            assert_eq!(of(product, one), expected, "{product}");
        }
        for product in [
            r#""collectionURL": "https://mvnrepository.com", "packageName": "quarkus-oidc""#,
            r#""collectionURL": "https://pypi.org""#,
            r#""collectionURL": "https://example.org/a", "packageName": "a""#,
            r#""packageURL": "pkg:deb/debian/curl""#,
            r#""packageURL": "pkg:npm/""#,
            r#""packageURL": "npm/a""#,
        ] {
            assert_eq!(of(product, one), "2024-1   false ", "{product}");
        }
    }

    #[test]
    fn a_range_ends_where_something_else_holds() {
        let of = |version: &str| {
            let version: Version = serde_json::from_str(version).unwrap();
            let ecosystem = Ecosystem::Language(PackageType::Npm);
            let mut row = Affected::new(&ecosystem, "a", State::Affected);
            add(&mut row, &version);
            let ranges = row.ranges.iter().map(|range| format!("{range:?}"));
            ranges.collect::<Vec<_>>().join("; ")
        };
        for (version, expected) in [
            (
                r#"{"version": "1", "lessThan": "4", "status": "affected", "changes": [
                    {"at": "2", "status": "unaffected"}, {"at": "3", "status": "affected"}]}"#,
                r#"Range { introduced: Some("1"), end: Fixed("2") }; Range { introduced: Some("3"), end: Fixed("4") }"#,
            ),
            (
                r#"{"version": "1", "lessThanOrEqual": "*", "status": "affected", "changes": [
                    {"at": "2", "status": "unknown"}, {"at": "3", "status": "unaffected"}]}"#,
                r#"Range { introduced: Some("1"), end: Limit("2") }"#,
            ),
            (
                r#"{"version": "0", "lessThan": "9", "status": "unaffected", "changes": [
                    {"at": "2", "status": "affected"}, {"at": "3", "status": "affected"}]}"#,
                r#"Range { introduced: Some("2"), end: Fixed("9") }"#,
            ),
            (
                r#"{"version": "*", "status": "affected"}"#,
                "Range { introduced: None, end: Never }",
            ),
            (
                r#"{"version": "1", "lessThan": "2", "status": "unaffected"}"#,
                "",
            ),
            (r#"{"version": "*", "status": "unaffected"}"#, ""),
        ] {
            assert_eq!(of(version), expected, "{version}");
        }
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
