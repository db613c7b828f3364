//! Packages, and the key under which they are matched.

use std::fmt;
use std::str::FromStr;

use packageurl::PackageUrl;
use serde::{Deserialize, Serialize};
use version::Scheme;

use crate::Distro;
use crate::distro::{self, Matched};
use crate::ecosystem::Stream;

mod purl;

macro_rules! package_types {
    ($($variant:ident $word:literal $doc:literal),* $(,)?) => {
        /// The type of a package, in the words of the package URL specification, `types/`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum PackageType {
            $(#[doc = $doc] $variant,)*
        }

        impl PackageType {
            /// Every type, in the order of the enumeration.
            pub const ALL: &'static [PackageType] = &[$(PackageType::$variant,)*];

            /// The word before the first slash of a package URL.
            pub fn as_str(self) -> &'static str {
                match self { $(PackageType::$variant => $word,)* }
            }
        }
    };
}

package_types! {
    Apk "apk" "Alpine, Wolfi, Chainguard.",
    Deb "deb" "Debian, Ubuntu and their kin.",
    Rpm "rpm" "Red Hat, SUSE, Amazon and their kin.",
    Alpm "alpm" "Arch Linux and its kin.",
    Ebuild "ebuild" "Gentoo, `category/name`.",
    Opkg "opkg" "OpenWrt and its kin.",
    Bitnami "bitnami" "Bitnami's own builds.",
    Brew "brew" "Homebrew's formulae.",
    Cargo "cargo" "Rust crates.",
    Cocoapods "cocoapods" "Objective-C and Swift pods.",
    Composer "composer" "PHP packages.",
    Conan "conan" "C and C++ packages.",
    Conda "conda" "Conda packages.",
    Cpan "cpan" "Perl distributions.",
    Cran "cran" "R packages.",
    Flatpak "flatpak" "Flatpak's applications and runtimes.",
    Gem "gem" "Ruby gems.",
    Generic "generic" "Programs without a package manager.",
    Githubactions "githubactions" "Workflow steps.",
    Golang "golang" "Go modules.",
    Hackage "hackage" "Haskell packages.",
    Hex "hex" "Erlang and Elixir packages.",
    Julia "julia" "Julia packages.",
    Luarocks "luarocks" "Lua rocks.",
    Maven "maven" "Java artifacts, `group:artifact`.",
    Nix "nix" "What lies in the Nix store.",
    Npm "npm" "Node packages.",
    Nuget "nuget" ".NET packages.",
    Opam "opam" "OCaml packages.",
    Otp "otp" "Erlang/OTP's own applications.",
    Pub "pub" "Dart packages.",
    Pypi "pypi" "Python distributions.",
    Snap "snap" "Canonical's snaps.",
    Swift "swift" "Swift packages.",
    Vcpkg "vcpkg" "C and C++ packages of vcpkg.",
}

impl PackageType {
    /// Whether its package URLs have the distribution for a namespace.
    fn is_of_distribution(self) -> bool {
        use PackageType::{Alpm, Apk, Deb, Opkg, Rpm};
        matches!(self, Alpm | Apk | Deb | Opkg | Rpm)
    }

    /// What stands between namespace and name in a full name; `None` where that has no namespace.
    fn separator(self) -> Option<char> {
        use PackageType::{Composer, Ebuild, Githubactions, Golang, Hex, Maven, Npm, Swift};
        match self {
            Maven => Some(':'),
            Composer | Ebuild | Githubactions | Golang | Hex | Npm | Swift => Some('/'),
            _ => None,
        }
    }
}

