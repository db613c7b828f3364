//! Who built a package, by evidence: what a distribution says of a package does not hold for one
//! of the same name that somebody else has built.

use model::{Package, PackageType};

/// The channel of EPEL's packages among those of Red Hat's release.
pub const EPEL: &str = "epel";

/// Who built a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker<'a> {
    /// The distribution, or nothing says otherwise.
    Distribution,
    /// Fedora, for Red Hat's release.
    Epel,
    /// Somebody else, by name.
    Other(&'a str),
}

/// Words in the vendor of each distribution's own rpms. Those who rebuild another's packages may
/// leave its name in, and systems that were moved to them have the other's builds.
const VENDORS: &[(&str, &[&str])] = &[
    (
        "almalinux",
        &["almalinux", "cloudlinux", "centos", "red hat"],
    ),
    ("amzn", &["amazon"]),
    ("azurelinux", &["microsoft"]),
    ("centos", &["centos", "red hat"]),
    ("fedora", &["fedora"]),
    ("mariner", &["microsoft"]),
    ("ol", &["oracle", "centos", "red hat"]),
    ("openeuler", &["openeuler"]),
    ("opensuse", &["suse"]),
    ("opensuse-leap", &["suse"]),
    ("opensuse-tumbleweed", &["suse"]),
    ("photon", &["vmware", "broadcom"]),
    ("rhel", &["red hat", "centos"]),
    ("rocky", &["rocky", "centos", "red hat"]),
    ("sl-micro", &["suse"]),
    ("sle-micro", &["suse"]),
    ("sle_hpc", &["suse"]),
    ("sled", &["suse"]),
    ("sles", &["suse"]),
];

/// Distributions for which EPEL is made.
const WITH_EPEL: &[&str] = &["almalinux", "centos", "ol", "rhel", "rocky"];

/// What versions of other makers' packages have in them.
const MARKS: &[(&str, &str)] = &[
    ("+deb.sury.org", "deb.sury.org"),
    ("+maria~", "MariaDB"),
    (".pgdg", "the PostgreSQL project"),
    ("nodesource", "NodeSource"),
    ("~ppa", "a personal archive"),
];

/// Who built a package of a distribution's type in an image of that distribution.
pub fn of<'a>(package: &'a Package, distro: &str) -> Maker<'a> {
    let mark = MARKS
        .iter()
        .find(|(mark, _)| package.version.contains(mark));
    if let Some((_, name)) = mark {
        return Maker::Other(name);
    }
    let Some(vendor) = package
        .vendor
        .as_deref()
        .filter(|vendor| !vendor.is_empty())
    else {
        return Maker::Distribution;
    };
    match package.kind {
        // Of a Debian package only a maker that is known as another one is kept.
        PackageType::Deb => Maker::Other(vendor),
        PackageType::Rpm => of_rpm(vendor, distro),
        _ => Maker::Distribution,
    }
}

fn of_rpm<'a>(vendor: &'a str, distro: &str) -> Maker<'a> {
    let lower = vendor.to_lowercase();
    let is_project = lower.starts_with(BUILD_SERVICE) && !lower.starts_with(OPENSUSE);
    if is_project || lower.contains("copr") {
        return Maker::Other(vendor);
    }
    let row = VENDORS.iter().find(|(id, _)| *id == distro);
    let is_own = row.is_none_or(|(_, words)| words.iter().any(|word| lower.contains(word)));
    match is_own {
        true => Maker::Distribution,
        false if lower.contains("fedora") && WITH_EPEL.contains(&distro) => Maker::Epel,
        false => Maker::Other(vendor),
    }
}

/// openSUSE's build service, on which anybody may build, and the distribution's own project there.
const BUILD_SERVICE: &str = "obs://build.opensuse.org/";
const OPENSUSE: &str = "obs://build.opensuse.org/opensuse:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_are_told_by_vendor_and_version() {
        use Maker::{Distribution, Epel, Other};
        use PackageType::{Apk, Deb, Rpm};
        for (kind, distro, vendor, version, expected) in [
            (Rpm, "rhel", "Red Hat, Inc.", "1-1.el9", Distribution),
            (Rpm, "rhel", "", "1-1.el9", Distribution),
            (Rpm, "rhel", "Fedora Project", "1-1.el9", Epel),
            (Rpm, "rocky", "Fedora Project", "1-1.el9", Epel),
            (Rpm, "fedora", "Fedora Project", "1-1.fc40", Distribution),
            (Rpm, "amzn", "Amazon.com, Inc.", "1-1.amzn2", Distribution),
            (
                Rpm,
                "amzn",
                "Fedora Project",
                "1-1.el7",
                Other("Fedora Project"),
            ),
            (Rpm, "rhel", "Docker", "24.0.7-1.el9", Other("Docker")),
            (
                Rpm,
                "sles",
                "SUSE LLC <https://www.suse.com/>",
                "1-1",
                Distribution,
            ),
            (
                Rpm,
                "fedora",
                "Fedora Copr - user x",
                "1-1",
                Other("Fedora Copr - user x"),
            ),
            (Rpm, "sles", "openSUSE", "1-1", Distribution),
            (
                Rpm,
                "opensuse-leap",
                "obs://build.opensuse.org/home:a",
                "1-1",
                Other("obs://build.opensuse.org/home:a"),
            ),
            (Rpm, "nosuch", "Anybody", "1-1", Distribution),
            (
                Deb,
                "debian",
                "",
                "15.4-1.pgdg120+1",
                Other("the PostgreSQL project"),
            ),
            (
                Deb,
                "debian",
                "",
                "18.19.0-1nodesource1",
                Other("NodeSource"),
            ),
            (Deb, "debian", "nginx", "1.25.3-1~bookworm", Other("nginx")),
            (Deb, "debian", "", "1.22.1-9", Distribution),
            (Apk, "alpine", "x", "1-r0", Distribution),
        ] {
            let mut package = Package::new(kind, "a", version);
            package.vendor = Some(vendor.to_owned());
            assert_eq!(of(&package, distro), expected, "{vendor} {version}");
        }
    }
}
