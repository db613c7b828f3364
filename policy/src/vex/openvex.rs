//! OpenVEX documents: the specification 0.2.0, and 0.0.1 where it differs.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::cpe::Cpe;
use super::product::{Component, Name, Product};
use super::read::{Form, capitals};
use super::{Document, Statement, Status};
use crate::reading::{Reading, under};

pub const FORM: Form = Form {
    name: "openvex",
    media_types: &[
        "application/vnd.openvex+json",
        "text/vex",
        "application/vex+json",
    ],
    fits: |table| {
        let context = table.get("@context").and_then(Value::as_str);
        context.is_some_and(|context| context.starts_with("https://openvex.dev/ns"))
    },
    read: read_document,
};

/// What the statements of a document share.
struct Shared<'s> {
    document: String,
    author: String,
    timestamp: Option<Value>,
    subjects: &'s [String],
}

fn read_document(
    reading: &mut Reading<'_>,
    table: &Map<String, Value>,
    subjects: &[String],
) -> Option<Document> {
    let id = reading.required(table, "@id", "")?;
    let author = match table.get("author") {
        Some(value) => reading.text(value, "author").unwrap_or_default(),
        None => String::new(),
    };
    let Some(list) = table.get("statements").and_then(Value::as_array) else {
        reading.malformed("statements", "expected a list of statements");
        return None;
    };
    let most = reading.limits.statements;
    if list.len() > most {
        reading.beyond(
            "statements",
            format!("those after the first {most} are not read"),
        );
    }
    // What was said anew is in force since then.
    let timestamp = table.get("last_updated").or_else(|| table.get("timestamp"));
    let shared = Shared {
        document: id.clone(),
        author: author.clone(),
        timestamp: timestamp.cloned(),
        subjects,
    };
    let each = list.iter().take(most).enumerate();
    let statements = each
        .filter_map(|(at, value)| {
            read_statement(reading, value, &format!("statements[{at}]"), &shared)
        })
        .collect();
    Some(Document {
        form: FORM.name,
        id,
        author,
        statements,
    })
}

fn read_statement(
    reading: &mut Reading<'_>,
    value: &Value,
    place: &str,
    shared: &Shared<'_>,
) -> Option<Statement> {
    let Some(table) = value.as_object() else {
        reading.malformed(place, "expected a statement");
        return None;
    };
    let word = reading.required(table, "status", place)?;
    let Some(status) = Status::ALL.into_iter().find(|one| one.as_str() == word) else {
        let known = Status::ALL.map(Status::as_str).join(", ");
        reading.malformed(&under(place, "status"), format!("expected one of {known}"));
        return None;
    };
    let time_place = under(place, "timestamp");
    let own = table.get("last_updated").or_else(|| table.get("timestamp"));
    let Some(time) = own.or(shared.timestamp.as_ref()) else {
        reading.malformed(&time_place, "missing, in the document as well");
        return None;
    };
    let said_at = reading.time(time, &time_place)?;
    let justification = justification(reading, table, place, status)?;
    let names = names(reading, table, place)?;
    let products = products(reading, table, place, shared.subjects);
    if products.is_empty() {
        reading.malformed(
            &under(place, "products"),
            "it names nothing that can be known",
        );
        return None;
    }
    Some(Statement {
        document: shared.document.clone(),
        source: String::new(),
        author: shared.author.clone(),
        names,
        products,
        status,
        justification,
        said_at,
    })
}

/// Why: the specification wants a justification or an impact statement of `not_affected`, and an
/// action of `affected`, without which that is worth no less.
fn justification(
    reading: &mut Reading<'_>,
    table: &Map<String, Value>,
    place: &str,
    status: Status,
) -> Option<String> {
    let mut words = Vec::new();
    for key in ["justification", "impact_statement"] {
        if let Some(value) = table.get(key) {
            words.push(reading.clipped(value, &under(place, key))?);
        }
    }
    words.retain(|word| !word.trim().is_empty());
    if words.is_empty() && status == Status::NotAffected {
        let detail = "missing: not_affected needs a justification or an impact_statement";
        reading.malformed(&under(place, "justification"), detail);
        return None;
    }
    if let Some(action) = table.get("action_statement")
        && status == Status::Affected
    {
        words.extend(reading.clipped(action, &under(place, "action_statement")));
    }
    Some(words.join(": "))
}

