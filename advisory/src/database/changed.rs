//! Of which packages two databases say different things.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::segment::{Packages, Spoken, Statement};
use super::{Damaged, Database, Section, SourceEntry};
use crate::key::Key;

/// The keys under which something else is said than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// All of them, sorted, each once.
    Keys(Vec<Key>),
    /// More than the limit.
    TooMany,
}

impl Database {
    /// Every key under which the two databases say different things that can reach a finding:
    /// a statement that was added, removed or worded otherwise, by whatever source.
    ///
    /// What cannot reach one is no difference: a record that its publisher took back, and the date
    /// of a record's last change. A source that has another name, or publishes for another
    /// distribution, is another source. Segments that are the same are not read. The others are
    /// walked through side by side, so that no more is held than the keys, of which there are at
    /// most `limit`, and the statements on one package of each database.
    ///
    /// # Errors
    ///
    /// [`Damaged`] where a segment that has to be read is not what was written.
    pub fn changed_keys(
        before: &Database,
        after: &Database,
        limit: usize,
    ) -> Result<Changed, Damaged> {
        // What repositories serve says which channels are in use, whatever the package is.
        if before.repositories_checksum() != after.repositories_checksum() {
            return Ok(Changed::TooMany);
        }
        let mut found = Found {
            keys: BTreeSet::new(),
            limit,
        };
        let mut pairs: BTreeMap<_, Pair> = BTreeMap::new();
        for side in before.sides() {
            pairs.entry(side.identity()).or_default().before = Some(side);
        }
        for side in after.sides() {
            pairs.entry(side.identity()).or_default().after = Some(side);
        }
        for pair in pairs.values().filter(|pair| !pair.is_same()) {
            pair.compare(&mut found)?;
            if found.is_full() {
                return Ok(Changed::TooMany);
            }
        }
        Ok(Changed::Keys(found.keys.into_iter().collect()))
    }

    fn repositories_checksum(&self) -> Option<[u8; 32]> {
        self.repositories.as_ref().map(|section| section.checksum)
    }

    fn sides(&self) -> impl Iterator<Item = Side<'_>> {
        let sources = self.facts.sources.iter().zip(&self.sections);
        sources.map(|(source, section)| Side {
            database: self,
            source,
            section,
        })
    }
}

struct Found {
    keys: BTreeSet<Key>,
    limit: usize,
}

impl Found {
    fn add(&mut self, (ecosystem, name): (&str, &str)) {
        self.keys.insert(Key {
            ecosystem: ecosystem.to_owned(),
            name: name.to_owned(),
        });
    }

    fn is_full(&self) -> bool {
        self.keys.len() > self.limit
    }
}

/// One source of one database.
#[derive(Clone, Copy)]
struct Side<'a> {
    database: &'a Database,
    source: &'a SourceEntry,
    section: &'a Section,
}

impl<'a> Side<'a> {
    /// What of a source itself reaches findings.
    fn identity(&self) -> (&'a str, &'a [String]) {
        (&self.source.name, &self.source.publishes)
    }

    fn packages(&self) -> Result<Packages<'a>, Damaged> {
        let segment = self.database.segment(self.source, self.section)?;
        Ok(segment.packages())
    }

    fn damaged(&self) -> Damaged {
        Damaged::contradiction(&self.source.name)
    }
}

/// The packages of one side, of which the next is known.
struct Walk<'a> {
    side: Option<Side<'a>>,
    packages: Option<Packages<'a>>,
    next: Option<Spoken<'a>>,
}

impl<'a> Walk<'a> {
    fn new(side: Option<Side<'a>>) -> Result<Walk<'a>, Damaged> {
        let packages = side.map(|side| side.packages()).transpose()?;
        let mut walk = Walk {
            side,
            packages,
            next: None,
        };
        walk.step()?;
        Ok(walk)
    }

    /// Goes on to the next package of which anything counts.
    fn step(&mut self) -> Result<(), Damaged> {
        self.next = None;
        let (Some(side), Some(packages)) = (self.side, &mut self.packages) else {
            return Ok(());
        };
        for spoken in packages {
            let mut spoken = spoken.map_err(|()| side.damaged())?;
            spoken.statements.retain(|one| !one.advisory.withdrawn);
            if !spoken.statements.is_empty() {
                self.next = Some(spoken);
                break;
            }
        }
        Ok(())
    }
}

/// One source in both databases.
#[derive(Default)]
struct Pair<'a> {
    before: Option<Side<'a>>,
    after: Option<Side<'a>>,
}

impl Pair<'_> {
    fn is_same(&self) -> bool {
        let segment = |side: Side<'_>| (side.section.length, side.section.checksum);
        self.before.map(segment) == self.after.map(segment)
    }

    fn compare(&self, found: &mut Found) -> Result<(), Damaged> {
        let mut before = Walk::new(self.before)?;
        let mut after = Walk::new(self.after)?;
        while !found.is_full() {
            let order = match (&before.next, &after.next) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(one), Some(other)) => one.key.cmp(&other.key),
            };
            let (one, other) = (before.next.as_ref(), after.next.as_ref());
            let nearest = if order.is_le() { one } else { other };
            if let Some(nearest) = nearest.filter(|_| order.is_ne() || !is_same(one, other)) {
                found.add(nearest.key);
            }
            if order.is_le() {
                before.step()?;
            }
            if order.is_ge() {
                after.step()?;
            }
        }
        Ok(())
    }
}

/// Whether two packages have the same said of them.
fn is_same(one: Option<&Spoken<'_>>, other: Option<&Spoken<'_>>) -> bool {
    let (Some(one), Some(other)) = (one, other) else {
        return false;
    };
    let pairs = || one.statements.iter().zip(&other.statements);
    one.statements.len() == other.statements.len()
        && pairs().all(|(one, other)| counted(one) == counted(other))
}

/// A statement without what reaches no finding.
fn counted<'a>(statement: &Statement<'a>) -> Statement<'a> {
    let mut counted = statement.clone();
    counted.advisory.modified = None;
    counted
}

#[cfg(test)]
mod tests;
