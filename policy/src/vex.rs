//! VEX: what publishers say of weaknesses in their products, as OpenVEX documents.
//!
//! Follows the OpenVEX specification 0.2.0, and 0.0.1 where it differs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{Digest, Finding};

mod product;
mod read;

pub use product::Product;

use crate::Suppression;

/// What a statement says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// The product is not affected.
    NotAffected,
    /// The product holds a fix.
    Fixed,
    /// It is not known yet.
    UnderInvestigation,
    /// The product is affected.
    Affected,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 4] = [
        Status::NotAffected,
        Status::Fixed,
        Status::UnderInvestigation,
        Status::Affected,
    ];

    /// The word of the specification.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::NotAffected => "not_affected",
            Status::Fixed => "fixed",
            Status::UnderInvestigation => "under_investigation",
            Status::Affected => "affected",
        }
    }

    /// Whether a finding does not count for which it is said.
    pub fn suppresses(self) -> bool {
        matches!(self, Status::NotAffected | Status::Fixed)
    }
}

/// A status for a weakness in products.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The identifier of the document that makes it.
    pub document: String,
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
    /// Since when it is known to be true.
    pub said_at: Timestamp,
}

impl Statement {
    pub(crate) fn suppression(&self) -> Suppression {
        Suppression::Vex {
            document: self.document.clone(),
            author: self.author.clone(),
            status: self.status.as_str(),
            justification: self.justification.clone(),
            said_at: self.said_at,
        }
    }
}

/// One document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its identifier: an address.
    pub id: String,
    /// Who wrote it.
    pub author: String,
    /// What it says; what could not be read is left out.
    pub statements: Vec<Statement>,
}

/// All documents, with an index of the weaknesses that they speak of.
#[derive(Clone, Debug, Default)]
pub struct Vex {
    statements: Vec<Statement>,
    by_name: BTreeMap<String, Vec<usize>>,
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
        Vex {
            statements,
            by_name,
        }
    }

    /// The statement that counts for a finding in an image: the latest. Of several of one time
    /// it is the one that suppresses least.
    pub(crate) fn statement(&self, finding: &Finding, digests: &[Digest]) -> Option<&Statement> {
        if self.by_name.is_empty() {
            return None;
        }
        let names = finding.identifiers();
        let known = names.filter_map(|name| self.by_name.get(&name.to_ascii_uppercase()));
        let known = known.flatten().filter_map(|at| self.statements.get(*at));
        let speaks = |one: &&Statement| {
            let mut products = one.products.iter();
            products.any(|product| product.fits(finding.purl.as_deref(), digests))
        };
        let order = |one: &Statement| (one.said_at, one.status, one.document.clone());
        known.filter(speaks).max_by_key(|one| order(one))
    }
}

#[cfg(test)]
mod tests;
