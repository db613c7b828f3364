//! The advisory database: one immutable file, looked up by ecosystem and package name.
//!
//! The layout is drawn in `docs/database.md`. Opening looks at the header, the section table and
//! the facts, and checks their checksums; a lookup touches a slot of the index, the package's rows
//! and the strings they name. Nothing is trusted: every read is checked, and what does not fit is
//! [`Damaged`], never a panic and never silence.

use std::collections::HashMap;
use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::civil::Date;
use model::{DatabaseFacts, Ecosystem};

use crate::key::Key;

pub mod browse;
mod changed;
mod cursor;
pub mod exchange;
pub(crate) mod exploitation;
pub mod facts;
pub(crate) mod layout;
mod pieces;
pub(crate) mod repositories;
mod segment;
mod verify;
pub(crate) mod write;

pub use changed::Changed;
pub use facts::{Facts, SourceEntry};
pub use segment::{Advisory, Statement};

use cursor::{part, u32_at, u64_at};
use pieces::{Guard, Seen};
use segment::{Rows, Segment};

/// Why bytes are no database that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The first bytes are others.
    #[error("this is no advisory database of Lazaret; `lazaret db build` makes one")]
    NotADatabase,
    /// Another version of the layout.
    #[error("the database has format {found}, this program reads format {expected}: build it anew")]
    Format {
        /// What the file says.
        found: u32,
        /// What is read here.
        expected: u32,
    },
    /// The file is not as long as it says.
    #[error("the database is {found} bytes long and says {expected}: it is cut off, copy it anew")]
    Length {
        /// Bytes that are there.
        found: u64,
        /// Bytes that the header promises.
        expected: u64,
    },
    /// A checksum does not match, or the parts contradict each other.
    #[error(transparent)]
    Damaged(#[from] Damaged),
}

/// A part of the file is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database is damaged: {part} {what}; build or copy it anew")]
pub struct Damaged {
    /// The section, or the source whose segment it is.
    pub part: String,
    /// What is wrong.
    pub what: &'static str,
}

impl Damaged {
    fn new(part: impl Into<String>, what: &'static str) -> Damaged {
        Damaged {
            part: part.into(),
            what,
        }
    }

    /// A source's segment matches its checksum and is of no form all the same.
    fn contradiction(source: &str) -> Damaged {
        Damaged::new(segment_of(source), "contradicts itself")
    }
}

type Bytes = Box<dyn AsRef<[u8]> + Send + Sync>;

/// An open database. Cheap to share, safe to read from many threads.
pub struct Database {
    bytes: Bytes,
    revision: String,
    facts: Facts,
    /// All sections, in the file's order.
    table: Vec<Section>,
    /// The sources' segments.
    sections: Vec<Section>,
    exploitation: Option<Section>,
    repositories: Option<Section>,
    /// What repositories serve, once somebody has asked.
    products: OnceLock<Result<HashMap<String, Vec<String>>, Damaged>>,
    pieces: Option<Section>,
    /// Which pieces were compared so far.
    seen: Seen,
    /// The sources that have rows of an ecosystem.
    by_ecosystem: HashMap<String, Vec<usize>>,
}

#[derive(Clone, Debug)]
struct Section {
    kind: u32,
    offset: u64,
    length: u64,
    checksum: [u8; 32],
    /// The number of its first piece in the file, where it is compared piece by piece.
    first_piece: Option<usize>,
}

/// A section as it lies in the file.
#[derive(Clone, Copy, Debug)]
pub struct SectionView<'a> {
    /// What it holds, by its number in `docs/database.md`.
    pub kind: u32,
    /// Its source's name, or what it holds.
    pub name: &'a str,
    /// BLAKE3 of its bytes, as the table says.
    pub checksum: [u8; 32],
    /// Its bytes, which nobody has compared with the checksum.
    pub bytes: &'a [u8],
}

/// A statement, and the source that makes it.
#[derive(Clone, Debug)]
pub struct Hit<'a> {
    /// The source.
    pub source: &'a SourceEntry,
    /// What it says.
    pub statement: Statement<'a>,
}

