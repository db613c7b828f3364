//! Bitnami's order, its library `go-version`: Semantic Versioning, but what follows on a hyphen is
//! a revision, above the version without one. Zeros before a number, which the library refuses, are
//! in Bitnami's own advisories (`2018.08.18`).

use std::cmp::Ordering;

use crate::semver::{self, Parts, Version};
use crate::{Reason, Scheme, Undecided, read_both};

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is no version of Bitnami's.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(Scheme::Bitnami, a, b, read)?;
    let revisions = || match (a.forerunner, b.forerunner) {
        (Some(_), Some(_)) => semver::order_forerunners(a.forerunner, b.forerunner),
        (a, b) => a.is_some().cmp(&b.is_some()),
    };
    Ok(semver::order_numbers(&a.numbers, &b.numbers).then_with(revisions))
}

fn read(text: &str) -> Result<Version<'_>, Reason> {
    let (numbers, rest) = semver::read_numbers(text.as_bytes(), Parts::Three)?;
    let (forerunner, build) = semver::read_tail(rest)?;
    Ok(Version {
        numbers,
        forerunner,
        build,
    })
}
