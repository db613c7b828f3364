//! `docs/scan.schema.json` and `docs/scan.md` against what is really written.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

use model::coverage::Completeness;
use model::{
    AdvisoryRef, Coverage, Cvss, DatabaseFacts, Digest, Distro, Finding, Gap, GapKind, Installed,
    Inventory, Location, Ownership, Package, PackageType, Platform, Problem, ProblemKind, Scan,
    Severity, Source, SourceFacts, Stated, Status, SuppressedFinding, Suppression, Target,
    VexStatement, VexStatus,
};
use serde_json::Value;

const SCHEMA: &str = include_str!("../../docs/scan.schema.json");
const PAGE: &str = include_str!("../../docs/scan.md");

/// The part of JSON Schema 2020-12 that the schema uses; any other keyword is a failure.
struct Schema(Value);

impl Schema {
    fn read() -> Schema {
        Schema(serde_json::from_str(SCHEMA).unwrap())
    }

    fn resolve<'a>(&'a self, rule: &'a Value) -> &'a Value {
        match rule["$ref"].as_str() {
            Some(pointer) => self.0.pointer(pointer.strip_prefix('#').unwrap()).unwrap(),
            None => rule,
        }
    }

    fn check(&self, rule: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
        let rule = self.resolve(rule);
        for (keyword, operand) in rule.as_object().unwrap() {
            let holds = match keyword.as_str() {
                "type" => has_type(operand, value),
                "const" => value == operand,
                "enum" => operand.as_array().unwrap().contains(value),
                "minimum" => value.is_null() || value.as_f64() >= operand.as_f64(),
                "maximum" => value.is_null() || value.as_f64() <= operand.as_f64(),
                "required" => value.as_object().is_none_or(|fields| {
                    let required = operand.as_array().unwrap().iter();
                    required
                        .into_iter()
                        .all(|name| fields.contains_key(name.as_str().unwrap()))
                }),
                "properties" => {
                    self.check_fields(operand, value, place, faults);
                    true
                }
                "items" => {
                    for (at, item) in value.as_array().unwrap().iter().enumerate() {
                        self.check(operand, item, &format!("{place}[{at}]"), faults);
                    }
                    true
                }
                "format" => value.is_null() || is_of_format(operand, value),
                "pattern" => value.is_null() || value.as_str().unwrap().parse::<Digest>().is_ok(),
                "$schema" | "$id" | "$defs" | "title" | "description" => true,
                other => panic!("the test does not know the keyword {other}"),
            };
            if !holds {
                faults.push(format!("{place}: {keyword}"));
            }
        }
    }

    fn check_fields(&self, rules: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
        for (name, field) in value.as_object().into_iter().flatten() {
            match rules.get(name) {
                Some(rule) => self.check(rule, field, &format!("{place}.{name}"), faults),
                None => faults.push(format!("{place}.{name}: not in the schema")),
            }
        }
    }

    fn faults(&self, document: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(&self.0, document, "", &mut faults);
        faults
    }
}

fn has_type(types: &Value, value: &Value) -> bool {
    let name = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    types == name
        || types
            .as_array()
            .is_some_and(|types| types.contains(&Value::from(name)))
}

fn is_of_format(format: &Value, value: &Value) -> bool {
    let text = value.as_str().unwrap();
    match format.as_str().unwrap() {
        "date" => text.parse::<jiff::civil::Date>().is_ok() && text.len() == 10,
        "date-time" => text.parse::<jiff::Timestamp>().is_ok(),
        other => panic!("the test does not know the format {other}"),
    }
}

/// Every object rule in the schema, with its place.
fn objects<'a>(rule: &'a Value, place: String, found: &mut Vec<(String, &'a Value)>) {
    for (name, part) in rule.as_object().into_iter().flatten() {
        if name == "properties" {
            found.push((place.clone(), rule));
        }
        objects(part, format!("{place}/{name}"), found);
    }
}

/// Every word of every enumeration in the schema that stands at a pointer.
fn words(pointer: &str) -> Vec<String> {
    let schema = Schema::read().0;
    let words = schema
        .pointer(pointer)
        .and_then(Value::as_array)
        .unwrap()
        .clone();
    words
        .iter()
        .map(|word| word.as_str().unwrap().to_owned())
        .collect()
}

fn package(kind: PackageType, source: bool) -> Package {
    Package {
        source: source.then(|| Source {
            name: "origin".into(),
            version: "1.0".into(),
        }),
        architecture: source.then(|| "amd64".into()),
        ..Package::new(kind, "name", "1.0")
    }
}

