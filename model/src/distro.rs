//! Distributions: one row each says how its releases are cut and how its packages are matched.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use version::Scheme;

use crate::{PackageType, Stream};

mod rpm;

/// Which name and version of a package a distributor's advisories speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matched {
    /// The source package's (`Source:` of dpkg, origin of apk).
    Source,
    /// The binary package's own.
    Binary,
}

/// How a release line is cut out of what os-release says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamRule {
    /// The first number of `VERSION_ID`: `10`.
    Major,
    /// The first two numbers of `VERSION_ID`: `3.18`.
    MajorMinor,
    /// The first number of `VERSION_ID`, and the second where there is one: `15`, `15.4`.
    UpToMinor,
    /// Amazon's: version 1 was dated, `2017.09`, and its last date stands for all of it; later
    /// ones are the first number.
    Amazon,
    /// The first two numbers of `VERSION_ID`, and the service pack, which is known as the code
    /// name: `22.03-lts-sp3`.
    Pack,
    /// There is one line only.
    Rolling,
}

/// A release of a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// The release line, as in [`Stream::release`].
    pub line: &'static str,
    /// Its code name, empty where it has none.
    pub codename: &'static str,
    /// The last day on which its publisher mends it for everybody, `YYYY-MM-DD`.
    pub end_of_life: Option<&'static str>,
}

/// What is known about a distribution.
#[derive(Debug)]
pub struct DistroRow {
    /// `ID` in os-release.
    pub id: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// The type of its packages.
    pub kind: PackageType,
    /// How their versions are ordered.
    pub scheme: Scheme,
    /// Which name its advisories speak of.
    pub matched: Matched,
    /// How its releases are cut.
    pub rule: StreamRule,
    /// Its releases, oldest first.
    pub releases: &'static [Release],
}

const fn release(
    line: &'static str,
    codename: &'static str,
    end_of_life: Option<&'static str>,
) -> Release {
    Release {
        line,
        codename,
        end_of_life,
    }
}

/// Every distribution that is known, by id.
pub const ALL: &[DistroRow] = &[
    rpm::ALMALINUX,
    DistroRow {
        id: "alpine",
        name: "Alpine Linux",
        kind: PackageType::Apk,
        scheme: Scheme::Apk,
        matched: Matched::Source,
        rule: StreamRule::MajorMinor,
        releases: ALPINE,
    },
    rpm::AMAZON,
    DistroRow {
        id: "arch",
        name: "Arch Linux",
        kind: PackageType::Alpm,
        scheme: Scheme::Pacman,
        matched: Matched::Binary,
        rule: StreamRule::Rolling,
        releases: &[release("rolling", "", None)],
    },
    rpm::AZURE,
    rpm::CENTOS,
    DistroRow {
        id: "chainguard",
        name: "Chainguard",
        kind: PackageType::Apk,
        scheme: Scheme::Apk,
        matched: Matched::Source,
        rule: StreamRule::Rolling,
        releases: &[release("rolling", "", None)],
    },
    DistroRow {
        id: "debian",
        name: "Debian GNU/Linux",
        kind: PackageType::Deb,
        scheme: Scheme::Dpkg,
        matched: Matched::Source,
        rule: StreamRule::Major,
        releases: DEBIAN,
    },
    rpm::FEDORA,
    DistroRow {
        id: "gentoo",
        name: "Gentoo",
        kind: PackageType::Ebuild,
        scheme: Scheme::Portage,
        matched: Matched::Binary,
        rule: StreamRule::Rolling,
        releases: &[release("rolling", "", None)],
    },
    rpm::MARINER,
    DistroRow {
        id: "minimos",
        name: "MinimOS",
        kind: PackageType::Apk,
        scheme: Scheme::Apk,
        matched: Matched::Source,
        rule: StreamRule::Rolling,
        releases: &[release("rolling", "", None)],
    },
    rpm::ORACLE,
    rpm::OPENEULER,
    rpm::OPENSUSE,
    rpm::OPENSUSE_LEAP,
    rpm::OPENSUSE_TUMBLEWEED,
    DistroRow {
        id: "openwrt",
        name: "OpenWrt",
        kind: PackageType::Opkg,
        scheme: Scheme::Opkg,
        matched: Matched::Source,
        rule: StreamRule::MajorMinor,
        releases: OPENWRT,
    },
    rpm::PHOTON,
    rpm::RED_HAT,
    rpm::ROCKY,
    rpm::SL_MICRO,
    rpm::SLE_MICRO,
    rpm::SLE_HPC,
    rpm::SLED,
    rpm::SLES,
    DistroRow {
        id: "ubuntu",
        name: "Ubuntu",
        kind: PackageType::Deb,
        scheme: Scheme::Dpkg,
        matched: Matched::Source,
        rule: StreamRule::MajorMinor,
        releases: UBUNTU,
    },
    DistroRow {
        id: "wolfi",
        name: "Wolfi",
        kind: PackageType::Apk,
        scheme: Scheme::Apk,
        matched: Matched::Source,
        rule: StreamRule::Rolling,
        releases: &[release("rolling", "", None)],
    },
];

