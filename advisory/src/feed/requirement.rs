//! Requirements on versions, as the package managers of languages write them.
//!
//! Each grammar becomes a [`Set`]. The order by which sets are put together is that of semantic
//! versions for npm and Cargo, RubyGems' for all others: numbers by value, words below numbers,
//! what is missing is zero. It places the bounds of a record among each other; versions of packages
//! are matched by their own ecosystem's order.

use std::cmp::Ordering;

use super::interval::{Cut, Order, Set};

mod semantic;

pub use semantic::{after as after_semantic, cargo, npm, npm_lines, order as semantic_order};

/// More comparisons than this in one text are no person's.
const MAX_COMPARISONS: usize = 256;

/// A part of a version.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Segment<'a> {
    /// Letters: a forerunner.
    Word(&'a str),
    /// Digits without zeros in front.
    Number(&'a str),
}

impl Segment<'_> {
    fn compare(self, other: Segment<'_>) -> Ordering {
        match (self, other) {
            (Segment::Word(a), Segment::Word(b)) => {
                let (a, b) = (a.bytes(), b.bytes());
                a.map(|byte| byte.to_ascii_lowercase())
                    .cmp(b.map(|byte| byte.to_ascii_lowercase()))
            }
            (Segment::Number(a), Segment::Number(b)) => a.len().cmp(&b.len()).then(a.cmp(b)),
            (Segment::Word(_), Segment::Number(_)) => Ordering::Less,
            (Segment::Number(_), Segment::Word(_)) => Ordering::Greater,
        }
    }
}

/// The parts of a version; a hyphen stands for the word `pre`, as RubyGems has it, and whatever
/// follows a plus sign does not count.
fn segments(version: &str) -> impl Iterator<Item = Segment<'_>> {
    let bare = version.split('+').next().unwrap_or_default();
    let mut rest = bare.trim_start_matches(['v', 'V']);
    std::iter::from_fn(move || {
        loop {
            let first = rest.chars().next()?;
            let is_same = |letter: char| match first {
                '0'..='9' => letter.is_ascii_digit(),
                _ => letter.is_alphabetic(),
            };
            if !first.is_ascii_digit() && !first.is_alphabetic() {
                rest = rest.get(first.len_utf8()..)?;
                if first == '-' {
                    return Some(Segment::Word("pre"));
                }
                continue;
            }
            let end = rest.find(|letter| !is_same(letter)).unwrap_or(rest.len());
            let (part, after) = rest.split_at_checked(end)?;
            rest = after;
            return Some(match first.is_ascii_digit() {
                true => Segment::Number(part.trim_start_matches('0')),
                false => Segment::Word(part),
            });
        }
    })
}

/// RubyGems' order, which is near enough to Composer's for bounds.
pub fn order(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (segments(a), segments(b));
    loop {
        let missing = Segment::Number("");
        let ordering = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (one, other) => one.unwrap_or(missing).compare(other.unwrap_or(missing)),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
}

/// A comparison's sign and its version, and the sign where none stands.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text
        .find(|letter: char| !"<>=!~^".contains(letter))
        .unwrap_or(text.len());
    let (sign, version) = text.split_at_checked(end).unwrap_or(("", text));
    (sign, version.trim())
}

/// Whether a text has only what versions are written with.
fn is_word(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-+_*".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

fn is_version(text: &str) -> bool {
    let bare = text.strip_prefix('v').unwrap_or(text);
    is_word(text)
        && bare
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_digit())
}

fn wrong(text: &str) -> String {
    let shown: String = text.chars().take(60).collect();
    format!("'{shown}' is no requirement on a version")
}

/// The set of a comparison with a sign that all grammars share.
fn compared(sign: &str, version: &str, order: Order) -> Option<Set> {
    let (from, to) = match sign {
        "" | "=" | "==" => (Cut::below(version), Cut::above(version)),
        ">=" => (Cut::below(version), None),
        ">" => (Cut::above(version), None),
        "<" => (None, Cut::below(version)),
        "<=" => (None, Cut::above(version)),
        "!=" => return Some(compared("=", version, order)?.complement()),
        _ => return None,
    };
    Some(Set::between(from, to, order))
}

