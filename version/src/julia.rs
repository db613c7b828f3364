//! Julia's order, `VersionNumber`: Semantic Versioning with or without `v`, in which missing
//! numbers are zero, a forerunner that starts with a letter needs no hyphen (`1.0rc1`), and build
//! metadata counts. `1.0-` is below and `1.0+` above everything else of its numbers.
//!
//! Numbers are ordered by their value, where Julia refuses those past 32 bits.

use std::cmp::Ordering;

use crate::semver::{self, Parts, Version};
use crate::{Reason, Scheme, Undecided, read_both};

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is no version of Julia's.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(Scheme::Julia, a, b, read)?;
    let forerunners = || match (a.forerunner, b.forerunner) {
        (Some(a), Some(b)) => order_identifiers(a, b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    };
    let is_top = |build: Option<&[u8]>| build.is_some_and(<[u8]>::is_empty);
    let builds = || {
        is_top(a.build)
            .cmp(&is_top(b.build))
            .then_with(|| match (a.build, b.build) {
                (Some(a), Some(b)) => order_identifiers(a, b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            })
    };
    Ok(semver::order_numbers(&a.numbers, &b.numbers)
        .then_with(forerunners)
        .then_with(builds))
}

/// The one empty identifier is below all others.
fn order_identifiers(a: &[u8], b: &[u8]) -> Ordering {
    match (a, b) {
        ([], _) | (_, []) => (!a.is_empty()).cmp(&!b.is_empty()),
        _ => semver::order_identifiers(a.split(semver::is_dot), b.split(semver::is_dot), |a, b| {
            a.cmp(b)
        }),
    }
}

fn read(text: &str) -> Result<Version<'_>, Reason> {
    let bytes = text.as_bytes();
    let bytes = match bytes {
        [b'v' | b'V', rest @ ..] => rest,
        _ => bytes,
    };
    let (numbers, rest) = semver::read_numbers(bytes, Parts::OneToThree)?;
    let end = rest.iter().position(|byte| *byte == b'+');
    let (words, build) = rest
        .split_at_checked(end.unwrap_or(rest.len()))
        .unwrap_or((rest, &[]));
    let forerunner = match words {
        [] => None,
        [b'-', words @ ..] => Some(words),
        [first, ..] if first.is_ascii_alphabetic() => Some(words),
        _ => return Err("something stands behind the numbers that is no forerunner"),
    };
    let build = build.strip_prefix(b"+");
    let fits = |text: &[u8]| text.split(semver::is_dot).all(semver::is_identifier);
    let is_empty = |text: Option<&[u8]>| text.is_some_and(<[u8]>::is_empty);
    let is_read = |text: Option<&[u8]>| text.is_none_or(|text| text.is_empty() || fits(text));
    if !is_read(forerunner) || !is_read(build) || (is_empty(forerunner) && build.is_some()) {
        return Err("an identifier is empty or has other characters");
    }
    Ok(Version {
        numbers,
        forerunner,
        build,
    })
}
