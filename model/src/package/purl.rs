//! A package of its package URL: the package URL specification, with the qualifiers in which
//! those who write bills of materials keep what it has no words for.

use packageurl::PackageUrl;

use super::{Package, PackageType, Source};

impl Package {
    /// The package of a package URL; `None` where the URL is none, is of a type that is not
    /// known, or has no version. The distribution that it may name is left out.
    ///
    /// Names keep their case, whatever the specification says of their type: registries and
    /// advisories keep it as well.
    pub fn from_purl(purl: &str) -> Option<Package> {
        Package::from_purl_or(purl, "")
    }

    /// The same, with a version for a package URL that has none.
    pub fn from_purl_or(purl: &str, version: &str) -> Option<Package> {
        let rest = purl.trim().strip_prefix("pkg:")?.trim_start_matches('/');
        let (word, rest) = rest.split_once('/')?;
        let kind = kind(&word.to_ascii_lowercase())?;
        // The type of which the library knows no rules: theirs lower what must be kept.
        let purl: PackageUrl<'static> = format!("pkg:generic/{rest}").parse().ok()?;
        let qualifier = |key: &str| {
            let value = purl.qualifiers().get(key).map(AsRef::as_ref);
            value.filter(|value: &&str| !value.is_empty())
        };
        let mut version = purl.version().unwrap_or(version).to_owned();
        // rpm's own versions have an epoch of 0 where the package has it.
        let counts = |epoch: &&str| *epoch != "0" || kind == PackageType::Rpm;
        if let Some(epoch) = qualifier("epoch").filter(counts)
            && has_epochs(kind)
            && !version.contains(':')
        {
            version = format!("{epoch}:{version}");
        }
        let name = full_name(kind, &purl, qualifier("type"));
        if !is_name(&name) || !is_version(&version) {
            return None;
        }
        let upstream = qualifier("upstream").and_then(|text| source(kind, text, &version));
        let word = |text: &str| is_version(text).then(|| text.to_owned());
        let modules = ["rpmmod", "modularitylabel", "modularity"];
        Some(Package {
            source: upstream,
            architecture: qualifier("arch").and_then(word),
            module: modules.into_iter().find_map(qualifier).and_then(word),
            ..Package::new(kind, name, version)
        })
    }
}

/// The type of a word, and of those that others write for it.
fn kind(word: &str) -> Option<PackageType> {
    match word {
        "portage" => Some(PackageType::Ebuild),
        word => word.parse().ok(),
    }
}

fn has_epochs(kind: PackageType) -> bool {
    matches!(
        kind,
        PackageType::Alpm | PackageType::Deb | PackageType::Rpm
    )
}

fn full_name(kind: PackageType, purl: &PackageUrl<'_>, of: Option<&str>) -> String {
    let (namespace, separator) = (purl.namespace(), kind.separator());
    let mut name = match namespace.zip(separator) {
        Some((namespace, separator)) => format!("{namespace}{separator}{}", purl.name()),
        None => purl.name().to_owned(),
    };
    // Some keep to three parts and put the rest of a module's path there; in a URL that says that
    // it is of a package, it is the package's way inside the module.
    if let Some(rest) = purl.subpath()
        && kind == PackageType::Golang
        && of != Some("package")
    {
        name = format!("{name}/{rest}");
    }
    name
}

/// `openssl`, `openssl@3.0.11-1`, or of rpm `openssl-3.0.7-1.el9.src.rpm`.
fn source(kind: PackageType, text: &str, version: &str) -> Option<Source> {
    let text = text.split(',').next().unwrap_or(text);
    let (name, version) = match (kind, text.strip_suffix(".src.rpm")) {
        (PackageType::Rpm, Some(file)) => {
            let (rest, release) = file.rsplit_once('-')?;
            let (name, version) = rest.rsplit_once('-')?;
            (name, format!("{version}-{release}"))
        }
        _ => match text.split_once('@') {
            Some((name, version)) => (name, version.to_owned()),
            None => (text, version.to_owned()),
        },
    };
    let name = name.to_owned();
    (is_name(&name) && is_version(&version)).then_some(Source { name, version })
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && !name.contains(char::is_control)
}