impl PackageType {
    /// How the versions of its packages are ordered, where a distribution does not say otherwise.
    pub fn scheme(self) -> Scheme {
        match self {
            PackageType::Apk => Scheme::Apk,
            PackageType::Deb => Scheme::Dpkg,
            PackageType::Rpm => Scheme::Rpm,
            PackageType::Alpm => Scheme::Pacman,
            PackageType::Ebuild => Scheme::Portage,
            PackageType::Opkg => Scheme::Opkg,
            PackageType::Bitnami => Scheme::Bitnami,
            PackageType::Brew => Scheme::Dotted,
            PackageType::Cargo => Scheme::Semver,
            PackageType::Cocoapods => Scheme::Gem,
            PackageType::Composer => Scheme::Composer,
            PackageType::Conan => Scheme::Conan,
            PackageType::Conda => Scheme::Conda,
            PackageType::Cpan => Scheme::Perl,
            PackageType::Cran => Scheme::Cran,
            PackageType::Flatpak => Scheme::Dotted,
            PackageType::Gem => Scheme::Gem,
            PackageType::Generic => Scheme::Dotted,
            PackageType::Githubactions => Scheme::Tag,
            PackageType::Golang => Scheme::Golang,
            PackageType::Hackage => Scheme::Hackage,
            PackageType::Hex => Scheme::Semver,
            PackageType::Julia => Scheme::Julia,
            PackageType::Luarocks => Scheme::Dotted,
            PackageType::Maven => Scheme::Maven,
            PackageType::Nix => Scheme::Dotted,
            PackageType::Npm => Scheme::Npm,
            PackageType::Nuget => Scheme::Nuget,
            PackageType::Opam => Scheme::Dpkg,
            PackageType::Otp => Scheme::Dotted,
            PackageType::Pub => Scheme::Pub,
            PackageType::Pypi => Scheme::Pep440,
            PackageType::Snap => Scheme::Dotted,
            PackageType::Swift => Scheme::Semver,
            PackageType::Vcpkg => Scheme::Dotted,
        }
    }
}

impl fmt::Display for PackageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no package type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no package type")]
pub struct UnknownPackageType(String);

impl FromStr for PackageType {
    type Err = UnknownPackageType;

    fn from_str(word: &str) -> Result<PackageType, UnknownPackageType> {
        let found = PackageType::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == word);
        found.ok_or_else(|| UnknownPackageType(word.chars().take(64).collect()))
    }
}

/// The source package that a binary package was built from (`origin` for apk).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// The source package's name.
    pub name: String,
    /// Its version, which can differ from the binary's.
    pub version: String,
}

/// One package of one version, wherever it lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Package {
    /// Its type.
    pub kind: PackageType,
    /// Its full name in its ecosystem: `@scope/name`, `group:artifact`, a module path.
    pub name: String,
    /// Its version, as its package manager writes it.
    pub version: String,
    /// What it was built from, where the package manager says.
    pub source: Option<Source>,
    /// Its architecture in the package manager's own word.
    pub architecture: Option<String>,
    /// What it is a part of, where one name means different packages by it: rpm's modularity
    /// label (`nodejs:12:8010020190612143724:cdc1202b`), Gentoo's slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Who built it, where the package manager says: rpm's vendor. A distribution's publisher
    /// answers for its own packages only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// `vendor:product` as NVD's dictionary of platforms (CPE 2.3) calls a program that no package
    /// manager put there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpe: Option<String>,
}

impl Package {
    /// A package of which no more is known.
    pub fn new(kind: PackageType, name: impl Into<String>, version: impl Into<String>) -> Package {
        Package {
            kind,
            name: name.into(),
            version: version.into(),
            source: None,
            architecture: None,
            module: None,
            vendor: None,
            cpe: None,
        }
    }

    /// How its versions are ordered, where a distribution does not say otherwise: by its type, and
    /// Java itself by its own rule.
    pub fn scheme(&self) -> Scheme {
        let product = self.cpe.as_deref().and_then(|cpe| cpe.split(':').nth(1));
        match (self.kind, product) {
            (PackageType::Generic, Some("jdk" | "jre" | "openjdk")) => Scheme::Jvm,
            (kind, _) => kind.scheme(),
        }
    }

    /// The name under which a distributor's advisory speaks of it: the source's, or its own.
    pub fn source_name(&self) -> &str {
        self.source
            .as_ref()
            .map_or(&self.name, |source| &source.name)
    }

