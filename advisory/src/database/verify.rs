//! Compares a whole database with its checksums, for whoever must not find out later.

use super::{Damaged, Database, UNLIKE_ITS_CHECKSUM, layout, segment_of};

impl Database {
    /// Compares every section with its checksum, and looks at what lies between them.
    ///
    /// # Errors
    ///
    /// [`Damaged`] names the first part that is not what was written.
    pub fn verify(&self) -> Result<(), Damaged> {
        self.damages().next().map_or(Ok(()), Err)
    }

    /// Every section that does not match its checksum, in the file's order, then what stands where
    /// nothing was written.
    pub fn damages(&self) -> impl Iterator<Item = Damaged> {
        let sections = self.sections().into_iter();
        let broken =
            sections.filter(|section| *blake3::hash(section.bytes).as_bytes() != section.checksum);
        let named = broken.map(|section| {
            let part = match section.kind {
                layout::KIND_SEGMENT => segment_of(section.name),
                _ => format!("the section of {}", section.name),
            };
            Damaged::new(part, UNLIKE_ITS_CHECKSUM)
        });
        named.chain(std::iter::once_with(|| self.stray()).flatten())
    }

    /// What stands between sections, which no checksum covers.
    fn stray(&self) -> Option<Damaged> {
        let stray = || Damaged::new("the space between sections", "is not empty");
        (!self.is_empty_between()).then(stray)
    }

    /// Whether nothing but zeros fills sections up to the next.
    fn is_empty_between(&self) -> bool {
        let whole = self.bytes();
        let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let mut end = layout::HEADER + layout::SECTION * self.table.len();
        let starts = self.table.iter().map(|section| {
            let after = section.offset.saturating_add(section.length);
            (place(section.offset), place(after))
        });
        starts.chain([(whole.len(), 0)]).all(|(start, after)| {
            let between = whole.get(std::mem::replace(&mut end, after)..start);
            between.is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0))
        })
    }
}

#[cfg(test)]
mod tests;
