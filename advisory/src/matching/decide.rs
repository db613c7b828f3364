//! From the statements on one weakness to a finding, a gap or nothing.
//!
//! Within what is heard ([`super::hear`]), one statement that holds the version is enough, and the
//! highest fixed version is the fix: a bulletin that mends an earlier one wins.

use std::cmp::Ordering;

use model::{AdvisoryRef, Cvss, Finding, Gap, GapKind, Severity, Status};

use super::build::flavour;
use super::group::Group;
use super::hear::{Dismissed, Judged, is_own};

use super::subject::Subject;
use super::{Asked, Verdict};
use crate::database::Hit;
use crate::{End, State};

/// The finding, and the gap where nothing that is heard could be decided.
pub fn decide(
    subject: &Subject<'_>,
    group: &Group<'_, '_>,
    judged: &[Judged<'_, '_>],
) -> (Option<Finding>, Option<Gap>) {
    let heard = || judged.iter().filter(|one| one.dismissed.is_none());
    let is_affected = |one: &&Judged<'_, '_>| matches!(one.verdict, Verdict::Affected(_));
    let affected: Vec<_> = heard().filter(is_affected).collect();
    if !affected.is_empty() {
        return (Some(finding(subject, group, &affected)), None);
    }
    let gap = heard().find_map(|one| match &one.verdict {
        Verdict::Undecided(reason) => Some(undecided(subject, group, &one.asked.hit, reason)),
        _ => None,
    });
    (None, gap.or_else(|| incomparable(subject, group, judged)))
}

/// The gap where a build of another kind than the usual one is spoken of only by the usual one's
/// versions.
fn incomparable(
    subject: &Subject<'_>,
    group: &Group<'_, '_>,
    judged: &[Judged<'_, '_>],
) -> Option<Gap> {
    let package = &subject.matchable.package;
    let is_of_kind = |one: &&Judged<'_, '_>| one.dismissed == Some(Dismissed::Flavour);
    let one = judged.iter().find(is_of_kind)?;
    let is_heard = judged.iter().any(|one| one.dismissed.is_none());
    if is_heard || flavour(&package.version).is_none() {
        return None;
    }
    let advisory = &one.asked.hit.statement.advisory;
    let detail = format!(
        "{} {} may or may not have {}: it is a build of another kind than those that advisory {} \
         of {} speaks of; compare what was mended by hand",
        package.name, package.version, group.id, advisory.id, one.asked.hit.source.name
    );
    Some(Gap::new(GapKind::Undecided, detail))
}

/// The version that holds the fix, if the image can get it.
fn fix<'a>(one: &Judged<'_, 'a>) -> Option<&'a str> {
    match one.verdict {
        Verdict::Affected(End::Fixed(version)) if !one.elsewhere => Some(version),
        _ => None,
    }
}

fn finding(subject: &Subject<'_>, group: &Group<'_, '_>, affected: &[&Judged<'_, '_>]) -> Finding {
    let (fixed_in, deciding) = highest_fix(subject, affected);
    let deciding = deciding.or_else(|| affected.iter().min_by_key(|one| rank(one)).copied());
    let statement = deciding.map(|one| &one.asked.hit.statement);
    let status = match fixed_in.is_empty() {
        false => Status::Fixed,
        true => match statement.and_then(|statement| statement.state.status()) {
            Some(Status::Fixed) | None => Status::Affected,
            Some(status) => status,
        },
    };
    let description = deciding
        .into_iter()
        .map(|one| &one.asked.hit)
        .chain(group.asked.iter().map(|asked| &asked.hit))
        .map(|hit| hit.statement.advisory.description)
        .find(|text| !text.is_empty());
    let package = subject.matchable.package.clone();
    Finding {
        id: group.id.clone(),
        aliases: group.aliases.clone(),
        severity: severity(subject, group, affected),
        cvss: cvss(group),
        published: group
            .asked
            .iter()
            .filter_map(|asked| asked.hit.statement.advisory.published)
            .min(),
        status,
        purl: subject.purl().map(str::to_owned),
        package,
        fixed_in,
        description: description.unwrap_or_default().to_owned(),
        advisory: advisory(deciding),
        locations: Vec::new(),
    }
}

