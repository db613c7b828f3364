//! opkg's order, which is dpkg's: its code was taken from there, and is only laxer with what is
//! no version, which is undecided here.

use std::cmp::Ordering;

use crate::{Scheme, Undecided, dpkg};

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where dpkg refuses one of them.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    dpkg::compare_as(Scheme::Opkg, a, b)
}
