//! Composer's order: the library `composer/semver` brings a version to four numbers, a stability
//! and its numbers, which PHP's `version_compare` orders: `dev` < `alpha` < `beta` < `RC` < the
//! release < `patch`.
//!
//! A numeric branch (`2.1.x-dev`) is above all of its versions. Other branches (`dev-main`) equal
//! themselves only. Stability flags and aliases (`@dev`, `1.0 as 2.0`) belong to requirements and
//! are not read. Numbers past 64 bits are ordered by their value.

use std::cmp::Ordering;

use crate::{Reason, Scheme, Undecided, compare_digits, is_number, read_both, split_run};

/// A version in normal form.
enum Version<'a> {
    Branch(&'a str),
    Release(Release<'a>),
}

struct Release<'a> {
    /// With separators between them; a letter or `*` in a branch stands for 9999999.
    numbers: &'a [u8],
    /// The number that fills up to four where some are missing; `None` for a date.
    fill: Option<&'a [u8]>,
    /// The place of the stability among the [`STABILITIES`].
    stability: Option<u8>,
    /// Its numbers, with separators between them.
    behind: &'a [u8],
    is_dev: bool,
}

/// The words of stability, each with its place; longer ones before their beginnings.
const STABILITIES: &[(&[u8], u8)] = &[
    (b"stable", RELEASE),
    (b"beta", 2),
    (b"b", 2),
    (b"rc", 3),
    (b"alpha", 1),
    (b"a", 1),
    (b"patch", 5),
    (b"pl", 5),
    (b"p", 5),
];
const DEV: u8 = 0;
/// The place of a number against a word.
const RELEASE: u8 = 4;
const ANY: &[u8] = b"9999999";

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is no version, or a branch that the other is not.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (left, right) = read_both(Scheme::Composer, a, b, read)?;
    let branch = |text| Undecided::new(Scheme::Composer, text, "a branch has no order");
    match (left, right) {
        (Version::Branch(one), Version::Branch(other)) if one == other => Ok(Ordering::Equal),
        (Version::Branch(_), _) => Err(branch(a)),
        (_, Version::Branch(_)) => Err(branch(b)),
        (Version::Release(a), Version::Release(b)) => Ok(order(&a, &b)),
    }
}

#[derive(Clone, Copy)]
enum Token<'a> {
    Number(&'a [u8]),
    Word(u8),
}

fn order(a: &Release<'_>, b: &Release<'_>) -> Ordering {
    let (mut a, mut b) = (a.tokens(), b.tokens());
    let with_nothing = |token| match token {
        Token::Number(_) => Ordering::Greater,
        Token::Word(place) => place.cmp(&RELEASE),
    };
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(a), None) => with_nothing(a),
            (None, Some(b)) => with_nothing(b).reverse(),
            (Some(Token::Number(a)), Some(Token::Number(b))) => compare_digits(a, b),
            (Some(Token::Word(a)), Some(Token::Word(b))) => a.cmp(&b),
            (Some(Token::Word(a)), Some(Token::Number(_))) => a.cmp(&RELEASE),
            (Some(Token::Number(_)), Some(Token::Word(b))) => RELEASE.cmp(&b),
        };
        if order.is_ne() {
            return order;
        }
    }
}

impl<'a> Release<'a> {
    fn tokens(&self) -> impl Iterator<Item = Token<'a>> {
        let numbers = self.numbers.split(is_separator).map(|part| match part {
            [first, ..] if first.is_ascii_digit() => part,
            _ => ANY,
        });
        let missing = 4_usize.saturating_sub(numbers.clone().count());
        let fill = self
            .fill
            .into_iter()
            .flat_map(move |fill| std::iter::repeat_n(fill, missing));
        let behind = self
            .behind
            .split(is_separator)
            .filter(|part| !part.is_empty());
        numbers
            .chain(fill)
            .map(Token::Number)
            .chain(self.stability.map(Token::Word))
            .chain(behind.map(Token::Number))
            .chain(self.is_dev.then_some(Token::Word(DEV)))
    }
}

fn is_separator(byte: &u8) -> bool {
    matches!(byte, b'.' | b'-' | b':')
}

fn read(text: &str) -> Result<Version<'_>, Reason> {
    let text = text.trim();
    if matches!(text, "master" | "trunk" | "default") {
        return Ok(Version::Branch(text));
    }
    if let Some((head, branch)) = text.split_at_checked(4)
        && head.eq_ignore_ascii_case("dev-")
    {
        return Ok(Version::Branch(branch));
    }
    let bytes = match text.split_once('+') {
        Some((release, build)) if !build.is_empty() && !build.contains(char::is_whitespace) => {
            release.as_bytes()
        }
        _ => text.as_bytes(),
    };
    let bytes = match bytes {
        [b'v' | b'V', rest @ ..] => rest,
        _ => bytes,
    };
    classical(bytes)
        .or_else(|| date(bytes))
        .or_else(|| branch(bytes))
        .map(Version::Release)
        .ok_or("composer/semver does not read it")
}

