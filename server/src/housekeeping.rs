//! Keeping house while serving: what nobody uses is removed, what is stored is checked, and what
//! it takes is accounted for.
//!
//! Nothing here stops a push or a pull. A blob is removed in three steps (doomed in the metadata,
//! its bytes removed, its row forgotten), and a push claims a blob before it brings it: one of
//! the two always sees the other. `docs/storage.md` tells the whole protocol.

pub mod collect;
mod keeper;
mod orphans;
pub mod verify;

pub use collect::{Collected, collect};
pub use keeper::Keeper;
pub use verify::{Trouble, Verified, verify};

use store::StoreError;

/// How many rows are read at once.
const PAGE: usize = 500;

/// Calls for each row of a list that is read page by page: `page` reads the rows after one.
///
/// # Errors
///
/// Where a page cannot be read, or what is called fails.
fn each<T>(
    page: impl Fn(Option<&T>) -> Result<Vec<T>, StoreError>,
    mut visit: impl FnMut(&T) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut rows = page(None)?;
    while !rows.is_empty() {
        rows.iter().try_for_each(&mut visit)?;
        rows = page(rows.last())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
