//! A stack of layers to an inventory, by one rule: the topmost layer that touches a path wins. A
//! whiteout, an opaque directory or a replaced parent deletes.

use std::borrow::Borrow;
use std::collections::BTreeSet;

use image::Limits;
use image::layer::PLACE;
use model::{
    Digest, ImageLayer, Installed, Inventory, Ownership, PackageType, Problem, ProblemKind,
};

use crate::cataloger::{ALL, FoundPackage, Pattern, Role};
use crate::dotnet::DEPENDENCIES;
use crate::ownership::Owned;
use crate::program::PROGRAM;
use crate::report::{Contents, FileReport, INSIDE, LayerReport};
use crate::text::inside;

mod assembly;
mod bill;
mod distro;
mod note;
pub(crate) mod view;

pub(crate) use distro::of_fact as distro_of;
use view::View;

/// Puts reports on each other, lowest first, and keeps as many packages as the limits allow.
pub fn squash<R: Borrow<LayerReport>>(reports: &[R], limits: &Limits) -> Inventory {
    let reports: Vec<&LayerReport> = reports.iter().map(Borrow::borrow).collect();
    let contents: Vec<&Contents> = reports.iter().map(|report| &report.contents).collect();
    let name = |at: usize| reports.get(at).map(|report| report.diff_id.clone());
    let mut inventory = of_contents(&contents, Kind::Image, name);
    let layer = |report: &&LayerReport| ImageLayer {
        diff_id: report.diff_id.clone(),
        command: String::new(),
    };
    inventory.layers = reports.iter().map(layer).collect();
    for report in &reports {
        for problem in &report.contents.problems {
            let place = match problem.place.as_str() {
                PLACE => format!("layer {}", report.diff_id),
                place => format!("layer {}: {place}", report.diff_id),
            };
            let (kind, detail) = (problem.kind, problem.detail.clone());
            inventory.problems.push(Problem::new(kind, place, detail));
        }
    }
    finish(inventory, limits)
}

/// The inventory of a directory on disk.
pub fn of_directory(contents: &Contents, limits: &Limits) -> Inventory {
    let mut inventory = of_contents(&[contents], Kind::Directory, |_| None);
    inventory.problems.extend(contents.problems.iter().cloned());
    finish(inventory, limits)
}

fn finish(mut inventory: Inventory, limits: &Limits) -> Inventory {
    inventory.packages.sort();
    inventory.packages.dedup();
    let (names, limit) = (inventory.packages.len(), limits.image_packages);
    if names > limit {
        inventory.packages.truncate(limit);
        let detail = format!("hold {names} packages, more than the {limit} that are kept");
        let problem = Problem::new(ProblemKind::Limit, "layers", detail);
        inventory.problems.push(problem);
    }
    inventory.databases.sort();
    inventory.repositories.sort();
    inventory.repositories.dedup();
    inventory.problems.sort();
    inventory.problems.dedup();
    inventory
}

/// What layers are of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// An image: only what was installed counts.
    Image,
    /// A directory, which may hold the sources of a project: what it is locked to counts as well.
    Directory,
}

fn of_contents(
    layers: &[&Contents],
    kind: Kind,
    name: impl Fn(usize) -> Option<Digest>,
) -> Inventory {
    let view = View::of(layers);
    let owned = Owned::of(&view);
    let mut inventory = Inventory {
        distro: distro::of(&view),
        ..Inventory::default()
    };
    let mut lists = Lists::default();
    let mut is_empty = true;
    for (path, report) in view.found() {
        let role = report.role();
        if role == Some(Role::Locked) && kind == Kind::Image {
            continue;
        }
        inventory.problems.extend(report.problems.iter().cloned());
        let found = &report.found;
        inventory
            .repositories
            .extend(found.repositories.iter().cloned());
        // One that could not be read at all answers nothing.
        if role == Some(Role::Database) && report.is_read {
            inventory.databases.push(path.to_owned());
            is_empty &= found.packages.is_empty();
        }
        let origins = Origins::new(&view, path);
        let ownership = match role {
            Some(Role::Installed) => owned.ownership(path, report),
            _ => Ownership::Own,
        };
        let installed = found.packages.iter().map(|package| Installed {
            package: package.package.clone(),
            path: inside(path.strip_suffix(INSIDE).unwrap_or(path), &package.within),
            layer: origins.first(package).and_then(&name),
            ownership,
            licence: package.licence.clone(),
        });
        lists.add((path, report), installed);
    }
    inventory.packages = lists.finish();
    check_links(&view, layers, &mut inventory.problems);
    if view.is_exhausted() {
        let detail = "has too many or too long links: not all were followed";
        let problem = Problem::new(ProblemKind::Limit, "layers", detail);
        inventory.problems.push(problem);
    }
    if let (Some(path), true) = (inventory.databases.first(), is_empty) {
        let detail = "names no installed package";
        inventory
            .problems
            .push(Problem::new(ProblemKind::Malformed, path, detail));
    }
    inventory
}

