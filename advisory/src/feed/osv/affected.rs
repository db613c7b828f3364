//! One entry of `affected`: events to half-open ranges, and the versions they do not hold.

use std::cmp::Ordering;

use model::distro;
use model::{Ecosystem, Severity};
use version::Scheme;

use super::schema;
use super::{ecosystem, severity};
use crate::name::normalised;
use crate::{Affected, End, Range, State};

/// The statement on one package; `None` where its ecosystem holds nothing that is looked up.
///
/// # Errors
///
/// What could not be read; the rest of the record counts.
pub fn from(read: schema::Affected) -> Result<Option<Affected>, String> {
    let Some(package) = &read.package else {
        return Ok(None);
    };
    let Some((ecosystem, channel)) = ecosystem::ecosystem(&package.ecosystem) else {
        return Ok(None);
    };
    if package.name.is_empty() {
        return Err("an affected package has no name".to_owned());
    }
    let scheme = scheme(&ecosystem);
    let written = ecosystem.to_string();
    let name = normalised(&written, &package.name).into_owned();
    let ranges = ranges(&read, scheme).map_err(|detail| format!("{name}: {detail}"))?;
    let mut versions = read.versions.unwrap_or_default();
    versions.retain(|version| !ranges.iter().any(|range| holds(scheme, range, version)));
    versions.sort();
    versions.dedup();
    let is_fixed = |range: &Range<String>| matches!(range.end, End::Fixed(_));
    let mut row = Affected::new(&ecosystem, name, State::Affected);
    if ranges.iter().any(is_fixed) {
        row.state = State::Fixed;
    }
    if is_end_of_life(&read.ecosystem_specific) && row.state == State::Affected {
        row.state = State::EndOfLife;
    }
    row.channel = channel;
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

/// How the versions of an ecosystem are ordered, as far as that is known.
pub fn scheme(ecosystem: &Ecosystem) -> Scheme {
    match ecosystem {
        Ecosystem::Distro(stream) => {
            distro::row(&stream.distro).map_or(Scheme::Opaque, |row| row.scheme)
        }
        Ecosystem::Language(_) => Scheme::Opaque,
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
    let of_versions: Vec<_> = all.iter().filter(|range| range.kind != "GIT").collect();
    let listed = read.versions.as_ref().is_some_and(|list| !list.is_empty());
    if of_versions.is_empty() && !all.is_empty() && !listed {
        return Err("it is told in commits only, which are not compared here".to_owned());
    }
    let mut found = Vec::new();
    for range in of_versions {
        intervals(&range.events, scheme, &mut found)?;
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

/// Events to intervals, as in the schema's "Evaluation": sorted by version where the order is
/// known, else in the publisher's order with the very first version in front.
fn intervals(
    events: &[schema::Event],
    scheme: Scheme,
    found: &mut Vec<Range<String>>,
) -> Result<(), String> {
    let mut sorted: Vec<_> = events.iter().filter_map(event).collect();
    if sorted.len() != events.len() {
        return Err("an event is none of introduced, fixed, last_affected and limit".to_owned());
    }
    // A limit of `*` is the schema's word for none.
    sorted.retain(|(kind, version)| !(*kind == Kind::Limit && *version == "*"));
    sort(&mut sorted, scheme);
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
fn sort(events: &mut [(Kind, &str)], scheme: Scheme) {
    let is_start = |event: &(Kind, &str)| event.0 == Kind::Introduced && event.1 == "0";
    let decided = scheme != Scheme::Opaque
        && events.len() <= MAX_SORTED
        && events
            .iter()
            .filter(|event| !is_start(event))
            .all(|event| version::compare(scheme, event.1, event.1).is_ok());
    let below = |a: &(Kind, &str), b: &(Kind, &str)| match (is_start(a), is_start(b)) {
        (true, false) => true,
        (_, true) => false,
        _ => decided && version::compare(scheme, a.1, b.1) == Ok(Ordering::Less),
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
    crate::matching::within(scheme, &range.map(String::as_str), version) == Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(scheme: Scheme, events: &str) -> String {
        let one = |text: &str| {
            let (kind, version) = text.split_once(' ').unwrap();
            let json = format!("{{\"{kind}\": \"{version}\"}}");
            serde_json::from_str::<schema::Event>(&json).unwrap()
        };
        let events: Vec<_> = events.split(", ").map(one).collect();
        let mut found = Vec::new();
        intervals(&events, scheme, &mut found).unwrap();
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
            assert_eq!(shown(Scheme::Dpkg, events), expected, "{events}");
        }
        let unordered = "introduced 2, fixed 3, introduced 0, fixed 1";
        assert_eq!(shown(Scheme::Opaque, unordered), "[..3)");
    }
}
