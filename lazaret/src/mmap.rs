//! Files that are read where they lie.

use std::fs::File;
use std::path::Path;

use anyhow::Context;
use memmap2::Mmap;

/// Maps a file into memory for reading.
///
/// # Errors
///
/// Where the file cannot be opened or mapped.
pub fn map(path: &Path) -> anyhow::Result<Mmap> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    // SAFETY: a mapped file must not be changed while it is read. A database file never is: it is
    // written under another name and renamed into place, so that this mapping keeps the old file.
    // Every read of it is bounds-checked and every value is plain bytes, so that a file that a
    // stranger changes all the same gives a wrong answer or an error, not undefined values.
    #[allow(unsafe_code)]
    let mapped = unsafe { Mmap::map(&file) };
    mapped.with_context(|| format!("cannot map {}", path.display()))
}
