//! Files of feeds to the bytes of a database.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use model::{Problem, ProblemKind};

use crate::database::facts::{Facts, SourceEntry};
use crate::database::{exploitation, layout, repositories, write};
use crate::feed::{self, Feed, FeedFile, Missing, Parsed};
use crate::{Damaged, Database, Limits, Record};

pub(crate) mod gathered;
mod interner;
mod known;
mod spare;

use gathered::Gathered;
use known::{Known, Together};

/// A source that no feed reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no feed reads a source called '{0}': see docs/feeds.md for the names that are known")]
pub struct UnknownSource(pub String);

/// Gathers sources and writes the database.
///
/// The same files give the same bytes in whatever order they come.
pub struct Builder {
    limits: Limits,
    sources: BTreeMap<String, Source>,
    /// Sources as another database has them, with their segments.
    kept: BTreeMap<String, (SourceEntry, Vec<u8>)>,
}

/// What is said of a source that is another database's.
const KEPT: &str = "kept as it was before, since it could not be read anew";

struct Source {
    feed: &'static Feed,
    gathered: Gathered,
    /// What gives way to what is gathered, and how many of the records are in it.
    spare: Gathered,
    spare_records: u64,
    known: Known,
    advisories: u64,
    /// The newest date of a record: its own, or that of the archive's member for one without.
    newest: Option<Timestamp>,
    /// The newest date of any member of an archive.
    newest_member: Option<Timestamp>,
    problems: Problems,
    parts: BTreeSet<String>,
    streams: BTreeSet<String>,
    claims: BTreeSet<String>,
    failed: Problems,
    broken: Option<String>,
}

/// The first so many problems in their own order, whatever the order they come in.
struct Problems {
    kept: BTreeSet<Problem>,
    limit: usize,
    total: u64,
}

impl Problems {
    fn new(limit: usize) -> Problems {
        Problems {
            kept: BTreeSet::new(),
            limit,
            total: 0,
        }
    }

    fn add(&mut self, problem: Problem) {
        self.total += 1;
        self.kept.insert(problem);
        if self.kept.len() > self.limit {
            self.kept.pop_last();
        }
    }
}

impl Builder {
    /// A database without sources.
    pub fn new(limits: Limits) -> Builder {
        Builder {
            limits,
            sources: BTreeMap::new(),
            kept: BTreeMap::new(),
        }
    }

    /// Makes a source known, which may turn out to hold nothing.
    ///
    /// # Errors
    ///
    /// [`UnknownSource`] where no feed reads a source of that name.
    pub fn add_source(&mut self, source: &str) -> Result<(), UnknownSource> {
        self.source(source).map(|_| ())
    }

    fn source(&mut self, name: &str) -> Result<&mut Source, UnknownSource> {
        if !self.sources.contains_key(name) {
            let feed = feed::for_source(name).ok_or_else(|| UnknownSource(name.to_owned()))?;
            let source = Source {
                feed,
                gathered: Gathered::default(),
                spare: Gathered::default(),
                spare_records: 0,
                known: Known::default(),
                advisories: 0,
                newest: None,
                newest_member: None,
                problems: Problems::new(self.limits.problems),
                parts: BTreeSet::new(),
                streams: BTreeSet::new(),
                claims: (feed.claims)(name, None, "").into_iter().collect(),
                failed: Problems::new(self.limits.problems),
                broken: None,
            };
            self.sources.insert(name.to_owned(), source);
        }
        self.sources
            .get_mut(name)
            .ok_or_else(|| UnknownSource(name.to_owned()))
    }

    /// Reads a file and takes what it yields. A path that the feed does not want is passed over.
    ///
    /// # Errors
    ///
    /// [`UnknownSource`] where no feed reads a source of that name.
    pub fn add_file(&mut self, file: &FeedFile<'_>) -> Result<(), UnknownSource> {
        let feed = self.source(file.source)?.feed;
        if (feed.wants)(file.source, file.path) {
            let parsed = feed.read(file, &self.limits);
            self.add_parsed(file, parsed)?;
        }
        Ok(())
    }

    /// Takes what [`Feed::read`] made of a file, for callers that read several files at once.
    ///
    /// # Errors
    ///
    /// [`UnknownSource`] where no feed reads a source of that name.
    pub fn add_parsed(&mut self, file: &FeedFile<'_>, parsed: Parsed) -> Result<(), UnknownSource> {
        let limits = self.limits;
        let source = self.source(file.source)?;
        source.take(file, parsed, &limits);
        Ok(())
    }

