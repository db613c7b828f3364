//! Tar archives, read in one pass with the semantics of Go's `archive/tar`.
//!
//! containerd, Docker and podman unpack layers with Go's reader. Where readers differ (and each
//! pair does, on crafted archives), what Go sees is what runs, so this reader follows it to the
//! letter: in which order names override each other, which types have no content whatever their
//! size says, what ends an archive and what breaks it. `tar/tests.rs` holds what Go answered.

use std::io::{self, Read};

use model::ProblemKind;

use crate::Limits;

mod header;
mod number;
mod pax;
mod sparse;

use header::{BLOCK, Block, Format};
use sparse::Sparse;

/// One entry's header, with everything that overrides it applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The path as it is written, bytes and all.
    pub name: Vec<u8>,
    /// The target of a link as it is written.
    pub link_name: Vec<u8>,
    /// The size in bytes that the content has once holes are filled.
    pub size: i64,
    /// Permission bits.
    pub mode: i64,
    /// The type: `b'0'` a file, `b'5'` a directory, `b'2'` a symbolic link, …
    pub kind: u8,
}

/// Why an archive cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TarError {
    /// It ends inside an entry.
    #[error("the tar archive ends early, {offset} bytes in")]
    Truncated {
        /// Where it ended, in bytes from its start.
        offset: u64,
    },
    /// It is not of the form that it must have.
    #[error("the tar archive is malformed {offset} bytes in: {what}")]
    Malformed {
        /// How far it was read, in bytes from its start.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// A header's long name, PAX records or sparse map are past the limit.
    #[error("the tar archive has a header of more than {limit} bytes, {offset} bytes in")]
    Limit {
        /// How far it was read, in bytes from its start.
        offset: u64,
        /// The most that is allowed.
        limit: u64,
    },
}

impl TarError {
    /// The way in which the archive falls short.
    pub fn problem_kind(&self) -> ProblemKind {
        match self {
            TarError::Truncated { .. } => ProblemKind::Truncated,
            TarError::Malformed { .. } => ProblemKind::Malformed,
            TarError::Limit { .. } => ProblemKind::Limit,
        }
    }
}

/// Types that have no content, whatever their size says.
fn is_header_only(kind: u8) -> bool {
    matches!(kind, b'1'..=b'6')
}

/// Reads an archive entry by entry. Reading from it gives the content of the last entry.
pub struct Archive<R> {
    reader: R,
    metadata_limit: u64,
    offset: u64,
    /// Bytes of the last entry's content that are still in the archive.
    remaining: u64,
    padding: u64,
    sparse: Option<Sparse>,
    done: bool,
}

/// What precedes an entry and overrides its header.
#[derive(Default)]
struct Overrides {
    pax: pax::Records,
    long_name: Vec<u8>,
    long_link: Vec<u8>,
}

impl<R: Read> Archive<R> {
    /// An archive from its first byte on.
    pub fn new(reader: R, limits: &Limits) -> Archive<R> {
        Archive {
            reader,
            metadata_limit: limits.metadata_bytes,
            offset: 0,
            remaining: 0,
            padding: 0,
            sparse: None,
            done: false,
        }
    }

    /// The next entry; `None` at the archive's end. Content that was not read is passed over.
    /// After an error there is no next entry.
    pub fn next_entry(&mut self) -> Result<Option<Header>, TarError> {
        if self.done {
            return Ok(None);
        }
        let answer = self.advance();
        self.done = !matches!(answer, Ok(Some(_)));
        answer
    }

    /// How many bytes of the archive were read.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The reader behind it.
    pub fn into_inner(self) -> R {
        self.reader
    }

    fn advance(&mut self) -> Result<Option<Header>, TarError> {
        let mut overrides = Overrides::default();
        loop {
            self.skip(self.remaining)?;
            self.remaining = 0;
            self.sparse = None;
            // As Go has it: an archive that ends inside the padding ends there.
            if self.skip(self.padding).is_err() {
                return Ok(None);
            }
            self.padding = 0;
            let Some((block, format)) = self.read_block()? else {
                return Ok(None);
            };
            let header = block.header(format).map_err(|what| self.malformed(what))?;
            self.begin_content(&header)?;
            match header.kind {
                b'x' => overrides.pax = self.read_pax()?,
                b'g' => return self.global(header).map(Some),
                b'L' => overrides.long_name = until_nul(self.read_metadata()?),
                b'K' => overrides.long_link = until_nul(self.read_metadata()?),
                _ => {
                    return self
                        .finish_header(header, &block, format, overrides)
                        .map(Some);
                }
            }
        }
    }

    /// A header that speaks for all later entries. No runtime applies it; it is shown.
    fn global(&mut self, mut header: Header) -> Result<Header, TarError> {
        let records = self.read_pax()?;
        // Go stops at the first record that is wrong, and goes on without the rest.
        let _ = records.apply(&mut header);
        Ok(Header {
            name: header.name,
            kind: header.kind,
            ..Header::default()
        })
    }

