//! Looks packages up in one source's segment.

use jiff::Timestamp;
use model::{Cvss, Severity};

use super::cursor::{Cursor, u64_at};
use super::layout::{self, range, row};
use super::pieces::{Guard, Region};
use crate::scope::Scope;
use crate::{End, Range, Score, State};

/// The regions of a segment.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    strings: Region<'a>,
    advisories: Region<'a>,
    packages: Region<'a>,
    index: Region<'a>,
}

/// What is said of all packages of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advisory<'a> {
    /// The publisher's own identifier.
    pub id: &'a str,
    /// Whether it speaks of several weaknesses under an identifier of its own.
    pub bulletin: bool,
    /// Whether the publisher took it back.
    pub withdrawn: bool,
    /// The rating.
    pub severity: Severity,
    /// The base score.
    pub score: Option<Score>,
    /// Where the publisher explains it, or empty.
    pub url: &'a str,
    /// What the weakness is, or empty.
    pub description: &'a str,
    /// When it appeared.
    pub published: Option<Timestamp>,
    /// When it last changed.
    pub modified: Option<Timestamp>,
    /// The names of each weakness, the best first.
    pub weaknesses: Vec<Vec<&'a str>>,
}

/// What is said of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The record that says it.
    pub advisory: Advisory<'a>,
    /// What is said.
    pub state: State,
    /// The rating for this package; the advisory's is for all.
    pub severity: Severity,
    /// Which packages of the name are meant.
    pub scope: Scope<'a>,
    /// Affected ranges.
    pub ranges: Vec<Range<&'a str>>,
    /// Affected versions that no range holds.
    pub versions: Vec<&'a str>,
}

/// Where a row stands.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its advisory's place.
    pub advisory: u32,
    /// Its package's place.
    package: u32,
    /// Its own.
    row: u32,
}

impl<'a> Segment<'a> {
    /// The regions of a segment that was compared with its checksum; `None` where they do not lie
    /// in it.
    pub fn open(bytes: &'a [u8]) -> Option<Segment<'a>> {
        Segment::guarded(bytes, None)
    }

    /// The regions of a segment of which what is touched is compared; `None` where they do not lie
    /// in it.
    pub fn guarded(bytes: &'a [u8], guard: Option<Guard<'a>>) -> Option<Segment<'a>> {
        if let Some(guard) = &guard {
            guard.touch(0, layout::SEGMENT_HEADER)?;
        }
        if bytes.get(..8)? != layout::SEGMENT_MAGIC {
            return None;
        }
        let region = |number: usize| {
            let at = 16 + 16 * number;
            Region::new(bytes, guard, u64_at(bytes, at)?, u64_at(bytes, at + 8)?)
        };
        Some(Segment {
            strings: region(0)?,
            advisories: region(1)?,
            packages: region(2)?,
            index: region(3)?,
        })
    }

