//! The table `Packages` of an SQLite file, as `sqlite.org/fileformat2.html` lays it out. No SQL is
//! run: what is hostile is only read.

use std::borrow::Cow;

use super::Blobs;
use super::bytes::{Order, size_at, u16_at};

const MAGIC: &[u8] = b"SQLite format 3\0";
/// The first page begins with the file's header.
const FILE_HEADER: usize = 100;
const INTERIOR: u8 = 0x05;
const LEAF: u8 = 0x0d;

/// Every header.
pub fn blobs(bytes: &[u8]) -> Blobs<'_> {
    let Some(file) = File::of(bytes) else {
        return Blobs::broken("is no file of SQLite");
    };
    let mut problems = Vec::new();
    let mut root = None;
    let mut schema = |record: &[u8]| {
        let is_it = text(record, 0) == Some(b"table") && text(record, 1) == Some(b"Packages");
        if is_it {
            root = column(record, 3).and_then(number);
        }
    };
    file.rows(1, &mut problems, &mut |record| schema(&record));
    let mut headers = Vec::new();
    match root {
        Some(root) => file.rows(root, &mut problems, &mut |record| {
            headers.extend(blob(record))
        }),
        None => problems.push("has no table of packages".to_owned()),
    }
    Blobs { headers, problems }
}

/// The second column: the first is the row's number.
fn blob(record: Cow<'_, [u8]>) -> Option<Cow<'_, [u8]>> {
    let (_, range) = place(&record, 1)?;
    match record {
        Cow::Borrowed(record) => Some(Cow::Borrowed(record.get(range)?)),
        Cow::Owned(record) => Some(Cow::Owned(record.get(range)?.to_vec())),
    }
}

struct File<'a> {
    bytes: &'a [u8],
    page: usize,
    /// A page without what is reserved at its end.
    usable: usize,
}

impl<'a> File<'a> {
    fn of(bytes: &'a [u8]) -> Option<File<'a>> {
        bytes.starts_with(MAGIC).then_some(())?;
        let page = match u16_at(bytes, 16, Order::Big)? {
            1 => 65_536,
            size => usize::from(size),
        };
        let reserved = usize::from(*bytes.get(20)?);
        let usable = page.checked_sub(reserved)?;
        (page >= 512 && usable >= 480).then_some(File {
            bytes,
            page,
            usable,
        })
    }

    fn page(&self, number: usize) -> Option<&'a [u8]> {
        let at = number.checked_sub(1)?.checked_mul(self.page)?;
        self.bytes.get(at..at.checked_add(self.page)?)
    }

    /// Shows the record of every row of a table. No page is visited twice.
    fn rows(&self, root: usize, problems: &mut Vec<String>, show: &mut dyn FnMut(Cow<'a, [u8]>)) {
        let mut seen = vec![false; self.bytes.len() / self.page + 1];
        let mut waiting = vec![root];
        while let Some(number) = waiting.pop() {
            let is_new = seen
                .get_mut(number)
                .is_some_and(|seen| !std::mem::replace(seen, true));
            let read = is_new
                .then(|| self.tree_page(number, &mut waiting, show))
                .flatten();
            if read.is_none() {
                problems.push(format!("page {number} cannot be read to its end"));
            }
        }
    }

    fn tree_page(
        &self,
        number: usize,
        waiting: &mut Vec<usize>,
        show: &mut dyn FnMut(Cow<'a, [u8]>),
    ) -> Option<()> {
        let page = self.page(number)?;
        let start = if number == 1 { FILE_HEADER } else { 0 };
        let kind = *page.get(start)?;
        let cells = usize::from(u16_at(page, start + 3, Order::Big)?);
        let (header, is_leaf) = match kind {
            INTERIOR => (12, false),
            LEAF => (8, true),
            _ => return None,
        };
        let mut whole = Some(());
        if !is_leaf {
            waiting.push(size_at(page, start + 8, Order::Big)?);
        }
        for cell in (0..cells).rev() {
            let at = usize::from(u16_at(page, start + header + 2 * cell, Order::Big)?);
            match is_leaf {
                false => waiting.push(size_at(page, at, Order::Big)?),
                true => match self.record(page.get(at..)?) {
                    Some(record) => show(record),
                    None => whole = None,
                },
            }
        }
        whole
    }

    /// The record of a leaf's cell: its start lies there, the rest on pages of its own.
    fn record(&self, cell: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let (length, cell) = varint(cell)?;
        let length = usize::try_from(length)
            .ok()
            .filter(|length| *length <= self.bytes.len())?;
        let (_, cell) = varint(cell)?;
        let most = self.usable.checked_sub(35)?;
        if length <= most {
            return cell.get(..length).map(Cow::Borrowed);
        }
        let least = (self.usable.checked_sub(12)? * 32 / 255).checked_sub(23)?;
        let fitting = least + (length - least) % (self.usable - 4);
        let here = if fitting <= most { fitting } else { least };
        let (start, rest) = cell.split_at_checked(here)?;
        let mut record = Vec::with_capacity(length);
        record.extend_from_slice(start);
        let mut next = size_at(rest, 0, Order::Big)?;
        while record.len() < length {
            let page = self.page(next)?;
            let left = (length - record.len()).min(self.usable - 4);
            record.extend_from_slice(page.get(4..4 + left)?);
            next = size_at(page, 0, Order::Big)?;
        }
        Some(Cow::Owned(record))
    }
}

/// A number of SQLite: up to nine bytes, seven bits of each and all of the last.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for at in 0..9 {
        let byte = *bytes.get(at)?;
        if at == 8 {
            return Some((value << 8 | u64::from(byte), bytes.get(9..)?));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(at + 1..)?));
        }
    }
    None
}

/// The type of a record's column, and where it lies.
fn place(record: &[u8], wanted: usize) -> Option<(u64, std::ops::Range<usize>)> {
    let (header, rest) = varint(record)?;
    let header = usize::try_from(header).ok()?;
    let before = record.len() - rest.len();
    let mut types = record.get(before..header)?;
    let mut at = header;
    for number in 0.. {
        let (kind, others) = varint(types)?;
        types = others;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            kind => usize::try_from((kind - 12) / 2).ok()?,
        };
        let end = at.checked_add(length)?;
        if number == wanted {
            return Some((kind, at..end));
        }
        at = end;
    }
    None
}

fn column(record: &[u8], wanted: usize) -> Option<(u64, &[u8])> {
    let (kind, range) = place(record, wanted)?;
    Some((kind, record.get(range)?))
}

fn text(record: &[u8], wanted: usize) -> Option<&[u8]> {
    let (kind, bytes) = column(record, wanted)?;
    (kind >= 13 && kind % 2 == 1).then_some(bytes)
}

fn number((kind, bytes): (u64, &[u8])) -> Option<usize> {
    match kind {
        9 => Some(1),
        1..=6 => bytes.iter().try_fold(0_usize, |value, byte| {
            value.checked_mul(256)?.checked_add(usize::from(*byte))
        }),
        _ => None,
    }
}
