//! The Common Security Advisory Framework 2.0 (`docs.oasis-open.org/csaf/csaf/v2.0`), in which
//! several distributions publish: a tree of products, and for every weakness what is said of them.
//!
//! The format says which product is meant only by identifiers; what those identifiers mean (which
//! release, which package) each publisher has its own ways to say. So the reading is shared, and
//! a [`Publisher`] gives the meaning.

use model::{Ecosystem, Problem, ProblemKind};

use super::{FeedFile, Parsed};
use crate::{Limits, State};

mod document;
pub mod package;
mod statements;
mod tree;
mod vulnerability;

pub use tree::{Leaf, Product};

/// Under which heading of `product_status` a product stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// `fixed`, `first_fixed` and `recommended`: the version holds the fix.
    Fixed,
    /// `known_affected`, `first_affected`, `last_affected`.
    Affected,
    /// `known_not_affected`.
    NotAffected,
    /// `under_investigation`.
    UnderInvestigation,
}

/// What a publisher does about a weakness in a product: the category and the text of a remediation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remedy<'a> {
    /// `vendor_fix`, `no_fix_planned`, `none_available`, `workaround`, `mitigation`.
    pub category: &'a str,
    /// The publisher's words.
    pub details: &'a str,
}

/// The package that a product stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// The stream.
    pub ecosystem: Ecosystem,
    /// The channel, empty for the main one.
    pub channel: String,
    /// The module, empty for none.
    pub module: String,
    /// The name.
    pub package: String,
    /// The version, where the product is one build and not the package as such.
    pub version: Option<String>,
    /// The architecture, `src` for a source package; `None` for all.
    pub architecture: Option<String>,
}

/// What a product turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A package of a stream.
    Package(Subject),
    /// Nothing that an image's packages are looked up by: a container, a library's archive, a
    /// product as a whole.
    Other,
    /// A package of which something is missing, with what that is.
    Unclear(&'static str),
}

/// A publisher's ways of saying things.
pub struct Publisher {
    /// What a product is.
    pub meaning: fn(&Product<'_>, Status) -> Meaning,
    /// What is said of an affected product, given what is done about it.
    pub affected: fn(&[Remedy<'_>]) -> State,
    /// The address of the page on a weakness.
    pub address: fn(id: &str) -> String,
    /// The bulletin that a remediation's address leads to.
    pub bulletin: fn(url: &str) -> Option<&str>,
}

/// What is said of an affected product where the only final word is that it will not be mended.
pub fn affected(remedies: &[Remedy<'_>]) -> State {
    let is_final = remedies.iter().any(|one| one.category == "no_fix_planned");
    match is_final {
        true => State::WillNotFix,
        false => State::Affected,
    }
}

/// Reads one document: a record per weakness, and one per bulletin that mends it.
pub fn parse(file: &FeedFile<'_>, limits: &Limits, publisher: &Publisher) -> Parsed {
    let failure = |kind, detail: String| Parsed::failure(Problem::new(kind, file.place(), detail));
    let document = match document::read(file.bytes) {
        Ok(document) => document,
        Err(error) => return failure(ProblemKind::Malformed, error.to_string()),
    };
    let tree = match tree::Tree::of(&document.product_tree, limits.depth) {
        Ok(tree) => tree,
        Err(detail) => return failure(ProblemKind::Limit, detail),
    };
    let mut parsed = Parsed::default();
    for text in &document.vulnerabilities {
        let reader = vulnerability::Reader {
            head: &document.document,
            tree: &tree,
            publisher,
            limits,
        };
        let problem = |detail| Problem::new(ProblemKind::Malformed, file.place(), detail);
        match reader.read(text.get()) {
            Ok((records, problems)) => {
                parsed.records.extend(records);
                parsed.problems.extend(problems.into_iter().map(problem));
            }
            Err(detail) => parsed.problems.push(problem(detail)),
        }
    }
    parsed
}
