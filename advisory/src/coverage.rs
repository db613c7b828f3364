//! How much of the question "what is wrong with this image" could be answered.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use model::{
    Coverage, Distro, Gap, GapKind, Installed, Inventory, Package, PackageType, Problem,
    ProblemKind, Stream,
};

use crate::builder::is_claimed;
use crate::database::{Database, SourceEntry};
use crate::limits::AgeLimits;
use crate::matching::{Maker, PRODUCTS, is_of_distro, maker};

/// A source dated this much after now has a wrong date, and its age cannot be told.
const FUTURE: SignedDuration = SignedDuration::from_hours(24);

/// The verdict on completeness and every reason against it.
///
/// `undecided` are the gaps of the image's assessments. The verdict depends on `now`, so that it
/// is worked out when it is read, never kept.
pub fn coverage(
    inventory: &Inventory,
    undecided: Vec<Gap>,
    database: &Database,
    now: Timestamp,
    limits: &AgeLimits,
) -> Coverage {
    let mut gaps = undecided;
    gaps.extend(inventory.problems.iter().map(unread));
    let has_database = !inventory.databases.is_empty();
    let looked_at = has_database || !inventory.packages.is_empty();
    // What was built from nothing needs no database, a distribution does.
    if !looked_at || (!has_database && inventory.distro.is_some()) {
        gaps.push(no_database(looked_at));
    }
    let asked = Asked {
        database,
        now,
        limits,
    };
    let stream = known_stream(inventory.distro.as_ref(), has_database, &mut gaps);
    if let (Some(distro), Some(stream)) = (&inventory.distro, &stream) {
        // A rebuild of another distribution ends on a day of its own.
        let release = distro.own_release().unwrap_or_else(|| stream.clone());
        let told = database.ends(&release.to_string());
        end_of_life(distro, &release, told, now, &mut gaps);
        asked.ecosystem(&stream.to_string(), "packages", &mut gaps);
    }
    let mut counts: BTreeMap<PackageType, usize> = BTreeMap::new();
    let mut programs = Programs::default();
    let mut makers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let is_asked_for = |installed: &&Installed| !inventory.is_distros(installed);
    for installed in inventory.packages.iter().filter(is_asked_for) {
        let package = &installed.package;
        let of_stream = stream.as_ref().filter(|_| is_of_distro(package.kind));
        let maker = of_stream.map(|stream| maker::of(package, &stream.distro));
        if let Some(Maker::Other(name)) = maker {
            makers.entry(name).or_default().push(&package.name);
        } else if maker == Some(Maker::Epel) && !asked.has_epel() {
            makers.entry("EPEL").or_default().push(&package.name);
        } else if !programs.take(package) {
            *counts.entry(package.kind).or_default() += 1;
        }
    }
    programs.ask(&asked, &mut gaps);
    gaps.extend(makers.iter().map(|(maker, names)| built_by(maker, names)));
    for (kind, count) in counts {
        let owned = inventory
            .distro
            .as_ref()
            .is_some_and(|distro| distro.owns(kind));
        match (is_of_distro(kind), owned) {
            (true, true) => {}
            (true, false) => gaps.push(foreign(kind, count, inventory.distro.as_ref())),
            (false, _) => asked.ecosystem(kind.as_str(), &counted(count, "package"), &mut gaps),
        }
    }
    Coverage::from_gaps(gaps, looked_at)
}

fn no_database(looked_at: bool) -> Gap {
    let detail = match looked_at {
        false => {
            "no package database was found in the image, so nothing could be compared: such an \
             image needs its own list of contents (an SBOM)"
        }
        true => {
            "the image names a distribution, but no database of its packages was found: only what \
             brings its own files was compared"
        }
    };
    Gap::new(GapKind::NoPackageDatabase, detail)
}

/// A part of the image that could not be read.
fn unread(problem: &Problem) -> Gap {
    let kind = match problem.kind {
        ProblemKind::Malformed | ProblemKind::Truncated => GapKind::Unreadable,
        ProblemKind::Limit => GapKind::Limit,
        ProblemKind::Unsupported => GapKind::Unsupported,
    };
    Gap::new(kind, format!("{}: {}", problem.place, problem.detail))
}

/// The image's stream, or a gap that says why there is none.
fn known_stream(
    distro: Option<&Distro>,
    has_database: bool,
    gaps: &mut Vec<Gap>,
) -> Option<Stream> {
    let detail = match distro {
        None if !has_database => return None,
        None => "the image names no distribution (etc/os-release is missing or empty, or its bill \
                 of materials leaves it out): its packages were compared with nothing"
            .to_owned(),
        Some(distro) if distro.row().is_none() => format!(
            "'{}' is no distribution known here: its packages were compared with nothing",
            distro.id
        ),
        Some(distro) => match distro.stream() {
            Some(stream) => return Some(stream),
            None => format!(
                "{} says neither a version ('{}') nor a code name known here: its packages were \
                 compared with nothing",
                distro.id, distro.version
            ),
        },
    };
    gaps.push(Gap::new(GapKind::UnknownDistro, detail));
    None
}

/// Releases that get no more fixes, and those of which nobody told how long they do.
/// What the database was told goes before what this program knows.
fn end_of_life(
    distro: &Distro,
    stream: &Stream,
    told: Option<Date>,
    now: Timestamp,
    gaps: &mut Vec<Gap>,
) {
    let known = distro.row().and_then(|row| row.release(&stream.release));
    let is_known = known.is_some() || told.is_some();
    let ended = |day: &Date| Offset::UTC.to_datetime(now).date() > *day;
    let detail = match (is_known, told.or(distro.end_of_life()).filter(ended)) {
        (true, None) => return,
        (true, Some(day)) => format!(
            "{stream} got its last fixes on {day}: weaknesses found since are in no advisory; \
             move to a release that is maintained"
        ),
        (false, _) => format!(
            "{stream} is no release known here, so nothing is known of its end of life; if it is \
             newer than this program, take a newer one"
        ),
    };
    gaps.push(Gap::new(GapKind::EndOfLife, detail));
}