/// Alpine's releases: `alpinelinux.org/releases`.
const ALPINE: &[Release] = &[
    release("3.3", "", Some("2017-11-01")),
    release("3.4", "", Some("2018-05-01")),
    release("3.5", "", Some("2018-11-01")),
    release("3.6", "", Some("2019-05-01")),
    release("3.7", "", Some("2019-11-01")),
    release("3.8", "", Some("2020-05-01")),
    release("3.9", "", Some("2020-11-01")),
    release("3.10", "", Some("2021-05-01")),
    release("3.11", "", Some("2021-11-01")),
    release("3.12", "", Some("2022-05-01")),
    release("3.13", "", Some("2022-11-01")),
    release("3.14", "", Some("2023-05-01")),
    release("3.15", "", Some("2023-11-01")),
    release("3.16", "", Some("2024-05-23")),
    release("3.17", "", Some("2024-11-22")),
    release("3.18", "", Some("2025-05-09")),
    release("3.19", "", Some("2025-11-01")),
    release("3.20", "", Some("2026-04-01")),
    release("3.21", "", Some("2026-11-01")),
    release("3.22", "", Some("2027-05-01")),
    release("3.23", "", Some("2027-11-01")),
    release("edge", "edge", None),
];

/// Debian's releases with the end of long-term support, which the LTS team's advisories cover.
const DEBIAN: &[Release] = &[
    release("3.0", "woody", Some("2006-06-30")),
    release("3.1", "sarge", Some("2008-03-31")),
    release("4", "etch", Some("2010-02-15")),
    release("5", "lenny", Some("2012-02-06")),
    release("6", "squeeze", Some("2016-02-29")),
    release("7", "wheezy", Some("2018-05-31")),
    release("8", "jessie", Some("2020-06-30")),
    release("9", "stretch", Some("2022-06-30")),
    release("10", "buster", Some("2024-06-30")),
    release("11", "bullseye", Some("2026-08-31")),
    release("12", "bookworm", Some("2028-06-30")),
    release("13", "trixie", Some("2030-06-30")),
    release("14", "forky", None),
    release("sid", "sid", None),
];

/// OpenWrt's releases, with the ends of the months that its page of security names as ended.
const OPENWRT: &[Release] = &[
    release("18.06", "", Some("2020-12-31")),
    release("19.07", "", Some("2022-04-30")),
    release("21.02", "", Some("2023-05-31")),
    release("22.03", "", Some("2024-07-31")),
    release("23.05", "", None),
    release("24.10", "", None),
];

/// Ubuntu's releases with the end of the support that needs no subscription.
const UBUNTU: &[Release] = &[
    release("12.04", "precise", Some("2017-04-28")),
    release("14.04", "trusty", Some("2019-04-25")),
    release("16.04", "xenial", Some("2021-04-30")),
    release("18.04", "bionic", Some("2023-05-31")),
    release("19.10", "eoan", Some("2020-07-17")),
    release("20.04", "focal", Some("2025-05-31")),
    release("20.10", "groovy", Some("2021-07-22")),
    release("21.04", "hirsute", Some("2022-01-20")),
    release("21.10", "impish", Some("2022-07-14")),
    release("22.04", "jammy", Some("2027-06-01")),
    release("22.10", "kinetic", Some("2023-07-20")),
    release("23.04", "lunar", Some("2024-01-25")),
    release("23.10", "mantic", Some("2024-07-11")),
    release("24.04", "noble", Some("2029-05-31")),
    release("24.10", "oracular", Some("2025-07-10")),
    release("25.04", "plucky", Some("2026-01-15")),
    release("25.10", "questing", Some("2026-07-09")),
    release("26.04", "resolute", Some("2031-05-31")),
];

