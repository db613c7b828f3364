//! Why a weakness is reported of an image, or why it is not.
//!
//! Nothing is decided here: it is the way of [`crate::assess`], with what was passed over on it.

use std::collections::{BTreeMap, BTreeSet};

use model::{Distro, Inventory, Location, Matchable, Package};
use serde::Serialize;

use crate::database::{Damaged, Database};
use crate::matching::{
    Asked, Judged, Lookup, Subject, Verdict, ask, channels, decide, group, hear,
};
use crate::record::SOURCE;
use crate::{End, Range, State};

/// What is known of one identifier in one image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The identifier that was asked for.
    pub id: String,
    /// Packages of the image that a record of it speaks of, in the order of their names.
    pub packages: Vec<PackageAnswer>,
    /// What the records speak of that is not in the image: ecosystem and name, sorted. At most
    /// [`ELSEWHERE`] are named.
    pub elsewhere: Vec<(String, String)>,
    /// How many of these there are.
    pub elsewhere_total: usize,
    /// Those of their names that packages of the image or their sources have as well: the records
    /// speak of other releases or ecosystems. Sorted.
    pub namesakes: Vec<String>,
    /// The image's release, `debian:12`, where it is known.
    pub release: Option<String>,
    /// Sources that have a record of it, sorted.
    pub sources: Vec<String>,
    /// Sources of which all records of it were withdrawn, sorted.
    pub withdrawn: Vec<String>,
}

/// How many packages are named that are not in the image.
pub const ELSEWHERE: usize = 20;

/// What is said of one package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackageAnswer {
    /// The package.
    pub package: Package,
    /// Where it lies.
    pub locations: Vec<Location>,
    /// The build command of the layer that brought it; empty where it is not known.
    pub command: String,
    /// Under what it was looked up.
    pub keys: Vec<KeyAsked>,
    /// Why it was not looked up at all; `None` where it was.
    pub unasked: Option<String>,
    /// What the identifier's weakness is reported as; `None` where it is not.
    pub reported: Option<Reported>,
    /// Why nobody could decide; `None` where it was decided.
    pub undecided: Option<String>,
    /// Every statement, those that were heard first.
    pub statements: Vec<StatementAnswer>,
}

/// Under what a package was looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyAsked {
    /// `debian:12`, `pypi`, `cpe`.
    pub ecosystem: String,
    /// The name there.
    pub name: String,
    /// The version that was compared.
    pub version: String,
    /// By which rule.
    pub scheme: &'static str,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reported {
    /// The finding's identifier.
    pub id: String,
    /// Its severity.
    pub severity: &'static str,
    /// Its status.
    pub status: &'static str,
    /// Versions that hold a fix.
    pub fixed_in: Vec<String>,
    /// The source and the record that decided.
    pub decided_by: String,
}

/// A statement, and what it means for the version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatementAnswer {
    /// The source.
    pub source: String,
    /// Its record.
    pub record: String,
    /// Where the publisher explains it.
    pub url: String,
    /// What it speaks of: ecosystem and name.
    pub key: (String, String),
    /// The channel, module and architectures that are meant, as far as they are told.
    pub scope: String,
    /// What it says: `fixed`, `affected`, `not_affected`, …
    pub says: &'static str,
    /// Each comparison, in words.
    pub comparisons: Vec<String>,
    /// What follows for the version: `affected`, `not_affected`, `undecided`.
    pub means: &'static str,
    /// Why it was not heard; `None` where it was.
    pub dismissed: Option<String>,
}

