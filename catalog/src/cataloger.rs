//! The package formats: which files they are read from, and by what.

use std::collections::BTreeMap;

use image::Limits;
use model::{Package, Problem};
use serde::{Deserialize, Serialize};

use crate::{apk, apk_repositories, dpkg, os_release, unread};

/// One format, as data. A new one is a file of its own and a line in [`ALL`].
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
}

/// A parser of one format: it never fails, it says what it found and what went wrong.
pub type Parse = fn(&str, &[u8], &Limits) -> (Found, Vec<Problem>);

/// What a file that a cataloger reads is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It says which packages are installed: an image with one can be answered for.
    Database,
    /// It says something about the system, or about packages that a database names.
    Facts,
    /// It is a database that is recognised but not read: only its path is looked at.
    Unread,
}

/// Paths, written without a leading slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// This path.
    Exact(&'static str),
    /// The files directly in a directory whose names end so.
    In {
        /// The directory.
        directory: &'static str,
        /// How the name ends; empty for every name.
        suffix: &'static str,
    },
    /// Files two directories below one, by name: `directory/*/*/name`.
    Deep {
        /// The directory.
        directory: &'static str,
        /// The file's name.
        name: &'static str,
    },
}

impl Pattern {
    /// Whether a path is meant.
    pub fn matches(&self, path: &str) -> bool {
        match self {
            Pattern::Exact(exact) => *exact == path,
            Pattern::In { directory, suffix } => inside(directory, path)
                .is_some_and(|name| !name.contains('/') && name.ends_with(suffix)),
            Pattern::Deep { directory, name } => inside(directory, path).is_some_and(|rest| {
                rest.matches('/').count() == 2 && rest.rsplit('/').next() == Some(name)
            }),
        }
    }

    /// The path, or the directory, that it begins with.
    pub fn root(&self) -> &'static str {
        match self {
            Pattern::Exact(path) => path,
            Pattern::In { directory, .. } | Pattern::Deep { directory, .. } => directory,
        }
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Pattern::Exact(path) => write!(f, "{path}"),
            Pattern::In { directory, suffix } => write!(f, "{directory}/*{suffix}"),
            Pattern::Deep { directory, name } => write!(f, "{directory}/*/*/{name}"),
        }
    }
}

fn inside<'a>(directory: &str, path: &'a str) -> Option<&'a str> {
    path.strip_prefix(directory)?.strip_prefix('/')
}

/// What one file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Packages that it names as installed, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// The licence of each of them, as its package manager writes it, empty where it says none;
    /// no item at all from formats that know no licences. Beside the packages, since a licence is
    /// nothing that a package is matched by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licences: Vec<String>,
    /// What it says about the distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distro: Option<DistroFact>,
    /// Files that packages own, by package.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub owned: BTreeMap<String, Vec<OwnedFile>>,
}

/// A file that a package owns, and what it held when it was installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedFile {
    /// Its path, without a leading slash.
    #[serde(rename = "p")]
    pub path: String,
    /// Its digest as the package manager writes it: `md5:` and hexadecimal digits, or apk's `Q1`
    /// (SHA-1) and `Q2` (SHA-256) before base64.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// What one file says about the distribution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DistroFact {
    /// os-release: `ID`, `VERSION_ID`, `VERSION_CODENAME`, `PRETTY_NAME`; empty where missing.
    OsRelease {
        /// In lower case.
        id: String,
        /// As it is written.
        version: String,
        /// As it is written.
        codename: String,
        /// As it is written.
        pretty: String,
    },
    /// A file of a distribution's own that holds its version or code name.
    Version {
        /// The distribution's id.
        id: String,
        /// A version, empty where it names a release without one.
        version: String,
        /// A code name, empty where it gives a version.
        codename: String,
    },
    /// The package repositories in use.
    Repositories {
        /// The release line of the main one.
        line: Option<String>,
        /// Others: `line/repository`, sorted.
        channels: Vec<String>,
    },
}

/// Every format. Of several that match a path the first reads it.
pub const ALL: &[Cataloger] = &[
    os_release::OS_RELEASE,
    os_release::ALPINE_RELEASE,
    os_release::DEBIAN_VERSION,
    apk::APK,
    apk_repositories::APK_REPOSITORIES,
    dpkg::STATUS,
    dpkg::files::MD5SUMS,
    dpkg::files::LIST,
    dpkg::STATUS_D,
    unread::RPM,
    unread::PACMAN,
    unread::PORTAGE,
    unread::OPKG,
    unread::CHISEL,
];

/// The format that reads a path.
pub fn of_path(path: &str) -> Option<&'static Cataloger> {
    let reads = |cataloger: &&Cataloger| cataloger.paths.iter().any(|item| item.matches(path));
    ALL.iter().find(reads)
}

/// The format of that name.
pub fn of_name(name: &str) -> Option<&'static Cataloger> {
    ALL.iter().find(|cataloger| cataloger.name == name)
}

#[cfg(test)]
mod tests;
