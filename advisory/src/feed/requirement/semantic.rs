//! Requirements on semantic versions: npm's and Cargo's.

use std::cmp::Ordering;

use super::super::interval::{Cut, Set};
use super::{all_of, any_of, compared, is_word, joined, split, wrong};

/// The order of semantic versions, "Precedence": the numbers, then a forerunner below what it runs
/// before, its words from the left, of which numbers are below all others.
pub fn order(a: &str, b: &str) -> Ordering {
    let (release, forerunner) = halves(a);
    let (other_release, other_forerunner) = halves(b);
    let numbers = super::order(release, other_release);
    numbers.then_with(|| match (forerunner, other_forerunner) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(one), Some(other)) => words(one).cmp(words(other)),
    })
}

/// The numbers of a version, and what stands behind the hyphen.
fn halves(version: &str) -> (&str, Option<&str>) {
    let bare = version.split('+').next().unwrap_or_default();
    match bare.split_once('-') {
        Some((release, forerunner)) => (release, Some(forerunner)),
        None => (bare, None),
    }
}

/// The words of a forerunner in a form that sorts: numbers by length and digits, then all others.
fn words(forerunner: &str) -> impl Iterator<Item = (bool, usize, &str)> {
    forerunner.split('.').map(|word| {
        let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        let digits = word.trim_start_matches('0');
        match is_number {
            true => (false, digits.len(), digits),
            false => (true, 0, word),
        }
    })
}

/// A version of which numbers can be missing: `10`, `4.x`, `1.2.3-rc.1`.
struct Partial {
    numbers: Vec<u64>,
    /// The forerunner's words behind the hyphen, empty where it is none.
    forerunner: String,
}

impl Partial {
    fn read(text: &str) -> Option<Partial> {
        let text = text.trim_start_matches(['v', 'V']);
        let bare = text.split('+').next()?;
        let (release, forerunner) = bare.split_once('-').unwrap_or((bare, ""));
        let mut numbers = Vec::new();
        for part in release.split('.') {
            match part {
                "x" | "X" | "*" => break,
                _ => numbers.push(part.parse().ok()?),
            }
        }
        let fits = numbers.len() <= 3 && (forerunner.is_empty() || numbers.len() == 3);
        fits.then(|| Partial {
            numbers,
            forerunner: forerunner.to_owned(),
        })
    }

    fn is_whole(&self) -> bool {
        self.numbers.len() == 3
    }

    fn at(&self, place: usize) -> u64 {
        self.numbers.get(place).copied().unwrap_or_default()
    }

    /// The first version that it can be. Of a partial one this is the first forerunner, which
    /// belongs to no other line.
    fn first(&self) -> String {
        let [major, minor, patch] = [0, 1, 2].map(|place| self.at(place));
        let forerunner = match (self.is_whole(), self.forerunner.as_str()) {
            (false, _) => "-0".to_owned(),
            (true, "") => String::new(),
            (true, words) => format!("-{words}"),
        };
        format!("{major}.{minor}.{patch}{forerunner}")
    }

    /// The same without the mark of a forerunner.
    fn plain(&self) -> String {
        match self.is_whole() {
            true => self.first(),
            false => self.first().trim_end_matches("-0").to_owned(),
        }
    }

    /// The first forerunner of the line that follows after the numbers up to `place`; `None` where
    /// there is no such line.
    fn next(&self, place: usize) -> Option<String> {
        let mut numbers = [0, 1, 2].map(|place| self.at(place));
        for (at, number) in numbers.iter_mut().enumerate() {
            match at.cmp(&place) {
                Ordering::Less => {}
                Ordering::Equal => *number = number.checked_add(1)?,
                Ordering::Greater => *number = 0,
            }
        }
        let [major, minor, patch] = numbers;
        Some(format!("{major}.{minor}.{patch}-0"))
    }

    /// The end of the line that its last number names; everything for `*`.
    fn end(&self) -> Option<Option<String>> {
        match self.numbers.len().checked_sub(1) {
            None => Some(None),
            Some(last) => self.next(last).map(Some),
        }
    }

    /// The end of what `^` takes: up to the first number that is not zero, or the last that is
    /// there.
    fn caret(&self) -> Option<Option<String>> {
        let significant = self.numbers.iter().position(|number| *number > 0);
        let last = self.numbers.len().checked_sub(1);
        match significant.or(last) {
            None => Some(None),
            Some(place) => self.next(place).map(Some),
        }
    }
}

fn until(from: String, to: Option<String>) -> Set {
    Set::between(Cut::below(from), to.and_then(Cut::below), order)
}

/// One comparison; `bare` is the sign that is meant where none stands.
fn comparison(text: &str, bare: &str) -> Result<Set, String> {
    let (sign, version) = split(text);
    let sign = if sign.is_empty() { bare } else { sign };
    let read = || -> Option<Set> {
        let partial = Partial::read(version).filter(|_| is_word(version))?;
        let below = |end: Option<String>| Set::between(None, end.and_then(Cut::below), order);
        if partial.numbers.is_empty() && !matches!(sign, "<" | ">") {
            return Some(Set::all(order));
        }
        Some(match sign {
            "^" => until(partial.first(), partial.caret()?),
            "~" | "~>" => {
                let end = match partial.numbers.len() {
                    0 | 1 => partial.end()?,
                    _ => partial.next(1),
                };
                until(partial.first(), end)
            }
            _ if partial.is_whole() => return compared(sign, &partial.first(), order),
            "" | "=" | "==" => until(partial.first(), partial.end()?),
            ">=" => Set::between(Cut::below(partial.plain()), None, order),
            "<" => Set::between(None, Cut::below(partial.plain()), order),
            "<=" => below(partial.end()?),
            ">" => below(partial.end()?).complement(),
            _ => return None,
        })
    };
    read().ok_or_else(|| wrong(text))
}

/// A range of npm's `node-semver`: alternatives with `||` between them, each of comparisons with
/// blanks between them, of which all hold, or of two versions with a hyphen. Forerunners count
/// like any version.
///
/// # Errors
///
/// What is no range.
pub fn npm(text: &str) -> Result<Set, String> {
    alternatives(text, "=")
}

/// The same, where a version without a sign stands for the rest of its line, as with `^`.
///
/// # Errors
///
/// What is no range.
pub fn npm_lines(text: &str) -> Result<Set, String> {
    alternatives(text, "^")
}

fn alternatives(text: &str, bare: &str) -> Result<Set, String> {
    let each: Vec<_> = text.split("||").collect();
    any_of(&each, order, |alternative| {
        if let Some((first, last)) = alternative.split_once(" - ") {
            let first = comparison(&format!(">={}", first.trim()), "=")?;
            return Ok(first.and(comparison(&format!("<={}", last.trim()), "=")?));
        }
        let joined = joined(&alternative.replace(',', " "));
        all_of(joined.iter().map(String::as_str), order, |part| {
            comparison(part, bare)
        })
    })
}

/// A requirement of Cargo's: comparisons with commas between them, of which all hold; a version
/// without a sign stands for itself in lists of versions, but takes its line as `^` does.
///
/// # Errors
///
/// What is no requirement.
pub fn cargo(text: &str) -> Result<Set, String> {
    all_of(text.split(','), order, |part| comparison(part, "^"))
}

/// The version that follows on another one in semantic order.
pub fn after(version: &str) -> String {
    let next = Partial::read(version).and_then(|partial| match partial.forerunner.is_empty() {
        true => partial.next(2),
        false => Some(format!("{}.0", partial.first())),
    });
    next.unwrap_or_else(|| version.to_owned())
}
