//! OpenVEX documents. What cannot be read is left out and named: a statement that is left out
//! suppresses nothing.

use model::Problem;
use packageurl::PackageUrl;
use serde_json::{Map, Value};

use super::product::parse;
use super::{Document, Product, Statement, Status};
use crate::document::value;
use crate::reading::{Reading, under};
use crate::{Form, Limits};

impl Document {
    /// Reads a document; `None` where it is none at all. Keys that are not known are passed over,
    /// as the specification wants.
    pub fn read(text: &str, limits: &Limits) -> (Option<Document>, Vec<Problem>) {
        let mut reading = Reading::new(limits);
        let document = value(&mut reading, text, Form::Json)
            .and_then(|value| read_document(&mut reading, &value));
        (document, reading.into_problems())
    }
}

/// What the statements of a document share.
struct Shared {
    document: String,
    author: String,
    timestamp: Option<Value>,
}

fn read_document(reading: &mut Reading<'_>, value: &Value) -> Option<Document> {
    let Some(table) = value.as_object() else {
        reading.malformed("document", "expected an OpenVEX document");
        return None;
    };
    let context = table.get("@context").and_then(Value::as_str);
    if !context.is_some_and(|context| context.starts_with("https://openvex.dev/ns")) {
        let detail = "expected https://openvex.dev/ns/v0.2.0: other forms are not read";
        reading.malformed("@context", detail);
        return None;
    }
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
    let shared = Shared {
        document: id.clone(),
        author: author.clone(),
        timestamp: table.get("timestamp").cloned(),
    };
    let each = list.iter().take(most).enumerate();
    let statements = each
        .filter_map(|(at, value)| {
            read_statement(reading, value, &format!("statements[{at}]"), &shared)
        })
        .collect();
    Some(Document {
        id,
        author,
        statements,
    })
}

fn read_statement(
    reading: &mut Reading<'_>,
    value: &Value,
    place: &str,
    shared: &Shared,
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
    let time = table.get("timestamp").or(shared.timestamp.as_ref());
    let Some(time) = time else {
        reading.malformed(&time_place, "missing, in the document as well");
        return None;
    };
    let said_at = reading.time(time, &time_place)?;
    let justification = justification(reading, table, place, status)?;
    let names = names(reading, table, place)?;
    let products = products(reading, table, place);
    if products.is_empty() {
        reading.malformed(
            &under(place, "products"),
            "it names nothing that can be known",
        );
        return None;
    }
    Some(Statement {
        document: shared.document.clone(),
        author: shared.author.clone(),
        names,
        products,
        status,
        justification,
        said_at,
    })
}

/// Why: the specification wants a justification or an impact statement of `not_affected`.
fn justification(
    reading: &mut Reading<'_>,
    table: &Map<String, Value>,
    place: &str,
    status: Status,
) -> Option<String> {
    let mut words = Vec::new();
    for key in ["justification", "impact_statement"] {
        if let Some(value) = table.get(key) {
            words.push(reading.text(value, &under(place, key))?);
        }
    }
    words.retain(|word| !word.trim().is_empty());
    if words.is_empty() && status == Status::NotAffected {
        let detail = "missing: not_affected needs a justification or an impact_statement";
        reading.malformed(&under(place, "justification"), detail);
        return None;
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
    let mut names: Vec<String> = names.iter().map(|one| one.to_ascii_uppercase()).collect();
    names.sort();
    names.dedup();
    Some(names)
}

fn products(reading: &mut Reading<'_>, table: &Map<String, Value>, place: &str) -> Vec<Product> {
    let place = under(place, "products");
    let list = table.get("products").and_then(Value::as_array);
    let most = reading.limits.products;
    if list.is_some_and(|list| list.len() > most) {
        reading.beyond(&place, format!("those after the first {most} are not read"));
    }
    let mut products = Vec::new();
    for (at, value) in list.into_iter().flatten().take(most).enumerate() {
        let place = format!("{place}[{at}]");
        let Some(subcomponents) = subcomponents(reading, value, &place) else {
            continue;
        };
        let Some(identifier) = identifier(reading, value, &place) else {
            continue;
        };
        match Product::read(&identifier, subcomponents) {
            Ok(product) => products.push(product),
            Err(detail) => reading.malformed(&place, detail),
        }
    }
    products
}

/// The subcomponents of a product; `None` where one cannot be read, since the product without it
/// would be more than was meant.
fn subcomponents(
    reading: &mut Reading<'_>,
    product: &Value,
    place: &str,
) -> Option<Vec<PackageUrl<'static>>> {
    let place = under(place, "subcomponents");
    let Some(list) = product.get("subcomponents") else {
        return Some(Vec::new());
    };
    let most = reading.limits.products;
    let list = list.as_array().filter(|list| list.len() <= most);
    let Some(list) = list else {
        reading.malformed(&place, format!("expected a list of at most {most}"));
        return None;
    };
    let mut read = Vec::new();
    for (at, value) in list.iter().enumerate() {
        let place = format!("{place}[{at}]");
        match parse(&identifier(reading, value, &place)?) {
            Ok(purl) => read.push(purl),
            Err(detail) => {
                reading.malformed(&place, detail);
                return None;
            }
        }
    }
    Some(read)
}

/// The package URL of a component: as a text, as its `@id`, or among its identifiers.
fn identifier(reading: &mut Reading<'_>, value: &Value, place: &str) -> Option<String> {
    let named = value.get("identifiers").and_then(|all| all.get("purl"));
    let found = named.or_else(|| value.get("@id")).unwrap_or(value);
    if !found.is_string() {
        reading.malformed(place, "expected a package URL");
        return None;
    }
    reading.text(found, place)
}
