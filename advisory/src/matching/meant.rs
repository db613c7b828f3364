//! Whether a statement speaks of a package, or of another one of its name: in another module or
//! slot, for another architecture, of another kind, in another product.

use model::{Package, PackageType};
use version::Scheme;

use super::Asked;
use super::build::{flavour, is_modular, is_of_same_line};
use super::hear::Dismissed;
use super::subject::{By, Lookup, Subject};
use crate::record::SOURCE;
use crate::{End, Range};

/// Why a statement does not speak of the package at all, but of one of the same name.
pub fn unmeant(subject: &Subject<'_>, asked: &Asked<'_>) -> Option<Dismissed> {
    let scope = &asked.hit.statement.scope;
    let lookup = subject.lookup(asked);
    if subject.channel.is_some_and(|only| scope.channel != only) {
        return Some(Dismissed::Channel(scope.channel.to_owned()));
    }
    match lookup.by {
        By::Product => target(scope.channel),
        By::Source if !scope.architectures.contains(&SOURCE) => Some(Dismissed::Source),
        By::Source => other_build(subject, lookup, asked),
        By::Name => architecture(subject, asked).or_else(|| other_build(subject, lookup, asked)),
    }
}

/// What runs in a product is another thing than the program of that name.
fn target(software: &str) -> Option<Dismissed> {
    (!software.is_empty()).then(|| Dismissed::Target(software.to_owned()))
}

fn architecture(subject: &Subject<'_>, asked: &Asked<'_>) -> Option<Dismissed> {
    let stated = &asked.hit.statement.scope.architectures;
    if stated.is_empty() {
        return None;
    }
    if stated.as_slice() == [SOURCE] {
        return Some(Dismissed::Source);
    }
    let own = subject.matchable.package.architecture.as_deref();
    // What is said of machines holds for what every one of them runs, and for their older kin.
    let runs = |own: &str| match own {
        "noarch" => true,
        "i386" | "i486" | "i586" | "i686" => stated.contains(&own) || stated.contains(&"x86_64"),
        own => stated.contains(&own),
    };
    let is_meant = own.is_none_or(runs);
    (!is_meant).then(|| Dismissed::Architecture(stated.join(", ")))
}

/// A build of another module, slot or kind than the one that is spoken of.
fn other_build(subject: &Subject<'_>, lookup: &Lookup<'_>, asked: &Asked<'_>) -> Option<Dismissed> {
    let package = &subject.matchable.package;
    let statement = &asked.hit.statement;
    let ends: Vec<&str> = statement.ranges.iter().filter_map(end).collect();
    if lookup.scheme == Scheme::Rpm {
        let flavours = ends.iter().map(|end| flavour(end));
        if flavours
            .clone()
            .any(|stated| stated != flavour(lookup.version))
        {
            return Some(Dismissed::Flavour);
        }
    }
    let is_of_module = match (statement.scope.module, package.kind) {
        ("", PackageType::Rpm) => is_of_same_kind(package, &ends),
        ("", _) => true,
        // A list of packages tells no module, but the release of a build of one does.
        (_, PackageType::Rpm) if package.module.is_none() => {
            is_modular(&package.version) && is_of_same_kind(package, &ends)
        }
        (module, kind) => match package.module.as_deref() {
            // Of several a bulletin does not say which package is of which.
            Some(own) => module.split(' ').any(|one| one == stream_of(own)),
            // A package whose slot is not known may be of any.
            None => kind == PackageType::Ebuild,
        },
    };
    let named = match statement.scope.module {
        "" if is_modular_package(package) => "no module",
        "" => "a module",
        module => module,
    };
    (!is_of_module).then(|| Dismissed::Module(named.to_owned()))
}

/// `nodejs:18` of `nodejs:18:8070020230322145147:bd1311ed`; a slot is one word.
fn stream_of(module: &str) -> &str {
    let second = module.match_indices(':').nth(1);
    second.map_or(module, |(at, _)| module.get(..at).unwrap_or(module))
}

pub fn end<'a>(range: &Range<&'a str>) -> Option<&'a str> {
    match range.end {
        End::Fixed(end) | End::Limit(end) | End::Last(end) => Some(end),
        End::Never => None,
    }
}

fn is_modular_package(package: &Package) -> bool {
    package.module.is_some() || is_modular(&package.version)
}

/// Where a publisher names no modules: whether package and fix are both builds of one, or neither.
/// Of several streams of a module the one with the same first number is meant: which it is, is
/// not said.
fn is_of_same_kind(package: &Package, ends: &[&str]) -> bool {
    let is_one = is_modular_package(package);
    if ends.is_empty() {
        return !is_one;
    }
    ends.iter().any(|end| {
        let same = || is_of_same_line(end, &package.version, 1);
        is_modular(end) == is_one && (!is_one || same())
    })
}