/// Says why an identifier is reported of an image, or why not.
///
/// # Errors
///
/// [`Damaged`] where the database is not what was written.
pub fn explain(
    inventory: &Inventory,
    database: &Database,
    id: &str,
) -> Result<Explanation, Damaged> {
    let mut answers: BTreeMap<Matchable, Option<PackageAnswer>> = BTreeMap::new();
    for installed in &inventory.packages {
        let matchable = inventory.matchable(installed);
        if !answers.contains_key(&matchable) {
            let answer = of_package(&matchable, database, id)?;
            answers.insert(matchable.clone(), answer);
        }
        let Some(Some(answer)) = answers.get_mut(&matchable) else {
            continue;
        };
        let layer = installed.layer.as_ref();
        let made = inventory
            .layers
            .iter()
            .find(|one| Some(&one.diff_id) == layer);
        if let Some(made) = made.filter(|_| answer.command.is_empty()) {
            answer.command.clone_from(&made.command);
        }
        answer.locations.push(Location {
            path: installed.path.clone(),
            layer: installed.layer.clone(),
        });
    }
    let mut packages: Vec<PackageAnswer> = answers.into_values().flatten().collect();
    packages.sort_by(|a, b| a.package.cmp(&b.package));
    let mut explanation = Explanation {
        id: id.to_owned(),
        packages,
        elsewhere: Vec::new(),
        elsewhere_total: 0,
        namesakes: Vec::new(),
        release: inventory
            .distro
            .as_ref()
            .and_then(Distro::stream)
            .map(|it| it.to_string()),
        sources: Vec::new(),
        withdrawn: Vec::new(),
    };
    explanation.look_elsewhere(inventory, database)?;
    Ok(explanation)
}

impl Explanation {
    /// Takes what the records speak of beside the image's packages.
    fn look_elsewhere(
        &mut self,
        inventory: &Inventory,
        database: &Database,
    ) -> Result<(), Damaged> {
        let known: BTreeSet<(&str, &str)> = self
            .packages
            .iter()
            .flat_map(|one| &one.keys)
            .map(|key| (key.ecosystem.as_str(), key.name.as_str()))
            .collect();
        let (mut elsewhere, mut standing) = (BTreeSet::new(), BTreeSet::new());
        let mut withdrawn = BTreeSet::new();
        for entry in database.records_of(&self.id)? {
            let name = entry.source.name.clone();
            if entry.advisory.withdrawn {
                withdrawn.insert(name);
                continue;
            }
            standing.insert(name);
            let rows = entry.rows.iter();
            let rows = rows.map(|(ecosystem, name, _)| (*ecosystem, *name));
            elsewhere.extend(rows.filter(|row| !known.contains(row)));
        }
        withdrawn.retain(|source| !standing.contains(source));
        let packages = inventory.packages.iter().map(|one| &one.package);
        let here: BTreeSet<&str> = packages
            .flat_map(|package| [package.name.as_str(), package.source_name()])
            .collect();
        let namesakes: BTreeSet<&str> = elsewhere
            .iter()
            .map(|(_, name)| *name)
            .filter(|name| here.contains(name))
            .collect();
        self.namesakes = namesakes.into_iter().map(str::to_owned).collect();
        self.elsewhere_total = elsewhere.len();
        let named = elsewhere.into_iter().take(ELSEWHERE);
        self.elsewhere = named.map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
        self.sources = standing.into_iter().collect();
        self.withdrawn = withdrawn.into_iter().collect();
        Ok(())
    }
}

/// What is said of one package; `None` where no record of the identifier speaks of it.
fn of_package(
    matchable: &Matchable,
    database: &Database,
    id: &str,
) -> Result<Option<PackageAnswer>, Damaged> {
    // What is not looked up would be by these keys: that it is not is the answer.
    let asked_for = Subject::of(matchable);
    let unasked = asked_for.as_ref().err().map(ToString::to_string);
    let Some(subject) = asked_for.ok().or_else(|| Subject::regardless(matchable)) else {
        return Ok(None);
    };
    let (all, _) = ask(&subject, database);
    let Some(group) = group::by_weakness(&all)
        .into_iter()
        .find(|group| group.is(id))
    else {
        return Ok(None);
    };
    let used = channels(matchable, database, &mut Vec::new());
    let judged = hear::judge(&subject, &group, &used);
    let mut answer = PackageAnswer {
        package: matchable.package.clone(),
        locations: Vec::new(),
        command: String::new(),
        keys: keys(&subject),
        unasked,
        reported: None,
        undecided: None,
        statements: statements(&subject, &judged),
    };
    if answer.unasked.is_none() {
        let (finding, gap) = decide(&subject, &group, &judged);
        answer.reported = finding.map(|finding| Reported {
            decided_by: format!("{} of {}", finding.advisory.id, finding.advisory.source),
            id: finding.id,
            severity: finding.severity.as_str(),
            status: finding.status.as_str(),
            fixed_in: finding.fixed_in,
        });
        answer.undecided = gap.map(|gap| gap.detail);
    }
    Ok(Some(answer))
}

