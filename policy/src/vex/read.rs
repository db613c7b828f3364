//! VEX documents of every form, recognised by looking. What cannot be read is left out and named:
//! a statement that is left out suppresses nothing.

use std::sync::Arc;

use model::Problem;
use serde_json::{Map, Value};

use super::product::{Component, Name};
use super::{Document, attestation, csaf, cyclonedx, openvex};
use crate::document::value;
use crate::reading::Reading;
use crate::{Form as Syntax, Limits};

/// Reads a document of a form, with the digests of which an attestation speaks.
type Read = fn(&mut Reading<'_>, &Map<String, Value>, &[String]) -> Option<Document>;

/// A form of documents.
#[derive(Debug)]
pub struct Form {
    /// What it is called.
    pub name: &'static str,
    /// The media types under which it travels, without parameters.
    pub media_types: &'static [&'static str],
    /// Whether a document says that it is one.
    pub(super) fits: fn(&Map<String, Value>) -> bool,
    /// Reads one.
    pub(super) read: Read,
}

/// Every form.
pub const FORMS: &[Form] = &[openvex::FORM, csaf::FORM, cyclonedx::FORM];

/// Media types of what can hold a document: attestations and their envelopes.
const WRAPPERS: [&str; 3] = [
    "application/vnd.in-toto+json",
    "application/vnd.dsse.envelope.v1+json",
    "application/vnd.dev.sigstore.bundle",
];

/// Whether something of that media type, or of that type of artifact, can be a VEX document or
/// hold one. A bill of materials can as well.
pub fn is_media_type(text: &str) -> bool {
    let word = text.split(';').next().unwrap_or_default().trim();
    let word = word.to_ascii_lowercase();
    let known = FORMS.iter().flat_map(|form| form.media_types);
    known.into_iter().any(|known| *known == word)
        || WRAPPERS.iter().any(|known| word.starts_with(known))
}

impl Document {
    /// Reads a document; `None` where it is none at all. Keys that are not known are passed over,
    /// as the specifications want. A bill of materials without statements has none.
    pub fn read(text: &str, limits: &Limits) -> (Option<Document>, Vec<Problem>) {
        let mut reading = Reading::new(limits);
        let document = value(&mut reading, text, Syntax::Json)
            .and_then(|value| read(&mut reading, value, true));
        (document, reading.into_problems())
    }

    /// The same, of something that need be no document: an attestation can be about anything.
    pub fn read_if_any(text: &str, limits: &Limits) -> (Option<Document>, Vec<Problem>) {
        let mut reading = Reading::new(limits);
        let document = value(&mut reading, text, Syntax::Json)
            .and_then(|value| read(&mut reading, value, false));
        (document, reading.into_problems())
    }
}

fn read(reading: &mut Reading<'_>, value: Value, is_one: bool) -> Option<Document> {
    let (value, subjects) = attestation::unwrap(reading, value)?;
    let table = value.as_object();
    let form = table.and_then(|table| FORMS.iter().find(|form| (form.fits)(table)));
    let Some((table, form)) = table.zip(form) else {
        if !is_one {
            return None;
        }
        let detail = "expected OpenVEX (an @context of https://openvex.dev/ns), CSAF \
                      (document.csaf_version) or CycloneDX in JSON (bomFormat), or one of them in \
                      an attestation";
        reading.malformed("document", detail);
        return None;
    };
    let mut document = (form.read)(reading, table, &subjects)?;
    if !subjects.is_empty() {
        let whole = Arc::new(Component::named(Name::Digests(subjects)));
        for product in products(&mut document) {
            product.within.push(whole.clone());
        }
    }
    Some(document)
}

fn products(document: &mut Document) -> impl Iterator<Item = &mut super::Product> {
    let statements = document.statements.iter_mut();
    statements.flat_map(|statement| &mut statement.products)
}

/// Names of a weakness as they are compared.
pub(super) fn capitals(names: Vec<String>) -> Vec<String> {
    let mut names: Vec<String> = names.iter().map(|one| one.to_ascii_uppercase()).collect();
    names.sort();
    names.dedup();
    names
}
