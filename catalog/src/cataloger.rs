//! The package formats: which files they are read from, and by what.

use std::collections::HashMap;
use std::sync::LazyLock;

use image::Limits;
use model::Problem;

use crate::classifier::texts;
use crate::{
    apk, apk_repositories, apt, cargo_lock, chisel, composer, conan, conda, cran, dotnet, dpkg,
    flatpak, gem, github_actions, gradle, haskell, hex, homebrew, java, julia, jvm, luarocks,
    maven, nix, node, opam, opkg, os_release, pacman, pear, perl, portage, program, pubspec,
    python, rpm, rpm_repositories, sbom, snap, swift, vcpkg,
};

mod found;
mod pattern;

pub use found::{DistroFact, Found, FoundPackage, OwnedFile};
use pattern::Hook;
pub use pattern::Pattern;

/// One format, as data. A new one is a file of its own, a line in [`ALL`] and a directory of real
/// files under `catalog/fixtures`.
#[derive(Debug)]
pub struct Cataloger {
    /// Its name, unique.
    pub name: &'static str,
    /// What it reads, in a few words for `docs/coverage.md`.
    pub reads: &'static str,
    /// The files that it reads.
    pub paths: &'static [Pattern],
    /// What such a file begins with; empty where that says nothing.
    pub magic: &'static [u8],
    /// What it is for.
    pub role: Role,
    /// Reads a file: its path and its bytes to what is in it and what is wrong with it.
    pub parse: Parse,
    /// A file beside it that holds what was not written into it yet.
    pub journal: Option<Journal>,
    /// Whether honest files of it are larger than others: programs, archives and databases that
    /// are no text, which are read up to [`Limits::program_bytes`].
    pub is_large: bool,
}

impl Cataloger {
    /// Bytes up to which a file of it is read.
    pub fn most_bytes(&self, limits: &Limits) -> u64 {
        match (self.is_large, self.role) {
            (true, _) => limits.program_bytes,
            // Bills of whole systems list each file as well.
            (false, Role::Bill) => limits.captured_bytes,
            (false, _) => limits.text_bytes.min(limits.captured_bytes),
        }
    }
}

/// A parser of one format: it never fails, it says what it found and what went wrong.
pub type Parse = fn(&str, &[u8], &Limits) -> (Found, Vec<Problem>);

/// A file of changes that belong to another.
#[derive(Clone, Copy, Debug)]
pub struct Journal {
    /// What its path has behind the file's: `-wal`.
    pub suffix: &'static str,
    /// Puts the changes into the file's bytes.
    ///
    /// # Errors
    ///
    /// What is wrong with the journal, in words; the file's bytes are read as they are then.
    pub apply: Apply,
}

/// Puts changes into a file's bytes, or says what is wrong with them.
pub type Apply = fn(&mut Vec<u8>, &[u8], &Limits) -> Result<(), String>;

/// What a file that a cataloger reads is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It says which packages of a distribution are installed: where there is one, the
    /// distribution can be answered for.
    Database,
    /// It is, or belongs to, a package that is installed and that no database need name.
    Installed,
    /// It lists what a project is built from: it counts in a directory of sources, not in an
    /// image, where it says nothing about what was installed.
    Locked,
    /// It lists what its maker says is in the image: what no other file names is taken from it.
    Bill,
    /// It says something about the system, or about packages that a database names.
    Facts,
}

impl Role {
    /// The role in words for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Database => "database",
            Role::Installed => "installed",
            Role::Locked => "locked",
            Role::Bill => "bill of materials",
            Role::Facts => "facts",
        }
    }
}

/// What a format has that says no more.
pub(crate) const PLAIN: Cataloger = Cataloger {
    name: "",
    reads: "",
    paths: &[],
    magic: b"",
    role: Role::Facts,
    parse: |_, _, _| (Found::default(), Vec::new()),
    journal: None,
    is_large: false,
};

