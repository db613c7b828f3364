//! Semantic Versioning 2.0.0, as it is written: three numbers, a forerunner after `-`, build
//! metadata after `+`, which does not count. Cargo, Swift and Hex order by it.
//!
//! Two things are read that the specification refuses: numbers that are missing at the end are
//! zero, since advisories say `< 1.2` of packages whose versions all have three; and numbers past
//! 64 bits, which Cargo's own reader refuses, are ordered by their value.

use std::cmp::Ordering;

use crate::{Reason, Scheme, Undecided, compare_digits, is_number, read_both, split_run};

/// A version as it is read.
pub(crate) struct Version<'a> {
    pub numbers: [&'a [u8]; 3],
    pub forerunner: Option<&'a [u8]>,
    pub build: Option<&'a [u8]>,
}

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is no semantic version.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(Scheme::Semver, a, b, |text| read(text.as_bytes()))?;
    Ok(order(&a, &b))
}

/// The precedence of the specification's part 11.
pub(crate) fn order(a: &Version<'_>, b: &Version<'_>) -> Ordering {
    order_numbers(&a.numbers, &b.numbers)
        .then_with(|| order_forerunners(a.forerunner, b.forerunner))
}

fn read(text: &[u8]) -> Result<Version<'_>, Reason> {
    let (numbers, rest) = read_short_numbers(text)?;
    if numbers.iter().any(|digits| has_leading_zero(digits)) {
        return Err("a number starts with a zero");
    }
    let (forerunner, build) = read_tail(rest)?;
    if forerunner.is_some_and(|text| text.split(is_dot).any(has_leading_zero)) {
        return Err("a number of the forerunner starts with a zero");
    }
    Ok(Version {
        numbers,
        forerunner,
        build,
    })
}

/// Three numbers and what follows on them, or fewer with nothing behind them.
pub(crate) fn read_short_numbers(text: &[u8]) -> Result<([&[u8]; 3], &[u8]), Reason> {
    let (numbers, rest) = read_numbers(text, Parts::OneToThree)?;
    let [_, _, patch] = numbers;
    match patch.is_empty() && !rest.is_empty() {
        true => Err("something follows on fewer than three numbers"),
        false => Ok((numbers, rest)),
    }
}

/// How many numbers there must be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parts {
    Three,
    /// What is missing is zero.
    OneToThree,
}

/// The numbers in front, missing ones empty, and the rest.
pub(crate) fn read_numbers(text: &[u8], parts: Parts) -> Result<([&[u8]; 3], &[u8]), Reason> {
    let mut numbers: [&[u8]; 3] = [&[]; 3];
    let mut rest = text;
    for (at, number) in numbers.iter_mut().enumerate() {
        let after = match (at, rest) {
            (0, rest) => rest,
            (_, [b'.', after @ ..]) => after,
            _ if parts == Parts::OneToThree => break,
            _ => return Err("there are fewer than three numbers"),
        };
        (*number, rest) = split_run(after, u8::is_ascii_digit);
        if number.is_empty() {
            return Err("a number is missing");
        }
    }
    Ok((numbers, rest))
}

/// What stands after `-` and after `+`, in this order.
#[allow(clippy::type_complexity, reason = "two texts that may be missing")]
pub(crate) fn read_tail(text: &[u8]) -> Result<(Option<&[u8]>, Option<&[u8]>), Reason> {
    let (forerunner, rest) = match text {
        [b'-', rest @ ..] => {
            let (forerunner, rest) = split_run(rest, |byte| *byte != b'+');
            (Some(forerunner), rest)
        }
        _ => (None, text),
    };
    let build = match rest {
        [] => None,
        [b'+', build @ ..] => Some(build),
        _ => return Err("something stands behind the numbers that is neither '-' nor '+'"),
    };
    let words = forerunner.into_iter().chain(build);
    if !words.flat_map(|text| text.split(is_dot)).all(is_identifier) {
        return Err("an identifier behind '-' or '+' is empty or has other characters");
    }
    Ok((forerunner, build))
}

pub(crate) fn is_dot(byte: &u8) -> bool {
    *byte == b'.'
}

pub(crate) fn is_identifier(word: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    !word.is_empty() && word.iter().all(fits)
}

pub(crate) fn has_leading_zero(word: &[u8]) -> bool {
    is_number(word) && word.len() > 1 && word.starts_with(b"0")
}

pub(crate) fn order_numbers(a: &[&[u8]; 3], b: &[&[u8]; 3]) -> Ordering {
    let pairs = a.iter().zip(b);
    pairs
        .map(|(a, b)| compare_digits(a, b))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// A forerunner is below the version that it runs before.
pub(crate) fn order_forerunners(a: Option<&[u8]>, b: Option<&[u8]>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => order_identifiers(a.split(is_dot), b.split(is_dot), |a, b| a.cmp(b)),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// From the left: numbers by their value and below words, what is missing below all.
pub(crate) fn order_identifiers<'a>(
    mut a: impl Iterator<Item = &'a [u8]>,
    mut b: impl Iterator<Item = &'a [u8]>,
    order_words: impl Fn(&[u8], &[u8]) -> Ordering,
) -> Ordering {
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(a), Some(b)) => match (is_number(a), is_number(b)) {
                (true, true) => compare_digits(a, b),
                (false, false) => order_words(a, b),
                (number_a, number_b) => number_b.cmp(&number_a),
            },
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
}
