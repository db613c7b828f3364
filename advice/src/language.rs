//! Packages of languages, and programs of their own: what mends each where it lies.
//!
//! Registries keep every version, so that commands ask for the lowest that clears the findings, or,
//! where the tool takes ranges, for it and what is newer within its major version.

use model::PackageType;

use crate::deed::{Deed, Site};
use crate::{Place, dotnet, golang, java, node, php, python, ruby, rust, shell};

/// What is known of a type's packages.
#[derive(Debug)]
pub struct Language {
    /// The type.
    pub kind: PackageType,
    /// What stands between the parts of its names, where they have parts.
    pub separator: Option<char>,
    /// What mends one.
    pub deed: fn(&Site<'_>) -> Deed,
}

const fn language(
    kind: PackageType,
    separator: Option<char>,
    deed: fn(&Site<'_>) -> Deed,
) -> Language {
    Language {
        kind,
        separator,
        deed,
    }
}

/// Every type of which more is known than that a newer version helps.
pub const ALL: &[Language] = &[
    language(PackageType::Bitnami, None, bitnami),
    language(PackageType::Brew, None, |site| named(site, "brew upgrade")),
    language(PackageType::Cargo, None, rust::deed),
    language(PackageType::Cocoapods, Some('/'), |site| {
        in_project(site, "pod update")
    }),
    language(PackageType::Composer, Some('/'), php::deed),
    language(PackageType::Conda, None, |site| {
        from(site, "conda install -y")
    }),
    language(PackageType::Flatpak, None, |site| {
        named(site, "flatpak update -y")
    }),
    language(PackageType::Gem, None, ruby::deed),
    language(PackageType::Githubactions, Some('/'), github_actions),
    language(PackageType::Golang, Some('/'), golang::deed),
    language(PackageType::Hex, Some('/'), hex),
    language(PackageType::Maven, Some(':'), java::deed),
    language(PackageType::Npm, Some('/'), node::deed),
    language(PackageType::Nuget, None, dotnet::deed),
    language(PackageType::Opam, None, |site| {
        from(site, "opam install -y")
    }),
    language(PackageType::Pub, None, |site| {
        in_project(site, "dart pub upgrade")
    }),
    language(PackageType::Pypi, None, python::deed),
    language(PackageType::Snap, None, |site| named(site, "snap refresh")),
];

/// What mends a package at a place. A name or a version that would not be safe in a command gets
/// none.
pub fn deed(site: &Site<'_>) -> Deed {
    let Some(language) = ALL.iter().find(|language| language.kind == site.kind) else {
        return site.replace();
    };
    let name = site.name.strip_prefix('@').unwrap_or(site.name);
    let is_name = match language.separator {
        Some(separator) => shell::is_name_of_parts(name, separator),
        None => shell::is_name(name),
    };
    let versions = [site.target, site.version];
    match is_name && versions.into_iter().all(is_version_or_word) {
        true => (language.deed)(site),
        false => site.replace(),
    }
}

/// Whether it can stand in a command, or is one of the words for a version that is not known.
fn is_version_or_word(version: &str) -> bool {
    version.is_empty() || version == "(devel)" || shell::is_version(version)
}

/// A command in the image that takes names.
fn named(site: &Site<'_>, words: &str) -> Deed {
    Deed::command(Place::Image, words, site.name)
}

/// A command in the image that takes the least version.
fn from(site: &Site<'_>, words: &str) -> Deed {
    let argument = format!("{}>={}", site.name, site.target);
    Deed::command(Place::Image, words, &argument)
}

/// A command in the sources that takes names.
fn in_project(site: &Site<'_>, words: &str) -> Deed {
    Deed::command(Place::Project, words, site.name)
}

fn hex(site: &Site<'_>) -> Deed {
    match site.file() {
        "rebar.lock" => in_project(site, "rebar3 upgrade"),
        _ => in_project(site, "mix deps.update"),
    }
}

fn bitnami(site: &Site<'_>) -> Deed {
    Deed::Sentence(format!(
        "Build upon a newer image of Bitnami's, with {} {} or newer.",
        site.name, site.target
    ))
}

fn github_actions(site: &Site<'_>) -> Deed {
    let (path, name, target) = (site.path, site.name, site.target);
    Deed::Sentence(format!(
        "In {path}: uses: {name}@ the tag of {target} or newer."
    ))
}
