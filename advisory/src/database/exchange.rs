//! The form in which a segment travels: one record after the other, each whole in itself.
//!
//! In a segment strings are told by their places, which all move when one is added. Here each
//! stands where it is used, so that what changes is as long as the change: a packer that knows the
//! old form has little to say of the new one. A segment is made of it again, byte by byte the same,
//! since its order follows from what is in it.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use jiff::Timestamp;
use model::{Cvss, Severity};

use super::cursor::Cursor;
use super::segment::{Advisory, Place, Segment, Statement};
use super::write::{self, put_varint};
use crate::builder::gathered::{self, Gathered};
use crate::{Affected, End, Limits, Range, Record, Score, State, Weakness};

/// The first eight bytes.
const MAGIC: [u8; 8] = *b"LZEXC\x001\0";

/// Bytes that are not what [`of_segment`] wrote, or a segment that contradicts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the records cannot be read: they are cut off or contradict themselves")]
pub struct Unreadable;

/// A segment as records.
///
/// # Errors
///
/// [`Unreadable`] where the segment contradicts itself.
pub fn of_segment(segment: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let segment = Segment::open(segment).ok_or(Unreadable)?;
    let places = segment.places().map_err(|()| Unreadable)?;
    let mut rest = places.as_slice();
    let mut out = MAGIC.to_vec();
    for advisory in segment.advisories() {
        let (place, advisory) = advisory.map_err(|()| Unreadable)?;
        let own = rest.partition_point(|row| row.advisory <= place);
        let (rows, others) = rest.split_at_checked(own).ok_or(Unreadable)?;
        rest = others;
        put_record(&mut out, &segment, &advisory, rows)?;
    }
    Ok(out)
}

fn put_record(
    out: &mut Vec<u8>,
    segment: &Segment<'_>,
    advisory: &Advisory<'_>,
    rows: &[Place],
) -> Result<(), Unreadable> {
    out.push(u8::from(advisory.bulletin) | u8::from(advisory.withdrawn) << 1);
    out.push(place_of(&Severity::ALL, &advisory.severity));
    out.push(score_byte(advisory.score));
    for text in [advisory.id, advisory.url, advisory.description] {
        put_text(out, text);
    }
    for date in [advisory.published, advisory.modified] {
        // Zero says that there is none.
        let second = date.and_then(|date| u64::try_from(date.as_second()).ok());
        put_varint(out, second.map_or(0, |second| second.saturating_add(1)));
    }
    put_varint(out, advisory.weaknesses.len() as u64);
    for names in &advisory.weaknesses {
        put_texts(out, names);
    }
    put_varint(out, rows.len() as u64);
    for place in rows {
        let (ecosystem, package, statement) = segment.at(*place).ok_or(Unreadable)?;
        put_text(out, ecosystem);
        put_text(out, package);
        put_statement(out, &statement);
    }
    Ok(())
}

