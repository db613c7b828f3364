//! VEX: what publishers say of weaknesses in their products.
//!
//! Read are OpenVEX 0.2.0 (and 0.0.1 where it differs), CSAF 2.0 (and 2.1) in its profile VEX, and
//! CycloneDX 1.4 and later, alone or in a bill of materials; also inside an in-toto attestation,
//! its DSSE envelope or a bundle of Sigstore, of which no signature is verified here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::VexStatement;

mod attestation;
mod cpe;
mod csaf;
mod cyclonedx;
mod openvex;
mod product;
mod purl;
mod range;
mod read;

pub use model::VexStatus as Status;
pub use product::{Component, Name, Product};
pub use read::{FORMS, Form, is_media_type};

use crate::suppress::Seen;

/// A status for a weakness in products.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The identifier of the document that makes it.
    pub document: String,
    /// Where the document was found; see [`Document::found_in`].
    pub source: String,
    /// Who makes it.
    pub author: String,
    /// The weakness's name and its aliases, in capital letters.
    pub names: Vec<String>,
    /// Of what it speaks.
    pub products: Vec<Product>,
    /// What it says.
    pub status: Status,
    /// Why, in the document's words.
    pub justification: String,
    /// Since when it is known to be true; the beginning of 1970 where the document says no time,
    /// so that any other statement is newer.
    pub said_at: Timestamp,
}

impl Statement {
    pub(crate) fn view(&self) -> VexStatement {
        VexStatement {
            document: self.document.clone(),
            source: self.source.clone(),
            author: self.author.clone(),
            status: self.status,
            justification: self.justification.clone(),
            said_at: self.said_at,
        }
    }
}

/// One document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its form: `openvex`, `csaf` or `cyclonedx`.
    pub form: &'static str,
    /// Its identifier: an address, a number.
    pub id: String,
    /// Who wrote it.
    pub author: String,
    /// What it says; what could not be read is left out.
    pub statements: Vec<Statement>,
}

impl Document {
    /// The same, with the place where it was found in all its statements.
    #[must_use]
    pub fn found_in(mut self, source: &str) -> Document {
        for statement in &mut self.statements {
            source.clone_into(&mut statement.source);
        }
        self
    }
}

/// All documents, with an index of the weaknesses that they speak of.
#[derive(Clone, Debug, Default)]
pub struct Vex {
    statements: Vec<Statement>,
    by_name: BTreeMap<String, Vec<usize>>,
    asks_architecture: bool,
}

impl Vex {
    /// The statements of all documents together.
    pub fn new(documents: impl IntoIterator<Item = Document>) -> Vex {
        let each = documents.into_iter();
        let statements: Vec<Statement> = each.flat_map(|one| one.statements).collect();
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, statement) in statements.iter().enumerate() {
            for name in &statement.names {
                by_name.entry(name.clone()).or_default().push(at);
            }
        }
        let mut products = statements.iter().flat_map(|one| &one.products);
        Vex {
            asks_architecture: products.any(Product::asks_architecture),
            statements,
            by_name,
        }
    }

    /// Whether a statement is about images of one architecture, so that [`crate::Subject`] has to
    /// say it.
    pub fn asks_architecture(&self) -> bool {
        self.asks_architecture
    }

    /// The statement that counts for a finding in an image: the latest. Of several of one time
    /// it is the one that suppresses least.
    pub(crate) fn statement(&self, seen: &Seen<'_>) -> Option<&Statement> {
        if self.by_name.is_empty() {
            return None;
        }
        let names = seen.finding.identifiers();
        let known = names.filter_map(|name| self.by_name.get(&name.to_ascii_uppercase()));
        let known = known.flatten().filter_map(|at| self.statements.get(*at));
        let speaks = |one: &&Statement| one.products.iter().any(|product| product.fits(seen));
        let order = |one: &Statement| (one.said_at, one.status, one.document.clone());
        known.filter(speaks).max_by_key(|one| order(one))
    }
}

#[cfg(test)]
mod tests;