/// Packages of a type that the image's distribution does not answer for.
fn foreign(kind: PackageType, count: usize, distro: Option<&Distro>) -> Gap {
    let whose = distro.map_or("an unknown distribution", |distro| distro.id.as_str());
    let detail = format!(
        "{} of type {kind} on {whose}: no source answers for it, compared with nothing",
        counted(count, "package")
    );
    Gap::new(GapKind::NoFeed, detail)
}

/// Packages of the distribution's type that somebody else has built.
fn built_by(maker: &str, names: &[&str]) -> Gap {
    let detail = format!(
        "{maker} built what the distribution does not answer for, nor does any source: {}; read \
         what {maker} publishes",
        listed(names)
    );
    Gap::new(GapKind::NoFeed, detail)
}

/// A few of the names, and how many there are.
fn listed(names: &[&str]) -> String {
    let some = names.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    match names.len() {
        0..=3 => some,
        all => format!("{some} and {} more", all - 3),
    }
}

fn counted(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    }
}

/// Programs without a package manager.
#[derive(Default)]
struct Programs<'a> {
    /// How many have a name in NVD's dictionary.
    named: usize,
    /// The names of those that have none.
    unnamed: Vec<&'a str>,
}

impl<'a> Programs<'a> {
    /// Counts a package if it is one.
    fn take(&mut self, package: &'a Package) -> bool {
        let is_one = matches!(package.kind, PackageType::Generic | PackageType::Otp);
        match package.cpe {
            _ if !is_one => {}
            Some(_) => self.named += 1,
            None => self.unnamed.push(&package.name),
        }
        is_one
    }

    fn ask(mut self, asked: &Asked<'_>, gaps: &mut Vec<Gap>) {
        if self.named > 0 {
            let what = format!(
                "{} without a package manager",
                counted(self.named, "program")
            );
            asked.ecosystem(PRODUCTS, &what, gaps);
        }
        self.unnamed.sort_unstable();
        self.unnamed.dedup();
        if !self.unnamed.is_empty() {
            let detail = format!(
                "without a package manager, and without a name under which weaknesses are \
                 published: {}; compared with nothing",
                listed(&self.unnamed)
            );
            gaps.push(Gap::new(GapKind::NoFeed, detail));
        }
    }
}

struct Asked<'a> {
    database: &'a Database,
    now: Timestamp,
    limits: &'a AgeLimits,
}

impl Asked<'_> {
    /// Whether a source that could be read answers for EPEL.
    fn has_epel(&self) -> bool {
        let sources = self.database.sources().iter();
        let mut whole = sources.filter(|source| source.broken.is_none());
        whole.any(|source| source.name.contains("epel") || source.name.starts_with("fedora"))
    }

    /// What the sources that answer for an ecosystem fall short of.
    fn ecosystem(&self, ecosystem: &str, what: &str, gaps: &mut Vec<Gap>) {
        let mut covered = false;
        for source in self.database.sources() {
            if let Some(reason) = &source.broken {
                if source
                    .claims
                    .iter()
                    .any(|claim| is_claimed(claim, ecosystem))
                {
                    let name = &source.name;
                    let detail = format!(
                        "source {name}, which answers for {ecosystem}, could not be read when the \
                         database was built: {reason}; mend it and build again"
                    );
                    gaps.push(Gap::new(GapKind::BrokenFeed, detail));
                }
                continue;
            }
            if source.covers.iter().any(|covered| covered == ecosystem) {
                covered = true;
                self.shortcomings(source, ecosystem, gaps);
            }
        }
        if !covered {
            let detail = format!(
                "no source of the database answers for {ecosystem} ({what}): add its feed and \
                 build the database again"
            );
            gaps.push(Gap::new(GapKind::NoFeed, detail));
        }
    }

    fn shortcomings(&self, source: &SourceEntry, ecosystem: &str, gaps: &mut Vec<Gap>) {
        let name = &source.name;
        for missing in &source.missing {
            if missing
                .ecosystem
                .as_deref()
                .is_none_or(|one| one == ecosystem)
            {
                let detail = format!(
                    "source {name}, which answers for {ecosystem}: {}",
                    missing.detail
                );
                gaps.push(Gap::new(GapKind::PartialFeed, detail));
            }
        }
        let said = |kind, text: String| {
            let detail = format!("source {name}, which answers for {ecosystem}, {text}");
            Gap::new(kind, detail)
        };
        match source.date {
            None => gaps.push(said(
                GapKind::UndatedFeed,
                "says no date: how old it is cannot be told; take it packed as upstream packs it"
                    .to_owned(),
            )),
            Some(date) if date > self.now + FUTURE => gaps.push(said(
                GapKind::UndatedFeed,
                format!("is dated {date}, which is still to come: how old it is cannot be told"),
            )),
            Some(date) if self.limits.is_stale(name, date, self.now) => {
                let days = self.limits.of(name).as_hours() / 24;
                let text = format!(
                    "is of {date}, older than its age limit of {days} days: fetch it anew and \
                     build the database again"
                );
                gaps.push(said(GapKind::StaleFeed, text));
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
