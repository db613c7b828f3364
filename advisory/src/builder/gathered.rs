//! One source's records in memory: strings as numbers, equal advisories once.

use std::collections::{BTreeMap, HashMap};

use crate::{Affected, Cve, CveFacts, Limits, Range, Record, Score, State, feed, scope};

use super::interner::{Interner, Symbol};

/// What is said of all packages of a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Advisory {
    pub id: Symbol,
    pub bulletin: bool,
    pub withdrawn: bool,
    pub severity: model::Severity,
    pub score: Option<Score>,
    pub url: Symbol,
    pub description: Symbol,
    /// Seconds since 1970, never negative.
    pub published: Option<i64>,
    /// Seconds since 1970, never negative.
    pub modified: Option<i64>,
    pub weaknesses: Vec<Vec<Symbol>>,
}

/// What is said of one package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    pub ecosystem: Symbol,
    pub package: Symbol,
    /// The advisory's number.
    pub advisory: u32,
    /// Channel, module and architectures: [`crate::scope`].
    pub scope: Symbol,
    pub state: State,
    pub severity: model::Severity,
    pub ranges: Box<[Range<Symbol>]>,
    pub versions: Box<[Symbol]>,
}

/// Everything that one source says.
#[derive(Default)]
pub struct Gathered {
    pub strings: Interner,
    pub advisories: HashMap<Advisory, u32>,
    pub rows: Vec<Row>,
    /// Advisories that were completed, in the place of those above.
    completed: Vec<(Advisory, u32)>,
}

fn complete(advisory: &mut Advisory, facts: &CveFacts, mut symbol: impl FnMut(&str) -> Symbol) {
    advisory.withdrawn |= facts.rejected;
    if let Some(score) = facts.score {
        if advisory.severity == model::Severity::Unknown {
            advisory.severity = feed::rating::of_score(score);
        }
        advisory.score = advisory.score.or(Some(score));
    }
    if advisory.description == symbol("") && !facts.description.is_empty() {
        advisory.description = symbol(&facts.description);
    }
    let seconds = facts.published.map(|date| date.as_second());
    advisory.published = advisory.published.or(seconds.filter(|second| *second >= 0));
}

impl Gathered {
    /// Adds a record, which [`within`] has found to be within the limits of one.
    pub fn add(&mut self, record: &Record) {
        let number = self.advisory(record);
        for affected in &record.affected {
            let row = self.row(affected, number);
            self.rows.push(row);
        }
    }

    fn advisory(&mut self, record: &Record) -> u32 {
        let strings = &mut self.strings;
        let seconds = |date: Option<jiff::Timestamp>| {
            date.map(|date| date.as_second())
                .filter(|second| *second >= 0)
        };
        let weaknesses = record.weaknesses.iter().map(|weakness| {
            std::iter::once(&weakness.id)
                .chain(&weakness.aliases)
                .map(|id| strings.symbol(id))
                .collect()
        });
        let weaknesses = weaknesses.collect();
        let advisory = Advisory {
            id: strings.symbol(&record.id),
            bulletin: record.bulletin,
            withdrawn: record.withdrawn,
            severity: record.severity,
            score: record.score,
            url: strings.symbol(&record.url),
            description: strings.symbol(&record.description),
            published: seconds(record.published),
            modified: seconds(record.modified),
            weaknesses,
        };
        self.number(advisory)
    }

    /// The number of an advisory, new or known.
    pub fn number(&mut self, advisory: Advisory) -> u32 {
        let next = self.advisories.len() as u32;
        *self.advisories.entry(advisory).or_insert(next)
    }

    fn row(&mut self, affected: &Affected, advisory: u32) -> Row {
        let strings = &mut self.strings;
        let ranges: Vec<Range<Symbol>> = affected
            .ranges
            .iter()
            .map(|range| range.map(|text| strings.symbol(text)))
            .collect();
        Row {
            ecosystem: strings.symbol(&affected.ecosystem),
            package: strings.symbol(&affected.package),
            advisory,
            scope: strings.symbol(&scope::write(
                &affected.channel,
                &affected.module,
                &affected.architectures,
            )),
            state: affected.state,
            severity: affected.severity,
            ranges: ranges.into(),
            versions: affected
                .versions
                .iter()
                .map(|text| strings.symbol(text))
                .collect(),
        }
    }

