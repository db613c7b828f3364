//! Alpine's order, as apk-tools 3 has it (read off and compared with version 3.0.6).
//!
//! The form is `digit{.digit}...{letter}{_suffix{#}}...{~hash}{-r#}`. The two versions are read
//! token by token until they differ. apk-tools 2 gives the same order for every version that
//! Alpine has released; it differs where a part is made of zeros only (`1.00` against `1.0`), knows
//! no `~hash` and reads some strings that are no versions. The newest rule is followed here.
//!
//! `apk version -t` refuses an invalid version as a whole; apk's solver compares up to the first
//! difference and does not look beyond it. This does as the solver: an invalid tail matters only
//! where the order is not told before it, and then the answer is undecided where the solver would
//! guess. A number past 64 bits is ordered by its value, where apk's counter wraps around.

use std::cmp::Ordering;

use crate::{Reason, Scheme, Undecided, compare_digits, split_run};

/// Suffixes that stand below the version without one, lowest first.
const BEFORE_RELEASE: [&[u8]; 4] = [b"alpha", b"beta", b"pre", b"rc"];
/// Suffixes that stand above it, lowest first.
const AFTER_RELEASE: [&[u8]; 5] = [b"cvs", b"svn", b"git", b"hg", b"p"];

/// A piece of a version. Where two versions have different kinds of token at the same place, the
/// kind further down here is the greater version.
#[derive(Clone, Copy)]
enum Token<'a> {
    /// The place of the suffix in [`BEFORE_RELEASE`].
    Before(usize),
    End,
    Revision(&'a [u8]),
    Hash(&'a [u8]),
    SuffixNumber(&'a [u8]),
    /// The place of the suffix in [`AFTER_RELEASE`].
    After(usize),
    Letter(u8),
    Number(&'a [u8]),
    First(&'a [u8]),
}

impl Token<'_> {
    fn kind(&self) -> u8 {
        match self {
            Token::Before(_) => 0,
            Token::End => 1,
            Token::Revision(_) => 2,
            Token::Hash(_) => 3,
            Token::SuffixNumber(_) => 4,
            Token::After(_) => 5,
            Token::Letter(_) => 6,
            Token::Number(_) => 7,
            Token::First(_) => 8,
        }
    }

    fn compare(&self, other: &Token<'_>) -> Ordering {
        match (self, other) {
            (Token::Number(a), Token::Number(b)) if [a, b].iter().any(|n| n.starts_with(b"0")) => {
                a.cmp(b)
            }
            (Token::First(a), Token::First(b))
            | (Token::Number(a), Token::Number(b))
            | (Token::SuffixNumber(a), Token::SuffixNumber(b))
            | (Token::Revision(a), Token::Revision(b)) => compare_digits(a, b),
            (Token::Before(a), Token::Before(b)) | (Token::After(a), Token::After(b)) => a.cmp(b),
            (Token::Letter(a), Token::Letter(b)) => a.cmp(b),
            (Token::Hash(a), Token::Hash(b)) => a.cmp(b),
            _ => self.kind().cmp(&other.kind()),
        }
    }
}

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them stops being a version before the two differ, unless both are
/// the same string.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    if a == b && !a.is_empty() {
        return Ok(Ordering::Equal);
    }
    let mut left = Reader::new(a);
    let mut right = Reader::new(b);
    loop {
        let token = left.next().map_err(|reason| undecided(a, reason))?;
        let other = right.next().map_err(|reason| undecided(b, reason))?;
        let order = token.compare(&other);
        if order.is_ne() || matches!(token, Token::End) {
            return Ok(order);
        }
    }
}

fn undecided(version: &str, reason: Reason) -> Undecided {
    Undecided::new(Scheme::Apk, version, reason)
}

/// What has been read of a version, in the order in which it must stand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Start,
    Number,
    Letter,
    Suffix,
    SuffixNumber,
    Hash,
    Revision,
}

struct Reader<'a> {
    rest: &'a [u8],
    stage: Stage,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Reader<'a> {
        Reader {
            rest: text.as_bytes(),
            stage: Stage::Start,
        }
    }

    /// The next token, or what is wrong with it.
    fn next(&mut self) -> Result<Token<'a>, Reason> {
        if self.stage == Stage::Start {
            return self.digits(Stage::Number).map(Token::First);
        }
        let Some((first, after)) = self.rest.split_first() else {
            return Ok(Token::End);
        };
        match first {
            b'.' if self.stage <= Stage::Number => {
                self.rest = after;
                self.digits(Stage::Number).map(Token::Number)
            }
            b'a'..=b'z' if self.stage <= Stage::Number => {
                (self.rest, self.stage) = (after, Stage::Letter);
                Ok(Token::Letter(*first))
            }
            b'0'..=b'9' if self.stage == Stage::Suffix => {
                self.digits(Stage::SuffixNumber).map(Token::SuffixNumber)
            }
            b'_' if self.stage <= Stage::SuffixNumber => {
                (self.rest, self.stage) = (after, Stage::Suffix);
                self.suffix()
            }
            b'~' if self.stage < Stage::Hash => {
                (self.rest, self.stage) = (after, Stage::Hash);
                let hash = self.take_while(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
                match hash.is_empty() {
                    true => Err("no commit hash stands after '~'"),
                    false => Ok(Token::Hash(hash)),
                }
            }
            b'-' if self.stage < Stage::Revision && after.starts_with(b"r") => {
                self.rest = after.strip_prefix(b"r").unwrap_or(after);
                self.digits(Stage::Revision).map(Token::Revision)
            }
            _ => Err("something stands where only .number, letter, _suffix, ~hash or -rN can"),
        }
    }

    fn suffix(&mut self) -> Result<Token<'a>, Reason> {
        let name = self.take_while(u8::is_ascii_lowercase);
        let place = |names: &[&[u8]]| names.iter().position(|known| *known == name);
        let before = place(&BEFORE_RELEASE).map(Token::Before);
        before
            .or_else(|| place(&AFTER_RELEASE).map(Token::After))
            .ok_or("the suffix after '_' is none of apk's")
    }

    fn digits(&mut self, stage: Stage) -> Result<&'a [u8], Reason> {
        self.stage = stage;
        let digits = self.take_while(u8::is_ascii_digit);
        match digits.is_empty() {
            true => Err("a number is missing"),
            false => Ok(digits),
        }
    }

    fn take_while(&mut self, belongs: impl Fn(&u8) -> bool) -> &'a [u8] {
        let (taken, rest) = split_run(self.rest, belongs);
        self.rest = rest;
        taken
    }
}
