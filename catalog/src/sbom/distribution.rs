//! Which distribution a bill is of, in the many words of those who write them.

use model::Distro;
use model::distro::{self, DistroRow};
use packageurl::PackageUrl;

use super::bill::Rest;
use crate::cataloger::DistroFact;
use crate::squash;

/// What others call a distribution, in lower case, and its `ID`.
const NAMES: &[(&str, &str)] = &[
    ("alma", "almalinux"),
    ("amazon", "amzn"),
    ("azure", "azurelinux"),
    ("cbl-mariner", "mariner"),
    ("opensuse.leap", "opensuse-leap"),
    ("opensuse.tumbleweed", "opensuse-tumbleweed"),
    ("oracle", "ol"),
    ("oraclelinux", "ol"),
    ("red hat enterprise linux", "rhel"),
    ("redhat", "rhel"),
    ("rockylinux", "rocky"),
    ("suse linux enterprise micro", "sle-micro"),
    ("suse linux enterprise server", "sles"),
];

/// The `ID` for a name.
fn id(name: &str) -> String {
    let name = name.trim().to_lowercase();
    let known = NAMES.iter().find(|(other, _)| *other == name);
    known.map_or(name, |(_, id)| (*id).to_owned())
}

/// The distribution that a package URL names, `debian-12`; the namespace alone where there is no
/// qualifier. `None` for a package of no distribution.
pub fn label(purl: &str) -> Option<String> {
    let rest = purl.trim().strip_prefix("pkg:")?.trim_start_matches('/');
    let (kind, rest) = rest.split_once('/')?;
    let kinds = ["apk", "deb", "rpm", "alpm", "opkg"];
    if !kinds.contains(&kind.to_ascii_lowercase().as_str()) {
        return None;
    }
    let purl: PackageUrl<'static> = format!("pkg:generic/{rest}").parse().ok()?;
    let qualifier = |key: &str| {
        let value = purl.qualifiers().get(key).map(AsRef::as_ref);
        value.filter(|value: &&str| !value.is_empty())
    };
    let namespace = purl.namespace().unwrap_or_default();
    let label = match (qualifier("distro"), qualifier("os_name")) {
        (Some(label), _) if is_code_name(namespace, label) => format!("{namespace}-{label}"),
        (Some(label), _) => label.to_owned(),
        // Docker's.
        (None, Some(name)) => {
            let version = qualifier("os_version").or_else(|| qualifier("os_distro"));
            format!("{name}-{}", version.unwrap_or_default())
        }
        (None, None) => namespace.to_owned(),
    };
    (!label.is_empty()).then_some(label)
}

/// Whether a label is the code name of a release alone, as the package URL specification's own
/// example has it: `pkg:deb/debian/curl@7.50.3-1?distro=jessie`.
fn is_code_name(namespace: &str, label: &str) -> bool {
    let row = distro::row(&id(namespace));
    row.is_some_and(|row| row.release(label).is_some())
}

/// The distribution of a label.
pub fn of_label(label: &str) -> Distro {
    let label = label.to_lowercase();
    let names = distro::ALL.iter().map(|row| row.id);
    let names = names.chain(NAMES.iter().map(|(name, _)| *name));
    let fits = |name: &&str| {
        let rest = label.strip_prefix(*name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let (name, version) = match names.filter(fits).max_by_key(|name| name.len()) {
        Some(name) => {
            let version = label.get(name.len() + 1..).unwrap_or_default();
            (name, version)
        }
        None => label.rsplit_once('-').unwrap_or((label.as_str(), "")),
    };
    of(name, version, "", "")
}

/// A distribution of what is told of it.
fn of(name: &str, version: &str, codename: &str, pretty: &str) -> Distro {
    let id = id(name);
    let fact = DistroFact::OsRelease {
        version: version
            .split([' ', '+'])
            .next()
            .unwrap_or_default()
            .to_owned(),
        codename: codename.to_owned(),
        pretty: pretty.to_owned(),
        id: id.clone(),
    };
    let mut distro = squash::distro_of(&fact).unwrap_or_else(|| Distro::new(&id, version));
    let starts_with_digit = |text: &str| text.starts_with(|char: char| char.is_ascii_digit());
    if !distro.version.is_empty() && !starts_with_digit(&distro.version) {
        // A code name in the version's place: `debian-bookworm`, `debian-sid`.
        distro.codename = std::mem::take(&mut distro.version);
    }
    distro
}

impl Rest {
    /// The distribution: the operating system that is named, or the one that most package URLs
    /// name. Also in words what else is named.
    pub fn distro(&self) -> (Option<Distro>, Vec<String>) {
        let mut systems = self.systems.iter().filter_map(|fact| match fact {
            DistroFact::OsRelease {
                id,
                version,
                codename,
                pretty,
            } => Some(of(id, version, codename, pretty)),
            _ => None,
        });
        let by_count = |one: &(&String, &usize), other: &(&String, &usize)| {
            one.1.cmp(other.1).then(other.0.cmp(one.0))
        };
        let most = || self.labels.iter().max_by(by_count);
        let chosen = systems.next();
        let distro = chosen.or_else(|| most().map(|(label, _)| of_label(label)));
        let Some(distro) = distro else {
            return (None, Vec::new());
        };
        let mut others = Vec::new();
        for system in systems.filter(|system| is_other(&distro, system)) {
            let (one, other) = (distro.label(), system.label());
            others.push(format!(
                "names the operating system {other} beside {one}: all packages were compared as \
                 those of {one}; scan bills of one system each"
            ));
        }
        for (label, count) in &self.labels {
            let named = of_label(label);
            if is_other(&distro, &named) {
                let one = distro.label();
                others.push(format!(
                    "names {count} packages of {label}: they were compared as those of {one}"
                ));
            }
        }
        (Some(distro), others)
    }
}

/// Whether a distribution that is named is another one, as far as it is told.
fn is_other(distro: &Distro, named: &Distro) -> bool {
    let is_bare = named.version.is_empty() && named.codename.is_empty();
    let kind = |distro: &Distro| distro.row().map(|row: &DistroRow| row.kind);
    match (distro.stream(), named.stream()) {
        (Some(one), Some(other)) => one != other,
        _ if is_bare => distro.id != named.id && kind(distro) == kind(named),
        _ => distro.id != named.id,
    }
}
