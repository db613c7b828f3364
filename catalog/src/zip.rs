//! The directory of a zip archive, read in place: PKWARE's APPNOTE.TXT, 4.3 and 4.5.
//!
//! Written by hand, since of most archives only a handful of members is wanted: the crate `zip`
//! makes an owned record of every entry, which takes longer than all the rest. Members that are
//! stored are borrowed. Nothing that the archive says of itself is believed: a size is a hint.

use std::borrow::Cow;

use flate2::{Decompress, FlushDecompress, Status};
use model::ProblemKind;

/// What is wrong with an archive or a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ZipError {
    /// There is no end of a directory.
    #[error("is no zip archive, or its end is missing")]
    NoArchive,
    /// A record is not where it should be, or is cut.
    #[error("{0}")]
    Malformed(&'static str),
    /// It cannot be read without a key.
    #[error("is encrypted")]
    Encrypted,
    /// Packed in a way that Java's archives are not.
    #[error("is packed by method {0}, which is not read")]
    Method(u16),
    /// More than the limit that was given.
    #[error("inflates to more than the {0} bytes that are read")]
    TooLarge(u64),
}

impl ZipError {
    /// In which way the read fell short.
    pub fn kind(self) -> ProblemKind {
        match self {
            ZipError::NoArchive | ZipError::Malformed(_) => ProblemKind::Malformed,
            ZipError::Encrypted | ZipError::Method(_) => ProblemKind::Unsupported,
            ZipError::TooLarge(_) => ProblemKind::Limit,
        }
    }
}

const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const LOCATOR_64_LENGTH: usize = 20;
const ENTRY: &[u8] = b"PK\x01\x02";
const ENTRY_LENGTH: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_LENGTH: usize = 30;
/// How far before the end of the file the end of the directory can begin: its comment's length
/// has 16 bits.
const LONGEST_END: usize = END_LENGTH + 0xffff;

/// An archive whose directory was found.
#[derive(Clone, Copy, Debug)]
pub struct Archive<'a> {
    bytes: &'a [u8],
    directory: &'a [u8],
    /// What has to be added to an offset, wrapping: the length of what stands before the archive.
    shift: u64,
}

/// A file in an archive, as the directory describes it.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Its path, as it is written.
    pub name: &'a [u8],
    /// Where its local header begins.
    pub offset: u64,
    /// Its bytes as they are packed.
    pub packed: u64,
    /// Its size inflated, by its own word.
    pub size: u64,
    method: u16,
    flags: u16,
}