/// The weakness's names: a text in version 0.0.1, a table since 0.2.0.
fn names(
    reading: &mut Reading<'_>,
    table: &Map<String, Value>,
    place: &str,
) -> Option<Vec<String>> {
    let place = under(place, "vulnerability");
    let Some(value) = table.get("vulnerability") else {
        reading.malformed(&place, "missing");
        return None;
    };
    let mut names = Vec::new();
    match value.as_object() {
        None => names.push(reading.text(value, &place)?),
        Some(table) => {
            names.push(reading.required(table, "name", &place)?);
            let aliases = table.get("aliases").and_then(Value::as_array);
            let most = reading.limits.patterns;
            for alias in aliases.into_iter().flatten().take(most) {
                names.extend(reading.text(alias, &under(&place, "aliases")));
            }
        }
    }
    Some(capitals(names))
}

/// The products; in an attestation those may be its subjects.
fn products(
    reading: &mut Reading<'_>,
    table: &Map<String, Value>,
    place: &str,
    subjects: &[String],
) -> Vec<Product> {
    let place = under(place, "products");
    let list = table.get("products").and_then(Value::as_array);
    let list = list.filter(|list| !list.is_empty());
    if list.is_none() && !subjects.is_empty() && table.get("products").is_none_or(Value::is_array) {
        let whole = Name::Digests(subjects.to_vec());
        return vec![Product::alone(Component::named(whole))];
    }
    let most = reading.limits.products;
    if list.is_some_and(|list| list.len() > most) {
        reading.beyond(&place, format!("those after the first {most} are not read"));
    }
    // Of version 0.0.1: parts of all products of the statement.
    let shared = table.get("subcomponents");
    let mut products = Vec::new();
    for (at, value) in list.into_iter().flatten().take(most).enumerate() {
        let parts = value.get("subcomponents").or(shared);
        let one = format!("{place}[{at}]");
        products.extend(read_product(reading, value, parts, &one));
        // What is shared by all would otherwise be multiplied by them.
        if products.len() > most {
            let detail = format!("parts of products after the first {most} are not read");
            reading.beyond(&place, detail);
            products.truncate(most);
            break;
        }
    }
    products
}

/// A product, or each of its subcomponents in it. One that cannot be read is left out; where none
/// can, so is the product: without them it would be more than was meant.
fn read_product(
    reading: &mut Reading<'_>,
    value: &Value,
    parts: Option<&Value>,
    place: &str,
) -> Vec<Product> {
    let Some(whole) = component(reading, value, place) else {
        return Vec::new();
    };
    let Some(parts) = parts else {
        return vec![Product::alone(whole)];
    };
    let place = under(place, "subcomponents");
    let most = reading.limits.products;
    let list = parts.as_array().filter(|list| list.len() <= most);
    let Some(list) = list else {
        reading.malformed(&place, format!("expected a list of at most {most}"));
        return Vec::new();
    };
    if list.is_empty() {
        return vec![Product::alone(whole)];
    }
    let whole = Arc::new(whole);
    let each = list.iter().enumerate();
    each.filter_map(|(at, value)| {
        let component = component(reading, value, &format!("{place}[{at}]"))?;
        Some(Product {
            component,
            within: vec![whole.clone()],
        })
    })
    .collect()
}

/// A component, by a text, by its `@id`, or by its identifiers and hashes.
fn component(reading: &mut Reading<'_>, value: &Value, place: &str) -> Option<Component> {
    let own = |key: &str| {
        value
            .get(key)
            .or_else(|| value.is_string().then_some(value))
    };
    let identifiers = value.get("identifiers");
    let named = |key: &str| identifiers.and_then(|all| all.get(key));
    let hashes = value.get("hashes");
    let mut wrong = None;
    let mut purl = None;
    for text in [named("purl"), own("@id")].into_iter().flatten() {
        let text = reading.text(text, place)?;
        match Name::of_purl(&text) {
            Ok(name) => purl = purl.or(Some(name)),
            Err(detail) => wrong = wrong.or(Some(detail)),
        }
    }
    let cpe = ["cpe23", "cpe22"]
        .into_iter()
        .find_map(|key| named(key)?.as_str());
    let digest = ["sha-256", "sha256"]
        .into_iter()
        .find_map(|key| Name::of_sha256(hashes?.get(key)?.as_str()?));
    let found = Component::of(purl, digest, cpe.and_then(Cpe::read));
    if found.is_none() {
        let detail = wrong.unwrap_or_else(|| "expected a package URL, a hash or a CPE".to_owned());
        reading.malformed(place, detail);
    }
    found
}