/// What is said of what was compared as a whole.
const UNLIKE_ITS_CHECKSUM: &str = "does not match its checksum";
/// What is said of a segment that cannot be read where it is touched.
const BROKEN: &str = "does not match its checksums, or contradicts itself";

/// How a source's segment is called in messages.
fn segment_of(source: &str) -> String {
    format!("the segment of source {source}")
}

fn header_checksum(front: &[u8], table: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(front);
    hasher.update(table);
    hasher.finalize()
}

impl Database {
    /// Opens a database that somebody has mapped or read.
    ///
    /// # Errors
    ///
    /// [`OpenError`] says what the bytes are not.
    pub fn open(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<Database, OpenError> {
        let whole = bytes.as_ref();
        let (revision, mut sections) = header(whole)?;
        let facts = match sections.first() {
            Some(first) if first.kind == layout::KIND_FACTS => read_facts(whole, first)?,
            _ => return Err(Damaged::new("the section table", "does not begin with facts").into()),
        };
        let seen = Seen::none(number_pieces(&mut sections, whole.len()));
        let of_kind = |kind| {
            let is_it = |section: &&Section| section.kind == kind;
            sections.iter().find(is_it).cloned()
        };
        let exploitation = of_kind(layout::KIND_EXPLOITATION);
        let repositories = of_kind(layout::KIND_REPOSITORIES);
        let pieces = of_kind(layout::KIND_PIECES);
        if let Some(section) = &pieces {
            compared(whole, section, "the section of pieces")?;
        }
        let table = sections.clone();
        sections.retain(|section| section.kind == layout::KIND_SEGMENT);
        if sections.len() != facts.sources.len() {
            let what = "has another number of segments than the facts say";
            return Err(Damaged::new("the section table", what).into());
        }
        let mut by_ecosystem: HashMap<String, Vec<usize>> = HashMap::new();
        for (number, source) in facts.sources.iter().enumerate() {
            for ecosystem in &source.ecosystems {
                by_ecosystem
                    .entry(ecosystem.clone())
                    .or_default()
                    .push(number);
            }
        }
        Ok(Database {
            bytes: Box::new(bytes),
            revision,
            facts,
            table,
            sections,
            exploitation,
            repositories,
            products: OnceLock::new(),
            pieces,
            seen,
            by_ecosystem,
        })
    }

    /// A digest of its content: the header's checksum, in hexadecimal digits.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// What judges packages: this database, and the code that reads it ([`crate::REVISION`]). As
    /// long as it is the same, so is every judgement.
    pub fn judge(&self) -> String {
        format!("{}.{}", self.revision, crate::REVISION)
    }

    /// The newest date in its input.
    pub fn built(&self) -> Option<Timestamp> {
        self.facts.built
    }

    /// Its sources with all that is known of them, sorted by name.
    pub fn sources(&self) -> &[SourceEntry] {
        &self.facts.sources
    }

    /// Revision, date and sources, as a scan tells them.
    pub fn facts(&self) -> DatabaseFacts {
        DatabaseFacts {
            revision: self.revision.clone(),
            built: self.facts.built,
            sources: self.facts.sources.iter().map(SourceEntry::told).collect(),
        }
    }

    /// When a release gets no more fixes, where a source tells of `debian:10`.
    pub fn ends(&self, ecosystem: &str) -> Option<Date> {
        self.facts.ends.get(ecosystem).copied()
    }

    /// The products (CPEs) that a package repository serves, sorted; none where nobody told.
    ///
    /// # Errors
    ///
    /// [`Damaged`] where the section is not what was written.
    pub fn products_of(&self, repository: &str) -> Result<&[String], Damaged> {
        let read = || match &self.repositories {
            Some(section) => {
                let bytes = self.checked(section, repositories::PART)?;
                Ok(repositories::read(bytes))
            }
            None => Ok(HashMap::new()),
        };
        match self.products.get_or_init(read) {
            Ok(products) => Ok(products.get(repository).map_or(&[], Vec::as_slice)),
            Err(damaged) => Err(damaged.clone()),
        }
    }

    /// The whole file.
    pub fn bytes(&self) -> &[u8] {
        (*self.bytes).as_ref()
    }

    /// Every section with its checksum, in the file's order.
    pub fn sections(&self) -> Vec<SectionView<'_>> {
        let mut names = self.facts.sources.iter().map(|source| source.name.as_str());
        let view = |section: &'_ Section| SectionView {
            kind: section.kind,
            name: match section.kind {
                layout::KIND_FACTS => "facts",
                layout::KIND_SEGMENT => names.next().unwrap_or_default(),
                layout::KIND_EXPLOITATION => "exploitation",
                layout::KIND_REPOSITORIES => "repositories",
                _ => "",
            },
            checksum: section.checksum,
            bytes: self.section_bytes(section).unwrap_or_default(),
        };
        // The hashes of pieces follow from the other sections.
        let table = self.table.iter();
        table
            .filter(|one| one.kind != layout::KIND_PIECES)
            .map(view)
            .collect()
    }

    /// The file of these sections by their kinds, which come in the order of
    /// [`Database::sections`]. Equal sections give the file that they were taken from.
    pub fn assemble(sections: &[(u32, &[u8])]) -> Vec<u8> {
        write::sections_to_file(sections)
    }

    /// Everything that is said of a package, in the order of the sources' names.
    ///
    /// The name is brought to the form in which the ecosystem takes names for the same.
    pub fn lookup(&self, ecosystem: &Ecosystem, package: &str) -> Lookup<'_> {
        self.statements(&Key::new(ecosystem, package))
    }

    /// Everything that is said under a key, in the order of the sources' names.
    pub fn statements(&self, key: &Key) -> Lookup<'_> {
        let numbers = self.by_ecosystem.get(&key.ecosystem).map(Vec::as_slice);
        let mut waiting = Vec::new();
        for number in numbers.unwrap_or_default() {
            let Some(source) = self.facts.sources.get(*number) else {
                continue;
            };
            match self.rows(*number, key) {
                Some(None) => {}
                Some(Some(rows)) => waiting.push((source, Some(rows))),
                None => waiting.push((source, None)),
            }
        }
        waiting.reverse();
        Lookup { waiting }
    }

    /// The segment of a source, compared with its checksum.
    pub(crate) fn segment_bytes(&self, source: &str) -> Result<&[u8], Damaged> {
        let mut all = self.facts.sources.iter().zip(&self.sections);
        match all.find(|(entry, _)| entry.name == source) {
            Some((_, section)) => self.checked(section, &segment_of(source)),
            None => Err(Damaged::new(segment_of(source), "is not there")),
        }
    }

    /// The segment of a source, compared with its checksum, for whoever reads all of it.
    fn segment(&self, source: &SourceEntry, section: &Section) -> Result<Segment<'_>, Damaged> {
        let bytes = self.checked(section, &segment_of(&source.name))?;
        Segment::open(bytes).ok_or_else(|| Damaged::contradiction(&source.name))
    }

    /// The rows of a package in a source; `None` where the segment is damaged.
    fn rows(&self, number: usize, key: &Key) -> Option<Option<Rows<'_>>> {
        let section = self.sections.get(number)?;
        let guard = self.guard(section);
        let segment = Segment::guarded(self.section_bytes(section)?, guard)?;
        segment.find(&key.ecosystem, &key.name).ok()
    }

    fn section_bytes(&self, section: &Section) -> Option<&[u8]> {
        part(self.bytes(), section.offset, section.length)
    }

    /// Who compares what is touched of a section.
    fn guard(&self, section: &Section) -> Option<Guard<'_>> {
        let (pieces, first) = (self.pieces.as_ref()?, section.first_piece?);
        let bytes = self.section_bytes(section)?;
        let from = first * layout::PIECE_HASH;
        let to = from + pieces::count(bytes.len()) * layout::PIECE_HASH;
        // A table that is too short finds nothing sound.
        let hashes = self
            .section_bytes(pieces)?
            .get(from..to)
            .unwrap_or_default();
        Some(Guard::new(bytes, hashes, &self.seen, first))
    }

    /// A section's bytes, if they are those that were written.
    fn checked(&self, section: &Section, part: &str) -> Result<&[u8], Damaged> {
        compared(self.bytes(), section, part)
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database")
            .field("revision", &self.revision)
            .field("sources", &self.facts.sources.len())
            .finish_non_exhaustive()
    }
}