fn advisory(deciding: Option<&Judged<'_, '_>>) -> AdvisoryRef {
    let hit = deciding.map(|one| &one.asked.hit);
    let url = hit.map_or("", |hit| hit.statement.advisory.url);
    AdvisoryRef {
        source: hit.map_or_else(String::new, |hit| hit.source.name.clone()),
        id: hit.map_or("", |hit| hit.statement.advisory.id).to_owned(),
        url: (!url.is_empty()).then(|| url.to_owned()),
    }
}

/// The highest of the fixed versions, or all of them where their order is not known, and the
/// first statement that names it.
fn highest_fix<'j, 'h, 'a>(
    subject: &Subject<'_>,
    affected: &[&'j Judged<'h, 'a>],
) -> (Vec<String>, Option<&'j Judged<'h, 'a>>) {
    let mut best: Option<(&str, &Judged)> = None;
    let mut unordered = false;
    for one in affected {
        let Some(version) = fix(one) else { continue };
        let Some((highest, _)) = best else {
            best = Some((version, one));
            continue;
        };
        match subject.lookup(one.asked).compare(version, highest) {
            Ok(Ordering::Greater) => best = Some((version, one)),
            Ok(_) => {}
            Err(_) => unordered = true,
        }
    }
    if unordered {
        let mut all: Vec<_> = affected.iter().filter_map(|one| fix(one)).collect();
        all.sort_unstable();
        all.dedup();
        let all = all.into_iter().map(str::to_owned).collect();
        return (all, best.map(|(_, one)| one));
    }
    let versions = best.iter().map(|(version, _)| (*version).to_owned());
    (versions.collect(), best.map(|(_, one)| one))
}

/// What decides where no fix is named: a word on this very weakness before a bulletin's, and the
/// most definite word first.
fn rank(one: &Judged<'_, '_>) -> (bool, usize) {
    let statement = &one.asked.hit.statement;
    let definite = [
        State::EndOfLife,
        State::WillNotFix,
        State::Deferred,
        State::Affected,
        State::Fixed,
        State::UnderInvestigation,
        State::NotAffected,
    ];
    let place = definite.iter().position(|state| *state == statement.state);
    (statement.advisory.bulletin, place.unwrap_or(definite.len()))
}

/// The worst rating of the publisher of the distribution, else the worst of those that say that
/// the version is affected, else the worst of all.
fn severity(
    subject: &Subject<'_>,
    group: &Group<'_, '_>,
    affected: &[&Judged<'_, '_>],
) -> Severity {
    let rated = |asked: &Asked<'_>| match asked.hit.statement.severity {
        Severity::Unknown => asked.hit.statement.advisory.severity,
        severity => severity,
    };
    let own = group.asked.iter().filter(|asked| is_own(subject, asked));
    let worst = [
        own.map(|asked| rated(asked)).min(),
        affected.iter().map(|one| rated(one.asked)).min(),
        group.asked.iter().map(|asked| rated(asked)).min(),
    ];
    worst
        .into_iter()
        .flatten()
        .find(|severity| *severity != Severity::Unknown)
        .unwrap_or(Severity::Unknown)
}

/// The highest score that is given to this weakness, whoever gives it. A record of several
/// weaknesses scores the worst of them, without saying which that is.
fn cvss(group: &Group<'_, '_>) -> Option<Cvss> {
    let of_one = |hit: &&Hit<'_>| hit.statement.advisory.weaknesses.len() == 1;
    let scores = group.asked.iter().map(|asked| &asked.hit).filter(of_one);
    let highest = scores.filter_map(|hit| hit.statement.advisory.score).max();
    highest.map(|score| score.base)
}

fn undecided(
    subject: &Subject<'_>,
    group: &Group<'_, '_>,
    hit: &Hit<'_>,
    reason: &version::Undecided,
) -> Gap {
    let package = &subject.matchable.package;
    let advisory = &hit.statement.advisory;
    let detail = format!(
        "{} {} may or may not have {}: {reason} (advisory {} of {}); compare the versions by hand",
        package.name, package.version, group.id, advisory.id, hit.source.name
    );
    Gap::new(GapKind::Undecided, detail)
}
