//! Dart's order, the library `pub_semver`: Semantic Versioning, but build metadata counts, and a
//! version with it is above the one without.
//!
//! Numbers past 64 bits are ordered by their value, where Dart refuses them.

use std::cmp::Ordering;

use crate::semver::{self, Parts, Version};
use crate::{Reason, Scheme, Undecided, read_both};

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is no version of Dart's.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(Scheme::Pub, a, b, read)?;
    let builds = || match (a.build, b.build) {
        (Some(a), Some(b)) => {
            let (a, b) = (a.split(semver::is_dot), b.split(semver::is_dot));
            semver::order_identifiers(a, b, |a, b| a.cmp(b))
        }
        (a, b) => a.is_some().cmp(&b.is_some()),
    };
    Ok(semver::order(&a, &b).then_with(builds))
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
