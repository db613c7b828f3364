//! The lowest version that clears the findings of a package.
//!
//! Of several fixes of one finding, which are those of several branches, the lowest above the
//! installed version is meant; over all findings the highest of these. Where that lies in another
//! branch than it, the fix of that branch is what counts.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use model::{Finding, Status};
use version::Scheme;

use crate::{Stay, Why};

/// What can be had for a package.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The version to go to.
    pub target: Option<String>,
    /// Identifiers that are cleared in every package of the group, sorted.
    pub clears: BTreeSet<&'a str>,
    /// Identifiers that stay in one of them, sorted.
    pub stays: Vec<Stay>,
    /// How many findings are cleared.
    pub cleared: usize,
}

/// Chooses; the findings are of one package, or of the packages of one source, sorted.
pub fn choose<'a>(scheme: Scheme, installed: &str, findings: &[&'a Finding]) -> Choice<'a> {
    let fixes: Vec<Vec<&str>> = findings
        .iter()
        .map(|finding| above(scheme, installed, &finding.fixed_in))
        .collect();
    let target = target(scheme, &fixes);
    let mut choice = Choice::default();
    let mut stays: BTreeMap<&str, Why> = BTreeMap::new();
    for (finding, fixes) in findings.iter().zip(&fixes) {
        match target.is_some_and(|target| clears(scheme, target, fixes)) {
            true => {
                choice.clears.insert(&finding.id);
                choice.cleared += 1;
            }
            false => drop(stays.insert(&finding.id, why(finding))),
        }
    }
    choice.clears.retain(|id| !stays.contains_key(id));
    let stay = |(id, why): (&str, Why)| Stay {
        id: id.to_owned(),
        why,
    };
    choice.stays = stays.into_iter().map(stay).collect();
    choice.target = target.map(str::to_owned);
    choice
}

fn why(finding: &Finding) -> Why {
    match (finding.fixed_in.is_empty(), finding.status) {
        (false, _) => Why::Undecided,
        (true, Status::Fixed) => Why::NoFix(Status::Affected),
        (true, status) => Why::NoFix(status),
    }
}

/// The fixes that are known to lie above a version.
fn above<'a>(scheme: Scheme, installed: &str, fixed_in: &'a [String]) -> Vec<&'a str> {
    let fixes = fixed_in.iter().map(String::as_str);
    fixes
        .filter(|fix| version::compare(scheme, fix, installed) == Ok(Ordering::Greater))
        .collect()
}

/// The highest of the lowest fixes, raised to the fix of its own branch where it has to be.
fn target<'a>(scheme: Scheme, fixes: &[Vec<&'a str>]) -> Option<&'a str> {
    let lowest = fixes.iter().filter_map(|fixes| {
        let fixes = fixes.iter().copied();
        fixes.reduce(|a, b| if is_below(scheme, b, a) { b } else { a })
    });
    let mut target = lowest.reduce(|a, b| if is_below(scheme, a, b) { b } else { a })?;
    // Each round goes up to another fix, so that there are no more rounds than fixes.
    for _ in 0..fixes.iter().map(Vec::len).sum() {
        let Some(higher) = fixes
            .iter()
            .find_map(|fixes| own_branch(scheme, target, fixes))
        else {
            break;
        };
        target = higher;
    }
    Some(target)
}

fn is_below(scheme: Scheme, a: &str, b: &str) -> bool {
    version::compare(scheme, a, b) == Ok(Ordering::Less)
}

fn clears(scheme: Scheme, target: &str, fixes: &[&str]) -> bool {
    let is_held = |fix: &&str| {
        version::compare(scheme, fix, target).is_ok_and(|order| order != Ordering::Greater)
    };
    fixes.iter().any(is_held) && own_branch(scheme, target, fixes).is_none()
}

/// The fix above the target that is nearer to it by its first numbers than each one below: 2.0.7
/// for 2.0.5, where 1.26.18 is the other fix.
fn own_branch<'a>(scheme: Scheme, target: &str, fixes: &[&'a str]) -> Option<&'a str> {
    let (above, below): (Vec<&str>, Vec<&str>) = fixes
        .iter()
        .copied()
        .partition(|fix| is_below(scheme, target, fix));
    let next = above
        .into_iter()
        .reduce(|a, b| if is_below(scheme, b, a) { b } else { a })?;
    let nearest = below.into_iter().map(|fix| common(fix, target)).max()?;
    (common(next, target) > nearest).then_some(next)
}

