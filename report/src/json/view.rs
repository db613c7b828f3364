//! The shapes of the document. Lists are views too: they make their rows while being written.

use jiff::Timestamp;
use jiff::civil::Date;
use model::finding::count_by_severity;
use model::{
    AdvisoryRef, Coverage, Cvss, DatabaseFacts, Digest, Distro, Finding, ImageLayer, Installed,
    Inventory, Location, Package, Problem, Scan, Severity, SourceFacts,
};
use serde::{Serialize, Serializer};

use super::advice::AdviceView;
mod suppression;

use suppression::{StatedRow, SuppressedRow};

#[derive(Serialize)]
pub struct Document<'a> {
    schema: &'static str,
    target: Target<'a>,
    distro: Option<DistroView<'a>>,
    database: Database<'a>,
    coverage: CoverageView<'a>,
    summary: Summary,
    layers: Vec<LayerView<'a>>,
    repositories: &'a [String],
    packages: Packages<'a>,
    findings: Findings<'a>,
    suppressed: Vec<SuppressedRow<'a>>,
    stated: Vec<StatedRow<'a>>,
    advice: AdviceView,
}

impl<'a> Document<'a> {
    pub fn of(scan: &'a Scan) -> Document<'a> {
        Document {
            schema: super::SCHEMA,
            target: Target::of(&scan.target),
            distro: scan.inventory.distro.as_ref().map(DistroView::of),
            database: Database::of(&scan.database),
            coverage: CoverageView::of(&scan.coverage),
            summary: Summary::of(scan),
            layers: scan.inventory.layers.iter().map(LayerView::of).collect(),
            repositories: &scan.inventory.repositories,
            packages: Packages(&scan.inventory),
            findings: Findings(&scan.findings),
            suppressed: suppression::suppressed(&scan.suppressed),
            stated: scan.stated.iter().map(StatedRow::of).collect(),
            advice: AdviceView::of(scan),
        }
    }
}

/// What is in an image, and nothing else.
#[derive(Serialize)]
pub struct Contents<'a> {
    schema: &'static str,
    target: Target<'a>,
    distro: Option<DistroView<'a>>,
    layers: Vec<LayerView<'a>>,
    repositories: &'a [String],
    packages: Packages<'a>,
    problems: Vec<ProblemView<'a>>,
}

impl<'a> Contents<'a> {
    pub fn of(target: &'a model::Target, inventory: &'a Inventory) -> Contents<'a> {
        Contents {
            schema: "lazaret.packages/1",
            target: Target::of(target),
            distro: inventory.distro.as_ref().map(DistroView::of),
            layers: inventory.layers.iter().map(LayerView::of).collect(),
            repositories: &inventory.repositories,
            packages: Packages(inventory),
            problems: inventory.problems.iter().map(ProblemView::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct Target<'a> {
    name: &'a str,
    digest: Option<&'a str>,
    platform: Option<String>,
}

impl<'a> Target<'a> {
    fn of(target: &'a model::Target) -> Target<'a> {
        Target {
            name: &target.name,
            digest: target.digest.as_ref().map(Digest::as_str),
            platform: target.platform.as_ref().map(ToString::to_string),
        }
    }
}

#[derive(Serialize)]
struct DistroView<'a> {
    id: &'a str,
    version: &'a str,
    codename: &'a str,
    name: &'a str,
    stream: Option<String>,
    end_of_life: Option<Date>,
}

impl<'a> DistroView<'a> {
    fn of(distro: &'a Distro) -> DistroView<'a> {
        DistroView {
            id: &distro.id,
            version: &distro.version,
            codename: &distro.codename,
            name: &distro.pretty,
            stream: distro.stream().map(|stream| stream.to_string()),
            end_of_life: distro.end_of_life(),
        }
    }
}

#[derive(Serialize)]
pub struct Database<'a> {
    revision: &'a str,
    built: Option<Timestamp>,
    sources: Vec<SourceView<'a>>,
}

impl<'a> Database<'a> {
    pub fn of(database: &'a DatabaseFacts) -> Database<'a> {
        let mut sources: Vec<_> = database.sources.iter().map(SourceView::of).collect();
        sources.sort_by_key(|source| source.name);
        Database {
            revision: &database.revision,
            built: database.built,
            sources,
        }
    }
}

#[derive(Serialize)]
struct SourceView<'a> {
    name: &'a str,
    advisories: u64,
    date: Option<Timestamp>,
    problems: Vec<ProblemView<'a>>,
}

impl<'a> SourceView<'a> {
    fn of(source: &'a SourceFacts) -> SourceView<'a> {
        SourceView {
            name: &source.name,
            advisories: source.advisories,
            date: source.date,
            problems: source.problems.iter().map(ProblemView::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct ProblemView<'a> {
    kind: &'static str,
    place: &'a str,
    detail: &'a str,
}

impl<'a> ProblemView<'a> {
    fn of(problem: &'a Problem) -> ProblemView<'a> {
        ProblemView {
            kind: problem.kind.as_str(),
            place: &problem.place,
            detail: &problem.detail,
        }
    }
}

#[derive(Serialize)]
pub struct CoverageView<'a> {
    verdict: &'static str,
    gaps: Vec<GapView<'a>>,
}

#[derive(Serialize)]
struct GapView<'a> {
    kind: &'static str,
    detail: &'a str,
}

impl<'a> CoverageView<'a> {
    pub fn of(coverage: &'a Coverage) -> CoverageView<'a> {
        let gap = |gap: &'a model::Gap| GapView {
            kind: gap.kind.as_str(),
            detail: &gap.detail,
        };
        let mut gaps: Vec<&model::Gap> = coverage.gaps.iter().collect();
        gaps.sort();
        CoverageView {
            verdict: coverage.verdict.as_str(),
            gaps: gaps.into_iter().map(gap).collect(),
        }
    }
}

#[derive(Serialize)]
struct Summary {
    packages: usize,
    findings: usize,
    fixable: usize,
    suppressed: usize,
    severities: Severities,
}

impl Summary {
    fn of(scan: &Scan) -> Summary {
        Summary {
            packages: scan.inventory.packages.len(),
            findings: scan.findings.len(),
            fixable: crate::fixable(&scan.findings),
            suppressed: scan.suppressed.len(),
            severities: Severities(count_by_severity(&scan.findings)),
        }
    }
}

struct Severities([(Severity, usize); 6]);

impl Serialize for Severities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counts = self.0.iter();
        serializer.collect_map(counts.map(|(severity, count)| (severity.as_str(), count)))
    }
}

#[derive(Serialize)]
struct LayerView<'a> {
    diff_id: &'a str,
    command: Option<&'a str>,
}

impl<'a> LayerView<'a> {
    fn of(layer: &'a ImageLayer) -> LayerView<'a> {
        LayerView {
            diff_id: layer.diff_id.as_str(),
            command: Some(layer.command.as_str()).filter(|text| !text.is_empty()),
        }
    }
}

struct Packages<'a>(&'a Inventory);

impl Serialize for Packages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows: Vec<&Installed> = self.0.packages.iter().collect();
        rows.sort();
        let distro = self.0.distro.as_ref();
        serializer.collect_seq(rows.into_iter().map(|row| PackageRow::of(row, distro)))
    }
}

