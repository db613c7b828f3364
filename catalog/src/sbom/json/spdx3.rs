//! SPDX 3.0 as JSON-LD: a flat list of elements that name each other by identifiers.

use serde_json::Value;

use super::super::bill::Bill;
use super::super::component::{Component, licence};
use super::{list, text};

pub fn element(bill: &mut Bill, value: Value) {
    let kind = text(&value, "type").or_else(|| text(&value, "@type"));
    let kind = kind.unwrap_or_default();
    let id = text(&value, "spdxId").or_else(|| text(&value, "@id"));
    let id = id.unwrap_or_default();
    match kind.rsplit(['_', '/']).next() {
        Some("Package") => bill.add(package(&value, id)),
        Some("SpdxDocument" | "Sbom" | "Bom") => {
            if let Some(rest) = &mut bill.rest {
                let roots = list(&value, "rootElement").filter_map(Value::as_str);
                let is_own = |root: &&str| !root.contains("SpdxDocument");
                rest.roots.extend(roots.filter(is_own).map(str::to_owned));
                rest.others += list(&value, "import").count();
            }
        }
        Some("LicenseExpression") => {
            let expression = text(&value, "simplelicensing_licenseExpression");
            if let (Some(rest), Some(expression)) = (&mut bill.rest, expression) {
                rest.licences.insert(id.to_owned(), licence(expression));
            }
        }
        Some("Relationship") => relationship(bill, &value),
        Some("Tool" | "Organization" | "SoftwareAgent") => {
            bill.creator(text(&value, "name").unwrap_or_default());
        }
        _ => {}
    }
}

fn package(value: &Value, id: &str) -> Component {
    let field = |key: &str| text(value, key).unwrap_or_default().to_owned();
    let mut component = Component {
        id: id.to_owned(),
        kind: field("software_primaryPurpose"),
        purl: field("software_packageUrl"),
        name: field("name"),
        version: field("software_packageVersion"),
        ..Component::default()
    };
    for identifier in list(value, "externalIdentifier") {
        let named = text(identifier, "identifier").unwrap_or_default();
        match text(identifier, "externalIdentifierType") {
            Some("packageUrl" | "purl") if component.purl.is_empty() => {
                named.clone_into(&mut component.purl);
            }
            Some("cpe23") if component.cpe.is_empty() => named.clone_into(&mut component.cpe),
            _ => {}
        }
    }
    component.source_info(&field("software_sourceInfo"));
    for remark in list(value, "software_attributionText").filter_map(Value::as_str) {
        component.remark(remark);
    }
    component
}

fn relationship(bill: &mut Bill, value: &Value) {
    let Some(rest) = &mut bill.rest else {
        return;
    };
    let from = text(value, "from").unwrap_or_default();
    let to = list(value, "to").filter_map(Value::as_str);
    match text(value, "relationshipType") {
        Some("describes") => rest.roots.extend(to.map(str::to_owned)),
        Some("hasDeclaredLicense") => {
            let pairs = to.map(|to| (from.to_owned(), to.to_owned()));
            rest.licensed.extend(pairs);
        }
        Some("other") => {
            let comment = text(value, "comment").unwrap_or_default();
            if comment.starts_with("ownership-by-file-overlap") {
                let pairs = to.map(|to| (from.to_owned(), to.to_owned()));
                rest.overlaps.extend(pairs);
            }
        }
        _ => {}
    }
}