impl<'a> Archive<'a> {
    /// Finds an archive's directory; anything may stand before the archive, as a script does in
    /// jars that can be executed.
    ///
    /// # Errors
    ///
    /// [`ZipError::NoArchive`] where there is no directory, or where what says so is wrong.
    pub fn open(bytes: &'a [u8]) -> Result<Archive<'a>, ZipError> {
        let first = bytes.len().saturating_sub(LONGEST_END);
        let tail = bytes.get(first..).unwrap_or_default();
        let ends = (0..tail.len().saturating_sub(END_LENGTH - 1)).rev();
        let mut ends = ends.filter(|at| tail.get(*at..).is_some_and(|end| end.starts_with(END)));
        let archive = ends.find_map(|at| Archive::at(bytes, first + at));
        archive.ok_or(ZipError::NoArchive)
    }

    /// The archive whose end of the directory is there.
    fn at(bytes: &'a [u8], end: usize) -> Option<Archive<'a>> {
        let comment = u64::from(u16_at(bytes, end + 20)?);
        if (end + END_LENGTH) as u64 + comment > bytes.len() as u64 {
            return None;
        }
        let mut size = u64::from(u32_at(bytes, end + 12)?);
        let mut offset = u64::from(u32_at(bytes, end + 16)?);
        let mut end = end;
        if let Some((at, size_64, offset_64)) = end_64(bytes, end) {
            (end, size, offset) = (at, size_64, offset_64);
        }
        // Where it lies and where it says that it lies differ by what stands before the archive;
        // something between directory and end, such as a signature, is as lawful.
        let real = (end as u64).checked_sub(size);
        let starts = [real, Some(offset)].into_iter().flatten();
        for start in starts {
            let from = usize::try_from(start).ok()?;
            let to = from.checked_add(usize::try_from(size).ok()?)?;
            let Some(directory) = bytes.get(from..to) else {
                continue;
            };
            if directory.is_empty() || directory.starts_with(ENTRY) {
                return Some(Archive {
                    bytes,
                    directory,
                    shift: start.wrapping_sub(offset),
                });
            }
        }
        None
    }

    /// Its members, in the order of the directory; the first error is the last item.
    pub fn members(&self) -> Members<'a> {
        Members {
            left: self.directory,
            shift: self.shift,
        }
    }

    /// A member's bytes as they are packed, and where they begin.
    ///
    /// # Errors
    ///
    /// Where there is no such member in the archive.
    pub fn packed(&self, member: &Member<'a>) -> Result<(u64, &'a [u8]), ZipError> {
        let packed = || {
            let at = usize::try_from(member.offset).ok()?;
            let header = self.bytes.get(at..at.checked_add(LOCAL_LENGTH)?)?;
            let name = usize::from(u16_at(header, 26)?);
            let extra = usize::from(u16_at(header, 28)?);
            let start = at + LOCAL_LENGTH + name + extra;
            let end = start.checked_add(usize::try_from(member.packed).ok()?)?;
            let bytes = self.bytes.get(start..end)?;
            header.starts_with(LOCAL).then_some((start as u64, bytes))
        };
        let wrong = "is not where the archive's directory says";
        packed().ok_or(ZipError::Malformed(wrong))
    }
}

/// Where the end of a directory of a large archive is, the directory's size, and its offset.
fn end_64(bytes: &[u8], end: usize) -> Option<(usize, u64, u64)> {
    let locator = bytes.get(end.checked_sub(LOCATOR_64_LENGTH)?..end)?;
    if !locator.starts_with(LOCATOR_64) {
        return None;
    }
    let said = usize::try_from(u64_at(locator, 8)?).ok()?;
    // Data before the archive moves it as well: then it is right before its locator.
    let usual = end.checked_sub(LOCATOR_64_LENGTH + 56)?;
    let is_there = |at: &usize| {
        bytes
            .get(*at..)
            .is_some_and(|there| there.starts_with(END_64))
    };
    let at = [said, usual].into_iter().find(is_there)?;
    let record = bytes.get(at..)?;
    Some((at, u64_at(record, 40)?, u64_at(record, 48)?))
}

/// The entries of a directory.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    left: &'a [u8],
    shift: u64,
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<Member<'a>, ZipError>;

    fn next(&mut self) -> Option<Self::Item> {
        // What follows the last entry, a signature, is not its business.
        if !self.left.starts_with(ENTRY) {
            return None;
        }
        let entry = self.entry();
        if entry.is_none() {
            self.left = &[];
        }
        let wrong = "ends inside its directory: members may be missing";
        Some(entry.ok_or(ZipError::Malformed(wrong)))
    }
}

impl<'a> Members<'a> {
    fn entry(&mut self) -> Option<Member<'a>> {
        let (entry, rest) = self.left.split_at_checked(ENTRY_LENGTH)?;
        let (name, rest) = rest.split_at_checked(usize::from(u16_at(entry, 28)?))?;
        let (extra, rest) = rest.split_at_checked(usize::from(u16_at(entry, 30)?))?;
        let (_, rest) = rest.split_at_checked(usize::from(u16_at(entry, 32)?))?;
        self.left = rest;
        let mut sizes = [
            u64::from(u32_at(entry, 24)?),
            u64::from(u32_at(entry, 20)?),
            u64::from(u32_at(entry, 42)?),
        ];
        if sizes.contains(&u64::from(u32::MAX)) {
            enlarge(extra, &mut sizes);
        }
        let [size, packed, offset] = sizes;
        Some(Member {
            name,
            offset: offset.wrapping_add(self.shift),
            packed,
            size,
            method: u16_at(entry, 10)?,
            flags: u16_at(entry, 8)?,
        })
    }
}

