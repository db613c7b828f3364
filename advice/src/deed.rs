//! From packages and their targets to steps: what can be done at once becomes one command.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{Digest, Inventory, Location, Ownership, PackageType};

use crate::{Action, Place, Step, Upgrade, distribution, language, shell};

/// What mends one package at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A command; those that differ by the argument alone become one.
    Command {
        /// Where it is run.
        place: Place,
        /// The words before the argument, quoted.
        before: Vec<String>,
        /// The argument, quoted.
        argument: Option<String>,
        /// The words behind it, quoted.
        after: Vec<String>,
    },
    /// A sentence.
    Sentence(String),
}

impl Deed {
    /// A command of words that need no quotes, and of one argument, which is quoted.
    pub fn command(place: Place, words: &str, argument: &str) -> Deed {
        Deed::Command {
            place,
            before: split(words),
            argument: Some(shell::quoted(argument)),
            after: Vec::new(),
        }
    }

    /// The same command with words behind the argument, that need no quotes.
    pub fn then(mut self, words: &str) -> Deed {
        if let Deed::Command { after, .. } = &mut self {
            *after = split(words);
        }
        self
    }

    /// The same command by another program, which is quoted.
    pub fn by(mut self, program: &str) -> Deed {
        if let Deed::Command { before, .. } = &mut self {
            before.splice(..before.len().min(1), [shell::quoted(program)]);
        }
        self
    }

    /// The same command in a directory of sources, which is quoted; one in the image is left as
    /// it is.
    fn within(mut self, directory: &str) -> Deed {
        if let Deed::Command {
            place: Place::Project,
            before,
            after,
            ..
        } = &mut self
        {
            let directory = shell::quoted(&format!("./{directory}"));
            before.splice(0..0, ["(cd".to_owned(), directory, "&&".to_owned()]);
            after.push(")".to_owned());
        }
        self
    }
}

fn split(words: &str) -> Vec<String> {
    words.split_whitespace().map(str::to_owned).collect()
}

/// A package at one place, with where it should go.
#[derive(Debug)]
pub struct Site<'a> {
    /// Its type.
    pub kind: PackageType,
    /// Its name.
    pub name: &'a str,
    /// The installed version.
    pub version: &'a str,
    /// The version to go to.
    pub target: &'a str,
    /// Whether that is within the installed major version.
    pub same_major: Option<bool>,
    /// The file that names it.
    pub path: &'a str,
    /// What else was seen in the image.
    pub seen: &'a Seen<'a>,
}

impl Site<'_> {
    /// The words for a place that nothing better is known of.
    pub fn replace(&self) -> Deed {
        let (name, target) = (self.name, self.target);
        let outer = self.path.split(':').next().unwrap_or_default();
        Deed::Sentence(match outer {
            "" => format!("Take {name} {target} or newer."),
            path => format!("Replace {name} in {path} by version {target} or newer."),
        })
    }

    /// The last part of its path.
    pub fn file(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The directory of its path, without a slash at its end; empty for the root.
    pub fn directory(&self) -> &str {
        self.path
            .rsplit_once('/')
            .map_or("", |(directory, _)| directory)
    }
}

/// What of an image says how its packages were put there.
#[derive(Debug, Default)]
pub struct Seen<'a> {
    /// Every file that names a package.
    paths: BTreeSet<&'a str>,
    /// Whose file it is, where it is not the package's own.
    owned: HashMap<(PackageType, &'a str, &'a str, &'a str), Ownership>,
}

impl<'a> Seen<'a> {
    fn of(inventory: &'a Inventory) -> Seen<'a> {
        let mut seen = Seen::default();
        for installed in &inventory.packages {
            let package = &installed.package;
            seen.paths.insert(&installed.path);
            if installed.ownership != Ownership::Own {
                let key = (
                    package.kind,
                    &*package.name,
                    &*package.version,
                    &*installed.path,
                );
                seen.owned.insert(key, installed.ownership);
            }
        }
        seen
    }

    /// Whether a file of that name in that directory names packages.
    pub fn has(&self, directory: &str, file: &str) -> bool {
        match directory {
            "" => self.paths.contains(file),
            _ => self.paths.contains(format!("{directory}/{file}").as_str()),
        }
    }

    fn is_owned(&self, site: &Site<'_>) -> bool {
        let key = (site.kind, site.name, site.version, site.path);
        self.owned.contains_key(&key)
    }
}

/// Of a command: the argument of each package, with the version that it asks for.
type Arguments = BTreeMap<String, (String, String)>;

/// What a step is made of while it is put together. Maps and sets keep it sorted.
#[derive(Default)]
struct Draft {
    layers: BTreeSet<(usize, Digest)>,
    commands: BTreeMap<(Place, Vec<String>, Vec<String>), Arguments>,
    sentences: BTreeSet<String>,
    upgrades: BTreeSet<usize>,
}

impl Draft {
    /// Adds what mends a package. Where it is there in two versions, a command asks for the higher
    /// of their targets, since it can ask for one only.
    fn add(&mut self, deed: Deed, package: &str, target: &str, scheme: version::Scheme) {
        match deed {
            Deed::Sentence(text) => drop(self.sentences.insert(text)),
            Deed::Command {
                place,
                before,
                argument,
                after,
            } => {
                let arguments = self.commands.entry((place, before, after)).or_default();
                let Some(argument) = argument else { return };
                let known = arguments.get(package).map(|(known, _)| known.as_str());
                let is_higher = |known| {
                    version::compare(scheme, known, target).is_ok_and(std::cmp::Ordering::is_lt)
                };
                if known.is_none_or(is_higher) {
                    let asked = (target.to_owned(), argument);
                    arguments.insert(package.to_owned(), asked);
                }
            }
        }
    }