    /// Completes advisories by what is known of their CVE: the rating, the score, the text and the
    /// date where they have none; what was rejected is withdrawn. A record of several weaknesses
    /// is left alone: it is not known of which of them it speaks where.
    pub fn complete(&mut self, known: &BTreeMap<Cve, CveFacts>) {
        if known.is_empty() {
            return;
        }
        let mut advisories: Vec<(Advisory, u32)> = self.advisories.drain().collect();
        for (advisory, _) in &mut advisories {
            let [names] = advisory.weaknesses.as_slice() else {
                continue;
            };
            let names = names.iter().map(|name| self.strings.get(*name));
            let facts = names.filter_map(Cve::of).find_map(|cve| known.get(&cve));
            if let Some(facts) = facts {
                let strings = &mut self.strings;
                complete(advisory, facts, |text| strings.symbol(text));
            }
        }
        // Two that are the same now stay apart, since rows name each by its number.
        self.completed = advisories;
    }

    /// Numbers every string by its order, then advisories and rows by theirs, so that the same
    /// records give the same result in whatever order they came.
    pub fn into_sorted(self) -> Sorted {
        let (order, ranks) = self.strings.ranks();
        let ranked = |symbol: &Symbol| ranks.get(*symbol as usize).copied().unwrap_or_default();
        let rank = |symbol: &mut Symbol| *symbol = ranked(symbol);
        let mut advisories: Vec<(Advisory, u32)> = self.advisories.into_iter().collect();
        advisories.extend(self.completed);
        for (advisory, _) in &mut advisories {
            [
                &mut advisory.id,
                &mut advisory.url,
                &mut advisory.description,
            ]
            .into_iter()
            .for_each(rank);
            advisory.weaknesses.iter_mut().flatten().for_each(rank);
            advisory.weaknesses.sort();
        }
        advisories.sort_unstable();
        let mut numbers = vec![0; advisories.len()];
        let (mut next, mut last) = (0, None);
        for (advisory, old) in &advisories {
            if last.is_some_and(|last| last != advisory) {
                next += 1;
            }
            last = Some(advisory);
            if let Some(number) = numbers.get_mut(*old as usize) {
                *number = next;
            }
        }
        advisories.dedup_by(|one, other| one.0 == other.0);
        let mut rows = self.rows;
        for row in &mut rows {
            [&mut row.ecosystem, &mut row.package, &mut row.scope]
                .into_iter()
                .for_each(rank);
            row.advisory = numbers
                .get(row.advisory as usize)
                .copied()
                .unwrap_or_default();
            row.versions.iter_mut().for_each(rank);
            for range in &mut row.ranges {
                *range = range.map(ranked);
            }
        }
        rows.sort_unstable();
        rows.dedup();
        Sorted {
            strings: self.strings,
            order,
            advisories: advisories
                .into_iter()
                .map(|(advisory, _)| advisory)
                .collect(),
            rows,
        }
    }
}

/// The same, ordered; every number of a string is its place in `order`.
pub struct Sorted {
    strings: Interner,
    order: Vec<Symbol>,
    pub advisories: Vec<Advisory>,
    pub rows: Vec<Row>,
}

impl Sorted {
    /// Every string in order.
    pub fn strings(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(|symbol| self.strings.get(*symbol))
    }

    /// The string of a number.
    pub fn string(&self, rank: u32) -> &str {
        let symbol = self.order.get(rank as usize).copied();
        symbol.map_or("", |symbol| self.strings.get(symbol))
    }
}

/// Checks that every string of a record is within the limits.
///
/// # Errors
///
/// Which limit it passes.
pub fn within(record: &Record, limits: &Limits) -> Result<(), String> {
    let weaknesses = record
        .weaknesses
        .iter()
        .flat_map(|weakness| std::iter::once(&weakness.id).chain(&weakness.aliases));
    let packages = record.affected.iter().flat_map(|row| {
        let ranges = row.ranges.iter().flat_map(|range| {
            let end = match &range.end {
                crate::End::Never => None,
                crate::End::Fixed(version)
                | crate::End::Limit(version)
                | crate::End::Last(version) => Some(version),
            };
            range.introduced.iter().chain(end)
        });
        [&row.ecosystem, &row.package, &row.channel, &row.module]
            .into_iter()
            .chain(&row.architectures)
            .chain(&row.versions)
            .chain(ranges)
    });
    let longest = [&record.id, &record.url]
        .into_iter()
        .chain(weaknesses)
        .chain(packages)
        .map(|text| text.len())
        .max();
    match longest.unwrap_or_default() > limits.string_bytes {
        true => Err(format!(
            "a string is longer than {} bytes",
            limits.string_bytes
        )),
        false => Ok(()),
    }
}