fn finding(kind: PackageType, severity: Severity, status: Status) -> Finding {
    Finding {
        id: "CVE-2026-1".into(),
        aliases: vec!["DSA-1-1".into()],
        severity,
        cvss: Cvss::from_tenths(98),
        published: "2026-01-02T03:04:05Z".parse().ok(),
        status,
        package: package(kind, true),
        purl: Some("pkg:generic/name@1.0".into()),
        fixed_in: vec!["1.1".into()],
        description: "words".into(),
        advisory: AdvisoryRef {
            source: "feed".into(),
            id: "DSA-1-1".into(),
            url: Some("https://example.org".into()),
        },
        locations: vec![Location {
            path: "lib/db".into(),
            layer: Some(Digest::of(b"layer")),
        }],
    }
}

fn said(status: VexStatus) -> VexStatement {
    VexStatement {
        document: "https://example.com/vex".into(),
        source: "shop.json".into(),
        author: "anna".into(),
        status,
        justification: "component_not_present".into(),
        said_at: "2026-11-20T08:00:00Z".parse().unwrap(),
    }
}

/// Findings that do not count, by everything that can take them out of account.
fn suppressed() -> Vec<SuppressedFinding> {
    let end = "2026-12-31T00:00:00Z".parse().unwrap();
    let by = [
        Suppression::Vex(said(VexStatus::NotAffected)),
        Suppression::Vex(said(VexStatus::Fixed)),
        Suppression::Ignore {
            rule: "lazaret.toml line 1".into(),
            reason: "not called".into(),
            expires_at: Some(end),
        },
        Suppression::Exception {
            id: "e1".into(),
            who: "anna".into(),
            reason: "not called".into(),
            expires_at: end,
        },
    ];
    let each = by.into_iter();
    each.map(|by| SuppressedFinding {
        finding: finding(PackageType::Deb, Severity::High, Status::Affected),
        by,
    })
    .collect()
}

fn stated() -> Vec<Stated> {
    let each = [VexStatus::UnderInvestigation, VexStatus::Affected].into_iter();
    each.map(|status| Stated {
        id: "CVE-1".into(),
        package: "curl".into(),
        version: "1".into(),
        statement: said(status),
    })
    .collect()
}

/// A scan in which every field has a value and every enumeration every word.
fn full() -> Scan {
    let problem_kinds = [
        ProblemKind::Malformed,
        ProblemKind::Truncated,
        ProblemKind::Limit,
        ProblemKind::Unsupported,
    ];
    let date = Some("2026-11-20T08:00:00Z".parse().unwrap());
    let severities = Severity::ALL.into_iter().cycle();
    let kinds = PackageType::ALL.iter().copied();
    let statuses = Status::ALL.into_iter().cycle();
    Scan {
        target: Target {
            name: "shop:1".into(),
            digest: Some(Digest::of(b"manifest")),
            platform: Some(Platform {
                os: "linux".into(),
                architecture: "arm".into(),
                variant: Some("v7".into()),
            }),
        },
        database: DatabaseFacts {
            revision: "1".into(),
            built: date,
            sources: vec![SourceFacts {
                name: "feed".into(),
                advisories: 1,
                date,
                problems: problem_kinds
                    .map(|kind| Problem::new(kind, "place", "detail"))
                    .into(),
            }],
        },
        coverage: Coverage::from_gaps(
            GapKind::ALL
                .iter()
                .map(|kind| Gap::new(*kind, "detail"))
                .collect(),
            true,
        ),
        inventory: Inventory {
            repositories: Vec::new(),
            layers: Vec::new(),
            distro: Some(Distro::new("debian", "10")),
            packages: kinds
                .clone()
                .map(|kind| Installed {
                    package: package(kind, true),
                    path: "lib/db".into(),
                    layer: Some(Digest::of(b"layer")),
                    ownership: Ownership::Own,
                    licence: "MIT AND Zlib".into(),
                })
                .collect(),
            databases: vec!["lib/db".into()],
            problems: vec![],
        },
        findings: kinds
            .zip(severities.zip(statuses))
            .map(|(kind, (severity, status))| finding(kind, severity, status))
            .collect(),
        suppressed: suppressed(),
        stated: stated(),
    }
}

/// The same with nothing that can be left out.
fn bare() -> Scan {
    let mut scan = full();
    scan.target.digest = None;
    scan.target.platform = None;
    scan.database.built = None;
    scan.database.sources[0].date = None;
    scan.coverage = Coverage {
        verdict: Completeness::Unsupported,
        gaps: vec![],
    };
    scan.inventory.distro = None;
    for installed in &mut scan.inventory.packages {
        installed.package = package(installed.package.kind, false);
        installed.layer = None;
        installed.licence.clear();
    }
    for finding in &mut scan.findings {
        finding.purl = None;
        finding.cvss = None;
        finding.published = None;
        finding.description.clear();
        finding.advisory.url = None;
        finding.locations[0].layer = None;
    }
    for said in &mut scan.stated {
        said.statement.source.clear();
        said.statement.author.clear();
        said.statement.justification.clear();
    }
    scan
}

