//! Conan's order, its class `Version`: items between dots, then a forerunner after `-` and a build
//! after `+`, made of items too. Zeros at the end do not count; a version with a build is above
//! the one without.
//!
//! Two numbers are ordered by their value, and everything else by its letters, also a number
//! against a word. For odd strings this goes in circles, as in Conan: `2` < `10` < `1a` < `2`.

use std::cmp::Ordering;

use crate::{Reason, Scheme, Undecided, compare_digits, is_number, read_both};

struct Version<'a> {
    main: &'a [u8],
    forerunner: Option<&'a [u8]>,
    build: Option<&'a [u8]>,
}

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is empty, a range or has blanks.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(Scheme::Conan, a, b, read)?;
    let builds = || match (a.build, b.build) {
        (Some(a), Some(b)) => order(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    };
    let behind = || match (a.forerunner, b.forerunner) {
        (Some(a), Some(b)) => order(a, b).then_with(builds),
        (None, None) => builds(),
        (a, b) => b.is_some().cmp(&a.is_some()),
    };
    Ok(order(a.main, b.main).then_with(behind))
}

fn order(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (items(a), items(b));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(a), Some(b)) if is_number(a) && is_number(b) => compare_digits(a, b),
            (Some(a), Some(b)) => bare(a).cmp(bare(b)),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// The items without zeros at the end.
fn items(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_zero = |item: &&[u8]| is_number(item) && compare_digits(item, b"").is_eq();
    let split = || text.split(|byte| *byte == b'.');
    let zeros = split().rev().take_while(is_zero).count();
    split().take(split().count() - zeros)
}

/// A number as it is written when it is compared with a word.
fn bare(item: &[u8]) -> &[u8] {
    match is_number(item) {
        false => item,
        true => {
            let zeros = item.iter().take_while(|byte| **byte == b'0').count();
            item.get(zeros.min(item.len() - 1)..).unwrap_or(item)
        }
    }
}

fn read(text: &str) -> Result<Version<'_>, Reason> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || !bytes.iter().all(u8::is_ascii_graphic) || bytes.starts_with(b"[") {
        return Err("it is empty, a range or has other characters than printable ASCII");
    }
    let (bytes, build) = match bytes.iter().rposition(|byte| *byte == b'+') {
        Some(at) => (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..)),
        None => (bytes, None),
    };
    let (main, forerunner) = match bytes.iter().position(|byte| *byte == b'-') {
        Some(at) => (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..)),
        None => (bytes, None),
    };
    Ok(Version {
        main,
        forerunner,
        build,
    })
}
