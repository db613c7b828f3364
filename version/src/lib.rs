//! Orders two version strings of one scheme, or says that it cannot.
//!
//! A scheme is one ecosystem's own rule, not a common denominator: `1.0_rc1` is below `1.0` for
//! Alpine and not a version at all for Debian. The rules stand in one file each, with a table of
//! `a < b` lines beside them in `tests/data`.

use std::cmp::Ordering;
use std::fmt;

pub mod apk;
pub mod bitnami;
pub mod composer;
pub mod conan;
pub mod conda;
pub mod cran;
pub mod dotted;
pub mod dpkg;
pub mod gem;
pub mod golang;
pub mod hackage;
pub mod julia;
pub mod jvm;
pub mod maven;
pub mod npm;
pub mod nuget;
pub mod opkg;
pub mod pacman;
pub mod pep440;
pub mod perl;
pub mod portage;
pub mod pub_semver;
pub mod rpm;
pub mod semver;
pub mod tag;

/// The longest version string that is looked at, in bytes. Real ones stay under 200.
pub const MAX_LENGTH: usize = 4096;

macro_rules! schemes {
    ($($variant:ident $word:literal $module:ident $doc:literal),* $(,)?) => {
        /// A rule that orders version strings.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Scheme {
            $(#[doc = $doc] $variant,)*
            /// A scheme whose order is not known here: equal strings are equal, all else is
            /// undecided.
            Opaque,
        }

        impl Scheme {
            /// Every scheme, for tests and tables.
            pub const ALL: &'static [Scheme] = &[$(Scheme::$variant,)* Scheme::Opaque];

            /// The scheme's name as it is written in a database and in documents.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Scheme::$variant => $word,)*
                    Scheme::Opaque => "opaque",
                }
            }

            fn order(self, a: &str, b: &str) -> Result<Ordering, Undecided> {
                match self {
                    $(Scheme::$variant => $module::compare(a, b),)*
                    Scheme::Opaque if a == b && !a.is_empty() => Ok(Ordering::Equal),
                    Scheme::Opaque => {
                        let reason = "the order of this ecosystem's versions is not known";
                        Err(Undecided::new(self, a, reason))
                    }
                }
            }
        }
    };
}

schemes! {
    Apk "apk" apk "Alpine's apk-tools.",
    Dpkg "dpkg" dpkg "Debian's dpkg, as in deb-version(7).",
    Opkg "opkg" opkg "opkg of OpenWrt and others.",
    Pacman "pacman" pacman "Arch's pacman.",
    Portage "portage" portage "Gentoo's Package Manager Specification.",
    Rpm "rpm" rpm "rpm: `epoch:version-release`.",
    Bitnami "bitnami" bitnami "Bitnami: semantic versions with a revision.",
    Composer "composer" composer "PHP's composer/semver.",
    Conan "conan" conan "Conan's packages of C and C++.",
    Conda "conda" conda "Conda's `VersionOrder`.",
    Cran "cran" cran "R's `package_version`.",
    Dotted "dotted" dotted "Programs without a package manager.",
    Gem "gem" gem "RubyGems' `Gem::Version`.",
    Golang "golang" golang "Go's modules, and Go itself.",
    Hackage "hackage" hackage "Haskell's `Version`.",
    Julia "julia" julia "Julia's `VersionNumber`.",
    Jvm "jvm" jvm "Java itself.",
    Maven "maven" maven "Maven's `ComparableVersion`.",
    Npm "npm" npm "npm's node-semver, loose.",
    Nuget "nuget" nuget ".NET's `NuGet.Versioning`.",
    Pep440 "pep440" pep440 "Python's PEP 440.",
    Perl "perl" perl "Perl's `version->parse`.",
    Pub "pub" pub_semver "Dart's `pub_semver`.",
    Semver "semver" semver "Semantic Versioning 2.0.0: Rust, Swift, Elixir.",
    Tag "tag" tag "Tags of releases, of which short ones name a line.",
}

