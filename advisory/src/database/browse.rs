//! Looks into a database for people: what is said of an identifier, what is called so, what two
//! databases have each that the other has not.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::segment::{Advisory, Segment, Statement};
use super::{Damaged, Database, SourceEntry, exchange};

/// What one source says in one record.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The source.
    pub source: &'a SourceEntry,
    /// The record.
    pub advisory: Advisory<'a>,
    /// Ecosystem, package, and what is said of it.
    pub rows: Vec<(&'a str, &'a str, Statement<'a>)>,
}

/// What is called so: first what bears the very name, then what begins with it, then what has it
/// somewhere; each in the order of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Identifiers with the sources that have them, in the order of the sources' names.
    pub identifiers: Vec<(String, Vec<String>)>,
    /// Ecosystems and packages with the number of statements on them.
    pub packages: Vec<((String, String), usize)>,
    /// Whether there are more than the limit let through.
    pub more: bool,
}

/// What became of one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceChange {
    /// Its name.
    pub name: String,
    /// Its records before and after; none where it was not there.
    pub counts: (Option<u64>, Option<u64>),
    /// Identifiers of records that are new; up to the limit.
    pub added: Vec<String>,
    /// Identifiers of records that are gone.
    pub removed: Vec<String>,
    /// Identifiers of records that say something else.
    pub changed: Vec<String>,
    /// How many there are of each, whatever the limit.
    pub totals: (usize, usize, usize),
}

impl Database {
    fn segments(&self) -> impl Iterator<Item = (&SourceEntry, Result<Segment<'_>, Damaged>)> {
        let sources = self.facts.sources.iter().zip(&self.sections);
        sources.map(|(source, section)| (source, self.segment(source, section)))
    }

    /// Every record that bears an identifier, as its own or as a name of its weakness, whatever the
    /// case of its letters.
    ///
    /// # Errors
    ///
    /// [`Damaged`] where a segment is not what was written.
    pub fn records_of(&self, identifier: &str) -> Result<Vec<Entry<'_>>, Damaged> {
        let mut entries = Vec::new();
        for (source, segment) in self.segments() {
            let segment = segment?;
            let broken = || Damaged::contradiction(&source.name);
            let mut wanted = BTreeMap::new();
            for read in segment.advisories() {
                let (place, advisory) = read.map_err(|()| broken())?;
                if bears(&advisory, |name| name.eq_ignore_ascii_case(identifier)) {
                    wanted.insert(place, (advisory, Vec::new()));
                }
            }
            if wanted.is_empty() {
                continue;
            }
            for place in segment.places().map_err(|()| broken())? {
                if let Some((_, rows)) = wanted.get_mut(&place.advisory) {
                    rows.push(segment.at(place).ok_or_else(broken)?);
                }
            }
            entries.extend(wanted.into_values().map(|(advisory, rows)| Entry {
                source,
                advisory,
                rows,
            }));
        }
        Ok(entries)
    }

    /// Identifiers and packages whose name holds a term, whatever the case of its letters; of each
    /// the `limit` best.
    ///
    /// # Errors
    ///
    /// [`Damaged`] where a segment is not what was written.
    pub fn search(&self, term: &str, limit: usize) -> Result<Found, Damaged> {
        let term = Term::new(term);
        let mut identifiers: Best<String, Vec<String>> = Best::of(limit);
        let mut packages: Best<(String, String), usize> = Best::of(limit);
        for (source, segment) in self.segments() {
            let segment = segment?;
            let broken = |()| Damaged::contradiction(&source.name);
            for read in segment.advisories() {
                let (_, advisory) = read.map_err(broken)?;
                let names = advisory.weaknesses.iter().flatten().copied();
                for name in std::iter::once(advisory.id).chain(names) {
                    let Some(rank) = term.rank(name) else {
                        continue;
                    };
                    let sources = identifiers.entry((rank, name.to_owned()));
                    if let Some(sources) = sources.filter(|known| !known.contains(&source.name)) {
                        sources.push(source.name.clone());
                    }
                }
            }
            for spoken in segment.packages() {
                let spoken = spoken.map_err(broken)?;
                let (ecosystem, package) = spoken.key;
                let Some(rank) = term.rank(package) else {
                    continue;
                };
                let key = (rank, (ecosystem.to_owned(), package.to_owned()));
                if let Some(count) = packages.entry(key) {
                    *count += spoken.statements.len();
                }
            }
        }
        Ok(Found {
            more: identifiers.more || packages.more,
            identifiers: identifiers.into_list(),
            packages: packages.into_list(),
        })
    }

    /// What became of each source, in the order of their names; up to `limit` identifiers of each
    /// kind of change.
    ///
    /// # Errors
    ///
    /// [`Damaged`] where a segment is not what was written.
    pub fn compare(
        before: &Database,
        after: &Database,
        limit: usize,
    ) -> Result<Vec<SourceChange>, Damaged> {
        let mut names: BTreeMap<&str, [Option<usize>; 2]> = BTreeMap::new();
        for (side, database) in [before, after].into_iter().enumerate() {
            for (number, source) in database.facts.sources.iter().enumerate() {
                if let Some(slot) = names.entry(&source.name).or_default().get_mut(side) {
                    *slot = Some(number);
                }
            }
        }
        let mut changes = Vec::new();
        for (name, [old, new]) in names {
            let old = old.map(|number| (before, number));
            let new = new.map(|number| (after, number));
            changes.push(source_change(name, old, new, limit)?);
        }
        Ok(changes)
    }
}