    /// The rows of a package; `Ok(None)` where there are none.
    ///
    /// # Errors
    ///
    /// An empty one where the segment contradicts itself.
    pub fn find(&self, ecosystem: &str, package: &str) -> Result<Option<Rows<'a>>, ()> {
        let hash = layout::hash(ecosystem, package);
        let slots = (self.index.len() / layout::SLOT) as u64;
        let mut at = layout::first_slot(hash, slots);
        for _ in 0..slots {
            let slot = usize::try_from(at)
                .map_err(drop)?
                .saturating_mul(layout::SLOT);
            self.index.touch(slot, slot + layout::SLOT).ok_or(())?;
            let entry = u64_at(self.index.bytes(), slot).ok_or(())?;
            if entry == 0 {
                return Ok(None);
            }
            if (entry >> 32) as u32 == hash as u32 {
                let place = (entry as u32).checked_sub(1).ok_or(())?;
                let rows = self.package(place as usize, ecosystem, package).ok_or(())?;
                if rows.is_some() {
                    return Ok(rows);
                }
            }
            at = if at + 1 < slots { at + 1 } else { 0 };
        }
        Ok(None)
    }

    /// Every package with its rows, in the order of ecosystem and name.
    pub fn packages(&self) -> Packages<'a> {
        Packages {
            segment: *self,
            at: 0,
            last: None,
        }
    }

    /// The rows at a place, if they are those of the package.
    fn package(&self, at: usize, ecosystem: &str, package: &str) -> Option<Option<Rows<'a>>> {
        let mut cursor = Cursor::of(self.packages, at);
        let is_it = self.string(&mut cursor)? == ecosystem && self.string(&mut cursor)? == package;
        if !is_it {
            return Some(None);
        }
        let left = cursor.size()?;
        Some(Some(Rows {
            segment: *self,
            cursor,
            left,
        }))
    }

    fn string(&self, cursor: &mut Cursor<'a>) -> Option<&'a str> {
        let mut at = Cursor::of(self.strings, cursor.size()?);
        let length = at.size()?;
        std::str::from_utf8(at.take(length)?).ok()
    }

    fn strings(&self, cursor: &mut Cursor<'a>) -> Option<Vec<&'a str>> {
        let count = cursor.size()?;
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(self.string(cursor)?);
        }
        Some(all)
    }

    fn advisory(&self, at: usize) -> Option<Advisory<'a>> {
        self.advisory_from(&mut Cursor::of(self.advisories, at))
    }

    /// Every advisory with its place, in order.
    pub fn advisories(&self) -> impl Iterator<Item = Result<(u32, Advisory<'a>), ()>> {
        let segment = *self;
        let mut cursor = Cursor::of(self.advisories, 0);
        std::iter::from_fn(move || {
            let place = cursor.place();
            if place >= segment.advisories.len() {
                return None;
            }
            let read = segment.advisory_from(&mut cursor);
            if read.is_none() {
                cursor = Cursor::of(segment.advisories, segment.advisories.len());
            }
            let read = read.and_then(|read| Some((u32::try_from(place).ok()?, read)));
            Some(read.ok_or(()))
        })
    }

    /// Where every row stands, ordered by its advisory; rows of one keep their order.
    ///
    /// # Errors
    ///
    /// An empty one where the segment contradicts itself.
    pub fn places(&self) -> Result<Vec<Place>, ()> {
        let mut places = Vec::new();
        let mut cursor = Cursor::of(self.packages, 0);
        while cursor.place() < self.packages.len() {
            let package = cursor.place() as u32;
            self.string(&mut cursor).ok_or(())?;
            self.string(&mut cursor).ok_or(())?;
            for _ in 0..cursor.size().ok_or(())? {
                let row = cursor.place() as u32;
                let mut peek = cursor;
                peek.byte().ok_or(())?;
                let advisory = peek.size().ok_or(())? as u32;
                self.statement(&mut cursor).ok_or(())?;
                places.push(Place {
                    advisory,
                    package,
                    row,
                });
            }
        }
        places.sort_by_key(|place| place.advisory);
        Ok(places)
    }

    /// The ecosystem, the package and the statement of a place.
    pub fn at(&self, place: Place) -> Option<(&'a str, &'a str, Statement<'a>)> {
        let mut package = Cursor::of(self.packages, place.package as usize);
        let ecosystem = self.string(&mut package)?;
        let name = self.string(&mut package)?;
        let mut row = Cursor::of(self.packages, place.row as usize);
        Some((ecosystem, name, self.statement(&mut row)?))
    }

    fn advisory_from(&self, cursor: &mut Cursor<'a>) -> Option<Advisory<'a>> {
        let flags = cursor.byte()?;
        let has = |bit: u8| flags & bit != 0;
        let rating = flags >> layout::advisory::SEVERITY_SHIFT & layout::advisory::SEVERITY;
        let score = match has(layout::advisory::SCORE) {
            true => Some(score(cursor.byte()?)?),
            false => None,
        };
        let id = self.string(cursor)?;
        let url = self.string(cursor)?;
        let description = self.string(cursor)?;
        let mut date = |bit: u8| -> Option<Option<Timestamp>> {
            if !has(bit) {
                return Some(None);
            }
            let second = i64::try_from(cursor.varint()?).ok()?;
            Some(Some(Timestamp::from_second(second).ok()?))
        };
        let published = date(layout::advisory::PUBLISHED)?;
        let modified = date(layout::advisory::MODIFIED)?;
        let count = cursor.size()?;
        let mut weaknesses = Vec::new();
        for _ in 0..count {
            weaknesses.push(self.strings(cursor)?);
        }
        Some(Advisory {
            id,
            bulletin: has(layout::advisory::BULLETIN),
            withdrawn: has(layout::advisory::WITHDRAWN),
            severity: severity(rating)?,
            score,
            url,
            description,
            published,
            modified,
            weaknesses,
        })
    }

    fn statement(&self, cursor: &mut Cursor<'a>) -> Option<Statement<'a>> {
        let flags = cursor.byte()?;
        let state = *State::ALL.get(usize::from(flags & row::STATE))?;
        let advisory = self.advisory(cursor.size()?)?;
        let severity = match flags & row::SEVERITY {
            0 => Severity::Unknown,
            _ => severity(cursor.byte()?)?,
        };
        let scope = match flags & row::SCOPE {
            0 => Scope::default(),
            _ => Scope::parse(self.string(cursor)?),
        };
        let mut ranges = Vec::new();
        if flags & row::FORM_BEFORE != 0 {
            ranges.push(Range::before(self.string(cursor)?));
        } else if flags & row::FORM_ALL != 0 {
            ranges.push(Range::all());
        } else {
            for _ in 0..cursor.size()? {
                ranges.push(self.range(cursor)?);
            }
        }
        let versions = match flags & row::VERSIONS {
            0 => Vec::new(),
            _ => self.strings(cursor)?,
        };
        Some(Statement {
            advisory,
            state,
            severity,
            scope,
            ranges,
            versions,
        })
    }

    fn range(&self, cursor: &mut Cursor<'a>) -> Option<Range<&'a str>> {
        let flags = cursor.byte()?;
        let introduced = match flags & range::INTRODUCED {
            0 => None,
            _ => Some(self.string(cursor)?),
        };
        let end = match (flags & range::END) >> range::END_SHIFT {
            0 => End::Never,
            1 => End::Fixed(self.string(cursor)?),
            2 => End::Limit(self.string(cursor)?),
            _ => End::Last(self.string(cursor)?),
        };
        Some(Range { introduced, end })
    }
}

fn severity(number: u8) -> Option<Severity> {
    Severity::ALL.get(usize::from(number)).copied()
}

fn score(byte: u8) -> Option<Score> {
    Some(Score {
        modern: byte & layout::advisory::OLD_SCORE == 0,
        base: Cvss::from_tenths(byte & !layout::advisory::OLD_SCORE)?,
    })
}

/// The rows of one package that are still to be read.
#[derive(Clone)]
pub struct Rows<'a> {
    segment: Segment<'a>,
    cursor: Cursor<'a>,
    left: usize,
}

impl<'a> Iterator for Rows<'a> {
    type Item = Result<Statement<'a>, ()>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let read = self.segment.statement(&mut self.cursor);
        if read.is_none() {
            self.left = 0;
        }
        Some(read.ok_or(()))
    }
}

