//! Debian's order, as in deb-version(7) and as dpkg's own code decides where the page is silent.
//!
//! Like `dpkg --compare-versions`, this reads what dpkg only warns of (a first character that is
//! no digit, characters outside the allowed set) and refuses what dpkg calls an error: a bad
//! epoch, an empty part, a blank within. One thing is stricter: dpkg takes the empty string and
//! `<unknown>` for "no package" and puts them below every version; here they are undecided, since
//! a package without a version is not thereby an old one.

use std::cmp::Ordering;

use crate::{Reason, Scheme, Undecided, compare_digits, read_both, split_run};

/// The three parts of a version: `epoch:upstream-revision`.
struct Parts<'a> {
    epoch: i32,
    upstream: &'a [u8],
    revision: &'a [u8],
}

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where dpkg refuses one of them.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    compare_as(Scheme::Dpkg, a, b)
}

/// The same for a scheme that took over the order.
pub(crate) fn compare_as(scheme: Scheme, a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (left, right) = read_both(scheme, a, b, parse)?;
    let order = (left.epoch.cmp(&right.epoch))
        .then_with(|| compare_part(left.upstream, right.upstream))
        .then_with(|| compare_part(left.revision, right.revision));
    Ok(order)
}

fn parse(text: &str) -> Result<Parts<'_>, Reason> {
    let text = text.trim_matches([' ', '\t']);
    if text.is_empty() || text == "<unknown>" {
        return Err("the version is empty");
    }
    if text.contains([' ', '\t', '\0']) {
        return Err("there is a blank within");
    }
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) => (parse_epoch(epoch)?, rest),
        None => (0, text),
    };
    let (upstream, revision) = match rest.rsplit_once('-') {
        Some((_, "")) => return Err("the revision after the last hyphen is empty"),
        Some(parts) => parts,
        None => (rest, ""),
    };
    if upstream.is_empty() {
        return Err("the upstream version is empty");
    }
    Ok(Parts {
        epoch,
        upstream: upstream.as_bytes(),
        revision: revision.as_bytes(),
    })
}

/// dpkg reads it with strtol(3): white space and a sign may stand before the digits.
fn parse_epoch(text: &str) -> Result<i32, Reason> {
    let digits = text.trim_start_matches(['\n', '\r', '\x0b', '\x0c']);
    match digits.parse::<i32>() {
        Ok(epoch) if epoch >= 0 => Ok(epoch),
        _ => Err("the epoch before the first colon is no number from 0 to 2147483647"),
    }
}

/// Runs of other characters and runs of digits in turn; a run that is absent counts as empty, and
/// an empty run of digits as 0.
fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !(a.is_empty() && b.is_empty()) {
        let (text_a, rest_a) = split_run(a, |byte| !byte.is_ascii_digit());
        let (text_b, rest_b) = split_run(b, |byte| !byte.is_ascii_digit());
        let (digits_a, rest_a) = split_run(rest_a, u8::is_ascii_digit);
        let (digits_b, rest_b) = split_run(rest_b, u8::is_ascii_digit);
        let order = compare_text(text_a, text_b).then_with(|| compare_digits(digits_a, digits_b));
        if order.is_ne() {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
    Ordering::Equal
}

fn compare_text(a: &[u8], b: &[u8]) -> Ordering {
    (0..a.len().max(b.len()))
        .map(|at| weight(a.get(at)).cmp(&weight(b.get(at))))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// `~` stands below the end, letters above it, everything else above the letters. Bytes outside
/// ASCII stand where C's signed `char` puts them: above letters, below punctuation.
fn weight(byte: Option<&u8>) -> i16 {
    match byte {
        None => 0,
        Some(b'~') => -1,
        Some(letter) if letter.is_ascii_alphabetic() => i16::from(*letter),
        Some(other) => i16::from(other.cast_signed()) + 256,
    }
}
