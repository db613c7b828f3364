//! The fields of components in CycloneDX, SPDX 2 and Syft's JSON, and what SPDX and CycloneDX say
//! of the document.

use serde_json::Value;

use super::super::bill::Bill;
use super::super::component::{Component, Place, licence};
use super::{list, text};

pub fn is_wanted(key: &str) -> bool {
    matches!(
        key,
        "id" | "bom-ref"
            | "SPDXID"
            | "purl"
            | "name"
            | "version"
            | "versionInfo"
            | "type"
            | "primaryPackagePurpose"
            | "cpe"
            | "cpes"
            | "licenses"
            | "licenseDeclared"
            | "publisher"
            | "supplier"
            | "properties"
            | "externalRefs"
            | "sourceInfo"
            | "attributionTexts"
            | "annotations"
            | "locations"
    )
}

pub fn set(component: &mut Component, key: &str, value: Value) {
    match (key, value) {
        ("id" | "bom-ref" | "SPDXID", Value::String(text)) => component.id = text,
        ("purl", Value::String(text)) => component.purl = text,
        ("name", Value::String(text)) => component.name = text,
        ("version" | "versionInfo", Value::String(text)) => component.version = text,
        ("type" | "primaryPackagePurpose", Value::String(text)) => component.kind = text,
        ("cpe", Value::String(text)) => component.cpe = text,
        ("licenseDeclared", Value::String(text)) => component.licence = licence(&text),
        ("publisher", Value::String(text)) => component.vendor = text,
        ("supplier", Value::String(text)) => component.supplier(&text),
        ("sourceInfo", Value::String(text)) => component.source_info(&text),
        ("cpes", Value::Array(list)) => {
            let first = list.first().and_then(|one| text(one, "cpe"));
            component.cpe = first.unwrap_or_default().to_owned();
        }
        ("licenses", Value::Array(list)) => component.licence = licences(&list),
        ("properties", Value::Array(list)) => properties(component, &list),
        ("externalRefs", Value::Array(list)) => references(component, list),
        ("attributionTexts", Value::Array(list)) => {
            let texts = list.iter().filter_map(Value::as_str);
            texts.for_each(|text| component.remark(text));
        }
        ("annotations", Value::Array(list)) => {
            let texts = list.iter().filter_map(|one| text(one, "comment"));
            texts.for_each(|text| component.remark(text));
        }
        ("locations", Value::Array(list)) => component.places = list.iter().map(place).collect(),
        _ => {}
    }
}

/// CycloneDX: an expression, or licences by identifier or name; Syft: values.
fn licences(list: &[Value]) -> String {
    let one = |entry: &Value| {
        let inside = entry.get("license").unwrap_or(entry);
        let keys = ["expression", "id", "name", "value"];
        let named = keys.iter().find_map(|key| text(inside, key));
        named.map(licence).filter(|text| !text.is_empty())
    };
    list.iter()
        .filter_map(one)
        .collect::<Vec<_>>()
        .join(" AND ")
}

fn properties(component: &mut Component, list: &[Value]) {
    for property in list {
        let number;
        let value = match property.get("value") {
            Some(Value::String(text)) => text.as_str(),
            Some(Value::Number(other)) => {
                number = other.to_string();
                &number
            }
            _ => continue,
        };
        component.property(text(property, "name").unwrap_or_default(), value);
    }
}

/// SPDX 2: the package URL and the CPE are references to the outside.
fn references(component: &mut Component, list: Vec<Value>) {
    for reference in list {
        let locator = text(&reference, "referenceLocator").unwrap_or_default();
        match text(&reference, "referenceType") {
            Some("purl") if component.purl.is_empty() => component.purl = locator.to_owned(),
            Some("cpe23Type") if component.cpe.is_empty() => component.cpe = locator.to_owned(),
            _ => {}
        }
    }
}

fn place(location: &Value) -> Place {
    let evidence = location
        .get("annotations")
        .and_then(|one| text(one, "evidence"));
    Place {
        path: text(location, "path").unwrap_or_default().to_owned(),
        layer: text(location, "layerID").unwrap_or_default().to_owned(),
        is_first: evidence == Some("primary"),
    }
}

/// SPDX 2: what the document is about, and whose files are whose where Syft says it.
pub fn relationship(bill: &mut Bill, value: Value) {
    let Some(rest) = &mut bill.rest else {
        return;
    };
    let field = |key: &str| text(&value, key).unwrap_or_default().to_owned();
    let (from, to) = (field("spdxElementId"), field("relatedSpdxElement"));
    match text(&value, "relationshipType") {
        Some("DESCRIBES") => drop(rest.roots.insert(to)),
        Some("DESCRIBED_BY") => drop(rest.roots.insert(from)),
        Some("OTHER") if field("comment").starts_with("ownership-by-file-overlap") => {
            rest.overlaps.push((from, to));
        }
        _ => {}
    }
}

pub fn root(bill: &mut Bill, value: Value) {
    if let (Some(rest), Some(id)) = (&mut bill.rest, value.as_str()) {
        rest.roots.insert(id.to_owned());
    }
}

pub fn creation(bill: &mut Bill, value: Value) {
    for creator in list(&value, "creators").filter_map(Value::as_str) {
        bill.creator(creator);
    }
}

pub fn other_document(bill: &mut Bill, _: Value) {
    if let Some(rest) = &mut bill.rest {
        rest.others += 1;
    }
}

/// CycloneDX: `incomplete`, `incomplete_first_party_only`, …
pub fn composition(bill: &mut Bill, value: Value) {
    let word = text(&value, "aggregate").unwrap_or_default();
    bill.completeness(word);
}

/// CycloneDX: a list of tools, or since 1.5 of components that are tools.
pub fn tools(bill: &mut Bill, value: &Value) {
    let named = value.as_array().into_iter().flatten();
    for tool in named.chain(list(value, "components")) {
        bill.creator(text(tool, "name").unwrap_or_default());
    }
}
