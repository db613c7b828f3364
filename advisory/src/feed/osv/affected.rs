//! One entry of `affected`: events to half-open ranges, and the versions they do not hold.

use std::cmp::Ordering;

use model::Severity;
use version::Scheme;

use super::ecosystem::{self, Space};
use super::{schema, severity};
use crate::feed::requirement::semantic_order;
use crate::name::normalised;
use crate::{Affected, End, Range, State};

/// The space of what has no package: a source repository, by its address.
const GIT: &str = "git";

/// The statement on one package; `None` where there is nothing that it could be looked up by.
///
/// # Errors
///
/// What could not be read; the rest of the record counts.
pub fn from(read: schema::Affected) -> Result<Option<Affected>, String> {
    let Some((space, written)) = subject(&read)? else {
        return Ok(None);
    };
    let name = normalised(&space.written, &written).into_owned();
    if only_commits(&read) {
        let remark = "it is told in commits only, which are not compared here";
        return match space.known {
            true => Err(format!("{name}: {remark}")),
            false => Ok(None),
        };
    }
    let scheme = space.scheme;
    let mut ranges = ranges(&read, scheme).map_err(|detail| format!("{name}: {detail}"))?;
    bound(&mut ranges, &read.database_specific);
    let mut versions = read.versions.unwrap_or_default();
    versions.retain(|version| !ranges.iter().any(|range| holds(scheme, range, version)));
    versions.sort();
    versions.dedup();
    let is_fixed = |range: &Range<String>| matches!(range.end, End::Fixed(_));
    let mut row = Affected::of(space.written, name, State::Affected);
    if ranges.iter().any(is_fixed) {
        row.state = State::Fixed;
    }
    if is_end_of_life(&read.ecosystem_specific) && row.state == State::Affected {
        row.state = State::EndOfLife;
    }
    row.channel = space.channel;
    if ecosystem::names_sources(&row.ecosystem) {
        row = row.of_source();
    }
    row.severity = rating(
        &read.severity,
        &read.ecosystem_specific,
        &read.database_specific,
    );
    row.versions = versions;
    row.ranges = match ranges.is_empty() && row.versions.is_empty() {
        // Neither range nor version: the publisher names the package as a whole.
        true => vec![Range::all()],
        false => ranges,
    };
    Ok(Some(row))
}

/// The space and the name of what is affected: a package, or else the repository of its source.
fn subject(read: &schema::Affected) -> Result<Option<(Space, String)>, String> {
    if let Some(package) = &read.package {
        let Some(space) = ecosystem::space_of(&package.ecosystem, &package.name) else {
            return Ok(None);
        };
        return match package.name.is_empty() {
            true => Err("an affected package has no name".to_owned()),
            false => Ok(Some((space, package.name.clone()))),
        };
    }
    let all = read.ranges.as_deref().unwrap_or_default();
    let address = all.iter().find_map(|range| range.repo.as_deref());
    let bare = address.and_then(|address| address.split_once("://"));
    let name = bare.map(|(_, rest)| rest.trim_end_matches('/').trim_end_matches(".git"));
    let space = ecosystem::space(GIT);
    Ok(space.zip(name.filter(|name| !name.is_empty()).map(str::to_owned)))
}

/// Whether neither versions nor ranges of versions are given, but commits.
fn only_commits(read: &schema::Affected) -> bool {
    let all = read.ranges.as_deref().unwrap_or_default();
    let listed = read.versions.as_ref().is_some_and(|list| !list.is_empty());
    !listed && !all.is_empty() && all.iter().all(|range| range.kind == "GIT")
}

/// Ends what has no end with the last version that is known to be affected, where the publisher
/// names one beside the events: `<= 1.2.3`, `< 1.2.3`.
fn bound(ranges: &mut [Range<String>], database: &Option<schema::Specific>) {
    let Some(specific) = database else { return };
    let text = specific.last_known_affected_version_range.as_str().trim();
    let end = match (text.strip_prefix("<="), text.strip_prefix('<')) {
        (Some(version), _) => End::Last(version.trim().to_owned()),
        (None, Some(version)) => End::Limit(version.trim().to_owned()),
        (None, None) => return,
    };
    if let [.., last] = ranges
        && last.end == End::Never
    {
        last.end = end;
    }
}

