//! RubyGems' order, `Gem::Version`: numbers and words, of which a word is below a number, and
//! zeros before the first word and at the end do not count. A hyphen is read as `.pre.`.
//!
//! The platform of a gem (`1.15.0-x86_64-linux`) is no part of its version. RubyGems takes the
//! empty string for 0; here it is undecided.

use std::cmp::Ordering;

use crate::{Reason, Scheme, Undecided, compare_digits, read_both, split_run};

#[derive(Clone, Copy)]
enum Segment<'a> {
    Word(&'a [u8]),
    Number(&'a [u8]),
}

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is malformed to RubyGems.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(Scheme::Gem, a, b, read)?;
    let (mut a, mut b) = (a.segments(), b.segments());
    loop {
        let missing = Segment::Number(b"");
        let order = match (a.next(), b.next()) {
            (None, None) => return Ok(Ordering::Equal),
            (a, b) => order(a.unwrap_or(missing), b.unwrap_or(missing)),
        };
        if order.is_ne() {
            return Ok(order);
        }
    }
}

fn order(a: Segment<'_>, b: Segment<'_>) -> Ordering {
    match (a, b) {
        (Segment::Word(a), Segment::Word(b)) => a.cmp(b),
        (Segment::Number(a), Segment::Number(b)) => compare_digits(a, b),
        (Segment::Word(_), Segment::Number(_)) => Ordering::Less,
        (Segment::Number(_), Segment::Word(_)) => Ordering::Greater,
    }
}

/// A version without the zeros that do not count.
struct Version<'a> {
    /// The numbers before the first word.
    release: &'a [u8],
    /// What follows.
    forerunner: &'a [u8],
}

impl<'a> Version<'a> {
    fn segments(&self) -> impl Iterator<Item = Segment<'a>> {
        segments(self.release).chain(segments(self.forerunner))
    }
}

fn read(text: &str) -> Result<Version<'_>, Reason> {
    let text = text.trim_ascii().as_bytes();
    let (main, words) = split_run(text, |byte| *byte != b'-');
    let mut parts = main.split(|byte| *byte == b'.');
    let starts = parts.next().is_some_and(crate::is_number);
    let is_part = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_alphanumeric);
    let is_word = |word: &[u8]| {
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        !word.is_empty() && word.iter().all(fits)
    };
    let mut words = words
        .strip_prefix(b"-")
        .into_iter()
        .flat_map(|words| words.split(|byte| *byte == b'.'));
    if !starts || !parts.all(is_part) || !words.all(is_word) {
        return Err("it is malformed to RubyGems");
    }
    let is_release = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let (release, forerunner) = split_run(text, is_release);
    // The last number of the release can be the beginning of a part such as `0a`.
    Ok(Version {
        release: without_zeros(release),
        forerunner: without_zeros(forerunner),
    })
}

fn without_zeros(mut text: &[u8]) -> &[u8] {
    loop {
        let zeros = text.iter().rev().take_while(|byte| **byte == b'0').count();
        let (rest, _) = text
            .split_at_checked(text.len() - zeros)
            .unwrap_or((text, &[]));
        match rest {
            [.., b'0'..=b'9'] => return text,
            [bare @ .., b'.'] => text = bare,
            _ => return rest,
        }
    }
}

/// Runs of digits and of letters; a hyphen counts as the word `pre`.
fn segments(text: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let segment;
            match rest {
                [] => return None,
                [b'-', after @ ..] => (segment, rest) = (Segment::Word(b"pre"), after),
                [b'0'..=b'9', ..] => {
                    let (digits, after) = split_run(rest, u8::is_ascii_digit);
                    (segment, rest) = (Segment::Number(digits), after);
                }
                [first, ..] if first.is_ascii_alphabetic() => {
                    let (word, after) = split_run(rest, u8::is_ascii_alphabetic);
                    (segment, rest) = (Segment::Word(word), after);
                }
                [_, after @ ..] => {
                    rest = after;
                    continue;
                }
            }
            return Some(segment);
        }
    })
}
