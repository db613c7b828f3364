//! Names of repositories and tags, as in the OCI distribution specification, "Pulling manifests".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Digest;

/// The longest repository name: what the specification advises, `255` with the host's share.
pub const MAX_NAME: usize = 255;
/// The longest tag.
pub const MAX_TAG: usize = 128;

/// A text that is no name of a repository or no tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no {what}: {rule}")]
pub struct InvalidName {
    text: String,
    what: &'static str,
    rule: &'static str,
}

impl InvalidName {
    fn new(text: &str, what: &'static str, rule: &'static str) -> InvalidName {
        InvalidName {
            text: text.chars().take(160).collect(),
            what,
            rule,
        }
    }
}

/// A repository's name: path components of lower-case letters, digits and single separators.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryName(String);

impl RepositoryName {
    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepositoryName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<RepositoryName, InvalidName> {
        let rule = "components of a-z and 0-9, joined by '.', '_', '__' or '-', split by '/', \
                    255 characters at most";
        let fits = !text.is_empty() && text.len() <= MAX_NAME;
        match fits && text.split('/').all(is_component) {
            true => Ok(RepositoryName(text.to_owned())),
            false => Err(InvalidName::new(text, "repository name", rule)),
        }
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let edges = [bytes.first(), bytes.last()];
    if !edges
        .into_iter()
        .all(|edge| edge.is_some_and(|byte| is_word(*byte)))
    {
        return false;
    }
    bytes
        .split(|byte| is_word(*byte))
        .filter(|run| !run.is_empty())
        .all(|run| matches!(run, b"." | b"_" | b"__") || run.iter().all(|byte| *byte == b'-'))
}

/// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

impl Tag {
    /// The tag's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Tag, InvalidName> {
        let rule = "a letter, a digit or '_', then those and '.' or '-', 128 characters at most";
        let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let starts = text
            .bytes()
            .next()
            .is_some_and(|byte| is_inner(byte) && !b".-".contains(&byte));
        match starts && text.len() <= MAX_TAG && text.bytes().all(is_inner) {
            true => Ok(Tag(text.to_owned())),
            false => Err(InvalidName::new(text, "tag", rule)),
        }
    }
}

/// What stands behind a repository's name: a tag or a digest.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reference {
    /// A tag, which can move.
    Tag(Tag),
    /// A digest, which cannot.
    Digest(Digest),
}

impl FromStr for Reference {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Reference, InvalidName> {
        match text.parse::<Digest>() {
            Ok(digest) => Ok(Reference::Digest(digest)),
            Err(_) => text.parse().map(Reference::Tag),
        }
    }
}

macro_rules! text_forms {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<$name, InvalidName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
    )*};
}

text_forms!(RepositoryName, Tag);

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reference::Tag(tag) => tag.fmt(f),
            Reference::Digest(digest) => digest.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_specification() {
        for name in [
            "a",
            "library/alpine",
            "a/b/c",
            "a.b",
            "a_b",
            "a__b",
            "a---b",
            "0",
        ] {
            assert!(name.parse::<RepositoryName>().is_ok(), "{name}");
        }
        let long = "a".repeat(256);
        for name in [
            "", "/", "a/", "/a", "a//b", "A", "a..b", "a___b", "a._b", "-a", "a-", "..", "é", &long,
        ] {
            assert!(name.parse::<RepositoryName>().is_err(), "{name}");
        }
    }

    #[test]
    fn tags_are_those_of_the_specification() {
        let longest = "t".repeat(128);
        for tag in ["latest", "V1", "_x", "1.0-rc.1", &longest] {
            assert!(tag.parse::<Tag>().is_ok(), "{tag}");
        }
        let long = "t".repeat(129);
        for tag in ["", ".x", "-x", "a/b", "a:b", "a b", "é", &long] {
            assert!(tag.parse::<Tag>().is_err(), "{tag}");
        }
    }

    #[test]
    fn a_digest_is_no_tag() {
        let digest = Digest::of(b"x").to_string();
        assert!(matches!(digest.parse(), Ok(Reference::Digest(_))));
        assert!(matches!("latest".parse(), Ok(Reference::Tag(_))));
        assert!("sha256:short".parse::<Reference>().is_err());
    }
}