fn is_end_of_life(specific: &Option<schema::Specific>) -> bool {
    specific
        .as_ref()
        .is_some_and(|specific| specific.urgency.as_str() == "end-of-life")
}

fn rating(
    list: &Option<Vec<schema::Severity>>,
    ecosystem: &Option<schema::Specific>,
    database: &Option<schema::Specific>,
) -> Severity {
    let words = [ecosystem, database].into_iter().flatten();
    let words = words.flat_map(|one| [one.urgency.as_str(), one.severity.as_str()]);
    match crate::feed::rating::first(words) {
        Severity::Unknown => severity::rated(list.as_deref().unwrap_or_default()),
        said => said,
    }
}

/// Every range but those of commits, which are no versions of packages.
fn ranges(read: &schema::Affected, scheme: Scheme) -> Result<Vec<Range<String>>, String> {
    let all = read.ranges.as_deref().unwrap_or_default();
    let of_versions = all.iter().filter(|range| range.kind != "GIT");
    let mut found = Vec::new();
    for range in of_versions {
        let rule = match (scheme, range.kind.as_str()) {
            (Scheme::Opaque, "SEMVER") => Rule::Semantic,
            _ => Rule::Scheme(scheme),
        };
        intervals(&range.events, rule, &mut found)?;
    }
    found.sort();
    found.dedup();
    Ok(found)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Introduced,
    Fixed,
    Last,
    Limit,
}

fn event(read: &schema::Event) -> Option<(Kind, &str)> {
    let members = [
        (Kind::Introduced, &read.introduced),
        (Kind::Fixed, &read.fixed),
        (Kind::Last, &read.last_affected),
        (Kind::Limit, &read.limit),
    ];
    members
        .into_iter()
        .find_map(|(kind, version)| Some((kind, version.as_deref()?)))
}

/// By what the events of a range are put in order.
#[derive(Clone, Copy)]
enum Rule {
    /// The ecosystem's own order, as far as that is known.
    Scheme(Scheme),
    /// The order of semantic versions, which the range says it keeps.
    Semantic,
}

impl Rule {
    fn compare(self, a: &str, b: &str) -> Option<Ordering> {
        match self {
            Rule::Scheme(Scheme::Opaque) => None,
            Rule::Scheme(scheme) => version::compare(scheme, a, b).ok(),
            Rule::Semantic => Some(semantic_order(a, b)),
        }
    }
}

/// Events to intervals, as in the schema's "Evaluation": sorted by version where the order is
/// known, else in the publisher's order with the very first version in front.
fn intervals(
    events: &[schema::Event],
    rule: Rule,
    found: &mut Vec<Range<String>>,
) -> Result<(), String> {
    let mut sorted: Vec<_> = events.iter().filter_map(event).collect();
    if sorted.len() != events.len() {
        return Err("an event is none of introduced, fixed, last_affected and limit".to_owned());
    }
    // A limit of `*` is the schema's word for none.
    sorted.retain(|(kind, version)| !(*kind == Kind::Limit && *version == "*"));
    sort(&mut sorted, rule);
    let mut open: Option<Option<String>> = None;
    for (kind, version) in sorted {
        let version = version.to_owned();
        let end = match kind {
            Kind::Introduced => {
                let start = (version != "0").then_some(version);
                open.get_or_insert(start);
                continue;
            }
            Kind::Fixed => End::Fixed(version),
            Kind::Last => End::Last(version),
            Kind::Limit => End::Limit(version),
        };
        if let Some(introduced) = open.take() {
            found.push(Range { introduced, end });
        }
    }
    if let Some(introduced) = open {
        let end = End::Never;
        found.push(Range { introduced, end });
    }
    Ok(())
}

/// More events than this are left in the publisher's order.
const MAX_SORTED: usize = 512;

