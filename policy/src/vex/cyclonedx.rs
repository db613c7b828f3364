//! CycloneDX 1.4 and later in JSON: vulnerabilities with an analysis, of components of the same
//! bill of materials, of another by a BOM-link, or of a package URL.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::cpe::Cpe;
use super::product::{Component, Name, Product, Versions};
use super::range::Range;
use super::read::{Form, capitals};
use super::{Document, Statement, Status};
use crate::reading::{Reading, under};

pub const FORM: Form = Form {
    name: "cyclonedx",
    media_types: &[
        "application/vnd.cyclonedx+json",
        "application/vnd.cyclonedx",
    ],
    fits: |table| table.get("bomFormat").and_then(Value::as_str) == Some("CycloneDX"),
    read: read_document,
};

/// The states of an analysis, and what they are in OpenVEX.
const STATES: [(&str, Status); 6] = [
    ("not_affected", Status::NotAffected),
    ("false_positive", Status::NotAffected),
    ("resolved", Status::Fixed),
    ("resolved_with_pedigree", Status::Fixed),
    ("in_triage", Status::UnderInvestigation),
    ("exploitable", Status::Affected),
];

/// A bill of materials, as far as statements need it.
struct Bom<'v> {
    id: String,
    author: String,
    timestamp: Option<Timestamp>,
    /// Its number without `urn:uuid:`.
    serial: &'v str,
    components: BTreeMap<&'v str, &'v Value>,
    /// What it is the bill of.
    root: Option<&'v Value>,
}

fn read_document(
    reading: &mut Reading<'_>,
    table: &Map<String, Value>,
    _subjects: &[String],
) -> Option<Document> {
    let bom = Bom::of(reading, table);
    let list = table.get("vulnerabilities").and_then(Value::as_array);
    let most = reading.limits.statements;
    let mut statements: Vec<Statement> = Vec::new();
    for (at, value) in list.into_iter().flatten().enumerate() {
        if statements.len() >= most {
            let detail = format!("what comes after the first {most} statements is not read");
            reading.beyond("vulnerabilities", detail);
            break;
        }
        let place = format!("vulnerabilities[{at}]");
        // A vulnerability without an analysis is a finding and no statement.
        if value
            .get("analysis")
            .and_then(|one| one.get("state"))
            .is_some()
        {
            statements.extend(read_vulnerability(reading, value, &place, &bom));
        }
    }
    Some(Document {
        form: FORM.name,
        id: bom.id,
        author: bom.author,
        statements,
    })
}

impl<'v> Bom<'v> {
    fn of(reading: &mut Reading<'_>, table: &'v Map<String, Value>) -> Bom<'v> {
        let metadata = table.get("metadata");
        let of_metadata = |key: &str| metadata.and_then(|metadata| metadata.get(key));
        let number = table.get("serialNumber").and_then(Value::as_str);
        let version = table.get("version").and_then(Value::as_u64).unwrap_or(1);
        let time = of_metadata("timestamp");
        let mut bom = Bom {
            id: match number {
                Some(number) => format!("{}/{version}", reading.clip(number)),
                None => "CycloneDX without a serial number".to_owned(),
            },
            author: reading.clip(author(metadata).unwrap_or_default()),
            timestamp: time.and_then(|time| reading.time(time, "metadata.timestamp")),
            serial: number.map_or("", |number| number.trim_start_matches("urn:uuid:")),
            components: BTreeMap::new(),
            root: of_metadata("component"),
        };
        let root = bom.root.into_iter();
        let mut left: Vec<&Value> = root.chain(components(Some(table))).collect();
        // The depth of a value is bounded by what reads it.
        while let Some(component) = left.pop() {
            if let Some(name) = component.get("bom-ref").and_then(Value::as_str) {
                bom.components.insert(name, component);
            }
            left.extend(components(component.as_object()));
        }
        bom
    }

    /// What a reference names, and whether it is in this bill.
    fn component(&self, reference: &str) -> Option<(Component, bool)> {
        if let Some(own) = self.components.get(reference) {
            return Some((component(own)?, true));
        }
        let text = match reference.strip_prefix("urn:cdx:") {
            None => reference.to_owned(),
            Some(link) => {
                let (bom, element) = match link.split_once('#') {
                    Some((bom, element)) => (bom, Some(element)),
                    None => (link, None),
                };
                let serial = bom.split('/').next().unwrap_or_default();
                let is_own = !self.serial.is_empty() && self.serial.eq_ignore_ascii_case(serial);
                let decode = |text: &str| {
                    let text = percent_encoding::percent_decode_str(text).decode_utf8();
                    text.map(std::borrow::Cow::into_owned).ok()
                };
                if is_own {
                    let Some(element) = element else {
                        return Some((component(self.root?)?, true));
                    };
                    let decoded = decode(element)?;
                    let own = self.components.get(element);
                    if let Some(own) = own.or_else(|| self.components.get(decoded.as_str())) {
                        return Some((component(own)?, true));
                    }
                }
                // Tools write a package URL as it is, or once more percent-encoded.
                let element = element?;
                match element.starts_with("pkg:") && Name::of_purl(element).is_ok() {
                    true => element.to_owned(),
                    false => decode(element)?,
                }
            }
        };
        let name = Name::of_purl(&text).ok()?;
        Some((Component::named(name), false))
    }

    /// What a statement on a component is narrowed to: what this is the bill of, where that can be
    /// known.
    fn within(&self, component: &Component) -> Vec<Arc<Component>> {
        let root = self.root.and_then(self::component);
        root.filter(|root| root.name != component.name)
            .into_iter()
            .map(Arc::new)
            .collect()
    }
}

