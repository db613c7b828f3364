//! Which distribution a view is of.

use model::Distro;

use super::view::View;
use crate::cataloger::DistroFact;

/// Files that say it, the one that counts most first: os-release(5), "Description"; then those
/// that were there before it.
const FILES: &[&str] = &[
    "etc/os-release",
    "usr/lib/os-release",
    "etc/alpine-release",
    "etc/debian_version",
];

/// The distribution of the first file that names one; for Alpine with the repositories in use.
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
    Some(distro)
}

fn of_fact(fact: &DistroFact) -> Option<Distro> {
    match fact {
        DistroFact::OsRelease {
            id,
            version,
            codename,
            pretty,
        } => Some(Distro {
            id: id.clone(),
            version: version.clone(),
            codename: codename.clone(),
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