/// Replaces numbers that do not fit into 32 bits by those of the extra field for them.
fn enlarge(mut extra: &[u8], sizes: &mut [u64; 3]) {
    while let (Some(tag), Some(length)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let Some(rest) = extra.get(4 + usize::from(length)..) else {
            return;
        };
        if tag == 1 {
            let full = sizes
                .iter_mut()
                .filter(|size| **size == u64::from(u32::MAX));
            for (number, size) in full.enumerate() {
                *size = u64_at(extra, 4 + number * 8).unwrap_or(*size);
            }
            return;
        }
        extra = rest;
    }
}

/// Inflates members, one after another, with the same memory.
pub struct Inflater {
    state: Decompress,
}

impl Inflater {
    /// Ready for the first.
    pub fn new() -> Inflater {
        Inflater {
            state: Decompress::new(false),
        }
    }

    /// A member's bytes, all of them.
    ///
    /// # Errors
    ///
    /// Where it cannot be inflated, or is larger than the limit.
    pub fn read<'a>(
        &mut self,
        archive: &Archive<'a>,
        member: &Member<'a>,
        limit: u64,
    ) -> Result<Cow<'a, [u8]>, ZipError> {
        let (bytes, is_whole) = self.start(archive, member, limit)?;
        match is_whole {
            true => Ok(bytes),
            false => Err(ZipError::TooLarge(limit)),
        }
    }

    /// A member's bytes up to the limit, and whether they are all.
    ///
    /// # Errors
    ///
    /// Where it cannot be inflated.
    pub fn start<'a>(
        &mut self,
        archive: &Archive<'a>,
        member: &Member<'a>,
        limit: u64,
    ) -> Result<(Cow<'a, [u8]>, bool), ZipError> {
        if member.flags & 1 != 0 {
            return Err(ZipError::Encrypted);
        }
        let (_, packed) = archive.packed(member)?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        match member.method {
            0 => match packed.get(..limit) {
                Some(start) => Ok((Cow::Borrowed(start), start.len() == packed.len())),
                None => Ok((Cow::Borrowed(packed), true)),
            },
            8 => {
                let hint = usize::try_from(member.size).unwrap_or(limit);
                let (bytes, is_whole) = self.inflate(packed, hint, limit)?;
                Ok((Cow::Owned(bytes), is_whole))
            }
            method => Err(ZipError::Method(method)),
        }
    }

    fn inflate(
        &mut self,
        packed: &[u8],
        hint: usize,
        limit: usize,
    ) -> Result<(Vec<u8>, bool), ZipError> {
        /// What deflate can make of a byte.
        const MOST: usize = 1032;
        const WRONG: ZipError = ZipError::Malformed("cannot be inflated");
        self.state.reset(false);
        // One byte more than it has: so that its end is seen in the first call.
        let possible = packed.len().saturating_mul(MOST);
        let first = hint.min(possible).saturating_add(1).min(limit);
        let mut out = Vec::with_capacity(first);
        loop {
            let taken = usize::try_from(self.state.total_in()).map_err(|_| WRONG)?;
            let input = packed.get(taken..).unwrap_or_default();
            let before = (taken, out.len());
            let status = self
                .state
                .decompress_vec(input, &mut out, FlushDecompress::None);
            if matches!(status.map_err(|_| WRONG)?, Status::StreamEnd) {
                return Ok((out, true));
            }
            if out.len() >= limit {
                return Ok((out, false));
            }
            if out.len() == out.capacity() {
                out.reserve_exact(out.len().max(4 << 10).min(limit - out.len()));
            } else if (self.state.total_in(), out.len()) == (before.0 as u64, before.1) {
                return Err(ZipError::Malformed("ends early"));
            }
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let field = bytes.get(at..at.checked_add(2)?)?;
    field.try_into().ok().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let field = bytes.get(at..at.checked_add(4)?)?;
    field.try_into().ok().map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(8)?)?;
    field.try_into().ok().map(u64::from_le_bytes)
}

#[cfg(test)]
pub(crate) mod tests;
