//! The order of programs that are found by their bytes and belong to no package manager, of which
//! each numbers as it likes: OpenSSL's `1.1.1w`, OpenSSH's `9.3p1`, Python's `3.12.0rc1`.
//!
//! Numbers count from the left, a missing one as zero. Then a word tells: a single letter with
//! nothing behind it is a patch (`1.1.1` < `1.1.1a` < `1.1.1za`), as are `p`, `pl`, `patch`, `post`
//! and `sp`; `dev`, `alpha`, `beta`, `rc` and the like stand before the release, as do `a`, `b` and
//! `m` with a number behind them, and `a` and `b` by themselves (`2.7.a`, RubyGems' word for below
//! every 2.7). What follows on `+` does not count. The order is left undecided where it would hang
//! on any other word (`8.0.33-25.el8`, `10.11-MariaDB`).

use std::cmp::Ordering;

use crate::{Reason, Scheme, Undecided, compare_digits, compare_ignoring_case};
use crate::{read_both, split_run};

/// Words, with their place against the release, which is [`RELEASE`].
const WORDS: &[(&[u8], i8)] = &[
    (b"snapshot", -7),
    (b"nightly", -7),
    (b"dev", -6),
    (b"devel", -6),
    (b"alpha", -5),
    (b"beta", -4),
    (b"milestone", -3),
    (b"pre", -2),
    (b"preview", -2),
    (b"rc", -1),
    (b"cr", -1),
    (b"release", RELEASE),
    (b"final", RELEASE),
    (b"ga", RELEASE),
    (b"stable", RELEASE),
    (b"p", 1),
    (b"pl", 1),
    (b"patch", 1),
    (b"post", 1),
    (b"sp", 1),
];
const RELEASE: i8 = 0;
const LETTERS: i8 = 2;

#[derive(Clone, Copy)]
enum Token<'a> {
    Number(&'a [u8]),
    /// The place of a word; the letters themselves count where they are those of a patch.
    Word(i8, &'a [u8]),
    Unknown,
}

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them does not start with a number, or has a word on which the order
/// hangs and of which nothing is known.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (left, right) = read_both(Scheme::Dotted, a, b, read)?;
    if left.eq_ignore_ascii_case(right) {
        return Ok(Ordering::Equal);
    }
    let unknown = |text| Undecided::new(Scheme::Dotted, text, "nothing is known of a word in it");
    let (mut ours, mut others) = (tokens(left), tokens(right));
    loop {
        let order = match (ours.next(), others.next()) {
            (None, None) => return Ok(Ordering::Equal),
            (Some(Token::Unknown), _) => return Err(unknown(a)),
            (_, Some(Token::Unknown)) => return Err(unknown(b)),
            (one, other) => order(one, other),
        };
        if order.is_ne() {
            return Ok(order);
        }
    }
}

/// A number, zero as well as any, stands for the release that goes on.
fn order(a: Option<Token<'_>>, b: Option<Token<'_>>) -> Ordering {
    let place = |token| match token {
        Some(Token::Word(place, _)) => place,
        _ => RELEASE,
    };
    match (a, b) {
        (Some(Token::Number(a)), Some(Token::Number(b))) => compare_digits(a, b),
        (Some(Token::Number(a)), None) => compare_digits(a, b""),
        (None, Some(Token::Number(b))) => compare_digits(b"", b),
        (Some(Token::Word(LETTERS, a)), Some(Token::Word(LETTERS, b))) => a
            .len()
            .cmp(&b.len())
            .then_with(|| compare_ignoring_case(a, b)),
        _ => place(a).cmp(&place(b)),
    }
}

/// Without `v`, and without what follows on `+`.
fn read(text: &str) -> Result<&[u8], Reason> {
    let bytes = text.as_bytes();
    let bytes = match bytes {
        [b'v' | b'V', rest @ ..] => rest,
        _ => bytes,
    };
    let (bytes, _) = split_run(bytes, |byte| *byte != b'+');
    if !bytes.first().is_some_and(u8::is_ascii_digit) {
        return Err("it does not start with a number");
    }
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-:~ ".contains(byte);
    match bytes.iter().all(fits) {
        true => Ok(bytes),
        false => Err("it has other characters than letters, digits and '.', '_', '-', ':', '~'"),
    }
}

fn tokens(bytes: &[u8]) -> impl Iterator<Item = Token<'_>> {
    let mut rest = bytes;
    let mut after_digit = false;
    std::iter::from_fn(move || {
        let (separators, bare) = split_run(rest, |byte| !byte.is_ascii_alphanumeric());
        let (digits, after) = split_run(bare, u8::is_ascii_digit);
        if !digits.is_empty() {
            (rest, after_digit) = (after, true);
            return Some(Token::Number(digits));
        }
        let (word, after) = split_run(bare, u8::is_ascii_alphabetic);
        if word.is_empty() {
            return None;
        }
        let touches = after_digit && separators.is_empty();
        (rest, after_digit) = (after, false);
        Some(read_word(word, touches, after))
    })
}

/// A word, whether it touches the number before it, and what follows on it.
fn read_word<'a>(word: &'a [u8], touches: bool, after: &[u8]) -> Token<'a> {
    let digit_follows = after.first().is_some_and(u8::is_ascii_digit);
    let known = WORDS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(word));
    let place = match word {
        [b'a' | b'A'] if digit_follows || !touches => -5,
        [b'b' | b'B'] if digit_follows || !touches => -4,
        [b'm' | b'M'] if digit_follows => -3,
        [_] | [b'z', _] if touches && after.is_empty() => LETTERS,
        _ => match known {
            Some((_, place)) => *place,
            None => return Token::Unknown,
        },
    };
    Token::Word(place, word)
}