/// A package and what is said of it.
pub struct Spoken<'a> {
    /// Ecosystem and name.
    pub key: (&'a str, &'a str),
    /// In the segment's order.
    pub statements: Vec<Statement<'a>>,
}

/// The packages of a segment that are still to be read.
pub struct Packages<'a> {
    segment: Segment<'a>,
    at: usize,
    last: Option<(&'a str, &'a str)>,
}

impl<'a> Packages<'a> {
    fn read(&mut self) -> Option<Spoken<'a>> {
        let mut cursor = Cursor::of(self.segment.packages, self.at);
        let ecosystem = self.segment.string(&mut cursor)?;
        let key = (ecosystem, self.segment.string(&mut cursor)?);
        let left = cursor.size()?;
        let mut statements = Vec::new();
        for _ in 0..left {
            statements.push(self.segment.statement(&mut cursor)?);
        }
        // Who walks through two segments side by side relies on the order.
        let ascends = self.last.is_none_or(|last| last < key);
        self.last = Some(key);
        self.at = cursor.place();
        ascends.then_some(Spoken { key, statements })
    }
}

impl<'a> Iterator for Packages<'a> {
    type Item = Result<Spoken<'a>, ()>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.segment.packages.len() {
            return None;
        }
        let read = self.read();
        if read.is_none() {
            self.at = usize::MAX;
        }
        Some(read.ok_or(()))
    }
}
