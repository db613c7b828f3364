//! What a file says, in the words that all formats share.

use std::collections::{BTreeMap, HashSet};

use model::Package;
use serde::{Deserialize, Serialize};

/// What one file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Packages that it names as installed, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<FoundPackage>,
    /// What it says about the distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distro: Option<DistroFact>,
    /// Files that packages own, by package.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub owned: BTreeMap<String, Vec<OwnedFile>>,
    /// Package repositories in use: see [`model::Inventory::repositories`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<String>,
}

impl Found {
    /// Whether it says nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Found::default()
    }

    /// Leaves each package once, where the first of its kind stands.
    pub fn keep_each_once(&mut self) {
        let mut seen = HashSet::new();
        self.packages.retain(|one| seen.insert(one.package.clone()));
    }
}

/// A package, and what is known of it beside what it is matched by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundPackage {
    /// What it is.
    #[serde(flatten)]
    pub package: Package,
    /// Its licence as its package manager writes it; empty where it says none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub licence: String,
    /// Where it lies inside the file, for a member of an archive: `BOOT-INF/lib/x.jar`, with
    /// colons between archives.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub within: String,
}

impl From<Package> for FoundPackage {
    fn from(package: Package) -> FoundPackage {
        FoundPackage {
            package,
            licence: String::new(),
            within: String::new(),
        }
    }
}

/// A file that a package owns, and what it held when it was installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedFile {
    /// Its path, without a leading slash.
    #[serde(rename = "p")]
    pub path: String,
    /// Its digest as the package manager writes it: `md5:`, `sha1:` or `sha256:` and hexadecimal
    /// digits, or apk's `Q1` (SHA-1) and `Q2` (SHA-256) before base64.
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
