//! Sparse files: GNU's old form, and its PAX forms 0.0, 0.1 and 1.0.

use std::collections::VecDeque;
use std::io::{self, Read};

use super::header::{Block, Format};
use super::number::{decimal, numeric};
use super::pax::{Records, SPARSE_MAP};
use super::{Archive, Header, TarError};

/// Where the stored bytes of a file belong: offset and length each.
pub(super) type Map = Vec<(i64, i64)>;

/// A sparse file that is being read.
pub(super) struct Sparse {
    /// The regions that are stored, as start and end.
    stored: VecDeque<(u64, u64)>,
    position: u64,
    size: u64,
}

impl Sparse {
    /// Checks a map as Go and BSD tar do, and that the archive holds what it speaks of.
    pub(super) fn new(map: Map, size: i64, in_archive: u64) -> Result<Sparse, &'static str> {
        let size = u64::try_from(size).map_err(|_| "a negative size")?;
        let mut stored = VecDeque::new();
        let (mut last_end, mut sum) = (0, 0u64);
        for (offset, length) in map {
            let end = offset.checked_add(length).unwrap_or(-1);
            let region = (u64::try_from(offset), u64::try_from(end));
            let ((Ok(start), Ok(end)), true) = (region, length >= 0) else {
                return Err("a sparse map has a region that cannot be");
            };
            if end > size || last_end > start {
                return Err("a sparse map's regions overlap or lie beyond the end");
            }
            last_end = end;
            if start < end {
                sum += end - start;
                stored.push_back((start, end));
            }
        }
        match sum == in_archive {
            true => Ok(Sparse {
                stored,
                position: 0,
                size,
            }),
            false => Err("a sparse map speaks of more or fewer bytes than are stored"),
        }
    }

    /// Reads on: stored bytes from `stored`, zeroes in between.
    pub(super) fn read(
        &mut self,
        buffer: &mut [u8],
        mut stored: impl FnMut(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        while self
            .stored
            .front()
            .is_some_and(|(_, end)| *end <= self.position)
        {
            self.stored.pop_front();
        }
        let (until, is_stored) = match self.stored.front() {
            Some((start, end)) if *start <= self.position => (*end, true),
            Some((start, _)) => (*start, false),
            None => (self.size, false),
        };
        let most = usize::try_from(until - self.position).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(most);
        let part = buffer.get_mut(..wanted).unwrap_or_default();
        let read = match is_stored {
            true => stored(part)?,
            false => {
                part.fill(0);
                wanted
            }
        };
        self.position += read as u64;
        Ok(read)
    }
}

/// The map of GNU's old form: four regions in the header, more in blocks behind it.
pub(super) fn old_gnu<R: Read>(
    archive: &mut Archive<R>,
    header: &mut Header,
    block: &Block,
    format: Format,
) -> Result<Map, TarError> {
    if format != Format::Gnu {
        return Err(archive.malformed("a sparse file's header is not GNU's"));
    }
    let size = numeric(block.field(483, 12));
    header.size = size.ok_or_else(|| archive.malformed("a sparse file's size is no number"))?;
    let mut map = Map::new();
    let mut is_extended = regions(block.field(386, 97), &mut map);
    let mut total = 97;
    while is_extended.map_err(|what| archive.malformed(what))? {
        if total >= archive.metadata_limit {
            return Err(too_long(archive));
        }
        let block = archive.must_read_block()?;
        is_extended = regions(block.bytes(), &mut map);
        total += block.bytes().len() as u64;
    }
    Ok(map)
}

/// Adds the regions of one array, and says whether another array follows.
fn regions(array: &[u8], map: &mut Map) -> Result<bool, &'static str> {
    let count = array.len() / 24;
    for region in array.chunks_exact(24) {
        if region.first() == Some(&0) {
            break;
        }
        let number = |from: usize| region.get(from..from + 12).and_then(numeric);
        match (number(0), number(12)) {
            (Some(offset), Some(length)) => map.push((offset, length)),
            _ => return Err("a sparse map holds what is no number"),
        }
    }
    Ok(array.get(count * 24).is_some_and(|byte| *byte > 0))
}

