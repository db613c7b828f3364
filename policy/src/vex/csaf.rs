//! CSAF 2.0 and 2.1 in the profile VEX (`csaf_vex`): the status of products of a tree, in which
//! relationships say what is a part of what.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::product::Product;
use super::read::{Form, capitals};
use super::{Document, Statement, Status};
use crate::reading::{Reading, under};

mod tree;

use tree::Tree;

pub const FORM: Form = Form {
    name: "csaf",
    media_types: &["application/csaf+json", "application/vnd.csaf+json"],
    fits: |table| {
        let document = table.get("document");
        document.is_some_and(|document| document.get("csaf_version").is_some())
    },
    read: read_document,
};

/// The groups of a product status, and what they are in OpenVEX. What is recommended says nothing
/// of whether it is affected.
const GROUPS: [(&str, Status); 7] = [
    ("known_not_affected", Status::NotAffected),
    ("fixed", Status::Fixed),
    ("first_fixed", Status::Fixed),
    ("under_investigation", Status::UnderInvestigation),
    ("known_affected", Status::Affected),
    ("first_affected", Status::Affected),
    ("last_affected", Status::Affected),
];

/// What the statements of a document share.
struct Shared<'v> {
    document: String,
    author: String,
    said_at: Timestamp,
    tree: Tree<'v>,
}

fn read_document(
    reading: &mut Reading<'_>,
    table: &Map<String, Value>,
    _subjects: &[String],
) -> Option<Document> {
    let head = table.get("document").and_then(Value::as_object)?;
    let category = head.get("category").and_then(Value::as_str);
    if category != Some("csaf_vex") {
        let detail = "expected csaf_vex: documents of other categories do not say of what they \
                      leave out whether it is affected";
        reading.malformed("document.category", detail);
        return None;
    }
    let empty = Map::new();
    let part = |key: &str| head.get(key).and_then(Value::as_object).unwrap_or(&empty);
    let (publisher, tracking) = (part("publisher"), part("tracking"));
    let id = reading.required(tracking, "id", "document.tracking")?;
    let author = publisher.get("name").and_then(Value::as_str);
    let author = reading.clip(author.unwrap_or_default());
    let place = "document.tracking.current_release_date";
    let Some(time) = tracking.get("current_release_date") else {
        reading.malformed(place, "missing");
        return None;
    };
    let said_at = reading.time(time, place)?;
    let shared = Shared {
        document: id.clone(),
        author: author.clone(),
        said_at,
        tree: Tree::of(table.get("product_tree"), reading.limits),
    };
    let mut statements = Vec::new();
    let list = table.get("vulnerabilities").and_then(Value::as_array);
    let most = reading.limits.statements;
    for (at, value) in list.into_iter().flatten().enumerate() {
        if statements.len() >= most {
            let detail = format!("what comes after the first {most} statements is not read");
            reading.beyond("vulnerabilities", detail);
            break;
        }
        let place = format!("vulnerabilities[{at}]");
        statements.extend(read_vulnerability(reading, value, &place, &shared));
    }
    Some(Document {
        form: FORM.name,
        id,
        author,
        statements,
    })
}