fn components(table: Option<&Map<String, Value>>) -> impl Iterator<Item = &Value> {
    let list = table.and_then(|table| table.get("components"));
    list.and_then(Value::as_array).into_iter().flatten()
}

/// Who wrote it: its first author, its manufacturer, its supplier.
fn author(metadata: Option<&Value>) -> Option<&str> {
    let metadata = metadata?;
    let author = metadata.get("authors").and_then(|list| list.get(0));
    let named = ["manufacturer", "manufacture", "supplier"].map(|key| metadata.get(key));
    let mut each = std::iter::once(author).chain(named).flatten();
    each.find_map(|one| one.get("name")?.as_str())
}

/// A component by its package URL or CPE, and an image by its digest, which may stand for its
/// version or among its hashes.
fn component(value: &Value) -> Option<Component> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let purl = text("purl").and_then(|purl| Name::of_purl(purl).ok());
    let is_container = text("type") == Some("container");
    let hashes = value.get("hashes").and_then(Value::as_array);
    let hash = hashes.into_iter().flatten().find_map(|hash| {
        let is_256 = hash.get("alg")?.as_str()? == "SHA-256";
        is_256.then(|| hash.get("content")?.as_str()).flatten()
    });
    let version = text("version").and_then(|version| version.strip_prefix("sha256:"));
    let digest = version.or(hash).filter(|_| is_container);
    let cpe = text("cpe").and_then(Cpe::read);
    Component::of(purl, digest.and_then(Name::of_sha256), cpe)
}

/// One statement for each status that is said: versions of a component can have their own.
fn read_vulnerability(
    reading: &mut Reading<'_>,
    value: &Value,
    place: &str,
    bom: &Bom<'_>,
) -> Vec<Statement> {
    let analysis = value.get("analysis");
    let of_analysis = |key: &str| analysis.and_then(|analysis| analysis.get(key));
    let word = of_analysis("state").and_then(Value::as_str);
    let state = STATES.iter().find(|(state, _)| word == Some(state));
    let Some((word, status)) = state else {
        let known = STATES.map(|(state, _)| state).join(", ");
        let place = under(place, "analysis.state");
        reading.malformed(&place, format!("expected one of {known}"));
        return Vec::new();
    };
    let names = names(reading, value);
    if names.is_empty() {
        reading.malformed(&under(place, "id"), "missing: which vulnerability it is");
        return Vec::new();
    }
    let times = ["lastUpdated", "firstIssued"].map(of_analysis);
    let times = times.into_iter().chain([value.get("updated")]).flatten();
    let own = times
        .filter_map(Value::as_str)
        .find_map(|time| time.parse().ok());
    let mut words = match *word {
        "false_positive" | "resolved_with_pedigree" => vec![(*word).to_owned()],
        _ => Vec::new(),
    };
    for key in ["justification", "detail"] {
        words.extend(
            of_analysis(key)
                .and_then(Value::as_str)
                .map(|text| reading.clip(text)),
        );
    }
    let justification = words.join(": ");
    let mut statements = Vec::new();
    for (status, products) in products(reading, value, place, (bom, *status)) {
        statements.push(Statement {
            document: bom.id.clone(),
            source: String::new(),
            author: bom.author.clone(),
            names: names.clone(),
            products,
            status,
            justification: justification.clone(),
            said_at: own.or(bom.timestamp).unwrap_or(Timestamp::UNIX_EPOCH),
        });
    }
    statements
}