    fn finish_header(
        &mut self,
        mut header: Header,
        block: &Block,
        format: Format,
        overrides: Overrides,
    ) -> Result<Header, TarError> {
        let apply = overrides.pax.apply(&mut header);
        apply.map_err(|what| self.malformed(what))?;
        if !overrides.long_name.is_empty() {
            header.name = overrides.long_name;
        }
        if !overrides.long_link.is_empty() {
            header.link_name = overrides.long_link;
        }
        if header.kind == 0 {
            header.kind = match header.name.last() {
                Some(b'/') => b'5',
                _ => b'0',
            };
        }
        self.begin_content(&header)?;
        let map = match header.kind {
            b'S' => Some(sparse::old_gnu(self, &mut header, block, format)?),
            _ => sparse::of_pax(self, &mut header, &overrides.pax)?,
        };
        if let Some(map) = map {
            if is_header_only(header.kind) {
                return Err(self.malformed("a sparse file of a type that has no content"));
            }
            let sparse = Sparse::new(map, header.size, self.remaining);
            self.sparse = Some(sparse.map_err(|what| self.malformed(what))?);
        }
        Ok(header)
    }

    fn begin_content(&mut self, header: &Header) -> Result<(), TarError> {
        let size = match is_header_only(header.kind) {
            true => 0,
            false => header.size,
        };
        let negative = |_| self.malformed("a negative size");
        self.remaining = u64::try_from(size).map_err(negative)?;
        self.padding = self.remaining.wrapping_neg() % BLOCK as u64;
        Ok(())
    }

    /// The next header block; `None` at the end: nothing more, or zero blocks.
    fn read_block(&mut self) -> Result<Option<(Block, Format)>, TarError> {
        let Some(block) = self.read_block_or_end()? else {
            return Ok(None);
        };
        if block.is_zero() {
            return match self.read_block_or_end()? {
                Some(block) if !block.is_zero() => {
                    Err(self.malformed("a zero block is followed by one that is not"))
                }
                _ => Ok(None),
            };
        }
        match block.format() {
            Some(format) => Ok(Some((block, format))),
            None => Err(self.malformed("a header's checksum is wrong")),
        }
    }

    fn read_block_or_end(&mut self) -> Result<Option<Block>, TarError> {
        let mut block = Block::default();
        match self.fill(block.bytes_mut()) {
            0 => Ok(None),
            BLOCK => Ok(Some(block)),
            _ => Err(self.truncated()),
        }
    }

    /// A block that must be there, from the archive itself.
    fn must_read_block(&mut self) -> Result<Block, TarError> {
        self.read_block_or_end()?.ok_or_else(|| self.truncated())
    }

    /// A block that must be there, from the current entry's content.
    fn must_read_content_block(&mut self) -> Result<Block, TarError> {
        if self.remaining < BLOCK as u64 {
            return Err(self.truncated());
        }
        self.remaining -= BLOCK as u64;
        self.must_read_block()
    }

    fn read_pax(&mut self) -> Result<pax::Records, TarError> {
        let bytes = self.read_metadata()?;
        pax::Records::parse(&bytes).map_err(|what| self.malformed(what))
    }

    /// The content of an entry that describes another one.
    fn read_metadata(&mut self) -> Result<Vec<u8>, TarError> {
        let limit = self.metadata_limit;
        let mut bytes = Vec::new();
        let end = self.by_ref().take(limit + 1).read_to_end(&mut bytes);
        if bytes.len() as u64 > limit {
            return Err(TarError::Limit {
                offset: self.offset,
                limit,
            });
        }
        end.map_err(|_| self.truncated())?;
        Ok(bytes)
    }

    fn skip(&mut self, mut count: u64) -> Result<(), TarError> {
        let mut buffer = [0; 16 << 10];
        while count > 0 {
            let wanted = usize::try_from(count)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            let read = self.fill(buffer.get_mut(..wanted).unwrap_or_default());
            count -= read as u64;
            if read < wanted {
                return Err(self.truncated());
            }
        }
        Ok(())
    }

    /// Reads until the buffer is full or nothing more comes. A reader that fails has ended: the
    /// one below keeps the reason.
    fn fill(&mut self, buffer: &mut [u8]) -> usize {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.reader.read(rest) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.offset += filled as u64;
        filled
    }

    fn read_stored(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.remaining).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(most);
        let read = self.fill(buffer.get_mut(..wanted).unwrap_or_default());
        self.remaining -= read as u64;
        match read == 0 && wanted > 0 {
            true => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                self.truncated(),
            )),
            false => Ok(read),
        }
    }

    fn truncated(&self) -> TarError {
        TarError::Truncated {
            offset: self.offset,
        }
    }

    fn malformed(&self, what: &'static str) -> TarError {
        TarError::Malformed {
            offset: self.offset,
            what,
        }
    }
}

impl<R: Read> Read for Archive<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(mut sparse) = self.sparse.take() else {
            return self.read_stored(buffer);
        };
        let read = sparse.read(buffer, |part| self.read_stored(part));
        self.sparse = Some(sparse);
        read
    }
}

fn until_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
        bytes.truncate(end);
    }
    bytes
}

#[cfg(test)]
pub(crate) mod tests;
