//! The members of a record that are read here; all others are passed over.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// A record.
#[derive(Deserialize)]
pub struct Vulnerability {
    pub id: String,
    pub modified: Option<String>,
    pub published: Option<String>,
    pub withdrawn: Option<String>,
    pub aliases: Option<Vec<String>>,
    pub upstream: Option<Vec<String>>,
    pub related: Option<Vec<String>>,
    pub summary: Option<String>,
    pub details: Option<String>,
    pub severity: Option<Vec<Severity>>,
    pub affected: Option<Vec<Affected>>,
    pub references: Option<Vec<Reference>>,
    pub database_specific: Option<Specific>,
}

/// A rating: a CVSS vector or a publisher's word, by type.
#[derive(Deserialize)]
pub struct Severity {
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub score: String,
}

/// A package and its affected versions.
#[derive(Deserialize)]
pub struct Affected {
    pub package: Option<Package>,
    pub severity: Option<Vec<Severity>>,
    pub ranges: Option<Vec<Range>>,
    pub versions: Option<Vec<String>>,
    pub ecosystem_specific: Option<Specific>,
    pub database_specific: Option<Specific>,
}

/// A package's name.
#[derive(Deserialize)]
pub struct Package {
    #[serde(default)]
    pub ecosystem: String,
    #[serde(default)]
    pub name: String,
}

/// A range: events in one kind of version.
#[derive(Deserialize)]
pub struct Range {
    #[serde(rename = "type", default)]
    pub kind: String,
    /// The address of the source repository, for commits.
    pub repo: Option<String>,
    #[serde(default)]
    pub events: Vec<Event>,
}

/// One event; exactly one member is there.
#[derive(Deserialize)]
pub struct Event {
    pub introduced: Option<String>,
    pub fixed: Option<String>,
    pub last_affected: Option<String>,
    pub limit: Option<String>,
}

/// An address.
#[derive(Deserialize)]
pub struct Reference {
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub url: String,
}

/// What publishers add by their own rules: here only what rates or bounds.
#[derive(Default, Deserialize)]
pub struct Specific {
    #[serde(default)]
    pub severity: Word,
    #[serde(default)]
    pub urgency: Word,
    #[serde(default)]
    pub url: Word,
    #[serde(default)]
    pub last_known_affected_version_range: Word,
}

/// A string, or anything else, which then says nothing.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Word {
    Text(String),
    Other(IgnoredAny),
}

impl Default for Word {
    fn default() -> Word {
        Word::Other(IgnoredAny)
    }
}

impl Word {
    /// The string, empty where there is none.
    pub fn as_str(&self) -> &str {
        match self {
            Word::Text(text) => text,
            Word::Other(_) => "",
        }
    }
}
