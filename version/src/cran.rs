//! R's order, `package_version`: a row of numbers with dots or hyphens between them, of which a
//! row is above its own beginning (`1.0` < `1.0.0`).

use std::cmp::Ordering;

use crate::{Scheme, Undecided, compare_digits, is_number, read_both};

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is no row of numbers.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    compare_rows(Scheme::Cran, a, b, |byte| matches!(byte, b'.' | b'-'))
}

/// Orders two rows of numbers, by what separates them.
pub(crate) fn compare_rows(
    scheme: Scheme,
    a: &str,
    b: &str,
    separates: impl Fn(&u8) -> bool + Copy,
) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(scheme, a, b, |text| {
        let text = text.as_bytes();
        match text.split(separates).all(is_number) {
            true => Ok(text),
            false => Err("it is no row of numbers"),
        }
    })?;
    let (mut a, mut b) = (a.split(separates), b.split(separates));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ok(Ordering::Equal),
            (Some(a), Some(b)) => compare_digits(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        if order.is_ne() {
            return Ok(order);
        }
    }
}
