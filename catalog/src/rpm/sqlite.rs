//! rpm's newest database, `rpmdb.sqlite`: the table `Packages` of a file of SQLite, after "SQLite
//! Database File Format". Only what is needed to walk one table is read; there is no SQL.

use super::Reading;

/// What the file begins with.
pub const MAGIC: &[u8] = b"SQLite format 3\0";
/// What stands before the first page's own head.
const FILE_HEAD: usize = 100;
/// Kinds of pages of a table's tree.
const INNER: u8 = 5;
const LEAF: u8 = 13;
/// Trees are shallow: a level has a hundred times the pages of the one above.
const DEPTH: usize = 20;

struct File<'a> {
    bytes: &'a [u8],
    page_size: usize,
    /// What of a page is used.
    usable: usize,
    /// Pages that were read: none belongs to two places.
    is_used: Vec<bool>,
    /// The row that was put together last.
    row: Vec<u8>,
}

/// What is done with a row: its number and its record.
type Visit<'v> = dyn FnMut(u64, &[u8], &mut Reading) + 'v;

/// Reads the headers of packages, in the order of their numbers.
pub fn read(bytes: &[u8], reading: &mut Reading) {
    let Some(mut file) = File::new(bytes) else {
        return reading.problem("is no database of SQLite that is read");
    };
    if !bytes.len().is_multiple_of(file.page_size) {
        reading.problem("ends inside a page");
    }
    let mut root = None;
    file.table(1, DEPTH, reading, &mut |_, row, _| {
        root = root.or_else(|| root_of_packages(row));
    });
    let Some(root) = root else {
        return reading.problem("has no table of packages");
    };
    file.table(root, DEPTH, reading, &mut |number, row, reading| {
        let place = format_args!("package {number}");
        match columns(row).nth(1) {
            Some((kind, blob)) if kind >= 12 => reading.header(place, blob),
            _ => reading.problem(format!("{place} has no header")),
        }
    });
}

/// The first page of the table `Packages`, in its row of the schema: type, name, table, page, SQL.
fn root_of_packages(row: &[u8]) -> Option<usize> {
    let mut columns = columns(row).map(|(_, value)| value);
    let is_it = columns.next()? == b"table" && columns.next()? == b"Packages";
    let page = columns.nth(1).filter(|_| is_it)?;
    let number = page.iter().try_fold(0_usize, |number, byte| {
        number.checked_mul(256)?.checked_add(usize::from(*byte))
    })?;
    (number > 0).then_some(number)
}

/// The values of a record, each with its type.
fn columns(record: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let head = variable(record).and_then(|(length, rest)| {
        let length = usize::try_from(length).ok()?;
        let before = record.len() - rest.len();
        Some((record.get(before..length)?, record.get(length..)?))
    });
    let (mut kinds, mut values) = head.unwrap_or_default();
    std::iter::from_fn(move || {
        let (kind, rest) = variable(kinds)?;
        kinds = rest;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => (kind - 12) / 2,
        };
        let (value, rest) = values.split_at_checked(usize::try_from(length).ok()?)?;
        values = rest;
        Some((kind, value))
    })
}

/// A number of one to nine bytes, and what follows it.
fn variable(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for at in 0..8 {
        let byte = *bytes.get(at)?;
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(at + 1..)?));
        }
    }
    let last = *bytes.get(8)?;
    Some((number << 8 | u64::from(last), bytes.get(9..)?))
}

fn short(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(usize::from(u16::from_be_bytes(bytes)))
}

fn long(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(bytes)).ok()
}

/// The size of the pages of a database; `None` where it is no size of one.
pub fn page_size(bytes: &[u8]) -> Option<usize> {
    let size = short(bytes, 16).filter(|_| bytes.starts_with(MAGIC))?;
    let size = if size == 1 { 65_536 } else { size };
    (size.is_power_of_two() && size >= 512).then_some(size)
}

impl<'a> File<'a> {
    fn new(bytes: &'a [u8]) -> Option<File<'a>> {
        let page_size = page_size(bytes)?;
        let usable = page_size - usize::from(*bytes.get(20)?);
        (usable >= 480).then(|| File {
            bytes,
            page_size,
            usable,
            is_used: vec![false; bytes.len() / page_size + 1],
            row: Vec::new(),
        })
    }

    /// A page, counted from 1, that was not read yet.
    fn page(&mut self, number: usize) -> Option<&'a [u8]> {
        let start = number.checked_sub(1)?.checked_mul(self.page_size)?;
        let page = self.bytes.get(start..start.checked_add(self.usable)?)?;
        let is_used = self.is_used.get_mut(number)?;
        (!std::mem::replace(is_used, true)).then_some(page)
    }

    /// Visits the rows of a table's tree in their order.
    fn table(&mut self, number: usize, depth: usize, reading: &mut Reading, visit: &mut Visit<'_>) {
        let page = self.page(number).filter(|_| depth > 0);
        let Some(page) = page else {
            return reading.problem(format!("page {number} cannot be read: rows are missing"));
        };
        let head = if number == 1 { FILE_HEAD } else { 0 };
        let kind = page.get(head).copied().unwrap_or_default();
        let count = short(page, head + 3).unwrap_or_default();
        let cells = head + if kind == INNER { 12 } else { 8 };
        for index in 0..count {
            let cell = short(page, cells + 2 * index).and_then(|start| page.get(start..));
            let cell = cell.unwrap_or_default();
            match kind {
                INNER => {
                    let child = long(cell, 0).unwrap_or_default();
                    self.table(child, depth - 1, reading, visit);
                }
                LEAF => match self.row(cell) {
                    Some(row) => visit(row, &self.row, reading),
                    None => {
                        reading.problem(format!("row {index} of page {number} is cut"));
                    }
                },
                _ => break,
            }
        }
        match kind {
            INNER => {
                let child = long(page, head + 8).unwrap_or_default();
                self.table(child, depth - 1, reading, visit);
            }
            LEAF => {}
            _ => reading.problem(format!(
                "page {number} is none of a table: rows are missing"
            )),
        }
    }

    /// Puts a row of a leaf together and answers its number; `None` where it is not whole.
    fn row(&mut self, cell: &[u8]) -> Option<u64> {
        self.row.clear();
        let (length, rest) = variable(cell)?;
        let (number, rest) = variable(rest)?;
        let length = usize::try_from(length).ok()?;
        let here = self.held_on_leaf(length);
        self.row.extend_from_slice(rest.get(..here)?);
        if here == length {
            return Some(number);
        }
        let mut next = long(rest, here)?;
        while self.row.len() < length {
            let page = self.page(next)?;
            next = long(page, 0)?;
            let held = page.get(4..)?;
            let missing = length - self.row.len();
            self.row
                .extend_from_slice(held.get(..missing).unwrap_or(held));
        }
        Some(number)
    }

    /// How much of a row stands on its leaf: "Cell Payload Overflow Pages".
    fn held_on_leaf(&self, length: usize) -> usize {
        let most = self.usable - 35;
        if length <= most {
            return length;
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let filled = least + (length - least) % (self.usable - 4);
        if filled <= most { filled } else { least }
    }
}
