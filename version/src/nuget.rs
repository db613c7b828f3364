//! NuGet's order, `NuGet.Versioning`: one to four numbers, of which a missing one is zero, then a
//! forerunner and metadata as in Semantic Versioning, without regard to case. Metadata does not
//! count.
//!
//! Numbers past 32 bits are ordered by their value, where NuGet refuses them, or takes them for
//! words in a forerunner, as it takes `-1` for a number there.

use std::cmp::Ordering;

use crate::semver;
use crate::{Reason, Scheme, Undecided, compare_digits, compare_ignoring_case, read_both};

struct Version<'a> {
    numbers: [&'a [u8]; 4],
    forerunner: Option<&'a [u8]>,
}

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is no version of NuGet's.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(Scheme::Nuget, a, b, read)?;
    let forerunners = || match (a.forerunner, b.forerunner) {
        (Some(a), Some(b)) => {
            let (a, b) = (a.split(semver::is_dot), b.split(semver::is_dot));
            semver::order_identifiers(a, b, compare_ignoring_case)
        }
        (a, b) => b.is_some().cmp(&a.is_some()),
    };
    let mut pairs = a.numbers.iter().zip(b.numbers);
    let numbers = pairs.find_map(|(a, b)| Some(compare_digits(a, b)).filter(|order| order.is_ne()));
    Ok(numbers.unwrap_or_else(forerunners))
}

fn read(text: &str) -> Result<Version<'_>, Reason> {
    let text = text.trim().as_bytes();
    let end = text.iter().position(|byte| matches!(byte, b'-' | b'+'));
    let (release, rest) = text
        .split_at_checked(end.unwrap_or(text.len()))
        .unwrap_or((text, &[]));
    let mut numbers: [&[u8]; 4] = [&[]; 4];
    let mut parts = release.split(semver::is_dot);
    for (number, part) in numbers.iter_mut().zip(parts.by_ref()) {
        if !crate::is_number(part) {
            return Err("a number is missing or has other characters");
        }
        *number = part;
    }
    if parts.next().is_some() {
        return Err("there are more than four numbers");
    }
    let (forerunner, _) = semver::read_tail(rest)?;
    if forerunner.is_some_and(|text| text.split(semver::is_dot).any(semver::has_leading_zero)) {
        return Err("a number of the forerunner starts with a zero");
    }
    Ok(Version {
        numbers,
        forerunner,
    })
}
