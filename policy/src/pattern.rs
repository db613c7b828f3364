//! Patterns with `*` on names that strangers chose: packages, identifiers, licences.

use std::fmt;
use std::str::FromStr;

/// A pattern in which `*` stands for any run of characters, also none. It must fit a text as a
/// whole; ASCII letters fit in either case, since identifiers and licences are written in both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    text: String,
    /// The text in small letters, where it holds a `*`.
    folded: Option<String>,
}

/// A text that is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no pattern: expected 1 to 256 characters without spaces and controls")]
pub struct InvalidPattern(String);

impl Pattern {
    /// The pattern's text, as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern fits the whole text.
    pub fn matches(&self, text: &str) -> bool {
        match &self.folded {
            None => self.text.eq_ignore_ascii_case(text),
            Some(pattern) => model::wildcard::fits(pattern, &text.to_ascii_lowercase()),
        }
    }
}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Pattern, InvalidPattern> {
        let most = model::wildcard::MAX_PATTERN;
        let odd = |one: char| one.is_control() || one.is_whitespace();
        match (1..=most).contains(&text.chars().count()) && !text.chars().any(odd) {
            true => Ok(Pattern {
                folded: text.contains('*').then(|| text.to_ascii_lowercase()),
                text: text.to_owned(),
            }),
            false => Err(InvalidPattern(text.chars().take(most).collect())),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_in_either_case_and_take_the_signs_of_package_urls() {
        let cases = [
            ("CVE-2021-*", "cve-2021-44228", true),
            ("CVE-2021-*", "CVE-2022-1", false),
            ("pkg:npm/%40babel/*", "pkg:npm/%40babel/core@7.0.0", true),
            ("GPL-2.0+", "GPL-2.0+", true),
            ("gpl-*", "LGPL-2.1", false),
        ];
        for (pattern, text, expected) in cases {
            let read: Pattern = pattern.parse().unwrap();
            assert_eq!(read.matches(text), expected, "{pattern} on {text}");
        }
        for text in ["", "a b", "a\n", &"a".repeat(257)] {
            assert!(text.parse::<Pattern>().is_err(), "{text:?}");
        }
    }
}