/// Each once: the source of an rpm can have its name.
fn keys(subject: &Subject<'_>) -> Vec<KeyAsked> {
    let mut keys: Vec<KeyAsked> = subject.lookups().map(asked_key).collect();
    keys.dedup();
    keys
}

fn asked_key(lookup: &Lookup<'_>) -> KeyAsked {
    KeyAsked {
        ecosystem: lookup.key.ecosystem.clone(),
        name: lookup.key.name.clone(),
        version: lookup.version.to_owned(),
        scheme: lookup.scheme.as_str(),
    }
}

/// Every statement once, those that were heard first.
fn statements(subject: &Subject<'_>, judged: &[Judged<'_, '_>]) -> Vec<StatementAnswer> {
    let mut all: Vec<StatementAnswer> = judged
        .iter()
        .map(|one| statement(subject.lookup(one.asked), one))
        .collect();
    all.sort_by(|a, b| {
        let place = |one: &StatementAnswer| (one.dismissed.is_some(), one.source.clone());
        place(a)
            .cmp(&place(b))
            .then_with(|| a.record.cmp(&b.record))
    });
    // An rpm whose source has its name is looked up twice; each statement counts in one way.
    let heard: BTreeSet<(String, String, String)> = all
        .iter()
        .filter(|one| one.dismissed.is_none())
        .map(identity)
        .collect();
    let mut seen = BTreeSet::new();
    all.retain(|one| {
        let key = identity(one);
        (one.dismissed.is_none() || !heard.contains(&key)) && seen.insert((key, one.scope.clone()))
    });
    all
}

fn identity(one: &StatementAnswer) -> (String, String, String) {
    let says = format!("{}{}", one.says, one.comparisons.join(";"));
    (one.source.clone(), one.record.clone(), says)
}

fn statement(lookup: &Lookup<'_>, judged: &Judged<'_, '_>) -> StatementAnswer {
    let Asked { hit, .. } = judged.asked;
    let statement = &hit.statement;
    let scope = &statement.scope;
    let mut parts = Vec::new();
    if !scope.channel.is_empty() {
        parts.push(format!("channel {}", scope.channel));
    }
    if !scope.module.is_empty() {
        parts.push(format!("module {}", scope.module));
    }
    if scope.architectures.as_slice() == [SOURCE] {
        parts.push("the source".to_owned());
    } else if !scope.architectures.is_empty() {
        parts.push(format!("architectures {}", scope.architectures.join(" ")));
    }
    let ranges = statement.ranges.iter();
    let mut comparisons: Vec<String> = ranges.map(|range| comparison(lookup, range)).collect();
    if !statement.versions.is_empty() {
        let count = statement.versions.len();
        let is_listed = statement.versions.contains(&lookup.version);
        let word = if is_listed { "is" } else { "is not" };
        comparisons.push(format!(
            "{} {word} among the {count} versions that are listed",
            lookup.version
        ));
    }
    StatementAnswer {
        source: hit.source.name.clone(),
        record: statement.advisory.id.to_owned(),
        url: statement.advisory.url.to_owned(),
        key: (lookup.key.ecosystem.clone(), lookup.key.name.clone()),
        scope: parts.join(", "),
        says: match statement.state {
            State::NotAffected => "not_affected",
            state => state.status().map_or("", model::Status::as_str),
        },
        comparisons,
        means: match judged.verdict {
            Verdict::Affected(_) => "affected",
            Verdict::Clear => "not_affected",
            Verdict::Undecided(_) => "undecided",
        },
        dismissed: judged.dismissed.as_ref().map(ToString::to_string),
    }
}

/// `3.0.8-1 is within [2.0-1, 3.0.9-1)`.
fn comparison(lookup: &Lookup<'_>, range: &Range<&str>) -> String {
    let start = range.introduced.unwrap_or_default();
    let told = match range.end {
        End::Never => format!("[{start}, )"),
        End::Fixed(end) | End::Limit(end) => format!("[{start}, {end})"),
        End::Last(end) => format!("[{start}, {end}]"),
    };
    let version = lookup.version;
    match lookup.within(range) {
        Ok(true) => format!("{version} is within {told}"),
        Ok(false) => format!("{version} is not within {told}"),
        Err(undecided) => format!("whether {version} is within {told}: {undecided}"),
    }
}

#[cfg(test)]
mod tests;