/// The statements on one package.
pub struct Lookup<'a> {
    /// Sources to come, the next one last; without rows where the segment is damaged.
    waiting: Vec<(&'a SourceEntry, Option<Rows<'a>>)>,
}

impl<'a> Iterator for Lookup<'a> {
    type Item = Result<Hit<'a>, Damaged>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (source, rows) = self.waiting.last_mut()?;
            let source = *source;
            let next = match rows {
                Some(rows) => rows.next(),
                None => Some(Err(())),
            };
            match next {
                Some(Ok(statement)) => return Some(Ok(Hit { source, statement })),
                Some(Err(())) => {
                    self.waiting.pop();
                    let damaged = Damaged::new(segment_of(&source.name), BROKEN);
                    return Some(Err(damaged));
                }
                None => {
                    self.waiting.pop();
                }
            }
        }
    }
}

/// The revision and the section table, checked.
fn header(whole: &[u8]) -> Result<(String, Vec<Section>), OpenError> {
    if whole.get(..8) != Some(&layout::MAGIC) {
        return Err(OpenError::NotADatabase);
    }
    let cut = || Damaged::new("the header", "is cut off");
    let format = u32_at(whole, 8).ok_or_else(cut)?;
    if format != layout::FORMAT {
        return Err(OpenError::Format {
            found: format,
            expected: layout::FORMAT,
        });
    }
    let count = u32_at(whole, 12).ok_or_else(cut)?.min(layout::MAX_SECTIONS);
    let length = u64_at(whole, 16).ok_or_else(cut)?;
    if length != whole.len() as u64 {
        return Err(OpenError::Length {
            found: whole.len() as u64,
            expected: length,
        });
    }
    let size = u64::from(count) * layout::SECTION as u64;
    let front = whole.get(..layout::CHECKSUM).ok_or_else(cut)?;
    let stored = whole
        .get(layout::CHECKSUM..layout::HEADER)
        .ok_or_else(cut)?;
    let table = part(whole, layout::HEADER as u64, size).ok_or_else(cut)?;
    let checksum = header_checksum(front, table);
    if checksum.as_bytes().as_slice() != stored {
        return Err(Damaged::new("the header", UNLIKE_ITS_CHECKSUM).into());
    }
    let sections = table.chunks_exact(layout::SECTION).filter_map(section);
    Ok((checksum.to_hex().to_string(), sections.collect()))
}