    /// The version that a distributor's advisory speaks of: the source's, or its own.
    pub fn source_version(&self) -> &str {
        self.source
            .as_ref()
            .map_or(&self.version, |source| &source.version)
    }

    /// The package URL, with the distribution for packages of one.
    ///
    /// Follows the package URL specification; `None` where the name cannot stand in one.
    pub fn purl(&self, distro: Option<&Distro>) -> Option<String> {
        let (namespace, name) = self.purl_name();
        let mut purl = PackageUrl::new(self.kind.as_str().to_owned(), name).ok()?;
        let distro = distro.filter(|_| self.kind.is_of_distribution());
        if let Some(namespace) = namespace.or_else(|| distro.map(|distro| distro.id.clone())) {
            purl.with_namespace(namespace).ok()?;
        }
        let (epoch, version) = self.purl_version();
        if !version.is_empty() {
            purl.with_version(version.to_owned()).ok()?;
        }
        if let Some(epoch) = epoch {
            purl.add_qualifier("epoch", epoch.to_owned()).ok()?;
        }
        if let Some(architecture) = &self.architecture {
            purl.add_qualifier("arch", architecture.clone()).ok()?;
        }
        if let Some(distro) = distro {
            purl.add_qualifier("distro", distro.label()).ok()?;
        }
        Some(purl.to_string())
    }

    /// Epoch and version, where the type's definition has the epoch stand apart: `types/rpm`.
    fn purl_version(&self) -> (Option<&str>, &str) {
        let parts = self.version.split_once(':');
        match parts.filter(|_| self.kind == PackageType::Rpm) {
            Some((epoch, version)) => (Some(epoch), version),
            None => (None, &self.version),
        }
    }

    /// Namespace and name, where the full name holds both.
    fn purl_name(&self) -> (Option<String>, String) {
        let parts = self.kind.separator();
        match parts.and_then(|separator| self.name.rsplit_once(separator)) {
            Some((namespace, name)) => (Some(namespace.to_owned()), name.to_owned()),
            None => (None, self.name.clone()),
        }
    }
}

/// Whose file it is that a package was read from, told by evidence.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Ownership {
    /// No package database claims the file, or the package is itself a row of one.
    #[default]
    Own,
    /// An operating-system package owns the file and its bytes are those that it shipped.
    DistroUnchanged,
    /// An operating-system package owns the file, but the bytes are others.
    DistroChanged,
}

impl Ownership {
    /// The word as it is written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Ownership::Own => "own",
            Ownership::DistroUnchanged => "distro_unchanged",
            Ownership::DistroChanged => "distro_changed",
        }
    }
}

/// Everything that a match depends on, and nothing else: the one key of the findings' cache.
///
/// Two installed packages with the same key have the same findings under one database revision,
/// whatever image, layer or path they are in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Matchable {
    /// The distribution's stream, for a package that a distributor answers for.
    pub stream: Option<Stream>,
    /// Extra channels in use (`esm-infra`, `eus`, …), sorted.
    pub channels: Vec<String>,
    /// Type, name, version, source and architecture.
    pub package: Package,
    /// Whose file it is.
    pub ownership: Ownership,
}

impl Matchable {
    /// The name and the version that its publisher's advisories speak of, and so its findings'
    /// fixed versions: the source's where its distribution goes by sources, else its own.
    pub fn spoken_of(&self) -> (&str, &str) {
        let stream = self.stream.as_ref();
        let row = stream.and_then(|stream| distro::row(&stream.distro));
        let package = &self.package;
        match row.map(|row| row.matched) {
            Some(Matched::Source) => (package.source_name(), package.source_version()),
            Some(Matched::Binary) | None => (&package.name, &package.version),
        }
    }