    fn finish(self) -> Step {
        let command = |((place, before, after), arguments): (_, Arguments)| {
            let before: Vec<String> = before;
            let arguments = arguments.into_values().map(|(_, argument)| argument);
            let words = before.into_iter().chain(arguments).chain(after);
            Action {
                place,
                words: words.collect(),
            }
        };
        let sentence = |text: String| Action {
            place: Place::Hand,
            words: split(&text),
        };
        let sentences = self.sentences.into_iter().map(sentence);
        Step {
            layers: self.layers.into_iter().map(|(_, layer)| layer).collect(),
            actions: self
                .commands
                .into_iter()
                .map(command)
                .chain(sentences)
                .collect(),
            upgrades: self.upgrades.into_iter().collect(),
        }
    }
}

/// What to do, in order.
pub fn steps(inventory: &Inventory, upgrades: &[Upgrade]) -> Vec<Step> {
    let layers: HashMap<&Digest, usize> = inventory
        .layers
        .iter()
        .enumerate()
        .rev()
        .map(|(at, layer)| (&layer.diff_id, at))
        .collect();
    let place = |layer: &Digest| layers.get(layer).copied().unwrap_or(usize::MAX);
    let seen = Seen::of(inventory);
    let mut system = Draft::default();
    let mut others: BTreeMap<Option<(usize, &Digest)>, Draft> = BTreeMap::new();
    let nowhere = Location {
        path: String::new(),
        layer: None,
    };
    for (at, upgrade) in upgrades.iter().enumerate() {
        let Some(target) = &upgrade.target else {
            continue;
        };
        let scheme = upgrade.kind.scheme();
        let mut locations: Vec<&Location> = upgrade.locations.iter().collect();
        if locations.is_empty() {
            locations.push(&nowhere);
        }
        let is_installed = |location: &&Location| is_in_database(inventory, upgrade, location);
        let (databases, files): (Vec<_>, Vec<_>) = locations.into_iter().partition(is_installed);
        if !databases.is_empty() {
            for (package, deed) in distribution::deeds(inventory, upgrade, target) {
                system.add(deed, package, target, scheme);
            }
            system.upgrades.insert(at);
            let layers = databases
                .iter()
                .filter_map(|location| location.layer.clone());
            system
                .layers
                .extend(layers.map(|layer| (place(&layer), layer)));
        }
        for location in files {
            let layer = location.layer.as_ref();
            let draft = others.entry(layer.map(|layer| (place(layer), layer)));
            let draft = draft.or_default();
            let deed = deed(&seen, upgrade, target, &location.path);
            // What is no image is a directory of sources, of which the path tells which project.
            let deed = match (layer, project(&location.path)) {
                (None, directory) if !directory.is_empty() => deed.within(directory),
                _ => deed,
            };
            draft.add(deed, &upgrade.name, target, scheme);
            draft
                .layers
                .extend(layer.map(|layer| (place(layer), layer.clone())));
            draft.upgrades.insert(at);
        }
    }
    let lowest = system.layers.iter().map(|(at, _)| *at);
    system
        .sentences
        .extend(distribution::base(inventory, lowest));
    let all = std::iter::once(system).chain(others.into_values());
    all.filter(|draft| !draft.upgrades.is_empty())
        .map(Draft::finish)
        .collect()
}

/// The directory of the project that a file of its packages belongs to.
fn project(path: &str) -> &str {
    let inside = ["node_modules/", "vendor/composer/"];
    let cut = inside.iter().filter_map(|part| path.find(part)).min();
    let directory = match cut {
        Some(end) => path.get(..end),
        None => path.rsplit_once('/').map(|(directory, _)| directory),
    };
    directory.unwrap_or_default().trim_end_matches('/')
}

/// Whether a package lies in the database of the distribution's package manager, and not in a bill
/// of materials or in a snap, where that one would not find it.
fn is_in_database(inventory: &Inventory, upgrade: &Upgrade, location: &Location) -> bool {
    let distro = inventory.distro.as_ref();
    let is_database = || inventory.databases.contains(&location.path);
    distro.is_some_and(|distro| distro.owns(upgrade.kind)) && is_database()
}

fn deed(seen: &Seen<'_>, upgrade: &Upgrade, target: &str, path: &str) -> Deed {
    let site = Site {
        kind: upgrade.kind,
        name: &upgrade.name,
        version: &upgrade.version,
        target,
        same_major: upgrade.same_major,
        path,
        seen,
    };
    if seen.is_owned(&site) {
        return Deed::Sentence(format!(
            "{path} belongs to a package of the distribution: upgrade or remove that one, and \
             install {} {target} by itself where it is needed.",
            site.name
        ));
    }
    language::deed(&site)
}
