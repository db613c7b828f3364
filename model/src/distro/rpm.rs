//! The distributions of rpm packages. Their advisories speak of binary packages.
//!
//! Ends of life are those of `endoflife.date`, 2026-08 (openEuler's: 2026-10), which keeps what
//! publishers announce; Azure's are of `microsoft/azurelinux`.

use version::Scheme;

use super::{DistroRow, Matched, Release, StreamRule, release};
use crate::PackageType;

const fn row(
    id: &'static str,
    name: &'static str,
    rule: StreamRule,
    releases: &'static [Release],
) -> DistroRow {
    DistroRow {
        id,
        name,
        kind: PackageType::Rpm,
        scheme: Scheme::Rpm,
        matched: Matched::Binary,
        rule,
        releases,
    }
}

/// Distributions that are built from another's packages and have no advisories of their own:
/// those of the other speak of theirs.
const SPOKEN_OF_BY: &[(&str, &str)] = &[("centos", "rhel"), ("sle_hpc", "sles")];

/// The distribution whose advisories speak of one's packages: itself, mostly.
pub(super) fn spoken_of_by(id: &'static str) -> &'static str {
    let other = SPOKEN_OF_BY.iter().find(|(rebuild, _)| *rebuild == id);
    other.map_or(id, |(_, other)| other)
}

pub(super) const ALMALINUX: DistroRow = row(
    "almalinux",
    "AlmaLinux",
    StreamRule::Major,
    &[
        release("8", "", Some("2029-05-31")),
        release("9", "", Some("2032-05-31")),
        release("10", "", Some("2035-05-31")),
    ],
);

pub(super) const AMAZON: DistroRow = row(
    "amzn",
    "Amazon Linux",
    StreamRule::Amazon,
    &[
        release("2018.03", "", Some("2023-12-31")),
        release("2", "", Some("2026-06-30")),
        release("2023", "", Some("2029-06-30")),
    ],
);

pub(super) const AZURE: DistroRow = row(
    "azurelinux",
    "Azure Linux",
    StreamRule::MajorMinor,
    &[release("3.0", "", None), release("4.0", "", None)],
);

/// CentOS Linux, and CentOS Stream from 9 on.
pub(super) const CENTOS: DistroRow = row(
    "centos",
    "CentOS",
    StreamRule::Major,
    &[
        release("5", "", Some("2017-03-31")),
        release("6", "", Some("2020-11-30")),
        release("7", "", Some("2024-06-30")),
        release("8", "", Some("2021-12-31")),
        release("9", "", Some("2027-05-31")),
        release("10", "", Some("2030-05-31")),
    ],
);

pub(super) const FEDORA: DistroRow = row(
    "fedora",
    "Fedora",
    StreamRule::Major,
    &[
        release("20", "", Some("2015-06-23")),
        release("21", "", Some("2015-12-01")),
        release("22", "", Some("2016-07-19")),
        release("23", "", Some("2016-12-20")),
        release("24", "", Some("2017-08-08")),
        release("25", "", Some("2017-12-12")),
        release("26", "", Some("2018-05-29")),
        release("27", "", Some("2018-11-30")),
        release("28", "", Some("2019-05-28")),
        release("29", "", Some("2019-11-26")),
        release("30", "", Some("2020-05-26")),
        release("31", "", Some("2020-11-24")),
        release("32", "", Some("2021-05-25")),
        release("33", "", Some("2021-11-30")),
        release("34", "", Some("2022-06-07")),
        release("35", "", Some("2022-12-13")),
        release("36", "", Some("2023-05-16")),
        release("37", "", Some("2023-12-05")),
        release("38", "", Some("2024-05-21")),
        release("39", "", Some("2024-11-26")),
        release("40", "", Some("2025-05-13")),
        release("41", "", Some("2025-12-15")),
        release("42", "", Some("2026-05-27")),
        release("43", "", Some("2026-12-09")),
        release("44", "", Some("2027-06-02")),
    ],
);

pub(super) const MARINER: DistroRow = row(
    "mariner",
    "CBL-Mariner",
    StreamRule::MajorMinor,
    &[
        release("1.0", "", Some("2023-07-31")),
        release("2.0", "", Some("2025-07-31")),
    ],
);

pub(super) const OPENEULER: DistroRow = row(
    "openeuler",
    "openEuler",
    StreamRule::Pack,
    &[
        release("20.03-lts", "", Some("2021-03-31")),
        release("20.03-lts-sp1", "", Some("2022-12-31")),
        release("20.03-lts-sp2", "", Some("2022-04-30")),
        release("20.03-lts-sp3", "", Some("2023-12-31")),
        release("20.03-lts-sp4", "", Some("2025-11-30")),
        release("22.03-lts", "", Some("2024-03-31")),
        release("22.03-lts-sp1", "", Some("2024-12-31")),
        release("22.03-lts-sp2", "", Some("2024-03-31")),
        release("22.03-lts-sp3", "", Some("2025-12-31")),
        release("22.03-lts-sp4", "", Some("2026-06-30")),
        release("23.03", "", Some("2023-09-30")),
        release("23.09", "", Some("2024-03-31")),
        release("24.03-lts", "", Some("2026-05-31")),
        release("24.03-lts-sp1", "", Some("2026-12-31")),
        release("24.03-lts-sp2", "", Some("2026-03-31")),
        release("24.03-lts-sp3", "", Some("2027-12-31")),
        release("24.03-lts-sp4", "", Some("2027-03-31")),
        release("24.09", "", Some("2025-03-31")),
        release("25.03", "", Some("2025-09-30")),
        release("25.09", "", Some("2026-03-31")),
        release("26.09", "", Some("2027-03-31")),
    ],
);

/// openSUSE before it was Leap.
pub(super) const OPENSUSE: DistroRow = row(
    "opensuse",
    "openSUSE",
    StreamRule::MajorMinor,
    &[
        release("12.3", "", Some("2015-01-29")),
        release("13.1", "", Some("2016-02-03")),
        release("13.2", "", Some("2017-01-17")),
    ],
);

pub(super) const OPENSUSE_LEAP: DistroRow = row(
    "opensuse-leap",
    "openSUSE Leap",
    StreamRule::MajorMinor,
    &[
        release("42.1", "", Some("2017-05-17")),
        release("42.2", "", Some("2018-01-26")),
        release("42.3", "", Some("2019-07-01")),
        release("15.0", "", Some("2019-12-03")),
        release("15.1", "", Some("2021-02-02")),
        release("15.2", "", Some("2022-01-04")),
        release("15.3", "", Some("2022-12-31")),
        release("15.4", "", Some("2023-12-07")),
        release("15.5", "", Some("2024-12-31")),
        release("15.6", "", Some("2026-04-30")),
        release("16.0", "", Some("2027-10-31")),
    ],
);

pub(super) const OPENSUSE_TUMBLEWEED: DistroRow = row(
    "opensuse-tumbleweed",
    "openSUSE Tumbleweed",
    StreamRule::Rolling,
    &[release("rolling", "", None)],
);

/// With the end of premier support.
pub(super) const ORACLE: DistroRow = row(
    "ol",
    "Oracle Linux",
    StreamRule::Major,
    &[
        release("5", "", Some("2017-06-30")),
        release("6", "", Some("2021-03-31")),
        release("7", "", Some("2024-12-31")),
        release("8", "", Some("2029-07-31")),
        release("9", "", Some("2032-06-30")),
        release("10", "", None),
    ],
);

pub(super) const PHOTON: DistroRow = row(
    "photon",
    "Photon OS",
    StreamRule::MajorMinor,
    &[
        release("1.0", "", Some("2022-02-28")),
        release("2.0", "", Some("2022-12-01")),
        release("3.0", "", Some("2025-10-02")),
        release("4.0", "", Some("2027-10-11")),
        release("5.0", "", None),
    ],
);

/// With the end of maintenance support, without what is sold on top.
pub(super) const RED_HAT: DistroRow = row(
    "rhel",
    "Red Hat Enterprise Linux",
    StreamRule::Major,
    &[
        release("4", "", Some("2012-02-29")),
        release("5", "", Some("2017-03-31")),
        release("6", "", Some("2020-11-30")),
        release("7", "", Some("2024-06-30")),
        release("8", "", Some("2029-05-31")),
        release("9", "", Some("2032-05-31")),
        release("10", "", Some("2035-05-31")),
    ],
);

pub(super) const ROCKY: DistroRow = row(
    "rocky",
    "Rocky Linux",
    StreamRule::Major,
    &[
        release("8", "", Some("2029-05-31")),
        release("9", "", Some("2032-05-31")),
        release("10", "", Some("2035-05-31")),
    ],
);

pub(super) const SLED: DistroRow = row(
    "sled",
    "SUSE Linux Enterprise Desktop",
    StreamRule::UpToMinor,
    SLES_RELEASES,
);

pub(super) const SLES: DistroRow = row(
    "sles",
    "SUSE Linux Enterprise Server",
    StreamRule::UpToMinor,
    SLES_RELEASES,
);

pub(super) const SLE_HPC: DistroRow = row(
    "sle_hpc",
    "SUSE Linux Enterprise High Performance Computing",
    StreamRule::UpToMinor,
    SLES_RELEASES,
);

pub(super) const SLE_MICRO: DistroRow = row(
    "sle-micro",
    "SUSE Linux Enterprise Micro",
    StreamRule::UpToMinor,
    &[
        release("5.0", "", Some("2022-03-31")),
        release("5.1", "", Some("2025-10-31")),
        release("5.2", "", Some("2026-04-30")),
        release("5.3", "", Some("2026-10-30")),
        release("5.4", "", Some("2027-04-30")),
        release("5.5", "", Some("2027-10-31")),
    ],
);

pub(super) const SL_MICRO: DistroRow = row(
    "sl-micro",
    "SUSE Linux Micro",
    StreamRule::UpToMinor,
    &[
        release("6.0", "", Some("2028-06-30")),
        release("6.1", "", Some("2028-11-30")),
        release("6.2", "", Some("2029-11-30")),
    ],
);

/// With the end of general support.
const SLES_RELEASES: &[Release] = &[
    release("11", "", Some("2010-12-31")),
    release("11.1", "", Some("2012-08-31")),
    release("11.2", "", Some("2014-01-31")),
    release("11.3", "", Some("2016-01-31")),
    release("11.4", "", Some("2019-03-31")),
    release("12", "", Some("2016-06-30")),
    release("12.1", "", Some("2017-05-31")),
    release("12.2", "", Some("2018-03-31")),
    release("12.3", "", Some("2019-06-30")),
    release("12.4", "", Some("2020-06-30")),
    release("12.5", "", Some("2024-10-31")),
    release("15", "", Some("2019-12-31")),
    release("15.1", "", Some("2021-01-31")),
    release("15.2", "", Some("2021-12-31")),
    release("15.3", "", Some("2022-12-31")),
    release("15.4", "", Some("2023-12-31")),
    release("15.5", "", Some("2024-12-31")),
    release("15.6", "", Some("2025-12-31")),
    release("15.7", "", Some("2031-07-31")),
    release("16.0", "", Some("2027-11-30")),
];
