//! The ecosystem names of the OSV schema, "Defined Ecosystems", in the words of the model.

use model::distro;
use model::{PackageType, Stream};
use version::Scheme;

mod vendor;

/// Languages and their indexes.
const LANGUAGES: &[(&str, PackageType)] = &[
    ("Bitnami", PackageType::Bitnami),
    ("ConanCenter", PackageType::Conan),
    ("CRAN", PackageType::Cran),
    ("GitHub Actions", PackageType::Githubactions),
    ("Go", PackageType::Golang),
    ("Hackage", PackageType::Hackage),
    ("Hex", PackageType::Hex),
    ("Julia", PackageType::Julia),
    ("Maven", PackageType::Maven),
    ("NuGet", PackageType::Nuget),
    ("Packagist", PackageType::Composer),
    ("Pub", PackageType::Pub),
    ("PyPI", PackageType::Pypi),
    ("RubyGems", PackageType::Gem),
    ("SwiftURL", PackageType::Swift),
    ("crates.io", PackageType::Cargo),
    ("npm", PackageType::Npm),
];

/// Distributions: the schema's name, or one that publishers outside it use, and the `ID` of
/// os-release. A publisher of several distributions stands once for each, its main one first.
const DISTROS: &[(&str, &str)] = &[
    ("AlmaLinux", "almalinux"),
    ("Alpaquita", "alpaquita"),
    ("Alpine", "alpine"),
    ("Amazon Linux", "amzn"),
    ("Azure Linux", "azurelinux"),
    ("Azure Linux", "mariner"),
    (
        "BellSoft Hardened Containers",
        "bellsoft-hardened-containers",
    ),
    ("CBL-Mariner", "mariner"),
    ("CentOS", "centos"),
    ("Chainguard", "chainguard"),
    ("CleanStart", "cleanstart"),
    ("Debian", "debian"),
    ("Echo", "echo"),
    ("Fedora", "fedora"),
    ("Mageia", "mageia"),
    ("MinimOS", "minimos"),
    ("Oracle Linux", "ol"),
    ("Photon OS", "photon"),
    ("Red Hat", "rhel"),
    ("RedHat", "rhel"),
    ("Rocky Linux", "rocky"),
    ("SUSE", "sles"),
    ("SUSE", "sled"),
    ("SUSE", "sle-micro"),
    ("SUSE", "sl-micro"),
    ("Ubuntu", "ubuntu"),
    ("Wolfi", "wolfi"),
    ("openEuler", "openeuler"),
    ("openSUSE", "opensuse-leap"),
    ("openSUSE", "opensuse-tumbleweed"),
];

/// Distributions of rpms whose records name what is built from.
const BY_SOURCE: &[&str] = &[
    "azurelinux",
    "mageia",
    "mariner",
    "openeuler",
    "opensuse-leap",
    "opensuse-tumbleweed",
    "rocky",
    "sl-micro",
    "sle-micro",
    "sled",
    "sles",
];

/// Whether the names in a stream are those of sources, where others name what is built.
pub fn names_sources(written: &str) -> bool {
    let distro = written.split_once(':').map_or("", |(distro, _)| distro);
    BY_SOURCE.contains(&distro)
}

/// A space of package names as a record names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// How it is written: a stream, a package type, or a word of its own.
    pub written: String,
    /// The extra channel in which the fix lies, empty for the main one.
    pub channel: String,
    /// How its versions are ordered, as far as that is known.
    pub scheme: Scheme,
    /// Whether it is a stream or a package type, by which packages are looked up.
    pub known: bool,
}

impl Space {
    fn stream(id: &str, release: &str, channel: &str) -> Space {
        Space {
            written: Stream::new(id, release).to_string(),
            channel: channel.to_owned(),
            scheme: distro::row(id).map_or(Scheme::Opaque, |row| row.scheme),
            known: true,
        }
    }

