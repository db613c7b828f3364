//! Compares a whole database with its checksums, for whoever must not find out later.

use super::{Damaged, Database, UNLIKE_ITS_CHECKSUM, layout, segment_of};

impl Database {
    /// Compares every section with its checksum.
    ///
    /// # Errors
    ///
    /// [`Damaged`] names the first section that is not what was written.
    pub fn verify(&self) -> Result<(), Damaged> {
        self.damages().next().map_or(Ok(()), Err)
    }

    /// Every section that does not match its checksum, in the file's order.
    pub fn damages(&self) -> impl Iterator<Item = Damaged> {
        let sections = self.sections().into_iter();
        let broken =
            sections.filter(|section| *blake3::hash(section.bytes).as_bytes() != section.checksum);
        broken.map(|section| {
            let part = match section.kind {
                layout::KIND_SEGMENT => segment_of(section.name),
                _ => format!("the section of {}", section.name),
            };
            Damaged::new(part, UNLIKE_ITS_CHECKSUM)
        })
    }
}

#[cfg(test)]
mod tests;
