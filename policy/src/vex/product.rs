//! The products of statements: packages, images, distributions, and packages that are parts of
//! any of these.

use std::sync::Arc;

use model::{Digest, Installed, PackageType};
use packageurl::PackageUrl;

use super::cpe::Cpe;
use super::purl::{self, covers, qualifier};
use super::range::Range;
use crate::suppress::Seen;

/// Of what a statement speaks: a component, and everything that it must be a part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// What it is.
    pub component: Component,
    /// What it is a part of; the order says nothing.
    pub within: Vec<Arc<Component>>,
}

/// A component, as it can be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// By what.
    pub name: Name,
    /// In which versions, beside what the name says.
    pub versions: Versions,
}

/// By what a component can be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A package, by its package URL.
    Package(PackageUrl<'static>),
    /// An image, by its package URL, with a digest or without.
    Image(PackageUrl<'static>),
    /// One of several images, by digest: `sha256:…`.
    Digests(Vec<String>),
    /// A distribution's release or a program, by its CPE.
    Cpe(Cpe),
}

/// Which versions of a component are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Versions {
    /// Those that the name says, or all.
    AsNamed,
    /// This one.
    Exactly(String),
    /// Those that lie in a range.
    Within(Range),
}

impl Name {
    /// The name of a package URL.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn of_purl(text: &str) -> Result<Name, String> {
        let purl = purl::parse(text)?;
        match purl::is_image(&purl) {
            true => Ok(Name::Image(purl)),
            false => Ok(Name::Package(purl)),
        }
    }

    /// The name of a hexadecimal SHA-256, where it is one.
    pub fn of_sha256(hex: &str) -> Option<Name> {
        let text = format!("sha256:{}", hex.to_ascii_lowercase());
        let digest = text.parse::<Digest>().ok()?;
        Some(Name::Digests(vec![digest.as_str().to_owned()]))
    }

    /// Whether it is known by more than a name that anything could bear.
    fn is_digest(&self) -> bool {
        match self {
            Name::Image(purl) => purl
                .version()
                .is_some_and(|one| one.parse::<Digest>().is_ok()),
            Name::Digests(_) => true,
            Name::Package(_) | Name::Cpe(_) => false,
        }
    }
}

impl Component {
    /// Of what a document gives: the package URL, the digest of an image, the CPE, in this order,
    /// since each says more than the next. An image by its name alone is known by its digest.
    pub fn of(purl: Option<Name>, digest: Option<Name>, cpe: Option<Cpe>) -> Option<Component> {
        let vague = matches!(&purl, Some(Name::Image(_))) && !purl.as_ref()?.is_digest();
        let name = match (purl, digest) {
            (Some(_), Some(digest)) if vague => Some(digest),
            (Some(purl), _) => Some(purl),
            (None, digest) => digest,
        };
        Some(Component::named(name.or(cpe.map(Name::Cpe))?))
    }

    /// Of one name.
    pub fn named(name: Name) -> Component {
        Component {
            name,
            versions: Versions::AsNamed,
        }
    }

    /// The same in some of its versions.
    #[must_use]
    pub fn in_versions(self, versions: Versions) -> Component {
        Component { versions, ..self }
    }

    /// Whether a finding is in it.
    fn fits(&self, seen: &Seen<'_>) -> bool {
        let package = &seen.finding.package;
        let named = match &self.name {
            Name::Package(purl) => {
                let of = (package, seen.finding.purl.as_deref());
                covers(purl, of, seen.inventory.distro.as_ref())
            }
            Name::Cpe(cpe) if !cpe.is_distribution() => cpe.is_program(seen),
            Name::Cpe(_) => {
                let distro = seen.inventory.distro.as_ref();
                self.encloses(seen) && distro.is_some_and(|distro| distro.owns(package.kind))
            }
            Name::Image(_) | Name::Digests(_) => self.encloses(seen),
        };
        named
            && match &self.versions {
                Versions::AsNamed => true,
                Versions::Exactly(version) => package.version == *version,
                // What cannot be decided suppresses nothing.
                Versions::Within(range) => {
                    range.holds(&package.version, package.scheme()) == Some(true)
                }
            }
    }

    /// Whether it is that, or holds that, of which a finding's package is a part.
    fn encloses(&self, seen: &Seen<'_>) -> bool {
        match &self.name {
            Name::Image(purl) => is_image(purl, seen),
            Name::Digests(digests) => digests.iter().any(|one| seen.is_digest(one)),
            Name::Cpe(cpe) => {
                let distro = seen.inventory.distro.as_ref();
                distro.is_some_and(|distro| cpe.is_release(distro))
            }
            Name::Package(purl) if purl.ty() == "rpmmod" => is_module(purl, seen),
            Name::Package(purl) => holds(purl, seen),
        }
    }
}