/// One to four numbers, of which the first has at most five digits.
fn classical(bytes: &[u8]) -> Option<Release<'_>> {
    let (first, mut rest) = split_run(bytes, u8::is_ascii_digit);
    if !(1..=5).contains(&first.len()) {
        return None;
    }
    for _ in 0..3 {
        match rest
            .strip_prefix(b".")
            .map(|rest| split_run(rest, u8::is_ascii_digit))
        {
            Some(([_, ..], after)) => rest = after,
            _ => break,
        }
    }
    let numbers = bytes.get(..bytes.len() - rest.len())?;
    with_stability(numbers, Some(b""), rest)
}

/// A date: four digits, up to six times two, up to two times one to three more, each with a
/// separator before it or not.
fn date(bytes: &[u8]) -> Option<Release<'_>> {
    let (_, mut rest) = take_digits(bytes, 4)?;
    let mut pairs = 0;
    while pairs < 6
        && let Some((_, after)) = take_digits(after_separator(rest), 2)
    {
        (rest, pairs) = (after, pairs + 1);
    }
    if pairs == 0 {
        return None;
    }
    for _ in 0..2 {
        let bare = after_separator(rest);
        let found = [3, 2, 1]
            .into_iter()
            .find_map(|count| take_digits(bare, count));
        match found {
            Some((_, after)) => rest = after,
            None => break,
        }
    }
    let numbers = bytes.get(..bytes.len() - rest.len())?;
    with_stability(numbers, None, rest)
}

fn take_digits(bytes: &[u8], count: usize) -> Option<(&[u8], &[u8])> {
    let (digits, rest) = bytes.split_at_checked(count)?;
    is_number(digits).then_some((digits, rest))
}

fn after_separator(bytes: &[u8]) -> &[u8] {
    match bytes {
        [first, rest @ ..] if is_separator(first) => rest,
        _ => bytes,
    }
}

/// What can follow on the numbers: a separator, a stability with its numbers, `dev`.
fn with_stability<'a>(
    numbers: &'a [u8],
    fill: Option<&'a [u8]>,
    rest: &'a [u8],
) -> Option<Release<'a>> {
    let bare = match rest {
        [b'.' | b'_' | b'-', bare @ ..] => bare,
        _ => rest,
    };
    let word = STABILITIES.iter().find_map(|(word, place)| {
        let (head, after) = bare.split_at_checked(word.len())?;
        head.eq_ignore_ascii_case(word).then_some((*place, after))
    });
    let (stability, after) = match word {
        Some((place, after)) => (Some(place), after),
        None => (None, bare),
    };
    let behind_end = stability.map_or(0, |_| end_of_numbers(after));
    let (behind, last) = after.split_at_checked(behind_end)?;
    let is_dev = match last {
        // A separator alone is nothing: `1.0.`; one that stands before `dev` belongs to it.
        [] => false,
        [b'.' | b'-', word @ ..] if word.eq_ignore_ascii_case(b"dev") => true,
        word if word.eq_ignore_ascii_case(b"dev") => true,
        _ => return None,
    };
    // `stable` and what follows on it are left out.
    let is_stable = stability == Some(RELEASE);
    Some(Release {
        numbers,
        fill,
        stability: stability.filter(|_| !is_stable),
        behind: if is_stable { &[] } else { behind },
        is_dev: is_dev && !is_stable,
    })
}

/// Where numbers end, each with `.` or `-` before it or not.
fn end_of_numbers(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    loop {
        let bare = match rest {
            [b'.' | b'-', bare @ ..] => bare,
            _ => rest,
        };
        match split_run(bare, u8::is_ascii_digit) {
            ([_, ..], after) => rest = after,
            _ => return bytes.len() - rest.len(),
        }
    }
}

/// A numeric branch: `1.x-dev`, `2.1.*-dev`, `3-dev`.
fn branch(bytes: &[u8]) -> Option<Release<'_>> {
    let (name, word) = bytes.split_at_checked(bytes.len().checked_sub(3)?)?;
    if !word.eq_ignore_ascii_case(b"dev") {
        return None;
    }
    let numbers = match name {
        [name @ .., b'.' | b'-'] => name,
        _ => name,
    };
    let mut parts = numbers.split(|byte| *byte == b'.');
    let is_any = |part: &[u8]| is_number(part) || matches!(part, [b'x' | b'X' | b'*']);
    let fits = parts.next().is_some_and(is_number) && parts.clone().all(is_any);
    (fits && parts.count() <= 3).then_some(Release {
        numbers,
        fill: Some(ANY),
        stability: None,
        behind: &[],
        is_dev: true,
    })
}