/// The map of one of the PAX forms; `None` where the file is not sparse.
pub(super) fn of_pax<R: Read>(
    archive: &mut Archive<R>,
    header: &mut Header,
    records: &Records,
) -> Result<Option<Map>, TarError> {
    let major = records.get(b"GNU.sparse.major");
    let minor = records.get(b"GNU.sparse.minor");
    let is_in_content = match (major, minor) {
        (b"0", b"0" | b"1") => false,
        (b"1", b"0") => true,
        (b"", b"") if !records.get(SPARSE_MAP).is_empty() => false,
        _ => return Ok(None),
    };
    let name = records.get(b"GNU.sparse.name");
    if !name.is_empty() {
        header.name = name.to_vec();
    }
    let sizes = [b"GNU.sparse.size".as_slice(), b"GNU.sparse.realsize"];
    let mut sizes = sizes.iter().map(|key| records.get(key));
    if let Some(size) = sizes.find(|size| !size.is_empty()) {
        let wrong = || archive.malformed("a sparse file's size is no number");
        header.size = decimal(size).ok_or_else(wrong)?;
    }
    match is_in_content {
        true => map_in_content(archive).map(Some),
        false => map_in_records(records)
            .map(Some)
            .ok_or_else(|| archive.malformed("a sparse map holds what is no number")),
    }
}

/// Form 0.1: the map is a record.
fn map_in_records(records: &Records) -> Option<Map> {
    let count = decimal(records.get(b"GNU.sparse.numblocks"))?;
    let count = usize::try_from(count).ok()?;
    let text = records.get(SPARSE_MAP);
    let parts: Vec<&[u8]> = match text.is_empty() {
        true => Vec::new(),
        false => text.split(|byte| *byte == b',').collect(),
    };
    if parts.len() != count.checked_mul(2)? {
        return None;
    }
    let pair = |pair: &[&[u8]]| match pair {
        [offset, length] => Some((decimal(offset)?, decimal(length)?)),
        _ => None,
    };
    parts.chunks(2).map(pair).collect()
}

/// Form 1.0: the map stands before the content, in whole blocks of lines.
fn map_in_content<R: Read>(archive: &mut Archive<R>) -> Result<Map, TarError> {
    let mut lines = Lines::default();
    let wrong = "a sparse map holds what is no number";
    lines.feed(archive, 1)?;
    let count = lines.number().ok_or_else(|| archive.malformed(wrong))?;
    let count = u64::try_from(count).map_err(|_| archive.malformed(wrong))?;
    let wanted = count
        .checked_mul(2)
        .ok_or_else(|| archive.malformed(wrong))?;
    lines.feed(archive, wanted)?;
    let mut map = Map::new();
    for _ in 0..count {
        match (lines.number(), lines.number()) {
            (Some(offset), Some(length)) => map.push((offset, length)),
            _ => return Err(archive.malformed(wrong)),
        }
    }
    Ok(map)
}

#[derive(Default)]
struct Lines {
    bytes: VecDeque<u8>,
    count: u64,
    total: u64,
}

impl Lines {
    /// Reads blocks until that many lines are there, and no more than that.
    fn feed<R: Read>(&mut self, archive: &mut Archive<R>, lines: u64) -> Result<(), TarError> {
        while self.count < lines {
            self.total += super::BLOCK as u64;
            if self.total > archive.metadata_limit {
                return Err(too_long(archive));
            }
            let block = archive.must_read_content_block()?;
            let newlines = block.bytes().iter().filter(|byte| **byte == b'\n').count();
            self.count += newlines as u64;
            self.bytes.extend(block.bytes());
        }
        Ok(())
    }

    fn number(&mut self) -> Option<i64> {
        let end = self.bytes.iter().position(|byte| *byte == b'\n')?;
        let line: Vec<u8> = self.bytes.drain(..=end).collect();
        self.count -= 1;
        decimal(line.get(..end)?)
    }
}

fn too_long<R: Read>(archive: &Archive<R>) -> TarError {
    TarError::Limit {
        offset: archive.offset,
        limit: archive.metadata_limit,
    }
}
