//! One package against everything that is said of it.

use std::cmp::Ordering;

use model::{Finding, Gap, GapKind, Inventory, Matchable};
use version::Undecided;

use crate::database::{Database, Hit};
use crate::{End, Range, State, feed};

mod build;
mod decide;
pub(crate) mod group;
pub(crate) mod hear;
pub(crate) mod maker;
mod meant;
mod subject;

pub(crate) use decide::decide;
pub(crate) use hear::Judged;
pub(crate) use maker::Maker;
pub use subject::Unasked;
pub(crate) use subject::{Lookup, PRODUCTS, Subject, is_of_distro};

/// What is wrong with a package, and what could not be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assessment {
    /// One per weakness, without locations, in [`Finding::sort_key`] order.
    pub findings: Vec<Finding>,
    /// Comparisons that could not be decided, and records that could not be read.
    pub gaps: Vec<Gap>,
}

/// A statement, and the way in which it was found.
#[derive(Clone, Debug)]
pub(crate) struct Asked<'a> {
    /// The statement.
    pub hit: Hit<'a>,
    /// The place of the lookup in [`Subject::lookups`].
    pub lookup: usize,
}

/// What a statement means for one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict<'a> {
    /// Affected, up to the end of the range that holds the version.
    Affected(End<&'a str>),
    /// Not, or no longer.
    Clear,
    /// Not to be told.
    Undecided(Undecided),
}

/// Judges a package by a database.
///
/// Findings carry no locations and the package URL that the stream alone gives; [`crate::join`]
/// sets both for an image. A comparison that cannot be decided is a gap, never "not affected".
pub fn assess(matchable: &Matchable, database: &Database) -> Assessment {
    let mut assessment = Assessment::default();
    let Ok(subject) = Subject::of(matchable) else {
        return assessment;
    };
    let (all, mut gaps) = ask(&subject, database);
    let used = channels(matchable, database, &mut gaps);
    assessment.gaps = gaps;
    for group in group::by_weakness(&all) {
        let judged = hear::judge(&subject, &group, &used);
        let (finding, gap) = decide(&subject, &group, &judged);
        assessment.findings.extend(finding);
        assessment.gaps.extend(gap);
    }
    assessment
        .findings
        .sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    assessment.gaps.sort();
    assessment.gaps.dedup();
    assessment
}

/// Everything that stands and is said of a package, with what could not be read.
pub(crate) fn ask<'a>(subject: &Subject<'_>, database: &'a Database) -> (Vec<Asked<'a>>, Vec<Gap>) {
    let (mut all, mut gaps) = (Vec::new(), Vec::new());
    for (place, lookup) in subject.lookups().enumerate() {
        for hit in database.statements(&lookup.key) {
            match hit {
                Ok(hit) if hit.statement.advisory.withdrawn => {}
                Ok(hit) => all.push(Asked { hit, lookup: place }),
                Err(damaged) => {
                    gaps.push(Gap::new(GapKind::BrokenFeed, damaged.to_string()));
                }
            }
        }
    }
    (all, gaps)
}

/// The channels that an image uses: those that the catalogue knows, and what the repositories in
/// use serve, as the database knows it.
pub(crate) fn channels(
    matchable: &Matchable,
    database: &Database,
    gaps: &mut Vec<Gap>,
) -> Vec<String> {
    let mut used = matchable.channels.clone();
    for channel in &matchable.channels {
        let Some(repository) = Inventory::repository_of(channel) else {
            continue;
        };
        match database.products_of(repository) {
            Ok(products) => used.extend(
                products
                    .iter()
                    .filter_map(|cpe| feed::redhat::channel_of(cpe)),
            ),
            Err(damaged) => gaps.push(Gap::new(GapKind::BrokenFeed, damaged.to_string())),
        }
    }
    used
}

/// What one statement means for the subject's version.
pub(crate) fn verdict<'a>(subject: &Subject<'_>, asked: &Asked<'a>) -> Verdict<'a> {
    let statement = &asked.hit.statement;
    let lookup = subject.lookup(asked);
    if statement.state == State::NotAffected {
        return Verdict::Clear;
    }
    let everything = statement.ranges.is_empty() && statement.versions.is_empty();
    if everything || lists(lookup, &statement.versions) {
        return Verdict::Affected(End::Never);
    }
    let mut undecided = None;
    for range in &statement.ranges {
        match lookup.within(range) {
            Ok(true) => return Verdict::Affected(range.end),
            Ok(false) => {}
            Err(reason) => undecided = undecided.or(Some(reason)),
        }
    }
    undecided.map_or(Verdict::Clear, Verdict::Undecided)
}

/// Whether a list has the subject's version, as it is written or in another way.
fn lists(lookup: &Lookup<'_>, versions: &[&str]) -> bool {
    let is_same = |listed: &&str| lookup.compare(listed, lookup.version) == Ok(Ordering::Equal);
    versions.contains(&lookup.version) || versions.iter().any(is_same)
}

/// Whether a range holds a version. One bound that excludes it decides, whatever the other is.
///
/// # Errors
///
/// [`Undecided`] where a bound that matters cannot be compared.
pub(crate) fn within(
    range: &Range<&str>,
    compare: impl Fn(&str) -> Result<Ordering, Undecided>,
    is_at_most: impl Fn(&str) -> Result<bool, Undecided>,
) -> Result<bool, Undecided> {
    let after_start = match range.introduced {
        None => Ok(true),
        Some(start) => compare(start).map(Ordering::is_ge),
    };
    let before_end = match range.end {
        End::Never => Ok(true),
        End::Fixed(end) | End::Limit(end) => compare(end).map(Ordering::is_lt),
        End::Last(end) => is_at_most(end),
    };
    match (after_start, before_end) {
        (Ok(false), _) | (_, Ok(false)) => Ok(false),
        (Ok(true), Ok(true)) => Ok(true),
        (Err(undecided), _) | (_, Err(undecided)) => Err(undecided),
    }
}

#[cfg(test)]
pub(crate) mod tests;