/// Numbers the pieces of the sections that are compared piece by piece; tells how many there are.
fn number_pieces(sections: &mut [Section], most: usize) -> usize {
    let mut next = 0_usize;
    for section in sections
        .iter_mut()
        .filter(|one| write::is_guarded(one.kind))
    {
        section.first_piece = Some(next);
        // What reaches beyond the file is never read; its length is for nobody to allocate by.
        let length = usize::try_from(section.length).unwrap_or(most).min(most);
        next = next.saturating_add(pieces::count(length));
    }
    next
}

/// A section's bytes, if they match their checksum.
fn compared<'a>(whole: &'a [u8], section: &Section, name: &str) -> Result<&'a [u8], Damaged> {
    part(whole, section.offset, section.length)
        .filter(|bytes| *blake3::hash(bytes).as_bytes() == section.checksum)
        .ok_or_else(|| Damaged::new(name, UNLIKE_ITS_CHECKSUM))
}

fn section(entry: &[u8]) -> Option<Section> {
    Some(Section {
        kind: u32_at(entry, 0)?,
        offset: u64_at(entry, 8)?,
        length: u64_at(entry, 16)?,
        checksum: entry.get(24..layout::SECTION)?.try_into().ok()?,
        first_piece: None,
    })
}

fn read_facts(whole: &[u8], section: &Section) -> Result<Facts, Damaged> {
    let damaged = |what| Damaged::new("the section of facts", what);
    let bytes = part(whole, section.offset, section.length.min(layout::MAX_FACTS))
        .ok_or_else(|| damaged("is cut off"))?;
    if *blake3::hash(bytes).as_bytes() != section.checksum {
        return Err(damaged(UNLIKE_ITS_CHECKSUM));
    }
    serde_json::from_slice(bytes).map_err(|_| damaged("is not of its form"))
}

#[cfg(test)]
mod tests;
