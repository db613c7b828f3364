//! Checks of what is touched, piece by piece, the first time that it is.
//!
//! A whole database is compared with its checksums where it is made, fetched or taken into use by a
//! server. Whoever only asks for some packages must not read all of it, and must not take a
//! flipped bit for an answer either.

use std::sync::atomic::{AtomicU64, Ordering};

use super::layout::{PIECE, PIECE_HASH};

/// Which pieces of a file were compared so far.
#[derive(Default)]
pub struct Seen(Vec<AtomicU64>);

impl Seen {
    /// None of so many.
    pub fn none(pieces: usize) -> Seen {
        Seen(
            (0..pieces.div_ceil(64))
                .map(|_| AtomicU64::new(0))
                .collect(),
        )
    }
}

/// How many pieces so many bytes are.
pub fn count(bytes: usize) -> usize {
    bytes.div_ceil(PIECE)
}

/// The hashes of a section's pieces, one after the other.
pub fn hashes(section: &[u8]) -> impl Iterator<Item = [u8; PIECE_HASH]> + '_ {
    section.chunks(PIECE).map(hash)
}

/// The beginning of a piece's BLAKE3: a flipped bit is to be found, not somebody who means harm.
fn hash(piece: &[u8]) -> [u8; PIECE_HASH] {
    let whole = blake3::hash(piece);
    let mut short = [0; PIECE_HASH];
    for (to, from) in short.iter_mut().zip(whole.as_bytes()) {
        *to = *from;
    }
    short
}

/// Compares what is touched of one section.
#[derive(Clone, Copy)]
pub struct Guard<'a> {
    section: &'a [u8],
    hashes: &'a [u8],
    seen: &'a Seen,
    /// The number of the section's first piece in the file.
    first: usize,
}

impl<'a> Guard<'a> {
    /// A guard of a section, of which the hashes are given.
    pub fn new(section: &'a [u8], hashes: &'a [u8], seen: &'a Seen, first: usize) -> Guard<'a> {
        Guard {
            section,
            hashes,
            seen,
            first,
        }
    }

    /// Whether the pieces that hold these bytes are what was written; the end of the last piece.
    pub fn touch(&self, from: usize, to: usize) -> Option<usize> {
        let last = to.max(from.saturating_add(1)).saturating_sub(1) / PIECE;
        for piece in from / PIECE..=last {
            self.compare(piece)?;
        }
        Some((last + 1) * PIECE)
    }

    fn compare(&self, piece: usize) -> Option<()> {
        let number = self.first + piece;
        let word = self.seen.0.get(number / 64)?;
        let bit = 1_u64 << (number % 64);
        if word.load(Ordering::Relaxed) & bit != 0 {
            return Some(());
        }
        let begin = piece * PIECE;
        let end = begin.saturating_add(PIECE).min(self.section.len());
        let stored = self
            .hashes
            .get(piece * PIECE_HASH..(piece + 1) * PIECE_HASH)?;
        if hash(self.section.get(begin..end)?).as_slice() != stored {
            return None;
        }
        word.fetch_or(bit, Ordering::Relaxed);
        Some(())
    }
}

/// A part of a section: its bytes, and who compares them.
#[derive(Clone, Copy)]
pub struct Region<'a> {
    bytes: &'a [u8],
    /// Where it begins in its section.
    offset: usize,
    guard: Option<Guard<'a>>,
}

impl<'a> Region<'a> {
    /// A part of a section at a place; `None` where it does not lie in it.
    pub fn new(
        section: &'a [u8],
        guard: Option<Guard<'a>>,
        offset: u64,
        length: u64,
    ) -> Option<Region<'a>> {
        Some(Region {
            bytes: super::cursor::part(section, offset, length)?,
            offset: usize::try_from(offset).ok()?,
            guard,
        })
    }

    /// Bytes that nobody has to compare any more.
    pub fn checked(bytes: &'a [u8]) -> Region<'a> {
        Region {
            bytes,
            offset: 0,
            guard: None,
        }
    }

    /// How long it is.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// All of it, of which nothing was compared.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Compares what holds these bytes; how far everything is compared from `from` on.
    pub fn touch(&self, from: usize, to: usize) -> Option<usize> {
        match &self.guard {
            None => Some(usize::MAX),
            Some(guard) => {
                let begin = self.offset.checked_add(from)?;
                let end = self
                    .offset
                    .checked_add(to)?
                    .min(self.offset + self.bytes.len());
                Some(guard.touch(begin, end)?.saturating_sub(self.offset))
            }
        }
    }
}