fn document(scan: &Scan) -> Value {
    let options = report::Options {
        now: jiff::Timestamp::UNIX_EPOCH,
        width: None,
        color: false,
    };
    let mut bytes = Vec::new();
    (report::format("json").unwrap().write)(scan, &options, &mut bytes).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn what_is_written_is_in_the_schema_and_what_it_requires_is_written() {
    let mut unknown = full();
    unknown.inventory.distro = Some(Distro::new("plan9", ""));
    for scan in [full(), bare(), unknown] {
        assert_eq!(
            Schema::read().faults(&document(&scan)),
            Vec::<String>::new()
        );
    }
}

#[test]
fn the_check_sees_faults() {
    let mut broken = document(&full());
    broken["extra"] = Value::Null;
    broken["target"]["digest"] = Value::from("sha256:1");
    broken["findings"][0]["severity"] = Value::from("awful");
    broken["findings"][1]["cvss"] = Value::from(10.1);
    broken["packages"][0]
        .as_object_mut()
        .unwrap()
        .remove("arch");
    let faults = Schema::read().faults(&broken);
    let expected = [
        ".extra: not in the schema",
        ".findings[0].severity: enum",
        ".findings[1].cvss: maximum",
        ".packages[0]: required",
        ".target.digest: pattern",
    ];
    let mut sorted = faults;
    sorted.sort();
    assert_eq!(sorted, expected);
}

#[test]
fn every_property_is_required() {
    let schema = Schema::read();
    let mut found = Vec::new();
    objects(&schema.0, String::new(), &mut found);
    assert!(found.len() >= 15, "{}", found.len());
    for (place, rule) in found {
        let properties: Vec<&String> = rule["properties"].as_object().unwrap().keys().collect();
        let mut required: Vec<&str> = rule["required"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        required.sort_unstable();
        assert_eq!(properties, required, "{place}");
    }
}

#[test]
fn enumerations_hold_every_word_and_no_other() {
    let gaps = words("/properties/coverage/properties/gaps/items/properties/kind/enum");
    assert!(
        gaps.iter()
            .eq(GapKind::ALL.iter().map(|kind| kind.as_str()))
    );
    let severities = words("/$defs/finding/properties/severity/enum");
    assert!(
        severities
            .iter()
            .eq(Severity::ALL.map(Severity::as_str).iter())
    );
    let statuses = words("/$defs/finding/properties/status/enum");
    assert!(statuses.iter().eq(Status::ALL.map(Status::as_str).iter()));
    let reasons = words(
        "/properties/advice/properties/packages/items/properties/stays/items/properties/why/enum",
    );
    assert!(
        reasons.iter().eq(advice::Why::all()
            .map(advice::Why::as_str)
            .collect::<Vec<_>>()
            .iter())
    );
    let places = words(
        "/properties/advice/properties/steps/items/properties/actions/items/properties/place/enum",
    );
    assert!(
        places
            .iter()
            .eq(advice::Place::ALL.map(advice::Place::as_str).iter())
    );
    let types = words("/$defs/type/enum");
    assert!(
        types
            .iter()
            .eq(PackageType::ALL.iter().map(|kind| kind.as_str()))
    );
}

#[test]
fn the_page_explains_every_field_and_word() {
    let schema = Schema::read();
    let mut found = Vec::new();
    objects(&schema.0, String::new(), &mut found);
    let mut names: Vec<String> = found
        .iter()
        .flat_map(|(_, rule)| rule["properties"].as_object().unwrap().keys().cloned())
        .collect();
    names.extend(words(
        "/properties/coverage/properties/gaps/items/properties/kind/enum",
    ));
    names.extend(words("/properties/coverage/properties/verdict/enum"));
    names.extend(words(
        "/properties/advice/properties/steps/items/properties/actions/items/properties/place/enum",
    ));
    names.extend(words("/$defs/finding/properties/severity/enum"));
    names.extend(words("/$defs/finding/properties/status/enum"));
    names.extend(words(
        "/$defs/source/properties/problems/items/properties/kind/enum",
    ));
    for name in names {
        let forms = [
            format!("`{name}`"),
            format!("`{name}[]`"),
            format!(".{name}`"),
            format!(".{name}[]`"),
        ];
        let explained = forms.iter().any(|form| PAGE.contains(form));
        assert!(explained, "{name} is not explained");
    }
}