fn put_statement(out: &mut Vec<u8>, statement: &Statement<'_>) {
    out.push(place_of(&State::ALL, &statement.state));
    out.push(place_of(&Severity::ALL, &statement.severity));
    put_text(out, statement.scope.channel);
    put_text(out, statement.scope.module);
    put_texts(out, &statement.scope.architectures);
    put_varint(out, statement.ranges.len() as u64);
    for range in &statement.ranges {
        let (number, end) = match range.end {
            End::Never => (0, None),
            End::Fixed(version) => (1, Some(version)),
            End::Limit(version) => (2, Some(version)),
            End::Last(version) => (3, Some(version)),
        };
        out.push(u8::from(range.introduced.is_some()) | number << 1);
        for version in range.introduced.into_iter().chain(end) {
            put_text(out, version);
        }
    }
    put_texts(out, &statement.versions);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn put_texts(out: &mut Vec<u8>, texts: &[&str]) {
    put_varint(out, texts.len() as u64);
    for text in texts {
        put_text(out, text);
    }
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

/// The segment of records, the one that they were made of.
///
/// # Errors
///
/// [`Unreadable`] where they are not what [`of_segment`] wrote, or pass a limit.
pub fn to_segment(records: &[u8], limits: &Limits) -> Result<Vec<u8>, Unreadable> {
    read(records, limits).ok_or(Unreadable)
}

/// Records one by one, each with its bytes.
pub struct Records<'a> {
    bytes: &'a [u8],
    cursor: Cursor<'a>,
}

impl<'a> Records<'a> {
    /// The records of a form in which they travel; none in nothing.
    pub fn of(bytes: &'a [u8]) -> Records<'a> {
        let bytes = bytes.strip_prefix(&MAGIC).unwrap_or_default();
        Records {
            bytes,
            cursor: Cursor::new(bytes, 0),
        }
    }

    /// The next records of one identifier: it, and the bytes of all of them.
    fn next(&mut self) -> Result<Option<(String, &'a [u8])>, Unreadable> {
        let begin = self.cursor.place();
        if begin >= self.bytes.len() {
            return Ok(None);
        }
        let first = record(&mut self.cursor).ok_or(Unreadable)?;
        loop {
            let mut ahead = self.cursor;
            match ahead.place() < self.bytes.len() {
                true if record(&mut ahead).ok_or(Unreadable)?.id == first.id => self.cursor = ahead,
                _ => break,
            }
        }
        let own = self.bytes.get(begin..self.cursor.place());
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

fn read(records: &[u8], limits: &Limits) -> Option<Vec<u8>> {
    let records = records.strip_prefix(&MAGIC)?;
    let mut cursor = Cursor::new(records, 0);
    let mut gathered = Gathered::default();
    let (mut count, mut rows) = (0, 0_usize);
    while cursor.place() < records.len() {
        let record = record(&mut cursor)?;
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

fn record(cursor: &mut Cursor<'_>) -> Option<Record> {
    let flags = cursor.byte()?;
    let severity = *Severity::ALL.get(usize::from(cursor.byte()?))?;
    let score = match cursor.byte()? {
        255 => None,
        byte => Some(Score {
            modern: byte & 0x80 == 0,
            base: Cvss::from_tenths(byte & 0x7f)?,
        }),
    };
    let mut record = Record::new(text(cursor)?);
    record.bulletin = flags & 1 != 0;
    record.withdrawn = flags & 2 != 0;
    (record.severity, record.score) = (severity, score);
    record.url = text(cursor)?.to_owned();
    record.description = text(cursor)?.to_owned();
    record.published = date(cursor)?;
    record.modified = date(cursor)?;
    let weaknesses = cursor.size()?;
    record.weaknesses.clear();
    for _ in 0..weaknesses {
        let mut names = texts(cursor)?.into_iter();
        record.weaknesses.push(Weakness {
            id: names.next()?,
            aliases: names.collect(),
        });
    }
    for _ in 0..cursor.size()? {
        record.affected.push(affected(cursor)?);
    }
    Some(record)
}

fn affected(cursor: &mut Cursor<'_>) -> Option<Affected> {
    let (ecosystem, package) = (text(cursor)?.to_owned(), text(cursor)?.to_owned());
    let state = *State::ALL.get(usize::from(cursor.byte()?))?;
    let severity = *Severity::ALL.get(usize::from(cursor.byte()?))?;
    let (channel, module) = (text(cursor)?.to_owned(), text(cursor)?.to_owned());
    let architectures = texts(cursor)?;
    let mut ranges = Vec::new();
    for _ in 0..cursor.size()? {
        ranges.push(range(cursor)?);
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
        versions: texts(cursor)?,
    })
}

fn range(cursor: &mut Cursor<'_>) -> Option<Range<String>> {
    let flags = cursor.byte()?;
    let mut version = || text(cursor).map(str::to_owned);
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

fn text<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let length = cursor.size()?;
    std::str::from_utf8(cursor.take(length)?).ok()
}

fn texts(cursor: &mut Cursor<'_>) -> Option<Vec<String>> {
    let mut all = Vec::new();
    for _ in 0..cursor.size()? {
        all.push(text(cursor)?.to_owned());
    }
    Some(all)
}

#[cfg(test)]
mod tests;
