//! The PHP Security Advisories Database, `FriendsOfPHP/security-advisories`: one YAML file per
//! Composer package and weakness, with the affected versions of each branch.
//!
//! Ranges are of branches; those that touch become one. A branch without a time was never mended:
//! its end is a limit and no fix, unless the next branch goes on to one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use model::{Ecosystem, PackageType};
use serde::Deserialize;

use super::interval::Set;
use super::requirement::{after_composer, composer, order};
use super::{Feed, FeedFile, Parsed, Remote, yaml};
use crate::identifier;
use crate::name::normalised;
use crate::{Affected, End, Limits, Range, Record, State, Weakness};

const REMOTES: &[Remote] = &[Remote::file(
    "friendsofphp",
    "security-advisories.tar.gz",
    "https://github.com/FriendsOfPHP/security-advisories/archive/refs/heads/master.tar.gz",
)];

/// The feed.
pub const FEED: Feed = Feed {
    name: "friendsofphp",
    remotes: REMOTES,
    recognises: |source| source == "friendsofphp" || source.starts_with("friendsofphp-sec"),
    wants: |_, path| path.ends_with(".yaml") && !path.split('/').any(|part| part.starts_with('.')),
    parse,
    publishes: &[],
    claims: |_, _, _| vec![PackageType::Composer.to_string()],
    missing: |_| Vec::new(),
};

#[derive(Deserialize)]
struct Advisory {
    title: Option<String>,
    link: Option<String>,
    cve: Option<String>,
    branches: BTreeMap<String, Branch>,
    reference: String,
}

#[derive(Deserialize)]
struct Branch {
    time: Option<String>,
    versions: Versions,
}

/// The comparisons of a branch, of which all hold; one alone can stand without a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Versions {
    List(Vec<String>),
    One(String),
}

impl Branch {
    fn affected(&self) -> Result<Set, String> {
        let list = match &self.versions {
            Versions::List(list) => list.as_slice(),
            Versions::One(one) => std::slice::from_ref(one),
        };
        match list.len() {
            // Everything would be said of a package by a branch that says nothing.
            0 => Err("a branch has no versions".to_owned()),
            1..=64 => list
                .iter()
                .try_fold(Set::all(order), |set, text| Ok(set.and(composer(text)?))),
            _ => Err("a branch has more than 64 comparisons".to_owned()),
        }
    }

    /// When it was mended, UTC.
    fn time(&self) -> Option<Timestamp> {
        let text = self.time.as_deref()?.trim();
        let bare = text.get(..19).unwrap_or(text);
        let time: DateTime = bare.replacen(' ', "T", 1).parse().ok()?;
        TimeZone::UTC.to_timestamp(time).ok()
    }

    fn is_mended(&self) -> bool {
        self.time.as_deref().is_some_and(|text| !text.is_empty())
    }
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let mut parsed = Parsed::default();
    let read = yaml::read::<Advisory>(file.bytes, limits);
    let read = read.and_then(|advisory| record(file.path, advisory, limits));
    parsed.take(read, || file.place());
    parsed
}

