//! The document as it is written. Lists of weaknesses are left as they stand, so that one broken
//! entry is one problem.

use std::borrow::Cow;
use std::ops::Deref;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A text that is borrowed from the file where it holds no escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

#[derive(Deserialize)]
pub struct Document<'a> {
    #[serde(borrow)]
    pub document: Head<'a>,
    #[serde(borrow, default)]
    pub product_tree: ProductTree<'a>,
    #[serde(borrow, default)]
    pub vulnerabilities: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
pub struct Head<'a> {
    #[serde(borrow, default)]
    pub aggregate_severity: Option<Severity<'a>>,
    #[serde(borrow, default)]
    pub references: Vec<Reference<'a>>,
    #[serde(borrow)]
    pub tracking: Tracking<'a>,
}

#[derive(Deserialize)]
pub struct Severity<'a> {
    #[serde(borrow)]
    pub text: Text<'a>,
}

#[derive(Deserialize)]
pub struct Reference<'a> {
    #[serde(borrow, default)]
    pub category: Text<'a>,
    #[serde(borrow)]
    pub url: Text<'a>,
}

#[derive(Deserialize)]
pub struct Tracking<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow, default)]
    pub initial_release_date: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub current_release_date: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
pub struct ProductTree<'a> {
    #[serde(borrow, default)]
    pub branches: Vec<Branch<'a>>,
    #[serde(borrow, default)]
    pub full_product_names: Vec<FullName<'a>>,
    #[serde(borrow, default)]
    pub relationships: Vec<Relationship<'a>>,
}

#[derive(Deserialize)]
pub struct Branch<'a> {
    #[serde(borrow, default)]
    pub category: Text<'a>,
    #[serde(borrow, default)]
    pub name: Text<'a>,
    #[serde(borrow, default)]
    pub branches: Vec<Branch<'a>>,
    #[serde(borrow, default)]
    pub product: Option<FullName<'a>>,
}

#[derive(Deserialize)]
pub struct FullName<'a> {
    #[serde(borrow)]
    pub product_id: Text<'a>,
    #[serde(borrow, default)]
    pub product_identification_helper: Helper<'a>,
}

#[derive(Default, Deserialize)]
pub struct Helper<'a> {
    #[serde(borrow, default)]
    pub cpe: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub purl: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub struct Relationship<'a> {
    #[serde(borrow)]
    pub full_product_name: FullName<'a>,
    #[serde(borrow)]
    pub product_reference: Text<'a>,
    #[serde(borrow)]
    pub relates_to_product_reference: Text<'a>,
}

#[derive(Deserialize)]
pub struct Vulnerability<'a> {
    #[serde(borrow, default)]
    pub cve: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub title: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub notes: Vec<Note<'a>>,
    #[serde(borrow, default)]
    pub release_date: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub product_status: ProductStatus<'a>,
    #[serde(borrow, default)]
    pub remediations: Vec<Remediation<'a>>,
    #[serde(borrow, default)]
    pub scores: Vec<Scores<'a>>,
    #[serde(borrow, default)]
    pub threats: Vec<Threat<'a>>,
}

#[derive(Deserialize)]
pub struct Note<'a> {
    #[serde(borrow, default)]
    pub category: Text<'a>,
    #[serde(borrow, default)]
    pub text: Text<'a>,
}

#[derive(Default, Deserialize)]
pub struct ProductStatus<'a> {
    #[serde(borrow, default)]
    pub fixed: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub first_fixed: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub recommended: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub known_affected: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub first_affected: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub last_affected: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub known_not_affected: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub under_investigation: Vec<Text<'a>>,
}

#[derive(Deserialize)]
pub struct Remediation<'a> {
    #[serde(borrow, default)]
    pub category: Text<'a>,
    #[serde(borrow, default)]
    pub details: Text<'a>,
    #[serde(borrow, default)]
    pub date: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub url: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub product_ids: Vec<Text<'a>>,
}

#[derive(Deserialize)]
pub struct Scores<'a> {
    #[serde(borrow, default)]
    pub cvss_v2: Option<Vector<'a>>,
    #[serde(borrow, default)]
    pub cvss_v3: Option<Vector<'a>>,
    #[serde(borrow, default)]
    pub cvss_v4: Option<Vector<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vector<'a> {
    #[serde(borrow, default)]
    pub vector_string: Text<'a>,
}

#[derive(Deserialize)]
pub struct Threat<'a> {
    #[serde(borrow, default)]
    pub category: Text<'a>,
    #[serde(borrow, default)]
    pub details: Text<'a>,
    #[serde(borrow, default)]
    pub product_ids: Vec<Text<'a>>,
}

pub fn read(bytes: &[u8]) -> Result<Document<'_>, serde_json::Error> {
    serde_json::from_slice(bytes)
}
