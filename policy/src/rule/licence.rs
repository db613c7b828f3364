//! `licence`: a word of the package's licence expression fits one of the patterns.

use super::{Case, Condition, Kind, Looks, Outcome};
use crate::Pattern;

pub const KIND: Kind = Kind {
    name: "licence",
    looks: Looks::AtPackage,
    read: |reading, value, place| {
        let patterns = reading.patterns(value, place)?;
        Some(Box::new(Licence(patterns)))
    },
};

#[derive(Clone, Debug)]
struct Licence(Vec<Pattern>);

impl Condition for Licence {
    fn test(&self, case: &Case<'_>) -> Outcome {
        let fits = |word: &&str| self.0.iter().any(|pattern| pattern.matches(word));
        let Some(word) = words(case.licence).find(fits) else {
            return Outcome::Not;
        };
        let text = match word == case.licence {
            true => format!("its licence is {word}"),
            false => format!("its licence is {}, which names {word}", case.licence),
        };
        Outcome::noting(text, "")
    }
}

/// The identifiers in an expression of SPDX's form, or in what package managers write instead.
fn words(expression: &str) -> impl Iterator<Item = &str> {
    let parts = expression.split(|one: char| one.is_whitespace() || "(),;/|&".contains(one));
    let is_operator = |word: &&str| {
        ["and", "or", "with"]
            .iter()
            .any(|operator| word.eq_ignore_ascii_case(operator))
    };
    parts.filter(move |word| !word.is_empty() && !is_operator(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_fall_into_words() {
        let read = |text| words(text).collect::<Vec<_>>().join(" ");
        assert_eq!(read("MIT"), "MIT");
        assert_eq!(
            read("(GPL-2.0+ WITH Classpath-exception-2.0) AND (MIT or BSD-3-Clause)"),
            "GPL-2.0+ Classpath-exception-2.0 MIT BSD-3-Clause"
        );
        assert_eq!(read("MIT/Apache-2.0"), "MIT Apache-2.0");
        assert_eq!(read(""), "");
    }
}
