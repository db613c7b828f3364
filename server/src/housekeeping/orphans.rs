//! Bytes that no row names: a crash between the two stores leaves them.

use model::Digest;
use store::StoreError;

use super::PAGE;
use crate::app::App;

/// Calls for each blob that has bytes and no row, in order. Both stores are walked side by side,
/// one page of each in memory.
///
/// # Errors
///
/// Where a store cannot be read, or what is called fails.
pub fn each(
    app: &App,
    mut found: impl FnMut(&Digest) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut rows = Rows::default();
    // Bytes first, rows after: what a push brings meanwhile has its row before its bytes.
    super::each(
        |after| app.store.blobs.list(after, PAGE),
        |digest| match rows.hold(app, digest)? {
            true => Ok(()),
            false => found(digest),
        },
    )
}

/// A walk along the rows.
#[derive(Default)]
struct Rows {
    page: std::collections::VecDeque<Digest>,
    after: Option<Digest>,
    at_end: bool,
}

impl Rows {
    /// Whether a row names that digest; digests are asked for in order.
    fn hold(&mut self, app: &App, digest: &Digest) -> Result<bool, StoreError> {
        loop {
            while self.page.front().is_some_and(|row| row < digest) {
                self.page.pop_front();
            }
            if let Some(row) = self.page.front() {
                // Rows of an older page may be missing one that was made since.
                return Ok(row == digest || app.store.metadata.blob(digest)?.is_some());
            }
            if self.at_end {
                return Ok(app.store.metadata.blob(digest)?.is_some());
            }
            self.next_page(app)?;
        }
    }

    fn next_page(&mut self, app: &App) -> Result<(), StoreError> {
        let rows = app.store.metadata.blobs(self.after.as_ref(), PAGE)?;
        self.at_end = rows.len() < PAGE;
        self.page = rows.into_iter().map(|row| row.digest).collect();
        self.after = self.page.back().cloned().or(self.after.take());
        Ok(())
    }
}