fn is_version(version: &str) -> bool {
    let is_odd = |char: char| char.is_whitespace() || char.is_control();
    !version.is_empty() && !version.contains(is_odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A full name as each type has them.
    fn name(kind: PackageType) -> &'static str {
        match kind {
            PackageType::Maven => "org.apache.logging.log4j:log4j-core",
            PackageType::Npm => "@babel/core",
            PackageType::Golang => "golang.org/x/net",
            PackageType::Composer => "symfony/http-kernel",
            PackageType::Swift => "github.com/apple/swift-nio",
            PackageType::Githubactions => "actions/checkout",
            PackageType::Ebuild => "dev-libs/openssl",
            _ => "a+b-c.d",
        }
    }

    #[test]
    fn a_package_of_every_type_comes_back_by_its_package_url() {
        let debian = crate::Distro::new("debian", "12");
        for kind in PackageType::ALL {
            let mut package = Package::new(*kind, name(*kind), "1:2.3~rc1+b_4-5");
            package.architecture = Some("amd64".into());
            for distro in [None, Some(&debian)] {
                let purl = package.purl(distro).unwrap();
                assert_eq!(Package::from_purl(&purl), Some(package.clone()), "{purl}");
            }
        }
    }

    #[test]
    fn package_urls_of_others_are_read_as_they_are_meant() {
        let cases = [
            // After those that Syft 1.18 and Trivy 0.57 write.
            (
                "pkg:golang/github.com/Azure/go-autorest@v0.11.0#autorest/adal",
                "golang github.com/Azure/go-autorest/autorest/adal v0.11.0",
            ),
            (
                "pkg:golang/github.com/x/y@v1?type=package#inside",
                "golang github.com/x/y v1",
            ),
            (
                "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&upstream=openssl&distro=debian-12",
                "deb libssl3 3.0.11-1~deb12u2 (openssl 3.0.11-1~deb12u2) [amd64]",
            ),
            (
                "pkg:deb/debian/libgcc-s1@12.2.0-14?upstream=gcc-12%4012.2.0-13",
                "deb libgcc-s1 12.2.0-14 (gcc-12 12.2.0-13)",
            ),
            (
                "pkg:rpm/rocky/openssl-libs@3.0.7-6.el9?arch=x86_64&epoch=1&upstream=openssl-3.0.7-6.el9.src.rpm",
                "rpm openssl-libs 1:3.0.7-6.el9 (openssl 3.0.7-6.el9) [x86_64]",
            ),
            (
                "pkg:rpm/centos/nodejs@10?epoch=0&modularitylabel=nodejs%3A10",
                "rpm nodejs 0:10 module nodejs:10",
            ),
            ("pkg:npm/%40babel/core@7.0.0", "npm @babel/core 7.0.0"),
            ("pkg:npm/@babel/core@7.0.0", "npm @babel/core 7.0.0"),
            ("pkg:npm/JSONStream@1.3.5", "npm JSONStream 1.3.5"),
            (
                "pkg:pypi/typing_extensions@4.1",
                "pypi typing_extensions 4.1",
            ),
            (
                "pkg:Maven/org.slf4j/slf4j-api@1.7?type=jar",
                "maven org.slf4j:slf4j-api 1.7",
            ),
            (
                "pkg:portage/app-shells/bash@5.1_p16",
                "ebuild app-shells/bash 5.1_p16",
            ),
            ("pkg:julia/Example@1.0", "julia Example 1.0"),
            ("pkg:oci/debian@sha256:abc", ""),
            ("pkg:npm/x", ""),
            ("pkg:npm/x@1%202", ""),
            ("pkg:npm/%0a@1", ""),
            ("pkg:npm/%zz%ff@1", ""),
            ("pkg:npm/@1", ""),
            ("pkg:npm", ""),
            ("npm/x@1", ""),
            ("", ""),
        ];
        for (purl, expected) in cases {
            let shown = Package::from_purl(purl).map(|package| {
                let mut text = format!("{} {} {}", package.kind, package.name, package.version);
                if let Some(source) = package.source {
                    text += &format!(" ({} {})", source.name, source.version);
                }
                text += &package
                    .architecture
                    .map_or(String::new(), |word| format!(" [{word}]"));
                text + &package
                    .module
                    .map_or(String::new(), |word| format!(" module {word}"))
            });
            assert_eq!(shown.unwrap_or_default(), expected, "{purl}");
        }
        let package = Package::from_purl_or("pkg:npm/x", "1").unwrap();
        assert_eq!(package.version, "1");
    }
}