impl Product {
    /// A component alone.
    pub fn alone(component: Component) -> Product {
        Product {
            component,
            within: Vec::new(),
        }
    }

    /// Whether it is, or lies in, images of one architecture.
    pub(crate) fn asks_architecture(&self) -> bool {
        let asks = |one: &Component| match &one.name {
            Name::Image(purl) => qualifier(purl, "arch").is_some(),
            _ => false,
        };
        asks(&self.component) || self.within.iter().any(|whole| asks(whole))
    }

    /// Whether a finding is in it.
    pub(crate) fn fits(&self, seen: &Seen<'_>) -> bool {
        self.component.fits(seen) && self.within.iter().all(|whole| whole.encloses(seen))
    }
}

/// Whether a package URL is the image's: by its digest, or where it has none by its names.
fn is_image(purl: &PackageUrl<'_>, seen: &Seen<'_>) -> bool {
    // The digest can be that of an index, which holds images of several architectures.
    let arch = qualifier(purl, "arch");
    if arch.is_some() && arch != seen.subject.architecture {
        return false;
    }
    match purl.version() {
        Some(version) if version.parse::<Digest>().is_ok() => seen.is_digest(version),
        // Docker's package URLs have a tag for a version.
        version => {
            let tag = version.or_else(|| qualifier(purl, "tag"));
            let has = |tag: &str| seen.subject.tags.iter().any(|own| own == tag);
            tag.is_none_or(has) && seen.subject.images.iter().any(|name| is_named(purl, name))
        }
    }
}

/// Whether an image's name, with its registry's host or without, is that of a package URL.
fn is_named(purl: &PackageUrl<'_>, image: &str) -> bool {
    let path = match purl.namespace() {
        Some(namespace) => format!("/{namespace}/{}", purl.name()),
        None => format!("/{}", purl.name()),
    };
    let image = image.to_ascii_lowercase();
    if !format!("/{image}").ends_with(&path.to_ascii_lowercase()) {
        return false;
    }
    qualifier(purl, "repository_url").is_none_or(|url| {
        let url = url.to_ascii_lowercase();
        let place = url.split_once("://").map_or(&*url, |(_, rest)| rest);
        let place = place.trim_end_matches('/');
        let place = place.strip_prefix("index.").unwrap_or(place);
        // The address of the repository, or of what it lies in.
        place == image || format!("{place}{path}") == image
    })
}

/// Whether a module of rpm is the one of the finding's package: by the parts of its label that are
/// said, name and stream first.
fn is_module(purl: &PackageUrl<'_>, seen: &Seen<'_>) -> bool {
    let Some(own) = seen.finding.package.module.as_deref() else {
        return false;
    };
    let said = purl.version().into_iter().flat_map(|text| text.split(':'));
    let mut said = std::iter::once(purl.name()).chain(said);
    let mut own = own.split(':');
    said.all(|part| own.next() == Some(part))
}

/// Whether every place of the finding lies in a package of that package URL: in the same program
/// or lock file, in an archive that is that package, or below the directory of a Node package.
/// Packages of a distribution share a file without being parts of each other.
fn holds(purl: &PackageUrl<'_>, seen: &Seen<'_>) -> bool {
    let distro = seen.inventory.distro.as_ref();
    let is_of_distro = |kind| distro.is_some_and(|distro| distro.owns(kind));
    let finding = seen.finding;
    if is_of_distro(finding.package.kind) || finding.locations.is_empty() {
        return false;
    }
    let wholes: Vec<&Installed> = seen
        .inventory
        .packages
        .iter()
        .filter(|one| !is_of_distro(one.package.kind))
        .filter(|one| {
            let own = one.package.purl(distro);
            covers(purl, (&one.package, own.as_deref()), distro)
        })
        .collect();
    finding.locations.iter().all(|place| {
        wholes
            .iter()
            .any(|whole| lies_in(&place.path, &whole.path, whole.package.kind))
    })
}

fn lies_in(path: &str, whole: &str, kind: PackageType) -> bool {
    let inside = path.strip_prefix(whole);
    let node = whole.strip_suffix("package.json").filter(|directory| {
        kind == PackageType::Npm && (directory.is_empty() || directory.ends_with('/'))
    });
    inside.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        || node.is_some_and(|directory| path.starts_with(directory))
}