impl Scheme {
    /// The scheme of that name.
    pub fn from_name(name: &str) -> Option<Scheme> {
        Scheme::ALL
            .iter()
            .copied()
            .find(|scheme| scheme.as_str() == name)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Two versions whose order cannot be told, with the one that is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// The scheme that was asked.
    pub scheme: Scheme,
    /// The string that the scheme does not read.
    pub version: String,
    /// What is wrong with it, in words.
    pub reason: &'static str,
}

impl Undecided {
    fn new(scheme: Scheme, version: &str, reason: Reason) -> Undecided {
        Undecided {
            scheme,
            version: version.to_owned(),
            reason,
        }
    }
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "'{}' is not ordered by {}: {}",
            self.version, self.scheme, self.reason
        )
    }
}

impl std::error::Error for Undecided {}

/// Orders `a` against `b` by the scheme's own rule.
///
/// # Errors
///
/// [`Undecided`] where one of them is no version of the scheme. It is never taken for "not
/// affected": the caller reports it as a gap.
pub fn compare(scheme: Scheme, a: &str, b: &str) -> Result<Ordering, Undecided> {
    if let Some(long) = [a, b]
        .into_iter()
        .find(|version| version.len() > MAX_LENGTH)
    {
        let shown: String = long.chars().take(64).collect();
        return Err(Undecided::new(scheme, &shown, "longer than 4096 bytes"));
    }
    scheme.order(a, b)
}

/// Whether a version is at most the last one of a range, as a requirement `<= last` has it: where
/// `last` leaves out what is particular to one build, that of `version` does not count either.
///
/// This is so of PEP 440's local versions (`2.0.0+cu118` is within `<= 2.0.0`), of rpm's and
/// pacman's releases and of Bitnami's revisions.
///
/// # Errors
///
/// [`Undecided`] where one of them is no version of the scheme.
pub fn is_at_most(scheme: Scheme, version: &str, last: &str) -> Result<bool, Undecided> {
    let sign = match scheme {
        Scheme::Pep440 => '+',
        Scheme::Rpm | Scheme::Pacman | Scheme::Bitnami => '-',
        _ => return compare(scheme, version, last).map(Ordering::is_le),
    };
    let bare = match (last.contains(sign), scheme) {
        (true, _) => version,
        (false, Scheme::Pep440 | Scheme::Bitnami) => version.split(sign).next().unwrap_or(version),
        (false, _) => version.rsplit_once(sign).map_or(version, |(bare, _)| bare),
    };
    compare(scheme, bare, last).map(Ordering::is_le)
}

/// What is wrong with a string that is no version.
type Reason = &'static str;

/// Both versions as a scheme reads them.
fn read_both<'a, T>(
    scheme: Scheme,
    a: &'a str,
    b: &'a str,
    read: impl Fn(&'a str) -> Result<T, Reason>,
) -> Result<(T, T), Undecided> {
    let read = |text| read(text).map_err(|reason| Undecided::new(scheme, text, reason));
    Ok((read(a)?, read(b)?))
}

/// The bytes in front that belong together, and the rest.
fn split_run(bytes: &[u8], belongs: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| !belongs(byte));
    let end = end.unwrap_or(bytes.len());
    bytes.split_at_checked(end).unwrap_or((bytes, &[]))
}

/// Whether it is digits and nothing else.
fn is_number(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}

fn compare_ignoring_case(a: &[u8], b: &[u8]) -> Ordering {
    let lower = |byte: &u8| byte.to_ascii_lowercase();
    a.iter().map(lower).cmp(b.iter().map(lower))
}

/// Orders two runs of ASCII digits by their value, however long they are; an empty run is 0.
fn compare_digits(a: &[u8], b: &[u8]) -> Ordering {
    let zeros = |digits: &[u8]| digits.iter().take_while(|byte| **byte == b'0').count();
    let (zeros_a, zeros_b) = (zeros(a), zeros(b));
    (a.len() - zeros_a)
        .cmp(&(b.len() - zeros_b))
        .then_with(|| a.iter().skip(zeros_a).cmp(b.iter().skip(zeros_b)))
}