    /// How the versions of its package are ordered: as its distribution does, or its type.
    pub fn scheme(&self) -> Scheme {
        let stream = self.stream.as_ref();
        let row = stream.and_then(|stream| distro::row(&stream.distro));
        row.map_or_else(|| self.package.scheme(), |row| row.scheme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls_are_those_of_the_specification() {
        let debian = Distro::new("debian", "10");
        let mut curl = Package::new(PackageType::Deb, "curl", "7.64.0-4+deb10u1");
        curl.architecture = Some("amd64".into());
        let vim = Package::new(PackageType::Rpm, "vim-minimal", "2:8.0.1763-10.el8");
        let rhel = Distro::new("rhel", "8.0");
        assert_eq!(
            vim.purl(Some(&rhel)).as_deref(),
            Some("pkg:rpm/rhel/vim-minimal@8.0.1763-10.el8?distro=rhel-8.0&epoch=2")
        );
        let cases = [
            (
                curl,
                "pkg:deb/debian/curl@7.64.0-4%2Bdeb10u1?arch=amd64&distro=debian-10",
            ),
            (
                Package::new(PackageType::Npm, "@babel/core", "7.0.0"),
                "pkg:npm/%40babel/core@7.0.0",
            ),
            (
                Package::new(PackageType::Maven, "org.slf4j:slf4j-api", "1.7"),
                "pkg:maven/org.slf4j/slf4j-api@1.7",
            ),
            (
                Package::new(PackageType::Golang, "golang.org/x/net", "v0.1.0"),
                "pkg:golang/golang.org/x/net@v0.1.0",
            ),
            (
                Package::new(PackageType::Pypi, "requests", "2.0"),
                "pkg:pypi/requests@2.0",
            ),
        ];
        for (package, expected) in cases {
            assert_eq!(package.purl(Some(&debian)).as_deref(), Some(expected));
        }
    }

    #[test]
    fn the_source_answers_for_the_binary() {
        let mut libssl = Package::new(PackageType::Deb, "libssl1.1", "1.1.1d-0+b1");
        assert_eq!(
            (libssl.source_name(), libssl.source_version()),
            ("libssl1.1", "1.1.1d-0+b1")
        );
        libssl.source = Some(Source {
            name: "openssl".into(),
            version: "1.1.1d-0".into(),
        });
        assert_eq!(
            (libssl.source_name(), libssl.source_version()),
            ("openssl", "1.1.1d-0")
        );
    }

    #[test]
    fn advisories_speak_of_what_the_distribution_goes_by() {
        let mut matchable = Matchable {
            stream: Some(Stream::new("debian", "12")),
            channels: Vec::new(),
            package: Package::new(PackageType::Deb, "libssl3", "3.0.9-1+b1"),
            ownership: Ownership::Own,
        };
        assert_eq!(matchable.spoken_of(), ("libssl3", "3.0.9-1+b1"));
        matchable.package.source = Some(Source {
            name: "openssl".into(),
            version: "3.0.9-1".into(),
        });
        assert_eq!(matchable.spoken_of(), ("openssl", "3.0.9-1"));
        for stream in [Some(Stream::new("rhel", "9")), None] {
            matchable.stream = stream;
            assert_eq!(matchable.spoken_of(), ("libssl3", "3.0.9-1+b1"));
        }
    }

    #[test]
    fn every_type_comes_back_by_its_word() {
        for kind in PackageType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
    }

    #[test]
    fn every_type_has_an_order_and_java_its_own() {
        for kind in PackageType::ALL {
            assert_ne!(kind.scheme(), Scheme::Opaque, "{kind}");
        }
        for row in distro::ALL {
            assert_eq!(row.scheme, row.kind.scheme(), "{}", row.id);
        }
        let mut java = Package::new(PackageType::Generic, "openjdk", "21.0.4+7-LTS");
        assert_eq!(java.scheme(), Scheme::Dotted);
        java.cpe = Some("oracle:openjdk".into());
        assert_eq!(java.scheme(), Scheme::Jvm);
        let mut matchable = Matchable {
            stream: None,
            channels: Vec::new(),
            package: Package::new(PackageType::Deb, "curl", "7.64.0-4"),
            ownership: Ownership::Own,
        };
        assert_eq!(matchable.scheme(), Scheme::Dpkg);
        matchable.stream = Some(Stream::new("alpine", "3.18"));
        assert_eq!(matchable.scheme(), Scheme::Apk);
    }
}
