//! Patterns with `*`, as ECR's filters and our grants write them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest pattern, in characters.
pub const MAX_PATTERN: usize = 256;

/// A pattern in which `*` stands for any run of characters, also none, and `/` among them. It
/// must fit a text as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Wildcard(String);

/// A text that is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no pattern: expected letters, digits, '.', '_', '-', '/' and '*', 1 to 256")]
pub struct InvalidWildcard(String);

impl Wildcard {
    /// The pattern that fits every text.
    pub fn any() -> Wildcard {
        Wildcard("*".to_owned())
    }

    /// The pattern's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the pattern fits the whole text. Takes time linear in the text per `*`.
    pub fn matches(&self, text: &str) -> bool {
        fits(&self.0, text)
    }
}

/// Whether a pattern, in which `*` stands for any run of characters, fits the whole text.
pub fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        // There is no '*': the whole pattern was the prefix.
        return rest.is_empty();
    };
    // Each part as early as it can stand leaves the most for those behind it.
    let after = |rest: Option<&'_ str>, part: &str| match rest {
        Some(rest) => rest.split_once(part).map(|(_, after)| after.len()),
        None => None,
    };
    let mut left = Some(rest);
    for part in parts.filter(|part| !part.is_empty()) {
        let length = after(left, part);
        left = length.and_then(|length| text.get(text.len() - length..));
    }
    left.is_some_and(|left| left.ends_with(last))
}

impl FromStr for Wildcard {
    type Err = InvalidWildcard;

    fn from_str(text: &str) -> Result<Wildcard, InvalidWildcard> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/*".contains(&byte);
        match (1..=MAX_PATTERN).contains(&text.len()) && text.bytes().all(allowed) {
            true => Ok(Wildcard(text.to_owned())),
            false => Err(InvalidWildcard(text.chars().take(MAX_PATTERN).collect())),
        }
    }
}

impl fmt::Display for Wildcard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Wildcard {
    type Error = InvalidWildcard;

    fn try_from(text: String) -> Result<Wildcard, InvalidWildcard> {
        text.parse()
    }
}

impl From<Wildcard> for String {
    fn from(wildcard: Wildcard) -> String {
        wildcard.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_texts() {
        let cases = [
            ("*", "", true),
            ("*", "a/b", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "a", true),
            ("a*", "abc", true),
            ("a*", "ba", false),
            ("*a", "ba", true),
            ("*a", "bab", false),
            ("team/*", "team/x/y", true),
            ("team/*", "team", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("a**a", "aa", true),
            ("*b*", "abc", true),
            ("*ab*ab*", "abab", true),
            ("*ab*ab*", "aba", false),
        ];
        for (pattern, text, expected) in cases {
            let wildcard: Wildcard = pattern.parse().unwrap();
            assert_eq!(wildcard.matches(text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_long_hostile_pattern_ends_soon() {
        let wildcard: Wildcard = "a*".repeat(128).parse().unwrap();
        assert!(!wildcard.matches(&"ab".repeat(5_000).replace("ab", "b")));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["", "a b", "ä", "a?", &"a".repeat(257)] {
            assert!(text.parse::<Wildcard>().is_err(), "{text}");
        }
    }
}