/// Sorts by insertion: unlike the standard library's, it bears an order that contradicts itself.
fn sort(events: &mut [(Kind, &str)], rule: Rule) {
    let is_start = |event: &(Kind, &str)| event.0 == Kind::Introduced && event.1 == "0";
    let mut versions = events.iter().filter(|event| !is_start(event));
    let decided = events.len() <= MAX_SORTED
        && versions.all(|event| rule.compare(event.1, event.1).is_some());
    let below = |a: &(Kind, &str), b: &(Kind, &str)| match (is_start(a), is_start(b)) {
        (true, false) => true,
        (_, true) => false,
        _ => decided && rule.compare(a.1, b.1) == Some(Ordering::Less),
    };
    if !decided {
        events.sort_by_key(|event| !is_start(event));
        return;
    }
    for end in 1..events.len() {
        for at in (1..=end).rev() {
            match events.get(at - 1..=at) {
                Some([before, after]) if below(after, before) => events.swap(at - 1, at),
                _ => break,
            }
        }
    }
}

/// Whether a range surely holds a version: such a version need not be listed.
fn holds(scheme: Scheme, range: &Range<String>, version: &str) -> bool {
    let compare = |bound: &str| version::compare(scheme, version, bound);
    let is_at_most = |last: &str| version::is_at_most(scheme, version, last);
    let range = range.map(String::as_str);
    crate::matching::within(&range, compare, is_at_most) == Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(rule: Rule, events: &str) -> String {
        let one = |text: &str| {
            let (kind, version) = text.split_once(' ').unwrap();
            let json = format!("{{\"{kind}\": \"{version}\"}}");
            serde_json::from_str::<schema::Event>(&json).unwrap()
        };
        let events: Vec<_> = events.split(", ").map(one).collect();
        let mut found = Vec::new();
        intervals(&events, rule, &mut found).unwrap();
        let show = |range: &Range<String>| {
            let start = range.introduced.as_deref().unwrap_or("");
            match &range.end {
                End::Never => format!("[{start}..)"),
                End::Fixed(end) => format!("[{start}..{end})"),
                End::Limit(end) => format!("[{start}..{end}|"),
                End::Last(end) => format!("[{start}..{end}]"),
            }
        };
        found.iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn events_become_intervals() {
        for (events, expected) in [
            ("introduced 0, fixed 1.2-1", "[..1.2-1)"),
            ("introduced 0", "[..)"),
            ("introduced 1, last_affected 2", "[1..2]"),
            ("introduced 0, limit 2", "[..2|"),
            ("introduced 0, limit *", "[..)"),
            (
                "introduced 0, fixed 1, introduced 2, fixed 3",
                "[..1) [2..3)",
            ),
            (
                "introduced 2, fixed 3, introduced 0, fixed 1",
                "[..1) [2..3)",
            ),
            ("fixed 1, introduced 0", "[..1)"),
            ("introduced 0, fixed 1, fixed 2", "[..1)"),
            ("introduced 0, introduced 1, fixed 2", "[..2)"),
            ("introduced 0, fixed 10, introduced 9", "[..10)"),
            ("introduced 0, fixed 1, introduced 2", "[..1) [2..)"),
            ("fixed 1", ""),
        ] {
            assert_eq!(
                shown(Rule::Scheme(Scheme::Dpkg), events),
                expected,
                "{events}"
            );
        }
        let unordered = "introduced 2, fixed 3, introduced 0, fixed 1";
        assert_eq!(shown(Rule::Scheme(Scheme::Opaque), unordered), "[..3)");
        assert_eq!(shown(Rule::Semantic, unordered), "[..1) [2..3)");
        let forerunners = "introduced 2.0.0-rc.1, fixed 2.0.0, introduced 1.9.0, fixed 1.10.0";
        let ranges = "[1.9.0..1.10.0) [2.0.0-rc.1..2.0.0)";
        assert_eq!(shown(Rule::Semantic, forerunners), ranges);
    }
}
