//! Package URLs of products, compared with those of packages and images.

use std::str::FromStr;

use model::{Distro, Package, PackageType};
use packageurl::PackageUrl;

use super::cpe::{DISTRIBUTIONS, is_or_within};

/// The types of package URLs that name images.
const IMAGES: [&str; 2] = ["oci", "docker"];

/// Reads a package URL.
pub fn parse(text: &str) -> Result<PackageUrl<'static>, String> {
    PackageUrl::from_str(text).map_err(|error| format!("no package URL: {error}"))
}

/// Whether it names images.
pub fn is_image(purl: &PackageUrl<'_>) -> bool {
    IMAGES.contains(&purl.ty())
}

/// A qualifier that says something.
pub fn qualifier<'p>(purl: &'p PackageUrl<'_>, key: &str) -> Option<&'p str> {
    let value = purl.qualifiers().get(key).map(AsRef::as_ref);
    value.filter(|value: &&str| !value.is_empty())
}

/// Whether a package URL stands for a package of that package URL: type, namespace and name are
/// the same, and version, subpath and each qualifier are where it says them. One of the
/// architecture `src` or `source` stands for what was built from that source package.
pub fn covers(
    wide: &PackageUrl<'_>,
    (package, purl): (&Package, Option<&str>),
    distro: Option<&Distro>,
) -> bool {
    let Some(narrow) = purl.and_then(|purl| PackageUrl::from_str(purl).ok()) else {
        return false;
    };
    if wide.ty() != narrow.ty() || !same_namespace(wide.namespace(), narrow.namespace()) {
        return false;
    }
    if matches!(qualifier(wide, "arch"), Some("src" | "source")) {
        return is_source(wide, package) && same_qualifiers(wide, &narrow, distro);
    }
    wide.name() == narrow.name()
        && wide
            .version()
            .is_none_or(|version| narrow.version() == Some(version))
        && wide
            .subpath()
            .is_none_or(|subpath| narrow.subpath() == Some(subpath))
        && same_qualifiers(wide, &narrow, distro)
}

/// Namespaces are the same, or two names of one distribution.
fn same_namespace(wide: Option<&str>, narrow: Option<&str>) -> bool {
    let (wide, narrow) = (wide.unwrap_or_default(), narrow.unwrap_or_default());
    let is_alias =
        |(id, _, others): &(&str, &[&str], &[&str])| *id == narrow && others.contains(&wide);
    wide == narrow || DISTRIBUTIONS.iter().any(is_alias)
}

/// Whether the package was built from the source package that is named.
fn is_source(wide: &PackageUrl<'_>, package: &Package) -> bool {
    // Names of source packages of rpm have no epoch, since the field that names them has none.
    let without_epoch = |version: &str| match package.kind {
        PackageType::Rpm => version.rsplit(':').next().unwrap_or_default().to_owned(),
        _ => version.to_owned(),
    };
    wide.name() == package.source_name()
        && wide
            .version()
            .is_none_or(|version| without_epoch(version) == without_epoch(package.source_version()))
}

fn same_qualifiers(
    wide: &PackageUrl<'_>,
    narrow: &PackageUrl<'_>,
    distro: Option<&Distro>,
) -> bool {
    let is_source = matches!(qualifier(wide, "arch"), Some("src" | "source"));
    wide.qualifiers().iter().all(|(key, value)| {
        let (key, value): (&str, &str) = (key.as_ref(), value.as_ref());
        let own = qualifier(narrow, key);
        match key {
            "arch" | "epoch" if is_source => true,
            // An epoch of zero is none.
            "epoch" => own.unwrap_or("0") == value,
            "distro" => {
                own.is_some_and(|own| is_or_within(own, value)) || {
                    let codename = distro.map_or("", |distro| &distro.codename);
                    !codename.is_empty() && codename == value
                }
            }
            // Java's archives have a kind that a package does not know of itself.
            "type" if wide.ty() == "maven" => own.unwrap_or("jar") == value,
            _ => own == Some(value),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls_are_compared_after_the_specification() {
        let finding = "pkg:deb/debian/curl@7.64.0-4%2Bdeb10u1?arch=amd64&distro=debian-10";
        let rhel = "pkg:rpm/rhel/openssl-libs@3.0.7-6.el9?arch=x86_64&epoch=1&distro=rhel-9.4&\
                    upstream=openssl-3.0.7-6.el9.src.rpm";
        let log4j = "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1";
        let cases = [
            ("pkg:deb/debian/curl", finding, true),
            ("pkg:deb/debian/curl@7.64.0-4%2Bdeb10u1", finding, true),
            ("pkg:DEB/Debian/curl@7.64.0-4+deb10u1", finding, true),
            ("pkg:deb/debian/curl?distro=debian-10", finding, true),
            ("pkg:deb/debian/curl?distro=buster", finding, true),
            ("pkg:deb/debian/curl?distro=debian-11", finding, false),
            ("pkg:deb/debian/curl?distro=debian-1", finding, false),
            ("pkg:deb/debian/curl?vcs_url=x", finding, false),
            ("pkg:deb/debian/curl?arch=source", finding, true),
            ("pkg:deb/debian/curl@7.64.0-4", finding, false),
            ("pkg:deb/ubuntu/curl", finding, false),
            ("pkg:deb/debian/curl4", finding, false),
            ("pkg:rpm/redhat/openssl?arch=src", rhel, true),
            (
                "pkg:rpm/redhat/openssl@3.0.7-6.el9?arch=src&epoch=1",
                rhel,
                true,
            ),
            ("pkg:rpm/redhat/openssl@3.0.7-7.el9?arch=src", rhel, false),
            (
                "pkg:rpm/redhat/openssl-libs@3.0.7-6.el9?arch=x86_64",
                rhel,
                true,
            ),
            ("pkg:rpm/redhat/openssl-libs?distro=rhel-9", rhel, true),
            ("pkg:rpm/redhat/openssl-libs?epoch=1", rhel, true),
            ("pkg:rpm/redhat/openssl-libs?epoch=0", rhel, false),
            ("pkg:rpm/redhat/openssl", rhel, false),
            ("pkg:rpm/suse/openssl-libs", rhel, false),
            (
                "pkg:maven/org.apache.logging.log4j/log4j-core?type=jar",
                log4j,
                true,
            ),
            (
                "pkg:maven/org.apache.logging.log4j/log4j-core?type=war",
                log4j,
                false,
            ),
            (
                "pkg:pypi/Typing_Extensions",
                "pkg:pypi/typing-extensions@4",
                true,
            ),
            ("pkg:npm/%40babel/core", "pkg:npm/%40babel/core@7.0.0", true),
            ("pkg:npm/core", "pkg:npm/%40babel/core@7.0.0", false),
        ];
        let mut debian = Distro::new("debian", "10");
        debian.codename = "buster".into();
        for (wide, narrow, expected) in cases {
            let package = Package::from_purl(narrow).unwrap();
            let of = (&package, Some(narrow));
            let wide_purl = parse(wide).unwrap();
            assert_eq!(covers(&wide_purl, of, Some(&debian)), expected, "{wide}");
        }
    }
}
