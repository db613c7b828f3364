//! The form in which a segment travels: one record after the other, each whole in itself.
//!
//! In a segment strings are told by their places, which all move when one is added. Here each
//! stands where it is used, so that what changes is as long as the change: a packer that knows the
//! old form has little to say of the new one. What is alike stands together, in columns: of texts,
//! of versions, of names, so that a packer finds again what it has seen. A segment is made of it
//! again, byte by byte the same, since its order follows from what is in it.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use jiff::Timestamp;
use model::{Cvss, Severity};

use super::cursor::Cursor;
use super::segment::{Advisory, Place, Segment, Statement};
use super::write;
use crate::builder::gathered::{self, Gathered};
use crate::{Affected, End, Limits, Range, Record, Score, State, Weakness};

mod column;

use column::{Column, Reader, Writer};

/// The first eight bytes of columns.
const MAGIC: [u8; 8] = *b"LZEXC\x002\0";

/// Bytes that are not what [`of_segment`] wrote, or a segment that contradicts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the records cannot be read: they are cut off or contradict themselves")]
pub struct Unreadable;

/// A segment in the form in which it travels.
///
/// # Errors
///
/// [`Unreadable`] where the segment contradicts itself.
pub fn of_segment(segment: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut writer = Writer::columns();
    put_segment(&mut writer, segment)?;
    Ok(writer.finish(&MAGIC))
}

/// A segment as records, one after the other, for [`Records`].
///
/// # Errors
///
/// [`Unreadable`] where the segment contradicts itself.
pub fn rows_of_segment(segment: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut writer = Writer::rows();
    put_segment(&mut writer, segment)?;
    Ok(writer.finish(&[]))
}

fn put_segment(out: &mut Writer, segment: &[u8]) -> Result<(), Unreadable> {
    let segment = Segment::open(segment).ok_or(Unreadable)?;
    let places = segment.places().map_err(|()| Unreadable)?;
    let mut rest = places.as_slice();
    for advisory in segment.advisories() {
        let (place, advisory) = advisory.map_err(|()| Unreadable)?;
        let own = rest.partition_point(|row| row.advisory <= place);
        let (rows, others) = rest.split_at_checked(own).ok_or(Unreadable)?;
        rest = others;
        put_record(out, &segment, &advisory, rows)?;
    }
    Ok(())
}

fn put_record(
    out: &mut Writer,
    segment: &Segment<'_>,
    advisory: &Advisory<'_>,
    rows: &[Place],
) -> Result<(), Unreadable> {
    let flags = u8::from(advisory.bulletin) | u8::from(advisory.withdrawn) << 1;
    out.byte(Column::Head, flags);
    out.byte(Column::Head, place_of(&Severity::ALL, &advisory.severity));
    out.byte(Column::Head, score_byte(advisory.score));
    out.text(Column::Identifier, advisory.id);
    out.text(Column::Link, advisory.url);
    out.text(Column::Text, advisory.description);
    for date in [advisory.published, advisory.modified] {
        // Zero says that there is none.
        let second = date.and_then(|date| u64::try_from(date.as_second()).ok());
        let second = second.map_or(0, |second| second.saturating_add(1));
        out.varint(Column::Date, second);
    }
    out.varint(Column::Head, advisory.weaknesses.len() as u64);
    for names in &advisory.weaknesses {
        out.texts(Column::Identifier, names);
    }
    out.varint(Column::Head, rows.len() as u64);
    for place in rows {
        let (ecosystem, package, statement) = segment.at(*place).ok_or(Unreadable)?;
        out.text(Column::Ecosystem, ecosystem);
        out.text(Column::Package, package);
        put_statement(out, &statement);
    }
    Ok(())
}

fn put_statement(out: &mut Writer, statement: &Statement<'_>) {
    out.byte(Column::Row, place_of(&State::ALL, &statement.state));
    out.byte(Column::Row, place_of(&Severity::ALL, &statement.severity));
    out.text(Column::Scope, statement.scope.channel);
    out.text(Column::Scope, statement.scope.module);
    out.texts(Column::Scope, &statement.scope.architectures);
    out.varint(Column::Row, statement.ranges.len() as u64);
    for range in &statement.ranges {
        let (number, end) = match range.end {
            End::Never => (0, None),
            End::Fixed(version) => (1, Some(version)),
            End::Limit(version) => (2, Some(version)),
            End::Last(version) => (3, Some(version)),
        };
        let flags = u8::from(range.introduced.is_some()) | number << 1;
        out.byte(Column::Row, flags);
        for version in range.introduced.into_iter().chain(end) {
            out.text(Column::Version, version);
        }
    }
    out.texts(Column::Version, &statement.versions);
}

fn place_of<T: PartialEq>(all: &[T], one: &T) -> u8 {
    all.iter()
        .position(|known| known == one)
        .unwrap_or_default() as u8
}

/// No score is 255; the highest bit tells one of CVSS 2.
fn score_byte(score: Option<Score>) -> u8 {
    score.map_or(255, |score| {
        score.base.tenths() | u8::from(!score.modern) << 7
    })
}

/// The segment of a form in which it travels, the one that it was made of.
///
/// # Errors
///
/// [`Unreadable`] where it is not what [`of_segment`] wrote, or passes a limit.
pub fn to_segment(form: &[u8], limits: &Limits) -> Result<Vec<u8>, Unreadable> {
    read(form, limits).ok_or(Unreadable)
}

/// Records one by one, each with its bytes.
pub struct Records<'a> {
    bytes: &'a [u8],
    reader: Reader<'a>,
}