    /// A space that nothing is looked up by yet: what is said of it is kept under the publisher's
    /// own word.
    fn other(name: &str) -> Option<Space> {
        let word = |part: &str| {
            let letters = part.trim().chars().take(64).map(|letter| match letter {
                'A'..='Z' => letter.to_ascii_lowercase(),
                'a'..='z' | '0'..='9' | '.' | '_' | '/' => letter,
                _ => '-',
            });
            letters.collect::<String>()
        };
        let parts: Vec<_> = name.split(':').take(8).map(word).collect();
        parts.iter().any(|part| !part.is_empty()).then(|| Space {
            written: parts.join(":"),
            channel: String::new(),
            scheme: Scheme::Opaque,
            known: false,
        })
    }
}

/// The space of an ecosystem's name; `None` where there is no name.
pub fn space(name: &str) -> Option<Space> {
    known(name).or_else(|| Space::other(name))
}

/// The space of a package. Root's packages have names of their own in the ecosystems that they
/// mend: there they are looked up.
pub fn space_of(name: &str, package: &str) -> Option<Space> {
    match name.split_once(':') {
        Some(("Root", base)) if package.contains("rootio") => space(base),
        _ => space(name),
    }
}

/// A stream or a package type.
fn known(name: &str) -> Option<Space> {
    let (base, rest) = name.split_once(':').unwrap_or((name, ""));
    let language = LANGUAGES
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(base));
    if let Some((_, kind)) = language {
        return Some(Space {
            written: kind.to_string(),
            channel: String::new(),
            scheme: kind.scheme(),
            known: true,
        });
    }
    let (_, id) = DISTROS
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(base))?;
    let lower = rest.to_ascii_lowercase();
    match *id {
        "ubuntu" => {
            let (release, channel) = vendor::ubuntu(rest)?;
            Some(Space::stream(id, &line(id, &release)?, &channel))
        }
        "rhel" => vendor::red_hat(&lower),
        "sles" => vendor::suse(&lower),
        "opensuse-leap" => vendor::open_suse(&lower),
        "azurelinux" => vendor::azure(&lower),
        // What is more than a release is a product of a repository's own.
        _ if lower.contains(':') => None,
        _ => {
            let bare = lower.strip_prefix('v').unwrap_or(&lower);
            Some(Space::stream(id, &line(id, bare)?, ""))
        }
    }
}

/// The release line: a code name becomes its number, `6.0` is `6` where that is a line, a
/// distribution without releases rolls.
fn line(id: &str, release: &str) -> Option<String> {
    let row = distro::row(id);
    let known = |release: &str| Some(row?.release(release)?.line.to_owned());
    let short = release.strip_suffix(".0").unwrap_or(release);
    if let Some(line) = known(release).or_else(|| known(short)) {
        return Some(line);
    }
    let rolls = row.is_none_or(|row| row.rule == distro::StreamRule::Rolling);
    match (release.is_empty(), rolls) {
        (true, true) => Some("rolling".to_owned()),
        (true, false) => None,
        (false, _) => Some(release.to_owned()),
    }
}