fn record(path: &str, read: Advisory, limits: &Limits) -> Result<Record, String> {
    let package = read
        .reference
        .strip_prefix("composer://")
        .unwrap_or_default();
    if !package.contains('/') {
        let shown: String = read.reference.chars().take(60).collect();
        return Err(format!("reference '{shown}' is none to a Composer package"));
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.strip_suffix(".yaml").unwrap_or(name);
    let mut record = Record::new(format!("{package}/{stem}"));
    if let Some(cve) = read.cve.as_deref().and_then(identifier::cve) {
        record.weaknesses = vec![Weakness::new(cve)];
    }
    record.url = read.link.unwrap_or_default();
    let title = read.title.unwrap_or_default();
    record.description = super::cut(&title, limits.description_bytes);
    let times = || read.branches.values().filter_map(Branch::time);
    record.published = times().min();
    record.modified = times().max();
    record.affected = vec![affected(package, &read.branches)?];
    Ok(record)
}

/// Composer takes `>=2.0.0` for what goes back to the first of its forerunners, `2.0.0-dev`.
fn with_forerunners(version: String) -> String {
    let is_plain = version
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    match is_plain && !version.is_empty() {
        true => version + "-dev",
        false => version,
    }
}

fn affected(package: &str, branches: &BTreeMap<String, Branch>) -> Result<Affected, String> {
    let open = any_of_branches(branches, |_| true)?;
    let mended = any_of_branches(branches, Branch::is_mended)?;
    // The end of a branch that was mended holds the fix, where it is not affected itself.
    let patched = mended.complement().and(open.complement());
    let ecosystem = Ecosystem::Language(PackageType::Composer);
    let written = ecosystem.to_string();
    let name = normalised(&written, package).into_owned();
    let mut row = Affected::new(&ecosystem, name, State::Affected);
    row.ranges = open.ranges(&patched, after_composer);
    row.ranges
        .iter_mut()
        .for_each(|range| limit(range, &mended));
    for range in &mut row.ranges {
        range.introduced = range.introduced.take().map(with_forerunners);
    }
    if row
        .ranges
        .iter()
        .any(|range| matches!(range.end, End::Fixed(_)))
    {
        row.state = State::Fixed;
    }
    match row.ranges.is_empty() {
        true => Err(format!("{package}: its versions hold nothing")),
        false => Ok(row),
    }
}

/// An end that is no mended branch's is a limit.
fn limit(range: &mut Range<String>, mended: &Set) {
    if let End::Fixed(version) = &range.end
        && !mended.ends_before(version)
    {
        range.end = End::Limit(version.clone());
    }
}

fn any_of_branches(
    branches: &BTreeMap<String, Branch>,
    of: impl Fn(&Branch) -> bool,
) -> Result<Set, String> {
    let mut set = Set::none(order);
    if branches.is_empty() {
        return Err("it has no branches".to_owned());
    }
    if branches.len() > 256 {
        return Err("it has more than 256 branches".to_owned());
    }
    for branch in branches.values().filter(|branch| of(branch)) {
        set = set.or(branch.affected()?);
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::interval::shown;

    fn read(text: &str) -> Parsed {
        let file = FeedFile::plain(
            "friendsofphp",
            "symfony/http-foundation/CVE-2026-48736.yaml",
            text.as_bytes(),
        );
        FEED.read(&file, &Limits::default())
    }

    // After FriendsOfPHP/security-advisories, symfony/http-foundation/CVE-2026-48736.yaml,
    // 2026-08-06.
    const YAML: &str = "title:     \"CVE-2026-48736: SSRF Bypass\"\n\
        link:      https://symfony.com/cve-2026-48736\ncve:       CVE-2026-48736\nbranches:\n\
        \x20   6.4.x:\n        time:     2026-05-26 08:00:00\n\
        \x20       versions: ['>=6.4.0', '<6.4.41']\n\
        \x20   7.0.x:\n        time:     ~\n        versions: ['>=7.0.0', '<7.1.0']\n\
        \x20   7.1.x:\n        time:     2026-05-27 08:00:00\n\
        \x20       versions: ['>=7.1.0', '<7.1.13']\n\
        \x20   8.0.x:\n        time:     ~\n        versions: ['>=8.0.0', '<8.1.0']\n\
        reference: composer://Symfony/http-foundation\n";

    #[test]
    fn branches_become_ranges() {
        let parsed = read(YAML);
        assert_eq!(parsed.problems, []);
        let record = &parsed.records[0];
        assert_eq!(record.id, "Symfony/http-foundation/CVE-2026-48736");
        assert_eq!(record.weaknesses, [Weakness::new("CVE-2026-48736")]);
        assert_eq!(record.url, "https://symfony.com/cve-2026-48736");
        assert_eq!(record.published, "2026-05-26T08:00:00Z".parse().ok());
        assert_eq!(record.modified, "2026-05-27T08:00:00Z".parse().ok());
        let row = &record.affected[0];
        let subject = (row.ecosystem.as_str(), row.package.as_str());
        assert_eq!(subject, ("composer", "symfony/http-foundation"));
        assert_eq!(row.state, State::Fixed);
        let ranges = "[6.4.0-dev..6.4.41) [7.0.0-dev..7.1.13) [8.0.0-dev..8.1.0|";
        assert_eq!(shown(&row.ranges), ranges);
    }

    #[test]
    fn each_form_of_versions_is_read() {
        for (branches, state, expected) in [
            (
                "{a: {time: ~, versions: ['<=1.7.2']}}",
                State::Affected,
                "[..1.7.2]",
            ),
            (
                "{a: {time: 2016, versions: ['>0.7.1', '<1.0.4']}}",
                State::Fixed,
                "[0.7.1-p1..1.0.4)",
            ),
            (
                "{a: {versions: '>=2.0,<2.0.5 || >=1,<1.1'}}",
                State::Affected,
                "[1-dev..1.1| [2.0-dev..2.0.5|",
            ),
            (
                "{a: {time: 1, versions: ['<1']}, b: {time: ~, versions: ['<2']}}",
                State::Affected,
                "[..2|",
            ),
            (
                "{a: {time: 1, versions: ['<2']}, b: {time: ~, versions: ['<1']}}",
                State::Fixed,
                "[..2)",
            ),
        ] {
            let parsed = read(&format!(
                "reference: composer://a/b\nbranches: {branches}\n"
            ));
            assert_eq!(parsed.problems, [], "{branches}");
            let row = &parsed.records[0].affected[0];
            assert_eq!((row.state, shown(&row.ranges).as_str()), (state, expected));
        }
        let nameless = read("reference: composer://a/b\nbranches: {a: {versions: ['<1']}}\ncve: ~");
        assert_eq!(nameless.records[0].weaknesses[0].id, "a/b/CVE-2026-48736");
    }

    #[test]
    fn what_is_no_advisory_is_a_problem_of_its_own() {
        let many = format!(
            "reference: composer://a/b\nbranches: {{a: {{versions: [{}]}}}}",
            "'<1',".repeat(500)
        );
        for text in [
            "",
            "reference: pear://a\nbranches: {a: {versions: ['<1']}}",
            "reference: composer://a/b",
            "reference: composer://a/b\nbranches: {}",
            "reference: composer://a/b\nbranches: {a: {versions: []}}",
            "reference: composer://a/b\nbranches: {a: {versions: ['>1', '<1']}}",
            "reference: composer://a/b\nbranches: {a: {versions: ['all']}}",
            "reference: composer://a/b\nbranches: [{versions: 7}]",
            many.as_str(),
        ] {
            let parsed = read(text);
            assert!(
                parsed.records.is_empty() && parsed.problems.len() == 1,
                "{text:.60}"
            );
        }
        for end in 0..YAML.len() {
            read(YAML.get(..end).unwrap_or_default());
        }
    }
}
