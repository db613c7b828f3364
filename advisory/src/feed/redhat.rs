//! Red Hat's Product Security: a document per weakness in the Common Security Advisory Framework's
//! VEX profile (`security.access.redhat.com/data/csaf/v2/vex`), a document per bulletin
//! (`…/advisories`), and which products its package repositories serve
//! (`repository-to-cpe.json`).
//!
//! A product is a Common Platform Enumeration name, which [`cpe::place`] brings to a stream and a
//! channel, so that an image whose repositories are known can be told which channels it uses.

use super::csaf::package::{self, Package};
use super::csaf::{self, Meaning, Product, Publisher, Remedy, Status, Subject};
use super::{Feed, FeedFile, Parsed, Protocol, Remote};
use crate::{Limits, State};

pub mod cpe;
mod repositories;

#[cfg(test)]
mod tests;

const REMOTES: &[Remote] = &[
    Remote {
        source: "redhat",
        path: "vex",
        url: "https://security.access.redhat.com/data/csaf/v2/vex/",
        protocol: Protocol::Csaf,
    },
    Remote::file(
        "redhat",
        repositories::NAME,
        "https://security.access.redhat.com/data/metrics/repository-to-cpe.json",
    ),
];

/// The feed.
pub const FEED: Feed = Feed {
    name: "redhat-csaf",
    remotes: REMOTES,
    recognises: |source| source == "redhat" || source.starts_with("redhat-"),
    wants: |_, path| path.ends_with(".json") && !path.ends_with("provider-metadata.json"),
    parse,
    publishes: &["rhel"],
    claims: |_, _, path| match is_document(path) {
        true => vec!["rhel:*".to_owned()],
        false => Vec::new(),
    },
    missing: |_| Vec::new(),
};

const PUBLISHER: Publisher = Publisher {
    meaning,
    affected,
    address: |id| format!("https://access.redhat.com/security/cve/{id}"),
    bulletin,
};

/// Whether a path is that of a document on one weakness: those on bulletins do not say what is
/// not mended.
fn is_document(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.starts_with("cve-") && name.ends_with(".json")
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    match file.path.rsplit('/').next() {
        Some(repositories::NAME) => repositories::parse(file, limits),
        _ => csaf::parse(file, limits, &PUBLISHER),
    }
}

/// `RHSA-2024:9941` of `https://access.redhat.com/errata/RHSA-2024:9941`.
fn bulletin(url: &str) -> Option<&str> {
    let id = url.trim_end_matches('/').rsplit('/').next()?;
    let is_one = ["RHSA-", "RHBA-", "RHEA-"]
        .iter()
        .any(|prefix| id.starts_with(prefix));
    is_one.then_some(id)
}

/// What Red Hat says of what it has not mended: the most final word where there are several.
fn affected(remedies: &[Remedy<'_>]) -> State {
    let state = |remedy: &Remedy<'_>| match (remedy.category, remedy.details.trim()) {
        ("no_fix_planned", "Out of support scope") => Some(State::EndOfLife),
        ("no_fix_planned", _) => Some(State::WillNotFix),
        ("none_available", "Fix deferred") => Some(State::Deferred),
        _ => None,
    };
    let all = || remedies.iter().filter_map(state);
    [State::EndOfLife, State::WillNotFix, State::Deferred]
        .into_iter()
        .find(|wanted| all().any(|state| state == *wanted))
        .unwrap_or(State::Affected)
}

/// The channel of a product (CPE) where it is another one than the release itself.
pub(crate) fn channel_of(cpe: &str) -> Option<String> {
    let place = cpe::place(cpe)?;
    (!place.channel.is_empty()).then_some(place.channel)
}

fn meaning(product: &Product<'_>, status: Status) -> Meaning {
    let Some(component) = &product.component else {
        return Meaning::Other;
    };
    let Some(place) = cpe::place(product.platform.cpe) else {
        return Meaning::Other;
    };
    let named = match component.purl {
        "" => of_identifier(component.id, status),
        purl => package::of_purl(purl).filter(|package| package.kind == "rpm"),
    };
    let Some(mut package) = named else {
        return Meaning::Other;
    };
    if package.epoch.is_empty() {
        package.epoch = package::epoch_of(component.id, &package.name);
    }
    let between = product.between.map_or("", |between| between.id);
    let module = match package.module.is_empty() {
        true => module(between),
        false => module(&package.module),
    };
    if module.is_empty() && package.version.contains(".module+") {
        return Meaning::Unclear("are builds of a module that is not named");
    }
    Meaning::Package(Subject {
        ecosystem: place.ecosystem(),
        channel: place.channel,
        module,
        version: package.full_version(),
        architecture: Some(package.architecture)
            .filter(|architecture| !architecture.is_empty())
            .map(str::to_owned),
        package: package.name.into_owned(),
    })
}

/// A component that has no package URL, by its identifier. Of what is mended it is the file's name;
/// otherwise the source's name, after its module's where it is of one (`postgresql:15/postgresql`).
/// A name with a slash and no module is that of a container.
fn of_identifier(id: &str, status: Status) -> Option<Package<'_>> {
    if status == Status::Fixed {
        return package::of_file_name(id, true);
    }
    let (module, name) = match id.split_once('/') {
        Some((module, name)) if module.contains(':') => (module, name),
        Some(_) => return None,
        None => ("", id),
    };
    Some(Package {
        module: module.into(),
        ..Package::unversioned(name, "src")
    })
}

/// `nodejs:18` of `nodejs:18:8070020230322145147:bd1311ed`: name and stream, without the build.
fn module(whole: &str) -> String {
    let mut parts = whole.splitn(3, ':');
    match (parts.next(), parts.next()) {
        (Some(name), Some(stream)) => format!("{name}:{stream}"),
        _ => String::new(),
    }
}
