//! A stack of layers to an inventory, by one rule: the topmost layer that touches a path wins. A
//! whiteout, an opaque directory or a replaced parent deletes.

use std::borrow::Borrow;
use std::collections::BTreeSet;

use image::layer::PLACE;
use model::{Digest, Installed, Inventory, Ownership, Package, Problem, ProblemKind};

use crate::cataloger::{self, ALL, Pattern, Role};
use crate::report::{Contents, FileReport, LayerReport};

mod distro;
mod view;

use view::View;

/// Puts reports on each other, lowest first.
pub fn squash<R: Borrow<LayerReport>>(reports: &[R]) -> Inventory {
    let reports: Vec<&LayerReport> = reports.iter().map(Borrow::borrow).collect();
    let contents: Vec<&Contents> = reports.iter().map(|report| &report.contents).collect();
    let mut inventory = of_contents(&contents, |at| {
        reports.get(at).map(|report| report.diff_id.clone())
    });
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
    finish(inventory)
}

/// The inventory of a directory on disk.
pub fn of_directory(contents: &Contents) -> Inventory {
    let mut inventory = of_contents(&[contents], |_| None);
    inventory.problems.extend(contents.problems.iter().cloned());
    finish(inventory)
}

fn finish(mut inventory: Inventory) -> Inventory {
    inventory.packages.sort();
    inventory.packages.dedup();
    inventory.databases.sort();
    inventory.problems.sort();
    inventory.problems.dedup();
    inventory
}

fn of_contents(layers: &[&Contents], name: impl Fn(usize) -> Option<Digest>) -> Inventory {
    let view = View::of(layers);
    let mut inventory = Inventory {
        distro: distro::of(&view),
        ..Inventory::default()
    };
    for (path, report) in view.found() {
        inventory.problems.extend(report.problems.iter().cloned());
        let role = cataloger::of_name(&report.cataloger).map(|cataloger| cataloger.role);
        // One that could not be read at all answers nothing.
        if role == Some(Role::Database) && report.digests.is_some() {
            inventory.databases.push(path.to_owned());
        }
        let origins = Origins::new(&view, path);
        for (number, package) in report.found.packages.iter().enumerate() {
            let licence = report.found.licences.get(number).cloned();
            inventory.packages.push(Installed {
                package: package.clone(),
                path: path.to_owned(),
                layer: origins.first(package).and_then(&name),
                ownership: Ownership::Own,
                licence: licence.unwrap_or_default(),
            });
        }
    }
    check_links(&view, layers, &mut inventory.problems);
    if view.is_exhausted() {
        let detail = "has too many or too long links: not all were followed";
        let problem = Problem::new(ProblemKind::Limit, "layers", detail);
        inventory.problems.push(problem);
    }
    if let (Some(path), true) = (inventory.databases.first(), inventory.packages.is_empty()) {
        let detail = "names no installed package";
        inventory
            .problems
            .push(Problem::new(ProblemKind::Malformed, path, detail));
    }
    inventory
}

/// Which packages each state of one database held, as the layers went by.
struct Origins<'a> {
    /// Layer and what it left there, lowest first.
    states: Vec<(usize, BTreeSet<(&'a str, &'a str)>)>,
}

impl<'a> Origins<'a> {
    fn new(view: &View<'a>, path: &str) -> Origins<'a> {
        let key = |package: &'a Package| (package.name.as_str(), package.version.as_str());
        let held = |report: Option<&'a FileReport>| {
            report
                .into_iter()
                .flat_map(|report| &report.found.packages)
                .map(key)
                .collect()
        };
        let states = view.history(path).iter();
        Origins {
            states: states
                .map(|(layer, report)| (*layer, held(*report)))
                .collect(),
        }
    }

    /// The first layer from which the package stays, up to the topmost.
    fn first(&self, package: &Package) -> Option<usize> {
        let key = (package.name.as_str(), package.version.as_str());
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
    let databases = ALL.iter().filter(|cataloger| cataloger.role != Role::Facts);
    for pattern in databases.flat_map(|cataloger| cataloger.paths) {
        let root = pattern.root();
        let Some(real) = view.resolve(root).filter(|real| real != root) else {
            continue;
        };
        let below = format!("{real}/");
        let is_meant = |path: &str| match pattern {
            Pattern::Exact(_) => path == real,
            Pattern::In { .. } | Pattern::Deep { .. } => path.starts_with(&below),
        };
        let is_known = view.found().any(|(path, _)| is_meant(path));
        let first = match pattern {
            Pattern::Exact(_) => &real,
            Pattern::In { .. } | Pattern::Deep { .. } => &below,
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
