//! Records taken apart into columns of what is alike, or left as they are.

use super::super::cursor::Cursor;
use super::super::write::put_varint;

/// What stands together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Flags, ratings and counts of a record.
    Head,
    /// Its identifiers.
    Identifier,
    /// Its address.
    Link,
    /// Its words.
    Text,
    /// Its dates.
    Date,
    /// The ecosystems of its rows.
    Ecosystem,
    /// Their packages.
    Package,
    /// Their states, ratings and counts.
    Row,
    /// Their channels, modules and architectures.
    Scope,
    /// Their versions.
    Version,
}

/// How many columns there are.
const COLUMNS: usize = Column::Version as usize + 1;

/// Writes records.
pub struct Writer {
    columns: [Vec<u8>; COLUMNS],
    rows: bool,
}

impl Writer {
    /// Into columns.
    pub fn columns() -> Writer {
        Writer {
            columns: [const { Vec::new() }; COLUMNS],
            rows: false,
        }
    }

    /// One after the other.
    pub fn rows() -> Writer {
        Writer {
            rows: true,
            ..Writer::columns()
        }
    }

    fn of(&mut self, column: Column) -> &mut Vec<u8> {
        let place = if self.rows { 0 } else { column as usize };
        // There is one for each column.
        #[allow(clippy::indexing_slicing)]
        &mut self.columns[place]
    }

    /// Adds a byte.
    pub fn byte(&mut self, column: Column, byte: u8) {
        self.of(column).push(byte);
    }

    /// Adds a number.
    pub fn varint(&mut self, column: Column, number: u64) {
        put_varint(self.of(column), number);
    }

    /// Adds a text, its length before it.
    pub fn text(&mut self, column: Column, text: &str) {
        let out = self.of(column);
        put_varint(out, text.len() as u64);
        out.extend_from_slice(text.as_bytes());
    }

    /// Adds texts, their number before them.
    pub fn texts(&mut self, column: Column, texts: &[&str]) {
        self.varint(column, texts.len() as u64);
        for text in texts {
            self.text(column, text);
        }
    }

    /// Everything: what it begins with, then the lengths of the columns where there are several,
    /// eight bytes each with the lowest first, then the columns.
    pub fn finish(self, magic: &[u8]) -> Vec<u8> {
        let mut out = magic.to_vec();
        if !self.rows {
            for column in &self.columns {
                out.extend_from_slice(&(column.len() as u64).to_le_bytes());
            }
        }
        out.extend(self.columns.into_iter().flatten());
        out
    }
}

/// Reads what a [`Writer`] wrote.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    cursors: [Cursor<'a>; COLUMNS],
    /// Where the first column ends: no record is without something there.
    end: usize,
    rows: bool,
}

impl<'a> Reader<'a> {
    /// Of records one after the other.
    pub fn rows(bytes: &'a [u8]) -> Reader<'a> {
        Reader {
            cursors: [Cursor::new(bytes, 0); COLUMNS],
            end: bytes.len(),
            rows: true,
        }
    }

    /// Of columns; `None` where the lengths are not those of the bytes.
    pub fn columns(bytes: &'a [u8]) -> Option<Reader<'a>> {
        let (lengths, mut rest) = bytes.split_at_checked(8 * COLUMNS)?;
        let mut cursors = [Cursor::new(&[], 0); COLUMNS];
        let mut end = None;
        for (cursor, length) in cursors.iter_mut().zip(lengths.chunks_exact(8)) {
            let length = u64::from_le_bytes(length.try_into().ok()?);
            let length = usize::try_from(length).ok()?;
            let (column, others) = rest.split_at_checked(length)?;
            *cursor = Cursor::new(column, 0);
            rest = others;
            end = end.or(Some(length));
        }
        rest.is_empty().then_some(Reader {
            cursors,
            end: end?,
            rows: false,
        })
    }

    /// Where a column is read on.
    pub fn of(&mut self, column: Column) -> &mut Cursor<'a> {
        let place = if self.rows { 0 } else { column as usize };
        // There is one for each column.
        #[allow(clippy::indexing_slicing)]
        &mut self.cursors[place]
    }

    /// Whether there is no further record.
    pub fn is_at_end(&self) -> bool {
        self.place() >= self.end
    }

    /// Where the next record begins in the first column.
    pub fn place(&self) -> usize {
        let [first, ..] = &self.cursors;
        first.place()
    }

    /// The next text of a column.
    pub fn text(&mut self, column: Column) -> Option<&'a str> {
        let cursor = self.of(column);
        let length = cursor.size()?;
        std::str::from_utf8(cursor.take(length)?).ok()
    }

    /// The next texts of a column.
    pub fn texts(&mut self, column: Column) -> Option<Vec<String>> {
        let mut all = Vec::new();
        for _ in 0..self.of(column).size()? {
            all.push(self.text(column)?.to_owned());
        }
        Some(all)
    }
}