/// How many numbers two versions have in common at their beginnings.
fn common(a: &str, b: &str) -> usize {
    let numbers = |text| str::split(text, |char: char| !char.is_ascii_alphanumeric());
    let pairs = numbers(a).zip(numbers(b));
    pairs.take_while(|(a, b)| a == b).count()
}

/// Whether two versions are of one major version; `None` where one has no number.
pub fn is_same_major(a: &str, b: &str) -> Option<bool> {
    Some(major(a)? == major(b)?)
}

/// The numbers that a promise of compatibility hangs on: the first, and below 1.0 the second.
fn major(version: &str) -> Option<(&str, &str)> {
    let mut numbers = version.trim_start_matches('v').split('.').map(digits);
    let first = numbers.next().filter(|digits| !digits.is_empty())?;
    match first {
        "0" => Some((first, numbers.next().unwrap_or_default())),
        _ => Some((first, "")),
    }
}

/// The version at which the next major version begins; `None` where the first number is a year, or
/// no number.
pub fn next_major(version: &str) -> Option<String> {
    let (first, second) = major(version)?;
    match first {
        "0" => Some(format!("0.{}", second.parse::<u16>().ok()?.checked_add(1)?)),
        _ => {
            let next = first.parse::<u16>().ok()?.checked_add(1)?;
            (next < 1900).then(|| next.to_string())
        }
    }
}

fn digits(part: &str) -> &str {
    let end = part.find(|char: char| !char.is_ascii_digit());
    part.get(..end.unwrap_or(part.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(scheme: Scheme, fixes: &[&[&str]]) -> String {
        let fixes: Vec<Vec<&str>> = fixes.iter().map(|fixes| fixes.to_vec()).collect();
        target(scheme, &fixes).unwrap_or("none").to_owned()
    }

    #[test]
    fn the_target_is_the_highest_of_the_lowest_in_its_own_branch() {
        for (fixes, expected) in [
            (&[][..], "none"),
            (&[&[][..]], "none"),
            (&[&["2.0.7", "1.26.18"][..]], "1.26.18"),
            (&[&["1.26.18", "2.0.7"], &["1.26.17", "2.0.6"]], "1.26.18"),
            (&[&["1.26.18", "2.0.7"], &["2.0.5"]], "2.0.7"),
            (&[&["1.26.18", "2.0.7"], &["2.1.0"]], "2.1.0"),
            (
                &[&["1.2", "3.1.4", "3.2.9"], &["3.1.0"], &["3.2.1"]],
                "3.2.9",
            ),
        ] {
            assert_eq!(told(Scheme::Pep440, fixes), expected, "{fixes:?}");
        }
        // What cannot be compared does not move the target, and nothing goes round in circles.
        assert_eq!(told(Scheme::Opaque, &[&["b"], &["a"]]), "b");
        assert_eq!(told(Scheme::Pep440, &[&["1.0"], &["no version"]]), "1.0");
    }

    #[test]
    fn majors_are_what_promises_hang_on() {
        for (a, b, expected) in [
            ("1.26.5", "1.26.18", Some(true)),
            ("1.26.5", "2.0.7", Some(false)),
            ("0.3.1", "0.3.9", Some(true)),
            ("0.3.1", "0.4.0", Some(false)),
            ("v0.17.0", "0.17.1", Some(true)),
            ("21.0.4+7", "21.0.5", Some(true)),
            ("unknown", "1", None),
            ("", "", None),
        ] {
            assert_eq!(is_same_major(a, b), expected, "{a} {b}");
        }
        for (version, expected) in [
            ("1.26.18", Some("2")),
            ("0.9.1", Some("0.10")),
            ("2023.7.22", None),
            ("99999999.1", None),
            ("x", None),
        ] {
            assert_eq!(next_major(version).as_deref(), expected);
        }
    }
}