/// Its identifier, and those of the same vulnerability elsewhere.
fn names(reading: &Reading<'_>, value: &Value) -> Vec<String> {
    let most = reading.limits.patterns;
    let references = value.get("references").and_then(Value::as_array);
    let others = references.into_iter().flatten().take(most);
    let others = others.filter_map(|one| one.get("id"));
    let each = value.get("id").into_iter().chain(others);
    let names = each
        .filter_map(Value::as_str)
        .filter(|name| !name.is_empty());
    capitals(names.map(|name| reading.clip(name)).collect())
}

fn products(
    reading: &mut Reading<'_>,
    value: &Value,
    place: &str,
    (bom, state): (&Bom<'_>, Status),
) -> BTreeMap<Status, Vec<Product>> {
    let place = under(place, "affects");
    let list = value.get("affects").and_then(Value::as_array);
    let most = reading.limits.products;
    if list.is_none_or(Vec::is_empty) {
        reading.malformed(&place, "missing: of which component it speaks");
    }
    if list.is_some_and(|list| list.len() > most) {
        reading.beyond(&place, format!("those after the first {most} are not read"));
    }
    let mut products: BTreeMap<Status, Vec<Product>> = BTreeMap::new();
    for (at, one) in list.into_iter().flatten().take(most).enumerate() {
        let place = format!("{place}[{at}]");
        let reference = one.get("ref").and_then(Value::as_str).unwrap_or_default();
        let Some((component, is_own)) = bom.component(reference) else {
            let detail = "the ref names no component that is known by a package URL, a CPE or a \
                          digest";
            reading.malformed(&under(&place, "ref"), detail);
            continue;
        };
        let within = match is_own {
            true => bom.within(&component),
            false => Vec::new(),
        };
        for (status, versions) in versions(reading, one, &place, state) {
            products.entry(status).or_default().push(Product {
                component: component.clone().in_versions(versions),
                within: within.clone(),
            });
        }
    }
    products
}

/// The versions of which a status is said. The analysis is about those that the weakness affects;
/// one that it does not affect needs no analysis.
fn versions(
    reading: &mut Reading<'_>,
    affects: &Value,
    place: &str,
    state: Status,
) -> Vec<(Status, Versions)> {
    let list = affects.get("versions").and_then(Value::as_array);
    let Some(list) = list.filter(|list| !list.is_empty()) else {
        return vec![(state, Versions::AsNamed)];
    };
    let most = reading.limits.products;
    let mut found = Vec::new();
    for (at, one) in list.iter().take(most).enumerate() {
        let text = |key: &str| one.get(key).and_then(Value::as_str);
        let status = match text("status").unwrap_or("affected") {
            "unaffected" => Status::NotAffected,
            "affected" => state,
            _ => Status::UnderInvestigation,
        };
        let range = text("range").and_then(|range| Range::read(range, most));
        match (text("version"), range) {
            (Some(version), _) => found.push((status, Versions::Exactly(version.to_owned()))),
            (None, Some(range)) => found.push((status, Versions::Within(range))),
            (None, None) => {
                let place = format!("{place}.versions[{at}]");
                reading.malformed(&place, "expected a version, or a range as vers:npm/<1.2.3");
            }
        }
    }
    found
}
