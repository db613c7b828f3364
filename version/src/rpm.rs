//! rpm's order of `epoch:version-release`, as `rpmverCmp` of rpm 4.18 has it, with `~` and `^`.
//!
//! A missing epoch is 0. A missing release is below every release, so that the order is one: in
//! a dependency (`Requires: curl <= 8.1`) rpm takes it for any release instead, which is what
//! [`crate::is_at_most`] does with the last version of a range.
//!
//! Within version and release, runs of digits and runs of letters are compared, and everything
//! else only separates them. `~` is below the end, `^` is above the end and below all else.

use std::cmp::Ordering;

use crate::{Reason, Scheme, Undecided, compare_digits, read_both, split_run};

/// The three parts of a version.
pub(crate) struct Parts<'a> {
    pub epoch: &'a [u8],
    pub version: &'a [u8],
    pub release: Option<&'a [u8]>,
}

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is empty or has a blank within.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(Scheme::Rpm, a, b, read)?;
    let release = || match (a.release, b.release) {
        (Some(a), Some(b)) => compare_part(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    };
    Ok(compare_digits(a.epoch, b.epoch)
        .then_with(|| compare_part(a.version, b.version))
        .then_with(release))
}

pub(crate) fn read(text: &str) -> Result<Parts<'_>, Reason> {
    if text.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        return Err("there is a blank or a control character within");
    }
    let bytes = text.as_bytes();
    let (epoch, rest) = match split_run(bytes, u8::is_ascii_digit) {
        (digits, [b':', rest @ ..]) => (digits, rest),
        _ => (&[][..], bytes),
    };
    let hyphen = rest.iter().rposition(|byte| *byte == b'-');
    let (version, release) = match hyphen.and_then(|at| rest.split_at_checked(at)) {
        Some((version, release)) => (version, release.strip_prefix(b"-")),
        None => (rest, None),
    };
    if version.is_empty() {
        return Err("the version is empty");
    }
    Ok(Parts {
        epoch,
        version,
        release,
    })
}

/// `rpmvercmp`.
fn compare_part<'a>(mut a: &'a [u8], mut b: &'a [u8]) -> Ordering {
    loop {
        a = split_run(a, is_separator).1;
        b = split_run(b, is_separator).1;
        match (a, b) {
            ([b'~', rest_a @ ..], [b'~', rest_b @ ..])
            | ([b'^', rest_a @ ..], [b'^', rest_b @ ..]) => {
                (a, b) = (rest_a, rest_b);
                continue;
            }
            ([b'~', ..], _) => return Ordering::Less,
            (_, [b'~', ..]) => return Ordering::Greater,
            ([], []) => return Ordering::Equal,
            ([], _) => return Ordering::Less,
            (_, []) => return Ordering::Greater,
            ([b'^', ..], _) => return Ordering::Less,
            (_, [b'^', ..]) => return Ordering::Greater,
            _ => {}
        }
        let order;
        (order, a, b) = compare_run(a, b);
        if order.is_ne() {
            return order;
        }
    }
}

/// The runs in front: digits by their value and above letters, letters by their bytes; and what
/// follows on them.
pub(crate) fn compare_run<'a>(a: &'a [u8], b: &'a [u8]) -> (Ordering, &'a [u8], &'a [u8]) {
    let is_number = |text: &[u8]| text.first().is_some_and(u8::is_ascii_digit);
    let (run_a, rest_a, run_b, rest_b) = match (is_number(a), is_number(b)) {
        (true, true) => {
            let (run_a, rest_a) = split_run(a, u8::is_ascii_digit);
            let (run_b, rest_b) = split_run(b, u8::is_ascii_digit);
            return (compare_digits(run_a, run_b), rest_a, rest_b);
        }
        (false, false) => {
            let (run_a, rest_a) = split_run(a, u8::is_ascii_alphabetic);
            let (run_b, rest_b) = split_run(b, u8::is_ascii_alphabetic);
            (run_a, rest_a, run_b, rest_b)
        }
        (number_a, number_b) => return (number_a.cmp(&number_b), a, b),
    };
    (run_a.cmp(run_b), rest_a, rest_b)
}

/// Bytes outside ASCII are separators too.
fn is_separator(byte: &u8) -> bool {
    !byte.is_ascii_alphanumeric() && !matches!(byte, b'~' | b'^')
}
