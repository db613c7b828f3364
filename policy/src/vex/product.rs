//! The products of statements: packages by package URL, and images by digest.

use std::str::FromStr;

use model::Digest;
use packageurl::PackageUrl;

use crate::verdict::is_digest;

/// The type of a package URL that names an image.
const IMAGE: &str = "oci";

/// Of what a statement speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Product {
    /// A package: every finding in it.
    Package(PackageUrl<'static>),
    /// An image, by its digest: findings in one of the packages, or in all where none is named.
    Image {
        /// The digest, `sha256:…`.
        digest: String,
        /// The packages.
        packages: Vec<PackageUrl<'static>>,
    },
}

impl Product {
    /// The product of an identifier.
    ///
    /// # Errors
    ///
    /// Why nothing can be known by it.
    pub fn read(
        identifier: &str,
        subcomponents: Vec<PackageUrl<'static>>,
    ) -> Result<Product, String> {
        let purl = parse(identifier)?;
        match (purl.ty(), purl.version()) {
            (IMAGE, Some(version)) if version.parse::<Digest>().is_ok() => Ok(Product::Image {
                digest: version.to_owned(),
                packages: subcomponents,
            }),
            (IMAGE, _) => Err("an image is known by its digest only, as in \
                               pkg:oci/name@sha256:..."
                .to_owned()),
            _ if subcomponents.is_empty() => Ok(Product::Package(purl)),
            _ => Err(
                "subcomponents are read of images only: which package of an image is part \
                      of another is not known here"
                    .to_owned(),
            ),
        }
    }

    /// Whether it is the package of a finding in an image, or that image.
    pub(crate) fn fits(&self, finding: Option<&str>, digests: &[Digest]) -> bool {
        let is = |purl: &PackageUrl<'_>| finding.is_some_and(|text| covers(purl, text));
        match self {
            Product::Package(purl) => is(purl),
            Product::Image { digest, packages } => {
                is_digest(digest, digests) && (packages.is_empty() || packages.iter().any(is))
            }
        }
    }
}

/// Reads a package URL.
pub fn parse(text: &str) -> Result<PackageUrl<'static>, String> {
    PackageUrl::from_str(text).map_err(|error| format!("no package URL: {error}"))
}

/// Whether a package URL stands for another: type, namespace and name are the same, and version,
/// subpath and each qualifier are where it says them.
fn covers(wide: &PackageUrl<'_>, narrow: &str) -> bool {
    let Ok(narrow) = PackageUrl::from_str(narrow) else {
        return false;
    };
    let same_qualifiers = || {
        let mut each = wide.qualifiers().iter();
        each.all(|(key, value)| narrow.qualifiers().get(key) == Some(value))
    };
    let name = |one: &PackageUrl<'_>| {
        let namespace = one.namespace().unwrap_or_default();
        (
            one.ty().to_owned(),
            namespace.to_owned(),
            one.name().to_owned(),
        )
    };
    name(wide) == name(&narrow)
        && wide
            .version()
            .is_none_or(|version| narrow.version() == Some(version))
        && wide
            .subpath()
            .is_none_or(|subpath| narrow.subpath() == Some(subpath))
        && same_qualifiers()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls_are_compared_after_the_specification() {
        let finding = "pkg:deb/debian/curl@7.64.0-4%2Bdeb10u1?arch=amd64&distro=debian-10";
        let cases = [
            ("pkg:deb/debian/curl", finding, true),
            ("pkg:deb/debian/curl@7.64.0-4%2Bdeb10u1", finding, true),
            ("pkg:DEB/Debian/curl@7.64.0-4+deb10u1", finding, true),
            ("pkg:deb/debian/curl?distro=debian-10", finding, true),
            ("pkg:deb/debian/curl?distro=debian-11", finding, false),
            ("pkg:deb/debian/curl?vcs_url=x", finding, false),
            ("pkg:deb/debian/curl@7.64.0-4", finding, false),
            ("pkg:deb/ubuntu/curl", finding, false),
            ("pkg:deb/debian/curl4", finding, false),
            (
                "pkg:pypi/Typing_Extensions",
                "pkg:pypi/typing-extensions@4",
                true,
            ),
            ("pkg:npm/%40babel/core", "pkg:npm/%40babel/core@7.0.0", true),
            ("pkg:npm/core", "pkg:npm/%40babel/core@7.0.0", false),
        ];
        for (wide, narrow, expected) in cases {
            assert_eq!(covers(&parse(wide).unwrap(), narrow), expected, "{wide}");
        }
    }
}
