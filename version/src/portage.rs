//! Gentoo's order, part 3.3 of the Package Manager Specification: `1.2.3b_alpha4_p5-r6`.
//!
//! After the first number, one that starts with a zero, or that stands against such a one, is
//! compared as a fraction (`1.1` > `1.09`); more numbers are above fewer.

use std::cmp::Ordering;

use crate::{Reason, Scheme, Undecided, compare_digits, read_both, split_run};

struct Version<'a> {
    /// With dots between them.
    numbers: &'a [u8],
    letter: Option<u8>,
    /// Each with `_` in front.
    suffixes: &'a [u8],
    revision: &'a [u8],
}

/// The places of the suffixes; no suffix is between `_rc` and `_p`.
const SUFFIXES: &[(&[u8], u8)] = &[
    (b"alpha", 0),
    (b"beta", 1),
    (b"pre", 2),
    (b"rc", 3),
    (b"p", 5),
];
const NO_SUFFIX: u8 = 4;

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is no version of Gentoo's.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(Scheme::Portage, a, b, read)?;
    Ok(order_numbers(a.numbers, b.numbers)
        .then(a.letter.cmp(&b.letter))
        .then_with(|| order_suffixes(a.suffixes, b.suffixes))
        .then_with(|| compare_digits(a.revision, b.revision)))
}

fn order_numbers(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (a.split(|byte| *byte == b'.'), b.split(|byte| *byte == b'.'));
    let first = compare_digits(a.next().unwrap_or_default(), b.next().unwrap_or_default());
    if first.is_ne() {
        return first;
    }
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(a), Some(b)) if a.starts_with(b"0") || b.starts_with(b"0") => {
                without_zeros(a).cmp(without_zeros(b))
            }
            (Some(a), Some(b)) => compare_digits(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn without_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().rev().take_while(|byte| **byte == b'0');
    let end = digits.len() - zeros.count();
    digits.get(..end).unwrap_or(digits)
}

fn order_suffixes(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !(a.is_empty() && b.is_empty()) {
        let none = (NO_SUFFIX, &[][..], &[][..]);
        let (place_a, number_a, rest_a) = suffix(a).unwrap_or(none);
        let (place_b, number_b, rest_b) = suffix(b).unwrap_or(none);
        let order = place_a
            .cmp(&place_b)
            .then_with(|| compare_digits(number_a, number_b));
        if order.is_ne() {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
    Ordering::Equal
}

/// The place of the first suffix, its number and what follows.
fn suffix(text: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (word, rest) = split_run(text.strip_prefix(b"_")?, u8::is_ascii_lowercase);
    let (_, place) = SUFFIXES.iter().find(|(known, _)| *known == word)?;
    let (number, rest) = split_run(rest, u8::is_ascii_digit);
    Some((*place, number, rest))
}

fn read(text: &str) -> Result<Version<'_>, Reason> {
    let bytes = text.as_bytes();
    let (numbers, rest) = split_run(bytes, |byte| byte.is_ascii_digit() || *byte == b'.');
    if !numbers.split(|byte| *byte == b'.').all(crate::is_number) {
        return Err("a number is missing");
    }
    let (letter, suffixes) = match rest {
        [letter @ b'a'..=b'z', rest @ ..] => (Some(*letter), rest),
        _ => (None, rest),
    };
    let mut rest = suffixes;
    while let Some((_, _, after)) = suffix(rest) {
        rest = after;
    }
    let end = suffixes.len() - rest.len();
    let revision = match rest {
        [] => rest,
        [b'-', b'r', digits @ ..] if crate::is_number(digits) => digits,
        _ => return Err("something stands where only letter, _suffix or -rN can"),
    };
    Ok(Version {
        numbers,
        letter,
        suffixes: suffixes.get(..end).unwrap_or_default(),
        revision,
    })
}
