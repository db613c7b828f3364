//! Maven's order, `org.apache.maven.artifact.versioning.ComparableVersion` of Maven 3.9: numbers
//! and words, nested in lists that begin at a hyphen and where digits and letters meet.
//!
//! Known words are `alpha`, `beta`, `milestone`, `rc` = `cr`, `snapshot`, then `ga` = `final` =
//! `release` = nothing, then `sp`; every other word is above these, by its letters. Before a digit
//! `a`, `b` and `m` are the first three. What is null at the end of a list does not count: `1.0.0`
//! is `1`. A list is always the last thing in the one around it, so that a version is kept here as
//! one row of tokens, in which [`Token::List`] begins the next.
//!
//! Maven gives every string an order; empty ones, blanks and letters outside ASCII are undecided
//! here. A number is ordered by its value, where Maven's long zeros (ten or more) are not. For odd
//! strings the order goes in circles, as in Maven: `1.0--a1` < `1` < `1.0-z9-` < `1.0--a1`. Maven 4
//! will read some odd strings otherwise (`1.0.RELEASE.2`).

use std::cmp::Ordering;

use crate::{Reason, Scheme, Undecided, compare_digits, compare_ignoring_case, read_both};

#[derive(Clone, Copy)]
enum Token<'a> {
    Number(&'a [u8]),
    /// A word, and whether a digit follows on it.
    Word(&'a [u8], bool),
    List,
}

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is empty or has other characters than printable ASCII.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(Scheme::Maven, a, b, read)?;
    let (mut a, mut b) = (a.iter(), b.iter());
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ok(Ordering::Equal),
            (Some(a), Some(b)) => order(a, b),
            (Some(a), None) => order_with_nothing(a),
            (None, Some(b)) => order_with_nothing(b).reverse(),
        };
        if order.is_ne() {
            return Ok(order);
        }
    }
}

fn order(a: &Token<'_>, b: &Token<'_>) -> Ordering {
    let kind = |token: &Token<'_>| match token {
        Token::Word(..) => 0,
        Token::List => 1,
        Token::Number(_) => 2,
    };
    match (a, b) {
        (Token::Number(a), Token::Number(b)) => compare_digits(a, b),
        (Token::Word(a, digit_a), Token::Word(b, digit_b)) => {
            let place_a = place(a, *digit_a);
            place_a
                .cmp(&place(b, *digit_b))
                .then_with(|| match place_a {
                    UNKNOWN => compare_ignoring_case(a, b),
                    _ => Ordering::Equal,
                })
        }
        _ => kind(a).cmp(&kind(b)),
    }
}

fn order_with_nothing(token: &Token<'_>) -> Ordering {
    match token {
        Token::Number(digits) => compare_digits(digits, b""),
        Token::Word(word, digit_follows) => place(word, *digit_follows).cmp(&RELEASE),
        Token::List => Ordering::Equal,
    }
}

const RELEASE: u8 = 5;
const UNKNOWN: u8 = 7;

/// The place of a word among the known ones.
fn place(word: &[u8], digit_follows: bool) -> u8 {
    if digit_follows {
        match word {
            [b'a' | b'A'] => return 0,
            [b'b' | b'B'] => return 1,
            [b'm' | b'M'] => return 2,
            _ => {}
        }
    }
    const KNOWN: &[(&[u8], u8)] = &[
        (b"alpha", 0),
        (b"beta", 1),
        (b"milestone", 2),
        (b"rc", 3),
        (b"cr", 3),
        (b"snapshot", 4),
        (b"ga", RELEASE),
        (b"final", RELEASE),
        (b"release", RELEASE),
        (b"sp", 6),
    ];
    let found = KNOWN
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(word));
    found.map_or(UNKNOWN, |(_, place)| *place)
}

fn read(text: &str) -> Result<Vec<Token<'_>>, Reason> {
    if text.is_empty() {
        return Err("the version is empty");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("there is a blank or a letter outside ASCII within");
    }
    let mut reader = Reader {
        text: text.as_bytes(),
        tokens: Vec::new(),
        start: 0,
        list_is_empty: true,
        in_digits: false,
    };
    for (at, byte) in text.bytes().enumerate() {
        reader.step(at, byte);
    }
    reader.end();
    Ok(normalised(&reader.tokens))
}

/// Maven's reader, whose state decides what a character means.
struct Reader<'a> {
    text: &'a [u8],
    tokens: Vec<Token<'a>>,
    /// Where the token begins that is being read.
    start: usize,
    list_is_empty: bool,
    in_digits: bool,
}

impl Reader<'_> {
    fn step(&mut self, at: usize, byte: u8) {
        match byte {
            b'.' => {
                self.push(at, false);
                self.start = at + 1;
            }
            b'-' => {
                self.push(at, false);
                self.start = at + 1;
                self.nest();
            }
            b'0'..=b'9' => {
                if !self.in_digits && at > self.start {
                    self.nest_word();
                    self.push(at, true);
                    self.start = at;
                    self.nest();
                }
                self.in_digits = true;
            }
            _ => {
                if self.in_digits && at > self.start {
                    self.push(at, false);
                    self.start = at;
                    self.nest();
                }
                self.in_digits = false;
            }
        }
    }

    fn end(&mut self) {
        if self.text.len() > self.start {
            if !self.in_digits {
                self.nest_word();
            }
            self.push(self.text.len(), false);
        }
    }

    fn push(&mut self, end: usize, digit_follows: bool) {
        let text = self.text.get(self.start..end).unwrap_or_default();
        self.tokens.push(match self.in_digits || text.is_empty() {
            true => Token::Number(text),
            false => Token::Word(text, digit_follows),
        });
        self.list_is_empty = false;
    }

    /// A word begins a list where it is not the first in one: `1.x` is `1-x`.
    fn nest_word(&mut self) {
        if !self.list_is_empty {
            self.nest();
        }
    }

    fn nest(&mut self) {
        self.tokens.push(Token::List);
        self.list_is_empty = true;
    }
}

/// Without what is null at the end of a list, a list within it aside; from the end, as Maven goes.
fn normalised<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    // Whether all that follows in the list is null, or the list within it; and whether nothing
    // follows.
    let (mut at_end, mut list_is_empty) = (true, true);
    for token in tokens.iter().rev() {
        match token {
            Token::List => {
                if !list_is_empty {
                    kept.push(*token);
                }
                // The list around goes on, which has this one if it is not empty.
                at_end = true;
            }
            _ if at_end && order_with_nothing(token).is_eq() => {}
            _ => {
                kept.push(*token);
                (at_end, list_is_empty) = (false, false);
            }
        }
    }
    kept.reverse();
    kept
}
