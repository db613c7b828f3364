//! npm's order, as node-semver 7 has it with its option `loose`, with which npm reads what is
//! installed: Semantic Versioning, but `v`, `=` and blanks can stand in front, zeros before a
//! number, and no hyphen before a forerunner (`1.2.3beta`).
//!
//! Two things are read that node-semver refuses: numbers that are missing at the end are zero,
//! since advisories say `< 1.2` of packages whose versions all have three; and numbers past 2^53
//! are ordered by their value.

use std::cmp::Ordering;

use crate::semver::{self, Version};
use crate::{Reason, Scheme, Undecided, read_both};

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is no version, loosely.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(Scheme::Npm, a, b, read)?;
    Ok(semver::order(&a, &b))
}

fn read(text: &str) -> Result<Version<'_>, Reason> {
    let is_prefix = |letter: char| letter.is_whitespace() || matches!(letter, 'v' | '=');
    let text = text.trim_start_matches(is_prefix).trim_end();
    let (numbers, rest) = semver::read_short_numbers(text.as_bytes())?;
    let (forerunner, build) = match rest {
        [] | [b'-' | b'+', ..] => semver::read_tail(rest)?,
        _ => {
            let plus = rest.iter().position(|byte| *byte == b'+');
            let (words, rest) = rest
                .split_at_checked(plus.unwrap_or(rest.len()))
                .unwrap_or((rest, &[]));
            if !words.split(semver::is_dot).all(semver::is_identifier) {
                return Err("something stands behind the numbers that is no forerunner");
            }
            (Some(words), semver::read_tail(rest)?.1)
        }
    };
    Ok(Version {
        numbers,
        forerunner,
        build,
    })
}
