//! Haskell's order, `Version` of the library Cabal: a row of numbers with dots between them, of
//! which a row is above its own beginning (`1.0` < `1.0.0`). Tags (`1.0-foo`) have been given up.

use std::cmp::Ordering;

use crate::{Scheme, Undecided, cran};

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is no row of numbers.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    cran::compare_rows(Scheme::Hackage, a, b, |byte| *byte == b'.')
}
