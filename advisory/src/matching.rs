//! One package against everything that is said of it.

use std::cmp::Ordering;

use model::{Distro, Ecosystem, Finding, Gap, GapKind, Matchable, Ownership, PackageType};
use version::{Scheme, Undecided};

use crate::database::{Database, Hit};
use crate::key::Key;
use crate::{End, Range, State};

mod decide;
mod group;

/// What is wrong with a package, and what could not be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assessment {
    /// One per weakness, without locations, in [`Finding::sort_key`] order.
    pub findings: Vec<Finding>,
    /// Comparisons that could not be decided, and records that could not be read.
    pub gaps: Vec<Gap>,
}

/// What of a package is matched: its key, the version and their rules.
pub(crate) struct Subject<'a> {
    pub matchable: &'a Matchable,
    pub key: Key,
    pub version: &'a str,
    pub scheme: Scheme,
}

/// Whether packages of a type belong to a distribution and to no language.
pub(crate) fn is_of_distro(kind: PackageType) -> bool {
    use PackageType::{Alpm, Apk, Deb, Ebuild, Opkg, Rpm};
    matches!(kind, Alpm | Apk | Deb | Ebuild | Opkg | Rpm)
}

impl<'a> Subject<'a> {
    /// `None` for a distribution's package whose stream is not known: nobody answers for it; and
    /// for what is a part of a distribution's package, for which that one answers.
    pub fn of(matchable: &'a Matchable) -> Option<Subject<'a>> {
        let package = &matchable.package;
        if matchable.ownership == Ownership::DistroUnchanged {
            return None;
        }
        if !is_of_distro(package.kind) {
            return Some(Subject {
                matchable,
                key: Key::new(&Ecosystem::Language(package.kind), &package.name),
                version: &package.version,
                scheme: package.scheme(),
            });
        }
        let stream = matchable.stream.as_ref()?;
        let (name, version) = matchable.spoken_of();
        Some(Subject {
            matchable,
            key: Key::new(&Ecosystem::Distro(stream.clone()), name),
            version,
            scheme: matchable.scheme(),
        })
    }

    /// The distribution, for a package URL before an image is known.
    fn distro(&self) -> Option<Distro> {
        let stream = self.matchable.stream.as_ref()?;
        Some(Distro::new(&stream.distro, &stream.release))
    }
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
    let Some(subject) = Subject::of(matchable) else {
        return assessment;
    };
    let mut hits = Vec::new();
    for hit in database.statements(&subject.key) {
        match hit {
            Ok(hit) if hit.statement.advisory.withdrawn => {}
            Ok(hit) => hits.push(hit),
            Err(damaged) => {
                let gap = Gap::new(GapKind::BrokenFeed, damaged.to_string());
                assessment.gaps.push(gap);
            }
        }
    }
    for group in group::by_weakness(&hits) {
        let (finding, gap) = decide::decide(&subject, &group);
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

/// What one statement means for the subject's version.
pub(crate) fn verdict<'a>(subject: &Subject<'_>, hit: &Hit<'a>) -> Verdict<'a> {
    let statement = &hit.statement;
    if statement.state == State::NotAffected {
        return Verdict::Clear;
    }
    let everything = statement.ranges.is_empty() && statement.versions.is_empty();
    if everything || lists(subject, &statement.versions) {
        return Verdict::Affected(End::Never);
    }
    let mut undecided = None;
    for range in &statement.ranges {
        match within(subject.scheme, range, subject.version) {
            Ok(true) => return Verdict::Affected(range.end),
            Ok(false) => {}
            Err(reason) => undecided = undecided.or(Some(reason)),
        }
    }
    undecided.map_or(Verdict::Clear, Verdict::Undecided)
}

/// Whether a list has the subject's version, as it is written or in another way.
fn lists(subject: &Subject<'_>, versions: &[&str]) -> bool {
    let is_same = |listed: &&str| {
        version::compare(subject.scheme, listed, subject.version) == Ok(Ordering::Equal)
    };
    versions.contains(&subject.version) || versions.iter().any(is_same)
}

/// Whether a range holds a version. One bound that excludes it decides, whatever the other is.
///
/// # Errors
///
/// [`Undecided`] where a bound that matters cannot be compared.
pub(crate) fn within(
    scheme: Scheme,
    range: &Range<&str>,
    version: &str,
) -> Result<bool, Undecided> {
    let after_start = match range.introduced {
        None => Ok(true),
        Some(start) => version::compare(scheme, version, start).map(Ordering::is_ge),
    };
    let before_end = match range.end {
        End::Never => Ok(true),
        End::Fixed(end) | End::Limit(end) => {
            version::compare(scheme, version, end).map(Ordering::is_lt)
        }
        End::Last(end) => version::is_at_most(scheme, version, end),
    };
    match (after_start, before_end) {
        (Ok(false), _) | (_, Ok(false)) => Ok(false),
        (Ok(true), Ok(true)) => Ok(true),
        (Err(undecided), _) | (_, Err(undecided)) => Err(undecided),
    }
}

#[cfg(test)]
pub(crate) mod tests;