#[derive(Serialize)]
struct PackageRow<'a> {
    name: &'a str,
    version: &'a str,
    r#type: &'static str,
    purl: Option<String>,
    source: Option<SourcePackage<'a>>,
    arch: Option<&'a str>,
    module: Option<&'a str>,
    vendor: Option<&'a str>,
    licence: Option<&'a str>,
    ownership: &'static str,
    path: &'a str,
    layer: Option<&'a str>,
}

#[derive(Serialize)]
struct SourcePackage<'a> {
    name: &'a str,
    version: &'a str,
}

impl<'a> PackageRow<'a> {
    fn of(installed: &'a Installed, distro: Option<&Distro>) -> PackageRow<'a> {
        let package = &installed.package;
        PackageRow {
            name: &package.name,
            version: &package.version,
            r#type: package.kind.as_str(),
            purl: package.purl(distro),
            source: package.source.as_ref().map(|source| SourcePackage {
                name: &source.name,
                version: &source.version,
            }),
            arch: package.architecture.as_deref(),
            module: package.module.as_deref(),
            vendor: package.vendor.as_deref(),
            ownership: installed.ownership.as_str(),
            licence: Some(installed.licence.as_str()).filter(|text| !text.is_empty()),
            path: &installed.path,
            layer: installed.layer.as_ref().map(Digest::as_str),
        }
    }
}

struct Findings<'a>(&'a [Finding]);

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(crate::worst_first(self.0).into_iter().map(FindingRow::of))
    }
}

#[derive(Serialize)]
pub struct FindingRow<'a> {
    id: &'a str,
    aliases: &'a [String],
    severity: &'static str,
    cvss: Option<f64>,
    published: Option<Timestamp>,
    status: &'static str,
    package: AffectedPackage<'a>,
    fixed_in: &'a [String],
    description: Option<&'a str>,
    advisory: Advisory<'a>,
    locations: Vec<LocationView<'a>>,
}

#[derive(Serialize)]
struct AffectedPackage<'a> {
    name: &'a str,
    version: &'a str,
    r#type: &'static str,
    purl: Option<&'a str>,
}

#[derive(Serialize)]
struct Advisory<'a> {
    source: &'a str,
    id: &'a str,
    url: Option<&'a str>,
}

#[derive(Serialize)]
pub struct LocationView<'a> {
    path: &'a str,
    layer: Option<&'a str>,
}

impl<'a> FindingRow<'a> {
    fn of(finding: &'a Finding) -> FindingRow<'a> {
        let locations: Vec<&Location> = finding.locations.iter().collect();
        FindingRow::at(finding, &locations)
    }

    pub fn at(finding: &'a Finding, locations: &[&'a Location]) -> FindingRow<'a> {
        FindingRow {
            id: &finding.id,
            aliases: &finding.aliases,
            severity: finding.severity.as_str(),
            cvss: finding.cvss.map(Cvss::score),
            published: finding.published,
            status: finding.status.as_str(),
            package: AffectedPackage::of(&finding.package, finding.purl.as_deref()),
            fixed_in: &finding.fixed_in,
            description: Some(finding.description.as_str()).filter(|text| !text.is_empty()),
            advisory: Advisory::of(&finding.advisory),
            locations: locations.iter().copied().map(LocationView::of).collect(),
        }
    }
}

impl<'a> AffectedPackage<'a> {
    fn of(package: &'a Package, purl: Option<&'a str>) -> AffectedPackage<'a> {
        AffectedPackage {
            name: &package.name,
            version: &package.version,
            r#type: package.kind.as_str(),
            purl,
        }
    }
}

impl<'a> Advisory<'a> {
    fn of(advisory: &'a AdvisoryRef) -> Advisory<'a> {
        Advisory {
            source: &advisory.source,
            id: &advisory.id,
            url: advisory.url.as_deref(),
        }
    }
}

impl<'a> LocationView<'a> {
    pub fn of(location: &'a Location) -> LocationView<'a> {
        LocationView {
            path: &location.path,
            layer: location.layer.as_ref().map(Digest::as_str),
        }
    }
}