/// What a word in a directory's name claims: an ecosystem, or all streams of a publisher's
/// distributions.
pub fn claim(word: &str) -> Vec<String> {
    let same = |name: &str| {
        name.eq_ignore_ascii_case(word)
            || name.replace(' ', "-").eq_ignore_ascii_case(word)
            || name.replace(' ', "").eq_ignore_ascii_case(word)
    };
    if let Some((_, kind)) = LANGUAGES
        .iter()
        .find(|(name, kind)| same(name) || same(kind.as_str()))
    {
        return vec![kind.to_string()];
    }
    let distros = DISTROS.iter().filter(|(name, id)| same(name) || same(id));
    let mut all: Vec<_> = distros.map(|(_, id)| format!("{id}:*")).collect();
    if all.is_empty()
        && word
            .split_once(':')
            .is_some_and(|(_, rest)| !rest.is_empty())
    {
        let found = known(word).filter(|space| space.channel.is_empty());
        all.extend(found.map(|space| space.written));
    }
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_streams_and_types() {
        for (name, expected) in [
            ("Alpine:v3.18", "alpine:3.18 "),
            ("Alpine:edge", "alpine:edge "),
            ("Debian:10", "debian:10 "),
            ("Debian:buster", "debian:10 "),
            ("Debian:6.0", "debian:6 "),
            ("Debian:3.0", "debian:3.0 "),
            ("Ubuntu:22.04:LTS", "ubuntu:22.04 "),
            ("Ubuntu:25.10", "ubuntu:25.10 "),
            ("Ubuntu:Pro:14.04:LTS", "ubuntu:14.04 esm"),
            ("Ubuntu:Pro:FIPS:16.04:LTS", "ubuntu:16.04 fips"),
            ("Wolfi", "wolfi:rolling "),
            ("Chainguard", "chainguard:rolling "),
            ("Echo", "echo:rolling "),
            ("AlmaLinux:8", "almalinux:8 "),
            ("Rocky Linux:9", "rocky:9 "),
            ("Oracle Linux:7", "ol:7 "),
            ("Mageia:9", "mageia:9 "),
            ("Alpaquita:stream", "alpaquita:stream "),
            ("Photon OS:3.0", "photon:3.0 "),
            ("openEuler:20.03-LTS-SP1", "openeuler:20.03-lts-sp1 "),
            ("PyPI", "pypi "),
            ("Maven:https://repo.example", "maven "),
            ("crates.io", "cargo "),
            ("GitHub Actions", "githubactions "),
            ("bitnami", "bitnami "),
        ] {
            let space = space(name).unwrap();
            assert!(space.known, "{name}");
            assert_eq!(
                format!("{} {}", space.written, space.channel),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_not_known_has_a_word_of_its_own() {
        for (name, expected) in [
            ("OSS-Fuzz", "oss-fuzz"),
            ("GHC", "ghc"),
            ("opam", "opam"),
            ("Docker Hardened Images", "docker-hardened-images"),
            ("TuxCare:Spring", "tuxcare:spring"),
            ("Seal:Python", "seal:python"),
            ("Root:Alpine:3.18", "root:alpine:3.18"),
            ("Linux", "linux"),
            (
                "Amazon Linux:amazon_linux_2023::al2023_appstream",
                "amazon-linux:amazon_linux_2023::al2023_appstream",
            ),
            ("Alpine", "alpine"),
            ("Ubuntu", "ubuntu"),
            ("Debian", "debian"),
            ("Café:ü", "caf-:-"),
        ] {
            let space = space(name).unwrap();
            assert_eq!(
                (space.written.as_str(), space.known),
                (expected, false),
                "{name}"
            );
        }
        assert_eq!((space(""), space(":")), (None, None));
        assert!(space(&":x".repeat(10_000)).unwrap().written.len() < 100);
        let own = |package| space_of("Root:Alpine:3.18", package).unwrap().written;
        assert_eq!(
            (own("rootio-libuv"), own("libuv")),
            ("alpine:3.18".into(), "root:alpine:3.18".into())
        );
    }

    #[test]
    fn directories_claim_by_their_words() {
        for (word, expected) in [
            ("Debian", &["debian:*"][..]),
            ("Debian:10", &["debian:10"]),
            ("rocky-linux", &["rocky:*"]),
            ("suse", &["sl-micro:*", "sle-micro:*", "sled:*", "sles:*"]),
            ("sles", &["sles:*"]),
            ("opensuse", &["opensuse-leap:*", "opensuse-tumbleweed:*"]),
            ("crates.io", &["cargo"]),
            ("Go", &["golang"]),
            ("Ubuntu:Pro:14.04:LTS", &[]),
            ("Seal:Python", &[]),
            ("misc", &[]),
            ("", &[]),
        ] {
            assert_eq!(claim(word), expected, "{word}");
        }
    }
}