/// Every format. Of several that match a path the first reads it.
pub const ALL: &[Cataloger] = &[
    os_release::OS_RELEASE,
    os_release::ALPINE_RELEASE,
    os_release::DEBIAN_VERSION,
    os_release::RELEASE,
    apk::APK,
    apk_repositories::APK_REPOSITORIES,
    apt::SOURCES,
    apt::UBUNTU_PRO,
    dpkg::STATUS,
    dpkg::files::MD5SUMS,
    dpkg::files::LIST,
    dpkg::STATUS_D,
    rpm::BERKELEY,
    rpm::NDB,
    rpm::SQLITE,
    rpm::manifest::MANIFEST,
    rpm_repositories::DNF,
    rpm_repositories::ZYPPER,
    rpm_repositories::CONTENT_MANIFESTS,
    pacman::DESC,
    pacman::MTREE,
    portage::SLOT,
    portage::CONTENTS,
    opkg::STATUS,
    opkg::CONTROL,
    chisel::CHISEL,
    python::PYTHON,
    python::EGG,
    python::requirements::REQUIREMENTS,
    python::requirements::SETUP,
    python::pipfile::PIPFILE,
    python::lock::LOCK,
    python::lock::PYLOCK,
    node::NODE,
    gem::GEM,
    gem::gemfile_lock::GEMFILE_LOCK,
    conda::CONDA,
    conda::environment::ENVIRONMENT,
    cran::CRAN,
    cran::renv::RENV,
    haskell::STACK,
    haskell::CABAL,
    julia::JULIA,
    julia::MANIFEST,
    luarocks::LUAROCKS,
    perl::PERL,
    perl::cpanfile_snapshot::CPANFILE_SNAPSHOT,
    opam::OPAM,
    opam::PROJECT,
    java::JAVA,
    jvm::RELEASE,
    program::PROGRAM,
    texts::GO,
    texts::ELIXIR,
    texts::COMPOSER,
    texts::WP_CLI,
    texts::WORDPRESS,
    texts::FIREFOX,
    composer::INSTALLED,
    pear::PEAR,
    hex::APPLICATION,
    hex::OTP_VERSION,
    dotnet::DEPENDENCIES,
    node::lock::NPM_LOCK,
    node::lock::NPM_INSTALLED,
    node::yarn::YARN_LOCK,
    node::pnpm::PNPM_LOCK,
    node::bun::BUN_LOCK,
    node::bun::BUN_LOCKB,
    node::deno::DENO_LOCK,
    composer::LOCK,
    pubspec::PUB_LOCK,
    swift::PACKAGE_RESOLVED,
    swift::PODFILE_LOCK,
    hex::MIX_LOCK,
    hex::REBAR_LOCK,
    program::go::sources::GO_MOD,
    cargo_lock::CARGO_LOCK,
    maven::POM,
    gradle::LOCK,
    dotnet::LOCK,
    dotnet::ASSETS,
    dotnet::PROJECT,
    dotnet::CONFIG,
    nix::STORE,
    homebrew::HOMEBREW,
    snap::SNAP,
    snap::PACKAGES,
    flatpak::APPLICATION,
    flatpak::RUNTIME,
    conan::LOCK,
    conan::INFO,
    vcpkg::VCPKG,
    github_actions::GITHUB_ACTIONS,
    sbom::BITNAMI,
    sbom::SBOM,
    dotnet::PAKET,
];

/// The format that reads a path.
pub fn of_path(path: &str) -> Option<&'static Cataloger> {
    INDEX.of_path(path)
}

/// The format that reads names of directories, and the directory whose name it reads, where a path
/// is that or lies below it.
pub fn of_directory(path: &str, is_directory: bool) -> Option<(&'static Cataloger, &str)> {
    let directories = INDEX.directories.iter();
    directories.copied().find_map(|(root, cataloger)| {
        let rest = path.strip_prefix(root)?.strip_prefix('/')?;
        let length = rest.find('/').or(is_directory.then_some(rest.len()))?;
        let directory = path.get(..root.len() + 1 + length)?;
        Some((cataloger, directory))
    })
}

/// The format that reads programs.
pub fn of_programs() -> Option<&'static Cataloger> {
    INDEX.programs
}

/// The format of that name.
pub fn of_name(name: &str) -> Option<&'static Cataloger> {
    INDEX.formats.get(name).copied()
}

/// The file whose journal a path is, and the journal's rule.
pub fn of_journal(path: &str) -> Option<(&str, Journal)> {
    let of = |journal: &Journal| {
        let file = path.strip_suffix(journal.suffix)?;
        let is_it = of_path(file)?.journal.is_some();
        is_it.then_some((file, *journal))
    };
    INDEX.journals.iter().find_map(of)
}

/// [`ALL`] by what a path must have, since every path of every layer is looked up. Made from a
/// constant, so that it is one.
static INDEX: LazyLock<Index> = LazyLock::new(Index::new);

#[derive(Default)]
struct Index {
    formats: HashMap<&'static str, &'static Cataloger>,
    names: HashMap<&'static str, Vec<usize>>,
    extensions: HashMap<&'static str, Vec<usize>>,
    others: Vec<usize>,
    directories: Vec<(&'static str, &'static Cataloger)>,
    programs: Option<&'static Cataloger>,
    journals: Vec<Journal>,
}

impl Index {
    fn new() -> Index {
        let mut index = Index::default();
        for (number, cataloger) in ALL.iter().enumerate() {
            index.formats.insert(cataloger.name, cataloger);
            index.journals.extend(cataloger.journal);
            for pattern in cataloger.paths {
                match pattern {
                    Pattern::Directory(directory) => index.directories.push((directory, cataloger)),
                    Pattern::Program => index.programs = Some(cataloger),
                    _ => {}
                }
                let list = match pattern.hook() {
                    Hook::Name(name) => index.names.entry(name).or_default(),
                    Hook::Extension(end) => index.extensions.entry(end).or_default(),
                    Hook::Any => &mut index.others,
                    Hook::Never => continue,
                };
                list.push(number);
            }
        }
        index
    }

    fn of_path(&self, path: &str) -> Option<&'static Cataloger> {
        let (_, name) = image::path::split(path);
        let extension = name.rfind('.').and_then(|dot| name.get(dot..));
        let by_name = self.names.get(name).into_iter().flatten();
        let by_extension = extension.and_then(|end| self.extensions.get(end));
        let candidates = by_name
            .chain(by_extension.into_iter().flatten())
            .chain(&self.others);
        let meant = candidates.filter(|number| {
            let patterns = ALL.get(**number).map_or(&[][..], |found| found.paths);
            patterns.iter().any(|pattern| pattern.matches(path))
        });
        ALL.get(*meant.min()?)
    }
}

#[cfg(test)]
mod tests;
