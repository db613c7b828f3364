//! What to do about an image: for each package the lowest version that clears its findings, and
//! the command that brings it there, with the line of the Dockerfile in which the package came.
//!
//! [`advise`] is a function of an inventory and its findings, which every writer of a scan can
//! call: nothing of it is stored. What upgrades packages is a line in a visible list
//! ([`distribution::MANAGERS`], [`language::ALL`]).
//!
//! A distribution's archive drops a version once there is a newer one, so that its commands ask for
//! the fix or what is newer; registries of languages keep all, so that theirs ask for the lowest.

use std::collections::BTreeMap;

use model::{Digest, Finding, Installed, Inventory, Location, PackageType, Status};

mod deed;
pub mod distribution;
mod dockerfile;
mod dotnet;
mod golang;
mod java;
pub mod language;
mod node;
mod php;
mod python;
mod ruby;
mod rust;
mod shell;
mod target;

pub use dockerfile::instruction;

/// What to do about an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// The packages with findings, by type, name and version.
    pub upgrades: Vec<Upgrade>,
    /// What to do, in this order: the distribution's packages at once, then layer by layer.
    pub steps: Vec<Step>,
    /// How many findings are gone once every step is done.
    pub clears: usize,
    /// How many stay.
    pub stays: usize,
}

/// A package with findings, and the version that clears those that have a fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// Its type.
    pub kind: PackageType,
    /// The name that advisories speak of: the source package's where a distribution goes by
    /// sources, which are upgraded as a set.
    pub name: String,
    /// The installed packages of that name, sorted: the source's binary packages, else itself.
    pub packages: Vec<String>,
    /// The installed version, of what `name` names.
    pub version: String,
    /// The lowest version that clears all findings that have a fix; `None` where none has one.
    pub target: Option<String>,
    /// Whether that is within the major version that is installed (below 1.0 the second number
    /// counts as one); `None` without a target, for versions without numbers, and for packages of
    /// a distribution, whose releases keep what they promise.
    pub same_major: Option<bool>,
    /// Identifiers of what the target clears, sorted.
    pub clears: Vec<String>,
    /// What stays, by identifier.
    pub stays: Vec<Stay>,
    /// Where the package lies, sorted.
    pub locations: Vec<Location>,
}

/// A weakness that no version clears.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stay {
    /// The finding's identifier.
    pub id: String,
    /// Why it stays.
    pub why: Why,
}

/// Why a finding stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// No fix is out; what the publisher says of it.
    NoFix(Status),
    /// There is a fix, but whether it is above the installed version, or above the other fixes,
    /// could not be told.
    Undecided,
}

impl Why {
    /// The word as it is written in JSON: the finding's status, or `undecided`.
    pub fn as_str(self) -> &'static str {
        match self {
            Why::NoFix(status) => status.as_str(),
            Why::Undecided => "undecided",
        }
    }

    /// Every reason, for documents and tests.
    pub fn all() -> impl Iterator<Item = Why> {
        let without = Status::ALL
            .into_iter()
            .filter(|status| *status != Status::Fixed);
        without.map(Why::NoFix).chain([Why::Undecided])
    }
}

/// What belongs together: all packages of the distribution, or all others of one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The layers in which the packages came, lowest first; none for a directory.
    pub layers: Vec<Digest>,
    /// What to do, in order.
    pub actions: Vec<Action>,
    /// Which of [`Advice::upgrades`] it is about, as places in that list.
    pub upgrades: Vec<usize>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Action {
    /// Where it is done.
    pub place: Place,
    /// Words that blanks join. Those of a command are quoted for a POSIX shell, so that a line may
    /// be broken between any two; those of [`Place::Hand`] are a sentence.
    pub words: Vec<String>,
}

impl Action {
    /// The command or the sentence on one line.
    pub fn text(&self) -> String {
        self.words.join(" ")
    }
}

/// Where a thing is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the image: a command for a `RUN` line, after the line that brought the packages.
    Image,
    /// In the sources that the image is built from: a command to be run there, before the build.
    Project,
    /// By hand: words, no command.
    Hand,
}

impl Place {
    /// Every place, for documents and tests.
    pub const ALL: [Place; 3] = [Place::Image, Place::Project, Place::Hand];

    /// The word as it is written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Place::Image => "image",
            Place::Project => "project",
            Place::Hand => "hand",
        }
    }
}

/// What to do about an image, given its findings in any order.
pub fn advise(inventory: &Inventory, findings: &[Finding]) -> Advice {
    let mut advice = Advice::default();
    for ((kind, name, version), group) in grouped(inventory, findings) {
        let choice = target::choose(group.scheme, version, &group.findings);
        advice.clears += choice.cleared;
        advice.stays += group.findings.len() - choice.cleared;
        let of_distro = inventory
            .distro
            .as_ref()
            .is_some_and(|distro| distro.owns(kind));
        let wanted = choice.target.as_deref().filter(|_| !of_distro);
        let same_major = wanted.and_then(|target| target::is_same_major(version, target));
        advice.upgrades.push(Upgrade {
            kind,
            name: name.to_owned(),
            packages: sorted(
                group
                    .findings
                    .iter()
                    .map(|finding| finding.package.name.clone()),
            ),
            version: version.to_owned(),
            target: choice.target,
            same_major,
            clears: choice.clears.into_iter().map(str::to_owned).collect(),
            stays: choice.stays,
            locations: sorted(
                group
                    .findings
                    .iter()
                    .flat_map(|finding| finding.locations.iter().cloned()),
            ),
        });
    }
    advice.steps = deed::steps(inventory, &advice.upgrades);
    advice
}

/// Findings of what is upgraded together.
struct Group<'a> {
    scheme: version::Scheme,
    findings: Vec<&'a Finding>,
}

type GroupKey<'a> = (PackageType, &'a str, &'a str);

fn grouped<'a>(
    inventory: &Inventory,
    findings: &'a [Finding],
) -> BTreeMap<GroupKey<'a>, Group<'a>> {
    let mut groups: BTreeMap<GroupKey, Group> = BTreeMap::new();
    for finding in findings {
        let package = &finding.package;
        // What it is matched under depends on the package and the distribution alone.
        let matchable = inventory.matchable(&Installed {
            package: package.clone(),
            path: String::new(),
            layer: None,
            ownership: model::Ownership::Own,
            licence: String::new(),
        });
        let by_source = matchable.spoken_of() == (package.source_name(), package.source_version());
        let (name, version) = match by_source {
            true => (package.source_name(), package.source_version()),
            false => (package.name.as_str(), package.version.as_str()),
        };
        let group = groups.entry((package.kind, name, version));
        let group = group.or_insert_with(|| Group {
            scheme: matchable.scheme(),
            findings: Vec::new(),
        });
        group.findings.push(finding);
    }
    for group in groups.values_mut() {
        group
            .findings
            .sort_by_key(|finding| (&finding.id, &finding.package));
    }
    groups
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = items.collect();
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests;