/// The row of a distribution.
pub fn row(id: &str) -> Option<&'static DistroRow> {
    ALL.iter().find(|row| row.id == id)
}

impl DistroRow {
    /// The release of a line or a code name.
    pub fn release(&self, line_or_codename: &str) -> Option<&'static Release> {
        let wanted = line_or_codename;
        let matches = |release: &&Release| {
            release.line == wanted || (release.codename == wanted && !wanted.is_empty())
        };
        self.releases.iter().find(matches)
    }
}

/// The distribution that an image says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Distro {
    /// `ID` of os-release, lower case.
    pub id: String,
    /// `VERSION_ID`, empty where there is none (Debian's testing and sid).
    pub version: String,
    /// `VERSION_CODENAME`, empty where there is none.
    pub codename: String,
    /// `PRETTY_NAME`, for people.
    pub pretty: String,
    /// The release line that the package repositories in use name: it wins over os-release.
    pub repository_line: Option<String>,
    /// Extra channels in use, sorted.
    pub channels: Vec<String>,
}

impl Distro {
    /// A distribution of an id and a version, with nothing else known.
    pub fn new(id: &str, version: &str) -> Distro {
        Distro {
            id: id.to_owned(),
            version: version.to_owned(),
            ..Distro::default()
        }
    }

    /// The row of what is known about it.
    pub fn row(&self) -> Option<&'static DistroRow> {
        row(&self.id)
    }

    /// Whether its publisher answers for packages of that type.
    pub fn owns(&self, kind: PackageType) -> bool {
        self.row().is_some_and(|row| row.kind == kind)
    }

    /// Its stream: from the repositories in use, the version or the code name, in this order. It
    /// is that of the distribution whose advisories speak of its packages.
    pub fn stream(&self) -> Option<Stream> {
        let row = self.row()?;
        Some(Stream::new(rpm::spoken_of_by(row.id), self.line(row)?))
    }

    /// Its release under its own name, which ends on a day of its own: `centos:8`, though its
    /// stream is `rhel:8`.
    pub fn own_release(&self) -> Option<Stream> {
        let row = self.row()?;
        Some(Stream::new(row.id, self.line(row)?))
    }

    fn line(&self, row: &DistroRow) -> Option<String> {
        if row.rule == StreamRule::Rolling {
            return Some("rolling".to_owned());
        }
        if let Some(line) = &self.repository_line {
            return Some(line.clone());
        }
        if self.version.contains("_alpha") {
            return Some("edge".to_owned());
        }
        let by_codename = || {
            row.release(&self.codename)
                .map(|release| release.line.to_owned())
        };
        let line = cut(row.rule, &self.version).or_else(by_codename)?;
        Some(match (row.rule, self.codename.as_str()) {
            (StreamRule::Pack, pack) if !pack.is_empty() => {
                format!("{line}-{}", pack.to_ascii_lowercase())
            }
            _ => line,
        })
    }

    /// The day after which its release gets no more fixes, where that is known.
    pub fn end_of_life(&self) -> Option<Date> {
        let stream = self.stream()?;
        self.row()?
            .release(&stream.release)?
            .end_of_life?
            .parse()
            .ok()
    }

    /// `debian-10`: the `distro` qualifier of a package URL.
    pub fn label(&self) -> String {
        let version = if self.version.is_empty() {
            &self.codename
        } else {
            &self.version
        };
        match version.is_empty() {
            true => self.id.clone(),
            false => format!("{}-{version}", self.id),
        }
    }
}

