//! Tags of releases by which steps of a workflow are named: `v4`, `v4.1`, `v4.1.2`, `4.2.0-rc.1`.
//!
//! A short tag names a line and moves with it: `v4` is above `3.9.9` and below `5.0.0`, but which
//! release of line 4 it is cannot be told from it. A commit or a branch has no order.

use std::cmp::Ordering;

use crate::semver;
use crate::{Reason, Scheme, Undecided, compare_digits, read_both, split_run};

struct Tag<'a> {
    numbers: &'a [u8],
    forerunner: Option<&'a [u8]>,
}

/// Orders two tags.
///
/// # Errors
///
/// [`Undecided`] where one of them is no tag of a release, or names a line that the other is in.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (left, right) = read_both(Scheme::Tag, a, b, read)?;
    let mut ours = left.numbers.split(semver::is_dot);
    let mut others = right.numbers.split(semver::is_dot);
    let line = |tag| Undecided::new(Scheme::Tag, tag, "it names a line of releases");
    loop {
        let order = match (ours.next(), others.next()) {
            (Some(a), Some(b)) => compare_digits(a, b),
            (None, Some(_)) => return Err(line(a)),
            (Some(_), None) => return Err(line(b)),
            (None, None) => {
                return Ok(semver::order_forerunners(left.forerunner, right.forerunner));
            }
        };
        if order.is_ne() {
            return Ok(order);
        }
    }
}

fn read(text: &str) -> Result<Tag<'_>, Reason> {
    let text = text.strip_prefix('v').unwrap_or(text).as_bytes();
    let (numbers, rest) = split_run(text, |byte| byte.is_ascii_digit() || *byte == b'.');
    if !numbers.split(semver::is_dot).all(crate::is_number) {
        return Err("it is no tag of a release");
    }
    let (forerunner, _) = semver::read_tail(rest)?;
    Ok(Tag {
        numbers,
        forerunner,
    })
}