/// What every part of a text has in common.
fn all_of<'a>(
    parts: impl Iterator<Item = &'a str>,
    order: Order,
    read: impl Fn(&str) -> Result<Set, String>,
) -> Result<Set, String> {
    let mut set = Set::all(order);
    for (number, part) in parts.enumerate() {
        if number >= MAX_COMPARISONS {
            return Err(format!("more than {MAX_COMPARISONS} comparisons"));
        }
        set = set.and(read(part)?);
    }
    Ok(set)
}

/// What is in any of several sets.
///
/// # Errors
///
/// Which text is no requirement.
pub fn any_of<T: AsRef<str>>(
    texts: &[T],
    order: Order,
    read: impl Fn(&str) -> Result<Set, String>,
) -> Result<Set, String> {
    if texts.len() > MAX_COMPARISONS {
        return Err(format!("more than {MAX_COMPARISONS} requirements"));
    }
    texts.iter().try_fold(Set::none(order), |set, text| {
        Ok(set.or(read(text.as_ref())?))
    })
}

/// A requirement of RubyGems, `Gem::Requirement`: comparisons with commas between them, of which
/// all hold. `~> 5.2.4` is from `5.2.4` to what comes before every `5.3`, written `5.3.a`.
///
/// # Errors
///
/// What is no requirement.
pub fn gem(text: &str) -> Result<Set, String> {
    all_of(text.split(','), order, |part| {
        let (sign, version) = split(part);
        if !is_version(version) {
            return Err(wrong(part));
        }
        if sign == "~>" {
            let to = Cut::below(bumped(version).ok_or_else(|| wrong(part))?);
            return Ok(Set::between(Cut::below(version), to, order));
        }
        compared(sign, version, order).ok_or_else(|| wrong(part))
    })
}

/// The least version above all that `~>` takes: without the words and the last number, the number
/// before it one higher.
fn bumped(version: &str) -> Option<String> {
    let numbers = version.split(['.', '-']);
    let mut numbers: Vec<u64> = numbers.map_while(|part| part.parse().ok()).collect();
    if numbers.len() > 1 {
        numbers.pop();
    }
    let last = numbers.last_mut()?;
    *last = last.checked_add(1)?;
    let words: Vec<_> = numbers.iter().map(u64::to_string).collect();
    Some(format!("{}.a", words.join(".")))
}

/// The version of a gem from which on what is above another one begins.
pub fn after_gem(version: &str) -> String {
    format!("{version}.0.1")
}

/// A requirement of Composer as it stands in lists: comparisons with commas or blanks between
/// them, of which all hold, and `|` or `||` between alternatives.
///
/// # Errors
///
/// What is no requirement.
pub fn composer(text: &str) -> Result<Set, String> {
    let alternatives: Vec<_> = text.split('|').filter(|part| !part.is_empty()).collect();
    any_of(&alternatives, order, |alternative| {
        let joined = joined(&alternative.replace(',', " "));
        if joined.is_empty() {
            return Err(wrong(text));
        }
        all_of(joined.iter().map(String::as_str), order, |part| {
            let (sign, version) = split(part);
            if version == "*" && sign.is_empty() {
                return Ok(Set::all(order));
            }
            let set = is_version(version).then(|| compared(sign, version, order));
            set.flatten().ok_or_else(|| wrong(part))
        })
    })
}

/// The version of a Composer package from which on what is above another one begins: the first
/// patch of that very release.
pub fn after_composer(version: &str) -> String {
    match version.contains('-') {
        true => format!("{version}.1"),
        false => format!("{version}-p1"),
    }
}

/// Comparisons with blanks between them, each sign together with its version.
fn joined(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match out.last_mut() {
            Some(last) if split(last).1.is_empty() => last.push_str(word),
            _ => out.push(word.to_owned()),
        }
    }
    out
}

#[cfg(test)]
mod tests;