/// The release line in a `VERSION_ID`; `None` where it holds no number.
fn cut(rule: StreamRule, version: &str) -> Option<String> {
    let mut parts = version.trim().split('.');
    let first = parts
        .next()
        .filter(|part| !part.is_empty() && is_number(part))?;
    match rule {
        StreamRule::Rolling => Some("rolling".to_owned()),
        StreamRule::Major => Some(first.to_owned()),
        StreamRule::Amazon => Some(match first.starts_with("201") {
            true => "2018.03".to_owned(),
            false => first.to_owned(),
        }),
        StreamRule::MajorMinor | StreamRule::Pack => Some(format!("{first}.{}", second(parts)?)),
        StreamRule::UpToMinor => Some(match second(parts) {
            Some(second) => format!("{first}.{second}"),
            None => first.to_owned(),
        }),
    }
}

/// The digits that the second part of a version begins with.
fn second<'a>(mut parts: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let part = parts.next()?;
    let end = part.find(|char: char| !char.is_ascii_digit());
    part.get(..end.unwrap_or(part.len()))
        .filter(|digits| !digits.is_empty())
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(id: &str, version: &str, codename: &str) -> String {
        let mut distro = Distro::new(id, version);
        distro.codename = codename.into();
        distro
            .stream()
            .map(|stream| stream.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn streams_follow_each_distributions_rule() {
        assert_eq!(stream("debian", "10", "buster"), "debian:10");
        assert_eq!(stream("debian", "", "trixie"), "debian:13");
        assert_eq!(stream("debian", "", "sid"), "debian:sid");
        assert_eq!(stream("alpine", "3.18.9", ""), "alpine:3.18");
        assert_eq!(stream("alpine", "3.14.0_alpha20210212", ""), "alpine:edge");
        assert_eq!(stream("ubuntu", "22.04", "jammy"), "ubuntu:22.04");
        assert_eq!(stream("wolfi", "20230201", ""), "wolfi:rolling");
        for (id, version, codename, expected) in [
            ("rhel", "8.4", "Ootpa", "rhel:8"),
            ("centos", "7", "", "rhel:7"),
            ("sle_hpc", "15.4", "", "sles:15.4"),
            ("sles", "15", "", "sles:15"),
            ("sles", "12.5", "", "sles:12.5"),
            ("amzn", "2017.09", "", "amzn:2018.03"),
            ("amzn", "2", "", "amzn:2"),
            ("amzn", "2023.6.20241031", "", "amzn:2023"),
            ("fedora", "40", "", "fedora:40"),
            ("photon", "3.0", "", "photon:3.0"),
            ("mariner", "2.0.20220122", "", "mariner:2.0"),
            ("openeuler", "22.03", "LTS-SP3", "openeuler:22.03-lts-sp3"),
            ("openeuler", "22.09", "", "openeuler:22.09"),
            ("opensuse-leap", "15.1 ", "", "opensuse-leap:15.1"),
            (
                "opensuse-tumbleweed",
                "20240101",
                "",
                "opensuse-tumbleweed:rolling",
            ),
        ] {
            assert_eq!(stream(id, version, codename), expected);
        }
        assert_eq!(stream("plan9", "4", ""), "");
        assert_eq!(stream("alpine", "edge", ""), "");
        assert_eq!(stream("debian", "", ""), "");
    }

    #[test]
    fn the_repositories_in_use_win_over_os_release() {
        let mut distro = Distro::new("alpine", "3.18.9");
        distro.repository_line = Some("edge".into());
        assert_eq!(distro.stream(), Some(Stream::new("alpine", "edge")));
    }

    #[test]
    fn a_rebuild_ends_on_its_own_day() {
        let centos = Distro::new("centos", "8");
        assert_eq!(centos.own_release(), Some(Stream::new("centos", "8")));
        let end = centos.end_of_life().unwrap();
        assert_eq!(end.to_string(), "2021-12-31");
    }

    #[test]
    fn rows_are_sorted_and_their_dates_are_dates() {
        assert!(ALL.is_sorted_by_key(|row| row.id));
        for release in ALL.iter().flat_map(|row| row.releases) {
            let date = release.end_of_life.map(str::parse::<Date>);
            assert!(date.is_none_or(|date| date.is_ok()), "{release:?}");
        }
    }
}