fn bears(advisory: &Advisory<'_>, is_it: impl Fn(&str) -> bool) -> bool {
    let mut names = advisory.weaknesses.iter().flatten();
    is_it(advisory.id) || names.any(|name| is_it(name))
}

/// What is searched for.
struct Term(String);

/// How well a name fits: the lesser, the better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Same,
    Begins,
    Holds,
}

impl Term {
    fn new(text: &str) -> Term {
        Term(text.to_lowercase())
    }

    fn rank(&self, name: &str) -> Option<Rank> {
        let name = name.to_lowercase();
        match name.find(&self.0)? {
            0 if name.len() == self.0.len() => Some(Rank::Same),
            0 => Some(Rank::Begins),
            _ => Some(Rank::Holds),
        }
    }
}

/// The best of many names with what is gathered of each, and no more than the limit.
struct Best<K, V> {
    kept: BTreeMap<(Rank, K), V>,
    limit: usize,
    more: bool,
}

impl<K: Ord, V: Default> Best<K, V> {
    fn of(limit: usize) -> Best<K, V> {
        Best {
            kept: BTreeMap::new(),
            limit,
            more: false,
        }
    }

    /// What is gathered of a name; `None` where there are enough better ones. A name that gives way
    /// to a better one never comes back, so that what is gathered of those that stay is whole.
    fn entry(&mut self, key: (Rank, K)) -> Option<&mut V> {
        if self.kept.len() >= self.limit && !self.kept.contains_key(&key) {
            self.more = true;
            let is_better = self
                .kept
                .last_key_value()
                .is_some_and(|(last, _)| key < *last);
            if !is_better {
                return None;
            }
            self.kept.pop_last();
        }
        Some(self.kept.entry(key).or_default())
    }

    fn into_list(self) -> Vec<(K, V)> {
        let kept = self.kept.into_iter();
        kept.map(|((_, name), gathered)| (name, gathered)).collect()
    }
}

fn source_change(
    name: &str,
    old: Option<(&Database, usize)>,
    new: Option<(&Database, usize)>,
    limit: usize,
) -> Result<SourceChange, Damaged> {
    let count = |side: Option<(&Database, usize)>| {
        let (database, number) = side?;
        database
            .facts
            .sources
            .get(number)
            .map(|source| source.advisories)
    };
    let mut change = SourceChange {
        name: name.to_owned(),
        counts: (count(old), count(new)),
        ..SourceChange::default()
    };
    let checksum = |side: Option<(&Database, usize)>| {
        let (database, number) = side?;
        database
            .sections
            .get(number)
            .map(|section| section.checksum)
    };
    if checksum(old) == checksum(new) {
        return Ok(change);
    }
    let (before, after) = (records(old)?, records(new)?);
    let mut before = exchange::Records::of(&before);
    let mut after = exchange::Records::of(&after);
    let broken = |_| Damaged::contradiction(name);
    let walked = exchange::side_by_side(&mut before, &mut after, |id, had, has| {
        change.note(id, had, has, limit);
        ControlFlow::Continue(())
    });
    walked.map_err(broken)?;
    Ok(change)
}

impl SourceChange {
    fn note(&mut self, id: &str, had: bool, has: bool, limit: usize) {
        let (list, total) = match (had, has) {
            (false, _) => (&mut self.added, &mut self.totals.0),
            (true, false) => (&mut self.removed, &mut self.totals.1),
            (true, true) => (&mut self.changed, &mut self.totals.2),
        };
        *total += 1;
        if list.len() < limit {
            list.push(id.to_owned());
        }
    }
}

/// A source's records in the form in which they travel.
fn records(side: Option<(&Database, usize)>) -> Result<Vec<u8>, Damaged> {
    let Some((database, number)) = side else {
        return Ok(Vec::new());
    };
    let Some(source) = database.facts.sources.get(number) else {
        return Ok(Vec::new());
    };
    let segment = database.segment_bytes(&source.name)?;
    exchange::rows_of_segment(segment).map_err(|_| Damaged::contradiction(&source.name))
}

#[cfg(test)]
mod tests;