    /// Notes what went wrong outside of a feed: an archive that could not be unpacked, say. It
    /// makes the source a partial one.
    ///
    /// # Errors
    ///
    /// [`UnknownSource`] where no feed reads a source of that name.
    pub fn add_source_problem(
        &mut self,
        source: &str,
        problem: Problem,
    ) -> Result<(), UnknownSource> {
        let source = self.source(source)?;
        source.failed.add(problem.clone());
        source.problems.add(problem);
        Ok(())
    }

    /// Notes that a source could not be read at all.
    ///
    /// # Errors
    ///
    /// [`UnknownSource`] where no feed reads a source of that name.
    pub fn mark_broken(&mut self, source: &str, reason: &str) -> Result<(), UnknownSource> {
        self.source(source)?.broken = Some(reason.to_owned());
        Ok(())
    }

    /// Notes something about a source that takes nothing away from it: that it could not be
    /// fetched again, say.
    ///
    /// # Errors
    ///
    /// [`UnknownSource`] where no feed reads a source of that name.
    pub fn add_note(&mut self, source: &str, detail: String) -> Result<(), UnknownSource> {
        let problem = Problem::new(ProblemKind::Malformed, source, detail);
        self.source(source)?.problems.add(problem);
        Ok(())
    }

    /// Takes a source as another database has it, in the place of what was read of it, and says
    /// why; `false` where that database has nothing better.
    ///
    /// # Errors
    ///
    /// [`Damaged`] where the other database's segment is not what was written.
    pub fn keep(&mut self, from: &Database, source: &str, why: &str) -> Result<bool, Damaged> {
        let mut known = from.sources().iter();
        let Some(entry) = known.find(|entry| entry.name == source && entry.broken.is_none()) else {
            return Ok(false);
        };
        let segment = from.segment_bytes(source)?;
        let mut entry = entry.clone();
        let detail = format!("{KEPT}: {why}");
        let problem = Problem::new(ProblemKind::Malformed, source, detail);
        let before = entry.problems.len();
        entry
            .problems
            .retain(|known| !known.detail.starts_with(KEPT));
        let told_before = (before - entry.problems.len()) as u64;
        entry.problem_count = entry.problem_count.saturating_sub(told_before) + 1;
        entry.problems.insert(0, problem);
        self.sources.remove(source);
        self.kept
            .insert(source.to_owned(), (entry, segment.to_vec()));
        Ok(true)
    }

    /// Why each source cannot be read at all, by name: marked so, or no record in it while files
    /// of it failed.
    pub fn broken_sources(&self) -> Vec<(String, String)> {
        let broken = |(name, source): (&String, &Source)| Some((name.clone(), source.broken()?));
        self.sources.iter().filter_map(broken).collect()
    }

    /// The bytes of the database; [`crate::database`] says how they are laid out.
    pub fn finish(self) -> Vec<u8> {
        let mut segments = Vec::new();
        let mut entries = Vec::new();
        let mut sources = self.sources;
        let mut together = Together::default();
        for source in sources.values_mut() {
            together.add(std::mem::take(&mut source.known));
        }
        let mut written = self.kept;
        // Sources are worked off one by one, so that no two are in memory in two forms at once.
        while let Some((name, mut source)) = sources.pop_first() {
            source.settle();
            source.gathered.complete(&together.cves);
            written.insert(name.clone(), source.finish(name));
        }
        for (entry, segment) in written.into_values() {
            entries.push(entry);
            segments.push(segment);
        }
        let built = entries.iter().filter_map(|entry| entry.date).max();
        let facts = Facts {
            built,
            sources: entries,
            ends: together.ends,
        };
        let exploitation = exploitation::section(&together.exploitation);
        let repositories = repositories::section(&together.repositories);
        let tables = [
            (layout::KIND_EXPLOITATION, exploitation.as_slice()),
            (layout::KIND_REPOSITORIES, repositories.as_slice()),
        ];
        write::database(&facts, &segments, &tables)
    }
}

impl Source {
    fn take(&mut self, file: &FeedFile<'_>, mut parsed: Parsed, limits: &Limits) {
        self.newest_member = self.newest_member.max(file.modified);
        self.know(file, &mut parsed, limits);
        self.parts.extend(parsed.part);
        self.streams.extend(parsed.streams);
        self.claims
            .extend((self.feed.claims)(file.source, file.archive, file.path));
        for problem in parsed.problems {
            if parsed.failed {
                self.failed.add(problem.clone());
            }
            self.problems.add(problem);
        }
        for record in parsed.records {
            if let Err(detail) = gathered::within(&record, limits) {
                let problem = refused(file, &record.id, detail);
                self.problems.add(problem);
            } else if let Some(detail) = self.is_full(&record, limits) {
                // What is left out for want of room is not one record, but all that follow.
                let problem = refused(file, &record.id, detail);
                self.failed.add(problem.clone());
                self.problems.add(problem);
            } else {
                let place = match parsed.gives_way {
                    true => &mut self.spare,
                    false => &mut self.gathered,
                };
                place.add(&record);
                self.spare_records += u64::from(parsed.gives_way);
                self.advisories += 1;
                self.newest = self.newest.max(record.date().or(file.modified));
            }
        }
    }

