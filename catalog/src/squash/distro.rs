//! Which distribution a view is of.

use model::Distro;

use super::view::View;
use crate::apt;
use crate::cataloger::DistroFact;

/// Files that say it, the one that counts most first: os-release(5), "Description"; then those
/// that were there before it.
const FILES: &[&str] = &[
    "etc/os-release",
    "usr/lib/os-release",
    "etc/alpine-release",
    "etc/debian_version",
    // A rebuild's own goes before that of what it rebuilds.
    "etc/oracle-release",
    "etc/rocky-release",
    "etc/almalinux-release",
    "etc/centos-release",
    "etc/fedora-release",
    "etc/redhat-release",
    "etc/SuSE-release",
    "etc/photon-release",
    "etc/mariner-release",
    "etc/azurelinux-release",
    "etc/openEuler-release",
    "etc/system-release",
];

/// The distribution of the first file that names one, with the repositories in use as far as they
/// matter: Alpine's lines, Ubuntu's subscriptions.
pub fn of(view: &View<'_>) -> Option<Distro> {
    let fact = |path: &str| view.report(path)?.found.distro.as_ref();
    let mut distro = FILES.iter().find_map(|path| of_fact(fact(path)?))?;
    if distro.id == "debian" && distro.version.is_empty() && distro.codename.is_empty() {
        let older = fact("etc/debian_version").and_then(of_fact);
        distro.codename = older.map(|older| older.codename).unwrap_or_default();
    }
    if let (Some(DistroFact::Repositories { line, channels }), "alpine") =
        (fact("etc/apk/repositories"), distro.id.as_str())
    {
        distro.repository_line.clone_from(line);
        distro.channels.clone_from(channels);
    }
    if distro.id == "ubuntu" {
        distro.channels = subscriptions(view);
    }
    Some(distro)
}

/// The channels of Ubuntu's subscriptions, of whichever file names them.
fn subscriptions(view: &View<'_>) -> Vec<String> {
    let is_of_apt = |name: &str| name == apt::SOURCES.name || name == apt::UBUNTU_PRO.name;
    let reports = view.found().map(|(_, report)| report);
    let facts = reports.filter(|report| is_of_apt(&report.cataloger));
    let mut channels = Vec::new();
    for report in facts {
        if let Some(DistroFact::Repositories { channels: more, .. }) = &report.found.distro {
            channels.extend(more.iter().cloned());
        }
    }
    channels.sort();
    channels.dedup();
    channels
}

/// The distribution that a file names.
pub fn of_fact(fact: &DistroFact) -> Option<Distro> {
    match fact {
        DistroFact::OsRelease {
            id,
            version,
            codename,
            pretty,
        } => Some(Distro {
            id: own_id(id, pretty).to_owned(),
            version: version.clone(),
            codename: service_pack(id, version, pretty).unwrap_or_else(|| codename.clone()),
            pretty: pretty.clone(),
            ..Distro::default()
        }),
        DistroFact::Version {
            id,
            version,
            codename,
        } => Some(Distro {
            codename: codename.clone(),
            ..Distro::new(id, version)
        }),
        DistroFact::Repositories { .. } => None,
    }
}

/// openSUSE's lines had one id until 2018 and were told by their names.
fn own_id<'a>(id: &'a str, pretty: &str) -> &'a str {
    match id {
        "opensuse" if pretty.starts_with("openSUSE Leap") => "opensuse-leap",
        "opensuse" if pretty.starts_with("openSUSE Tumbleweed") => "opensuse-tumbleweed",
        id => id,
    }
}

/// openEuler names the service pack in words only: `openEuler 20.03 (LTS-SP1)`.
fn service_pack(id: &str, version: &str, pretty: &str) -> Option<String> {
    let (_, rest) = pretty.split_once(version).filter(|_| id == "openeuler")?;
    let pack = rest.trim_matches(|char: char| char.is_whitespace() || "()".contains(char));
    (!pack.is_empty()).then(|| pack.replace(' ', "-"))
}