/// A statement for each status and reason that is given to some of the products.
fn read_vulnerability(
    reading: &mut Reading<'_>,
    value: &Value,
    place: &str,
    shared: &Shared<'_>,
) -> Vec<Statement> {
    let names = names(reading, value);
    if names.is_empty() {
        reading.malformed(place, "expected a cve or ids: which vulnerability it is");
        return Vec::new();
    }
    let reasons = Reasons::of(reading, value, &shared.tree);
    let mut found: BTreeMap<(Status, String), Vec<Product>> = BTreeMap::new();
    for (key, status) in GROUPS {
        let place = under(&under(place, "product_status"), key);
        let list = value.get("product_status").and_then(|all| all.get(key));
        let list = list.and_then(Value::as_array);
        let most = reading.limits.products;
        if list.is_some_and(|list| list.len() > most) {
            reading.beyond(&place, format!("those after the first {most} are not read"));
        }
        let ids = list.into_iter().flatten().take(most);
        let mut unknown = Vec::new();
        let mut unreasoned = Vec::new();
        for id in ids.filter_map(Value::as_str) {
            let reason = reasons.of_product(id);
            if reason.is_empty() && status == Status::NotAffected {
                unreasoned.push(id);
                continue;
            }
            let products = shared.tree.products(id);
            if products.is_empty() {
                unknown.push(id);
            }
            found.entry((status, reason)).or_default().extend(products);
        }
        name_left_out(
            reading,
            &place,
            &unknown,
            "known by no package URL, CPE or digest",
        );
        let detail = "without the flag or the threat of the category impact that the profile wants";
        name_left_out(reading, &place, &unreasoned, detail);
    }
    let made = found
        .into_iter()
        .filter(|(_, products)| !products.is_empty());
    made.map(|((status, justification), products)| Statement {
        document: shared.document.clone(),
        source: String::new(),
        author: shared.author.clone(),
        names: names.clone(),
        products,
        status,
        justification,
        said_at: shared.said_at,
    })
    .collect()
}

/// One problem for all products that are left out: publishers name thousands.
fn name_left_out(reading: &mut Reading<'_>, place: &str, ids: &[&str], why: &str) {
    if let Some(first) = ids.first() {
        let (first, count) = (reading.clip(first), ids.len());
        reading.malformed(
            place,
            format!("{count} products are left out: {why}; the first is {first}"),
        );
    }
}

fn names(reading: &Reading<'_>, value: &Value) -> Vec<String> {
    let most = reading.limits.patterns;
    let ids = value.get("ids").and_then(Value::as_array);
    let ids = ids.into_iter().flatten().take(most);
    let texts = ids.filter_map(|one| one.get("text"));
    let each = value.get("cve").into_iter().chain(texts);
    let names = each
        .filter_map(Value::as_str)
        .filter(|name| !name.is_empty());
    capitals(names.map(|name| reading.clip(name)).collect())
}

/// Why products are not affected: flags, and threats of the category impact.
struct Reasons {
    by_product: BTreeMap<String, BTreeSet<String>>,
    /// Of which no products are named.
    of_all: BTreeSet<String>,
}

impl Reasons {
    fn of(reading: &Reading<'_>, value: &Value, tree: &Tree<'_>) -> Reasons {
        let mut reasons = Reasons {
            by_product: BTreeMap::new(),
            of_all: BTreeSet::new(),
        };
        let list = |key: &str| value.get(key).and_then(Value::as_array);
        let flags = list("flags").into_iter().flatten();
        for flag in flags {
            reasons.add(reading, flag, flag.get("label"), tree);
        }
        let is_impact =
            |one: &&Value| one.get("category").and_then(Value::as_str) == Some("impact");
        let threats = list("threats").into_iter().flatten().filter(is_impact);
        for threat in threats {
            reasons.add(reading, threat, threat.get("details"), tree);
        }
        reasons
    }

    fn add(&mut self, reading: &Reading<'_>, of: &Value, text: Option<&Value>, tree: &Tree<'_>) {
        let text = text.and_then(Value::as_str).unwrap_or_default();
        if text.trim().is_empty() {
            return;
        }
        let text = reading.clip(text);
        let list = |key: &str| {
            let list = of.get(key).and_then(Value::as_array);
            list.into_iter().flatten().filter_map(Value::as_str)
        };
        let grouped = list("group_ids").flat_map(|group| tree.group(group));
        let mut is_of_some = of.get("product_ids").is_some() || of.get("group_ids").is_some();
        for id in list("product_ids").chain(grouped) {
            is_of_some = true;
            let own = self.by_product.entry(id.to_owned()).or_default();
            own.insert(text.clone());
        }
        if !is_of_some {
            self.of_all.insert(text);
        }
    }

    fn of_product(&self, id: &str) -> String {
        let own = self.by_product.get(id).into_iter().flatten();
        let words: BTreeSet<&str> = own.chain(&self.of_all).map(String::as_str).collect();
        words.into_iter().collect::<Vec<_>>().join(": ")
    }
}