    /// Puts what gives way in its place, now that it is known to what.
    fn settle(&mut self) {
        if self.spare_records == 0 {
            return;
        }
        let spare = std::mem::take(&mut self.spare);
        let taken = self.gathered.fill_in(spare);
        self.advisories = self.advisories.saturating_sub(self.spare_records) + taken;
    }

    /// Takes what a file says beside its records.
    fn know(&mut self, file: &FeedFile<'_>, parsed: &mut Parsed, limits: &Limits) {
        let date = parsed.date.or(file.modified);
        let room = (limits.records as u64).saturating_sub(self.advisories);
        // A record and what is known of its CVE are one.
        let both = parsed.records.len().min(parsed.cves.len()) as u64;
        let (taken, whole) = self.known.take(parsed, date, room);
        if taken > 0 {
            self.advisories += taken.saturating_sub(both);
            self.newest = self.newest.max(date);
        }
        if !whole {
            let detail = format!("more than {} entries in one source", limits.records);
            let problem = Problem::new(ProblemKind::Limit, file.place(), detail);
            self.failed.add(problem.clone());
            self.problems.add(problem);
        }
    }

    fn is_full(&self, record: &Record, limits: &Limits) -> Option<String> {
        let rows = self
            .gathered
            .rows
            .len()
            .saturating_add(self.spare.rows.len())
            .saturating_add(record.affected.len());
        if self.advisories >= limits.records as u64 {
            return Some(format!(
                "more than {} records in one source",
                limits.records
            ));
        }
        (rows > limits.rows).then(|| format!("more than {} rows in one source", limits.rows))
    }

    fn broken(&self) -> Option<String> {
        let nothing = self.advisories == 0 && self.parts.is_empty() && self.problems.total > 0;
        let first = || self.problems.kept.first().map(ToString::to_string);
        self.broken
            .clone()
            .or_else(|| nothing.then(first).flatten())
    }

    fn missing(&self) -> Vec<Missing> {
        let mut missing = (self.feed.missing)(&self.parts);
        if let Some(first) = self.failed.kept.first() {
            let detail = format!(
                "{} file(s) or record(s) of it could not be read, the first: {first}; mend or \
                 replace them and build again",
                self.failed.total
            );
            missing.push(Missing {
                ecosystem: None,
                detail,
            });
        }
        missing
    }

    fn finish(self, name: String) -> (SourceEntry, Vec<u8>) {
        let broken = self.broken();
        let missing = match broken {
            Some(_) => Vec::new(),
            None => self.missing(),
        };
        let sorted = self.gathered.into_sorted();
        let mut ecosystems: Vec<String> = Vec::new();
        let mut last = None;
        for row in &sorted.rows {
            if last != Some(row.ecosystem) {
                ecosystems.push(sorted.string(row.ecosystem).to_owned());
                last = Some(row.ecosystem);
            }
        }
        let spoken_of: BTreeSet<String> = ecosystems.iter().cloned().chain(self.streams).collect();
        let covers = spoken_of
            .into_iter()
            .filter(|ecosystem| self.claims.iter().any(|claim| is_claimed(claim, ecosystem)))
            .collect();
        let entry = SourceEntry {
            name,
            feed: self.feed.name.to_owned(),
            publishes: self
                .feed
                .publishes
                .iter()
                .map(|id| (*id).to_owned())
                .collect(),
            advisories: self.advisories,
            rows: sorted.rows.len() as u64,
            date: self.newest.or(self.newest_member),
            problems: self.problems.kept.into_iter().collect(),
            problem_count: self.problems.total,
            missing,
            broken,
            claims: self.claims.into_iter().collect(),
            covers,
            ecosystems,
        };
        (entry, write::segment(&sorted))
    }
}

fn refused(file: &FeedFile<'_>, id: &str, detail: String) -> Problem {
    let id: String = id.chars().take(64).collect();
    let place = format!("{}: {id}", file.place());
    Problem::new(ProblemKind::Limit, place, detail)
}

/// Whether `debian:*` or `debian:10` speaks of `debian:10`.
pub(crate) fn is_claimed(claim: &str, ecosystem: &str) -> bool {
    match claim.strip_suffix('*') {
        Some(prefix) => ecosystem.starts_with(prefix),
        None => claim == ecosystem,
    }
}

#[cfg(test)]
mod tests;