/// Packages by how much is said of them.
#[derive(Default)]
struct Lists<'a> {
    /// By databases, and by the packages' own files.
    packages: Vec<Installed>,
    /// By assemblies.
    assemblies: Vec<Installed>,
    /// The lists of what .NET's programs were published with.
    deps: Vec<&'a str>,
    /// By the notes in programs.
    noted: Vec<Installed>,
    /// By bills of materials.
    billed: Vec<Installed>,
}

impl<'a> Lists<'a> {
    fn add(
        &mut self,
        (path, report): (&'a str, &FileReport),
        packages: impl Iterator<Item = Installed>,
    ) {
        if report.cataloger == DEPENDENCIES.name {
            self.deps.push(path);
        }
        let is_program = report.cataloger == PROGRAM.name;
        for one in packages {
            let list = match report.role() {
                Some(Role::Bill) => &mut self.billed,
                _ if is_program && one.package.kind == PackageType::Nuget => &mut self.assemblies,
                Some(Role::Installed) if note::is_of_distribution(&one.package) => &mut self.noted,
                _ => &mut self.packages,
            };
            list.push(one);
        }
    }

    fn finish(mut self) -> Vec<Installed> {
        note::merge(&mut self.packages, self.noted);
        assembly::merge(&mut self.packages, self.assemblies, &self.deps);
        bill::merge(&mut self.packages, self.billed);
        self.packages
    }
}

/// Which packages each state of one database held, as the layers went by.
struct Origins<'a> {
    /// Layer and what it left there, lowest first.
    states: Vec<(usize, BTreeSet<(&'a str, &'a str)>)>,
}

impl<'a> Origins<'a> {
    fn new(view: &View<'a>, path: &str) -> Origins<'a> {
        let held = |report: Option<&'a FileReport>| {
            report
                .into_iter()
                .flat_map(|report| &report.found.packages)
                .map(Origins::key)
                .collect()
        };
        let states = view.history(path).iter();
        Origins {
            states: states
                .map(|(layer, report)| (*layer, held(*report)))
                .collect(),
        }
    }

    fn key(found: &'a FoundPackage) -> (&'a str, &'a str) {
        (&found.package.name, &found.package.version)
    }

    /// The first layer from which the package stays, up to the topmost.
    fn first(&self, found: &'a FoundPackage) -> Option<usize> {
        let key = Origins::key(found);
        let stays = self
            .states
            .iter()
            .rev()
            .take_while(|(_, held)| held.contains(&key));
        stays.last().map(|(layer, _)| *layer)
    }
}

/// A database behind a link to a file that no cataloger knows would be missed in silence.
fn check_links(view: &View<'_>, layers: &[&Contents], problems: &mut Vec<Problem>) {
    let databases = ALL
        .iter()
        .filter(|cataloger| cataloger.role == Role::Database);
    for pattern in databases.flat_map(|cataloger| cataloger.paths) {
        let Some(root) = pattern.root() else {
            continue;
        };
        let Some(real) = view.resolve(root).filter(|real| real != root) else {
            continue;
        };
        let below = format!("{real}/");
        let is_meant = |path: &str| match pattern {
            Pattern::Exact(_) => path == real,
            _ => path.starts_with(&below),
        };
        let is_known = view.found().any(|(path, _)| is_meant(path));
        let first = match pattern {
            Pattern::Exact(_) => &real,
            _ => &below,
        };
        let is_there = layers.iter().any(|layer| {
            let mut range = layer.touched.range(first.clone()..);
            range.next().is_some_and(|path| is_meant(path))
        });
        if !is_known && is_there {
            let detail = format!("leads to {real}, whose content was not read");
            problems.push(Problem::new(ProblemKind::Unsupported, root, detail));
        }
    }
}