impl<'a> Records<'a> {
    /// The records of [`rows_of_segment`]; none in nothing.
    pub fn of(bytes: &'a [u8]) -> Records<'a> {
        Records {
            bytes,
            reader: Reader::rows(bytes),
        }
    }

    /// The next records of one identifier: it, and the bytes of all of them.
    fn next(&mut self) -> Result<Option<(String, &'a [u8])>, Unreadable> {
        let begin = self.reader.place();
        if self.reader.is_at_end() {
            return Ok(None);
        }
        let first = record(&mut self.reader).ok_or(Unreadable)?;
        loop {
            let mut ahead = self.reader;
            match ahead.is_at_end() {
                false if record(&mut ahead).ok_or(Unreadable)?.id == first.id => {
                    self.reader = ahead;
                }
                _ => break,
            }
        }
        let own = self.bytes.get(begin..self.reader.place());
        Ok(Some((first.id, own.ok_or(Unreadable)?)))
    }
}

/// Walks through two lists of records side by side, and tells of each identifier of which something
/// else is said whether the first and whether the second list has it.
///
/// # Errors
///
/// [`Unreadable`] where one of them is.
pub fn side_by_side(
    before: &mut Records<'_>,
    after: &mut Records<'_>,
    mut tell: impl FnMut(&str, bool, bool) -> ControlFlow<()>,
) -> Result<(), Unreadable> {
    let (mut one, mut other) = (before.next()?, after.next()?);
    loop {
        let order = match (&one, &other) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((had, _)), Some((has, _))) => had.cmp(has),
        };
        let nearest = if order.is_le() { &one } else { &other };
        let differs =
            order.is_ne() || one.as_ref().map(|one| one.1) != other.as_ref().map(|one| one.1);
        if let Some((id, _)) = nearest.as_ref().filter(|_| differs)
            && tell(id, order.is_le(), order.is_ge()).is_break()
        {
            return Ok(());
        }
        if order.is_le() {
            one = before.next()?;
        }
        if order.is_ge() {
            other = after.next()?;
        }
    }
}

fn read(form: &[u8], limits: &Limits) -> Option<Vec<u8>> {
    let mut reader = Reader::columns(form.strip_prefix(&MAGIC)?)?;
    let mut gathered = Gathered::default();
    let (mut count, mut rows) = (0, 0_usize);
    while !reader.is_at_end() {
        let record = record(&mut reader)?;
        count += 1;
        rows = rows.saturating_add(record.affected.len());
        let fits = count <= limits.records && rows <= limits.rows;
        if !fits || gathered::within(&record, limits).is_err() {
            return None;
        }
        gathered.add(&record);
    }
    Some(write::segment(&gathered.into_sorted()))
}

fn record(reader: &mut Reader<'_>) -> Option<Record> {
    let head = reader.of(Column::Head);
    let flags = head.byte()?;
    let severity = *Severity::ALL.get(usize::from(head.byte()?))?;
    let score = match head.byte()? {
        255 => None,
        byte => Some(Score {
            modern: byte & 0x80 == 0,
            base: Cvss::from_tenths(byte & 0x7f)?,
        }),
    };
    let mut record = Record::new(reader.text(Column::Identifier)?);
    record.bulletin = flags & 1 != 0;
    record.withdrawn = flags & 2 != 0;
    (record.severity, record.score) = (severity, score);
    record.url = reader.text(Column::Link)?.to_owned();
    record.description = reader.text(Column::Text)?.to_owned();
    record.published = date(reader.of(Column::Date))?;
    record.modified = date(reader.of(Column::Date))?;
    let weaknesses = reader.of(Column::Head).size()?;
    record.weaknesses.clear();
    for _ in 0..weaknesses {
        let mut names = reader.texts(Column::Identifier)?.into_iter();
        record.weaknesses.push(Weakness {
            id: names.next()?,
            aliases: names.collect(),
        });
    }
    for _ in 0..reader.of(Column::Head).size()? {
        record.affected.push(affected(reader)?);
    }
    Some(record)
}

fn affected(reader: &mut Reader<'_>) -> Option<Affected> {
    let ecosystem = reader.text(Column::Ecosystem)?.to_owned();
    let package = reader.text(Column::Package)?.to_owned();
    let row = reader.of(Column::Row);
    let state = *State::ALL.get(usize::from(row.byte()?))?;
    let severity = *Severity::ALL.get(usize::from(row.byte()?))?;
    let channel = reader.text(Column::Scope)?.to_owned();
    let module = reader.text(Column::Scope)?.to_owned();
    let architectures = reader.texts(Column::Scope)?;
    let mut ranges = Vec::new();
    for _ in 0..reader.of(Column::Row).size()? {
        ranges.push(range(reader)?);
    }
    Some(Affected {
        ecosystem,
        channel,
        module,
        architectures,
        package,
        state,
        severity,
        ranges,
        versions: reader.texts(Column::Version)?,
    })
}

fn range(reader: &mut Reader<'_>) -> Option<Range<String>> {
    let flags = reader.of(Column::Row).byte()?;
    let mut version = || reader.text(Column::Version).map(str::to_owned);
    let introduced = match flags & 1 {
        0 => None,
        _ => Some(version()?),
    };
    let end = match flags >> 1 {
        0 => End::Never,
        1 => End::Fixed(version()?),
        2 => End::Limit(version()?),
        3 => End::Last(version()?),
        _ => return None,
    };
    Some(Range { introduced, end })
}

fn date(cursor: &mut Cursor<'_>) -> Option<Option<Timestamp>> {
    match cursor.varint()?.checked_sub(1) {
        None => Some(None),
        Some(second) => Timestamp::from_second(i64::try_from(second).ok()?)
            .ok()
            .map(Some),
    }
}

#[cfg(test)]
mod tests;
