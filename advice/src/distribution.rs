//! The package managers of distributions: one command for all packages.
//!
//! Archives drop a version once there is a newer one, and advisories of Debian and its kin name the
//! version of the source, which a binary package need not have: where the manager can ask for a
//! version at least as high, as apk can, the command does, and so fails where the archive is older
//! than the fix; elsewhere it asks for the newest, and the next scan tells whether that was it.

use model::{Inventory, PackageType};

use crate::deed::Deed;
use crate::{Place, Upgrade, shell};

/// What of a package stands in the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// `name>=version`.
    NameFrom,
    /// `>=name-version`.
    FromName,
    /// Its name.
    Name,
    /// Nothing: the whole system is upgraded, since parts of it are not supported alone.
    Nothing,
}

/// A package manager, as data.
#[derive(Debug)]
pub struct Manager {
    /// The type of its packages.
    pub kind: PackageType,
    /// Packages of which one is there where the manager is.
    pub packages: &'static [&'static str],
    /// The words before the packages.
    pub before: &'static str,
    /// What stands for a package.
    pub argument: Argument,
    /// The words behind them: what keeps caches out of the layer.
    pub after: &'static str,
}

/// Every manager; of several in an image the first is used.
pub const MANAGERS: &[Manager] = &[
    Manager {
        kind: PackageType::Apk,
        packages: &["apk-tools", "apk-tools-static"],
        before: "apk add --no-cache",
        argument: Argument::NameFrom,
        after: "",
    },
    Manager {
        kind: PackageType::Deb,
        packages: &["apt"],
        before: "apt-get update && apt-get install --only-upgrade -y",
        argument: Argument::Name,
        after: "&& rm -rf /var/lib/apt/lists/*",
    },
    Manager {
        kind: PackageType::Rpm,
        packages: &["dnf", "dnf5"],
        before: "dnf upgrade -y",
        argument: Argument::Name,
        after: "&& dnf clean all",
    },
    Manager {
        kind: PackageType::Rpm,
        packages: &["microdnf"],
        before: "microdnf upgrade -y",
        argument: Argument::Name,
        after: "&& microdnf clean all",
    },
    Manager {
        kind: PackageType::Rpm,
        packages: &["tdnf"],
        before: "tdnf upgrade -y",
        argument: Argument::Name,
        after: "&& tdnf clean all",
    },
    Manager {
        kind: PackageType::Rpm,
        packages: &["zypper"],
        before: "zypper --non-interactive refresh && zypper --non-interactive update",
        argument: Argument::Name,
        after: "&& zypper clean --all",
    },
    Manager {
        kind: PackageType::Rpm,
        packages: &["yum"],
        before: "yum update -y",
        argument: Argument::Name,
        after: "&& yum clean all",
    },
    Manager {
        kind: PackageType::Alpm,
        packages: &["pacman"],
        before: "pacman -Syu --noconfirm",
        argument: Argument::Nothing,
        after: "",
    },
    Manager {
        kind: PackageType::Ebuild,
        packages: &["sys-apps/portage"],
        before: "emerge --sync && emerge --oneshot --update",
        argument: Argument::FromName,
        after: "",
    },
    Manager {
        kind: PackageType::Opkg,
        packages: &["opkg"],
        before: "opkg update && opkg upgrade",
        argument: Argument::Name,
        after: "",
    },
];

/// What upgrades the packages of a source, each by its name.
pub fn deeds<'a>(
    inventory: &Inventory,
    upgrade: &'a Upgrade,
    target: &str,
) -> Vec<(&'a str, Deed)> {
    let manager = MANAGERS
        .iter()
        .find(|manager| manager.kind == upgrade.kind && is_there(inventory, manager));
    let Some(manager) = manager else {
        let kind = upgrade.kind;
        let text = format!(
            "No package manager for {kind} is in the image: build it upon a newer base image, or \
             put the newer packages in from another stage."
        );
        return vec![(&upgrade.name, Deed::Sentence(text))];
    };
    let packages = upgrade.packages.iter();
    packages
        .map(|package| (package.as_str(), deed(manager, package, target)))
        .collect()
}

fn is_there(inventory: &Inventory, manager: &Manager) -> bool {
    inventory.packages.iter().any(|installed| {
        let package = &installed.package;
        package.kind == manager.kind && manager.packages.contains(&package.name.as_str())
    })
}

fn deed(manager: &Manager, package: &str, target: &str) -> Deed {
    let is_name = shell::is_name(package) || {
        manager.kind == PackageType::Ebuild && shell::is_name_of_parts(package, '/')
    };
    if !is_name || !shell::is_version(target) {
        return Deed::Sentence(format!(
            "Upgrade {package} to {target} or newer by hand: name or version are none that would \
             be safe in a command."
        ));
    }
    let argument = match manager.argument {
        Argument::NameFrom => Some(format!("{package}>={target}")),
        Argument::FromName => Some(format!(">={package}-{target}")),
        Argument::Name => Some(package.to_owned()),
        Argument::Nothing => None,
    };
    match argument {
        Some(argument) => Deed::command(Place::Image, manager.before, &argument),
        None => Deed::Command {
            place: Place::Image,
            before: manager.before.split(' ').map(str::to_owned).collect(),
            argument: None,
            after: Vec::new(),
        },
    }
    .then(manager.after)
}

/// The other way, in words, where all that is upgraded came with the lowest of several layers.
pub fn base(inventory: &Inventory, mut layers: impl Iterator<Item = usize>) -> Option<String> {
    let is_built_upon = inventory.layers.len() > 1;
    let is_lowest = layers.next() == Some(0) && layers.next().is_none();
    let text = "Or build upon a newer base image: all of this came with the lowest layer.";
    (is_built_upon && is_lowest).then(|| text.to_owned())
}
