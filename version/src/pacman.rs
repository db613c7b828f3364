//! Arch's order of `epoch:version-release`, as `alpm_pkg_vercmp` of pacman 6 has it.
//!
//! It is rpm's of old: there is no `~` and no `^`, letters at the end are below nothing
//! (`1.0rc` < `1.0`), and more separators between two runs are above fewer. A version without a
//! release equals every release of it, as pacman has it.

use std::cmp::Ordering;

use crate::rpm::{self, compare_run};
use crate::{Scheme, Undecided, compare_digits, read_both, split_run};

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is empty or has a blank within.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(Scheme::Pacman, a, b, rpm::read)?;
    let order = compare_digits(a.epoch, b.epoch).then_with(|| compare_part(a.version, b.version));
    Ok(order.then_with(|| match (a.release, b.release) {
        (Some(a), Some(b)) => compare_part(a, b),
        _ => Ordering::Equal,
    }))
}

/// `rpmvercmp` of pacman.
fn compare_part<'a>(mut a: &'a [u8], mut b: &'a [u8]) -> Ordering {
    while !a.is_empty() && !b.is_empty() {
        let (separators_a, rest_a) = split_run(a, |byte| !byte.is_ascii_alphanumeric());
        let (separators_b, rest_b) = split_run(b, |byte| !byte.is_ascii_alphanumeric());
        (a, b) = (rest_a, rest_b);
        if a.is_empty() || b.is_empty() {
            break;
        }
        let order;
        match separators_a.len().cmp(&separators_b.len()) {
            Ordering::Equal => (order, a, b) = compare_run(a, b),
            different => return different,
        }
        if order.is_ne() {
            return order;
        }
    }
    let is_word = |text: &[u8]| text.first().is_some_and(u8::is_ascii_alphabetic);
    match (a.is_empty(), b.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) if !is_word(b) => Ordering::Less,
        _ if is_word(a) => Ordering::Less,
        _ => Ordering::Greater,
    }
}
