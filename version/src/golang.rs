//! The order of Go modules, `golang.org/x/mod/semver`, with or without the `v`, and of Go itself
//! (`go1.21rc2`), as the Go vulnerability database compares them.
//!
//! Pseudo-versions (`v0.0.0-20190101000000-abcdefabcdef`) are forerunners like others;
//! `+incompatible` and `+dirty` are build metadata and do not count. Of `go1.22.4-1` and
//! `go1.20.5 X:boringcrypto` what follows on the release does not count either: it is whose build
//! it is. `(devel)` and `devel go1.24-…` have no order.

use std::cmp::Ordering;

use crate::semver::{self, Parts};
use crate::{Reason, Scheme, Undecided, is_number, read_both, split_run};

/// A version as it is read.
struct Version<'a> {
    numbers: [&'a [u8]; 3],
    /// The words of the forerunner and, of Go itself, its number.
    forerunner: Option<(&'a [u8], Option<&'a [u8]>)>,
}

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is the version of no module and of no Go.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(Scheme::Golang, a, b, read)?;
    let forerunners = || match (a.forerunner, b.forerunner) {
        (Some((a, a_number)), Some((b, b_number))) => {
            let a = a.split(semver::is_dot).chain(a_number);
            let b = b.split(semver::is_dot).chain(b_number);
            semver::order_identifiers(a, b, |a, b| a.cmp(b))
        }
        (a, b) => b.is_some().cmp(&a.is_some()),
    };
    Ok(semver::order_numbers(&a.numbers, &b.numbers).then_with(forerunners))
}

fn read(text: &str) -> Result<Version<'_>, Reason> {
    if text == "(devel)" || text.starts_with("devel ") {
        return Err("it was built from a work tree and has no version");
    }
    match text.strip_prefix("go") {
        Some(release) => read_release(release.as_bytes()),
        None => read_module(text.strip_prefix('v').unwrap_or(text).as_bytes()),
    }
}

fn read_module(text: &[u8]) -> Result<Version<'_>, Reason> {
    let (numbers, rest) = semver::read_short_numbers(text)?;
    let (forerunner, _) = semver::read_tail(rest)?;
    let words = forerunner
        .into_iter()
        .flat_map(|text| text.split(semver::is_dot));
    if words.chain(numbers).any(semver::has_leading_zero) {
        return Err("a number starts with a zero");
    }
    Ok(Version {
        numbers,
        forerunner: forerunner.map(|words| (words, None)),
    })
}

/// A release of Go itself: `1.20`, `1.21.0`, `1.21rc2`, `1.9beta1`.
fn read_release(text: &[u8]) -> Result<Version<'_>, Reason> {
    let (text, _) = split_run(text, |byte| !matches!(byte, b'-' | b'+' | b' '));
    let (numbers, rest) = semver::read_numbers(text, Parts::OneToThree)?;
    let (word, number) = split_run(rest, u8::is_ascii_lowercase);
    if numbers
        .into_iter()
        .chain([number])
        .any(semver::has_leading_zero)
    {
        return Err("a number starts with a zero");
    }
    let forerunner = match word {
        b"" if number.is_empty() => None,
        b"alpha" | b"beta" | b"rc" if is_number(number) => Some((word, Some(number))),
        _ => return Err("it is no release of Go"),
    };
    Ok(Version {
        numbers,
        forerunner,
    })
}
