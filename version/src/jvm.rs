//! The order of Java itself: `Runtime.Version` (JEP 322) and what came before JEP 223, in which
//! `1.8.0_372`, `8u372` and `8.0.372` are one.
//!
//! Builds (`+7`, `-b07`) and what is optional (`-LTS`, `-ga`) do not count: feeds name releases.
//! A forerunner (`-ea`) is below its release.

use std::cmp::Ordering;

use crate::semver;
use crate::{Reason, Scheme, Undecided, compare_digits, is_number, read_both, split_run};

struct Version<'a> {
    /// With dots between them, without the `1.` of old.
    numbers: &'a [u8],
    /// The update that is written behind the numbers: it is the third.
    update: Option<&'a [u8]>,
    forerunner: Option<&'a [u8]>,
}

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is no version of Java.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(Scheme::Jvm, a, b, read)?;
    let (mut ours, mut others) = (a.numbers(), b.numbers());
    loop {
        let order = match (ours.next(), others.next()) {
            (None, None) => return Ok(semver::order_forerunners(a.forerunner, b.forerunner)),
            (a, b) => compare_digits(a.unwrap_or_default(), b.unwrap_or_default()),
        };
        if order.is_ne() {
            return Ok(order);
        }
    }
}

impl<'a> Version<'a> {
    /// The numbers with the update in its place.
    fn numbers(&self) -> impl Iterator<Item = &'a [u8]> {
        let written = self.numbers.split(semver::is_dot);
        let missing = match self.update {
            None => 0,
            Some(_) => 2_usize.saturating_sub(written.clone().count()),
        };
        written
            .chain(std::iter::repeat_n(&b"0"[..], missing))
            .chain(self.update)
    }
}

fn read(text: &str) -> Result<Version<'_>, Reason> {
    let bytes = text.as_bytes();
    let (numbers, rest) = split_run(bytes, |byte| byte.is_ascii_digit() || *byte == b'.');
    let numbers = match numbers.strip_prefix(b"1.") {
        Some(old) if !old.is_empty() => old,
        _ => numbers,
    };
    if !numbers.split(semver::is_dot).all(is_number) {
        return Err("it does not start with a number");
    }
    let (update, rest) = read_update(rest)?;
    if update.is_some() && numbers.split(semver::is_dot).count() > 2 && !is_zero_third(numbers) {
        return Err("an update stands behind more than two numbers");
    }
    let numbers = match update {
        Some(_) => first_two(numbers),
        None => numbers,
    };
    Ok(Version {
        numbers,
        update,
        forerunner: read_forerunner(rest)?,
    })
}

/// `8.0.0_302`, in which the third number is the place of the update.
fn is_zero_third(numbers: &[u8]) -> bool {
    let mut parts = numbers.split(semver::is_dot).skip(2);
    parts
        .next()
        .is_some_and(|part| compare_digits(part, b"").is_eq())
        && parts.next().is_none()
}

fn first_two(numbers: &[u8]) -> &[u8] {
    let mut dots = (0..).zip(numbers).filter(|(_, byte)| semver::is_dot(byte));
    match dots.nth(1) {
        Some((at, _)) => numbers.get(..at).unwrap_or(numbers),
        None => numbers,
    }
}

/// `_372`, `u372`, `-update302`, `_update_302`.
#[allow(
    clippy::type_complexity,
    reason = "a number that may be missing, and the rest"
)]
fn read_update(rest: &[u8]) -> Result<(Option<&[u8]>, &[u8]), Reason> {
    const SIGNS: [&[u8]; 8] = [
        b"-update_",
        b"_update_",
        b"-update",
        b"_update",
        b" update_",
        b" update",
        b"_",
        b"u",
    ];
    let Some(after) = SIGNS.iter().find_map(|sign| rest.strip_prefix(*sign)) else {
        return Ok((None, rest));
    };
    match split_run(after, u8::is_ascii_digit) {
        ([], _) => Err("the number of the update is missing"),
        (digits, rest) => Ok((Some(digits), rest)),
    }
}

/// What follows on the numbers, without builds and without what is optional.
fn read_forerunner(rest: &[u8]) -> Result<Option<&[u8]>, Reason> {
    let (words, build) = split_run(rest, |byte| *byte != b'+');
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
    if !build
        .strip_prefix(b"+")
        .unwrap_or_default()
        .iter()
        .all(fits)
    {
        return Err("the build has other characters than letters, digits, '.' and '-'");
    }
    let words = match words {
        [] => return Ok(None),
        [b'-', words @ ..] => words,
        _ => return Err("something stands behind the numbers that Java does not know"),
    };
    let (word, optional) = split_run(words, u8::is_ascii_alphanumeric);
    let is_optional = optional.is_empty() || optional.starts_with(b"-");
    if word.is_empty() || !is_optional || !optional.iter().all(fits) {
        return Err("a word behind the numbers is empty or has other characters");
    }
    let is_build = word.strip_prefix(b"b").is_some_and(is_number);
    let counts =
        !is_build && !word.eq_ignore_ascii_case(b"lts") && !word.eq_ignore_ascii_case(b"ga");
    Ok(counts.then_some(word))
}
