//! What is in an image: the catalogue's answer, which knows nothing of advisories.

use serde::{Deserialize, Serialize};

use crate::{Digest, Distro, Matchable, Ownership, Package, Problem};

/// A package at one path of one image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Installed {
    /// What it is.
    pub package: Package,
    /// The file that says so, without a leading slash: `lib/apk/db/installed`; in an archive its
    /// way inside behind colons: `app.jar:BOOT-INF/lib/x.jar`.
    pub path: String,
    /// The diff id of the layer that introduced it; `None` for a plain directory.
    pub layer: Option<Digest>,
    /// Whose file it is.
    pub ownership: Ownership,
    /// Its licence as its package manager writes it; empty where it says none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub licence: String,
}

/// A layer of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageLayer {
    /// The digest of its inflated bytes.
    pub diff_id: Digest,
    /// The build command that made it, as the image's history has it; empty where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub command: String,
}

/// Everything that was found in an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// The distribution, where the image says one.
    pub distro: Option<Distro>,
    /// The layers, lowest first; none of a directory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<ImageLayer>,
    /// One row per package and path, sorted.
    pub packages: Vec<Installed>,
    /// Package databases that were seen, by path; empty means that nothing could be looked at.
    pub databases: Vec<String>,
    /// The package repositories in use, as their files name them, sorted: `apt http://… bookworm
    /// main`, `dnf baseos`, `zypper repo-oss`, `content-set rhel-8-for-x86_64-baseos-rpms`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<String>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Kinds of repositories by which Red Hat tells which of its products an image draws from.
const OF_RED_HAT: &[&str] = &["content-set ", "dnf "];

impl Inventory {
    /// Takes the build commands of the layers, lowest first, from the image's history.
    pub fn set_commands<'a>(&mut self, commands: impl Iterator<Item = &'a str>) {
        for (layer, command) in self.layers.iter_mut().zip(commands) {
            command.clone_into(&mut layer.command);
        }
    }

    /// Whether the distribution answers for a package of another type, since a package of its own
    /// brought it and it is as that brought it: what is said of that package is said of this one,
    /// and fixes are put into it without its version changing.
    pub fn is_distros(&self, installed: &Installed) -> bool {
        let is_known = || self.distro.as_ref().and_then(Distro::stream).is_some();
        installed.ownership == Ownership::DistroUnchanged && is_known()
    }

    /// The repository that a channel of a [`Matchable`] stands for: what it serves is known to the
    /// advisory database.
    pub fn repository_of(channel: &str) -> Option<&str> {
        let by = |kind: &&str| channel.strip_prefix(*kind);
        OF_RED_HAT.iter().find_map(by)
    }

    /// The key under which a package of this image is matched.
    pub fn matchable(&self, installed: &Installed) -> Matchable {
        let distro = self.distro.as_ref();
        let of_distro = distro.filter(|distro| distro.owns(installed.package.kind));
        let stream = of_distro.and_then(Distro::stream);
        let mut channels = of_distro
            .map(|distro| distro.channels.clone())
            .unwrap_or_default();
        if stream
            .as_ref()
            .is_some_and(|stream| stream.distro == "rhel")
        {
            let is_one = |one: &&String| Inventory::repository_of(one).is_some();
            channels.extend(self.repositories.iter().filter(is_one).cloned());
        }
        Matchable {
            stream,
            channels,
            package: installed.package.clone(),
            ownership: match self.is_distros(installed) {
                false if installed.ownership == Ownership::DistroUnchanged => Ownership::Own,
                _ => installed.ownership,
            },
        }
    }
}
