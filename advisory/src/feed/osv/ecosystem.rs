//! The ecosystem names of the OSV schema, "Defined Ecosystems", in the words of the model.

use model::distro;
use model::{Ecosystem, PackageType, Stream};

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

/// Distributions: the schema's name and the `ID` of os-release.
const DISTROS: &[(&str, &str)] = &[
    ("AlmaLinux", "almalinux"),
    ("Alpaquita", "alpaquita"),
    ("Alpine", "alpine"),
    ("Azure Linux", "azurelinux"),
    (
        "BellSoft Hardened Containers",
        "bellsoft-hardened-containers",
    ),
    ("Chainguard", "chainguard"),
    ("CleanStart", "cleanstart"),
    ("Debian", "debian"),
    ("Echo", "echo"),
    ("Mageia", "mageia"),
    ("MinimOS", "minimos"),
    ("Photon OS", "photon"),
    ("Red Hat", "rhel"),
    ("Rocky Linux", "rocky"),
    ("SUSE", "suse"),
    ("Ubuntu", "ubuntu"),
    ("Wolfi", "wolfi"),
    ("openEuler", "openeuler"),
    ("openSUSE", "opensuse"),
];

/// An ecosystem, and the extra channel in which the fix lies, empty for the main one.
///
/// `None` for names that are none of the schema's, and for those that are no packages of an image
/// (`OSS-Fuzz`, `Linux`, `Android`): their records are kept, but nothing is looked up by them.
pub fn ecosystem(name: &str) -> Option<(Ecosystem, String)> {
    let (base, rest) = name.split_once(':').unwrap_or((name, ""));
    if let Some((_, kind)) = LANGUAGES
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(base))
    {
        return Some((Ecosystem::Language(*kind), String::new()));
    }
    let (_, id) = DISTROS
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(base))?;
    let (release, channel) = match *id {
        "ubuntu" => ubuntu(rest)?,
        "alpine" => (
            rest.strip_prefix('v').unwrap_or(rest).to_owned(),
            String::new(),
        ),
        _ => (rest.to_ascii_lowercase(), String::new()),
    };
    let release = line(id, release)?;
    Some((Ecosystem::Distro(Stream::new(*id, release)), channel))
}

/// The release line: a code name becomes its number, a distribution without releases rolls.
fn line(id: &str, release: String) -> Option<String> {
    let row = distro::row(id);
    if let Some(known) = row.and_then(|row| row.release(&release)) {
        return Some(known.line.to_owned());
    }
    let rolls = row.is_none_or(|row| row.rule == distro::StreamRule::Rolling);
    match (release.is_empty(), rolls) {
        (true, true) => Some("rolling".to_owned()),
        (true, false) => None,
        (false, _) => Some(release),
    }
}

/// `22.04:LTS`, `Pro:22.04:LTS`, `Pro:FIPS-updates:22.04:LTS`, `25.10`.
fn ubuntu(rest: &str) -> Option<(String, String)> {
    let is_line = |word: &&str| {
        word.len() == 5
            && word.bytes().filter(u8::is_ascii_digit).count() == 4
            && word.contains('.')
    };
    let release = rest.split(':').find(is_line)?;
    let words: Vec<_> = rest
        .split(':')
        .filter(|word| *word != release && !word.is_empty() && *word != "LTS")
        .map(str::to_ascii_lowercase)
        .collect();
    let channel = match words.as_slice() {
        [] => String::new(),
        [pro] if pro == "pro" => "esm".to_owned(),
        [.., last] => last.clone(),
    };
    Some((release.to_owned(), channel))
}

/// What a word in a directory's name claims: an ecosystem, or all streams of a distribution.
pub fn claim(word: &str) -> Option<String> {
    let same = |name: &str| {
        name.eq_ignore_ascii_case(word)
            || name.replace(' ', "-").eq_ignore_ascii_case(word)
            || name.replace(' ', "").eq_ignore_ascii_case(word)
    };
    if let Some((_, kind)) = LANGUAGES
        .iter()
        .find(|(name, kind)| same(name) || same(kind.as_str()))
    {
        return Some(kind.to_string());
    }
    if let Some((_, id)) = DISTROS.iter().find(|(name, id)| same(name) || same(id)) {
        return Some(format!("{id}:*"));
    }
    let (_, rest) = word.split_once(':')?;
    let (found, channel) = ecosystem(word)?;
    (!rest.is_empty() && channel.is_empty()).then(|| found.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_streams_and_types() {
        for (name, expected) in [
            ("Alpine:v3.18", "alpine:3.18 "),
            ("Alpine:edge", "alpine:edge "),
            ("Alpine", ""),
            ("Debian:10", "debian:10 "),
            ("Debian:buster", "debian:10 "),
            ("Debian", ""),
            ("Ubuntu:22.04:LTS", "ubuntu:22.04 "),
            ("Ubuntu:25.10", "ubuntu:25.10 "),
            ("Ubuntu:Pro:14.04:LTS", "ubuntu:14.04 esm"),
            ("Ubuntu:Pro:FIPS:16.04:LTS", "ubuntu:16.04 fips"),
            ("Ubuntu", ""),
            ("Wolfi", "wolfi:rolling "),
            ("Chainguard", "chainguard:rolling "),
            ("AlmaLinux:8", "almalinux:8 "),
            ("Rocky Linux:9", "rocky:9 "),
            ("PyPI", "pypi "),
            ("Maven:https://repo.example", "maven "),
            ("crates.io", "cargo "),
            ("GitHub Actions", "githubactions "),
            ("bitnami", "bitnami "),
            ("OSS-Fuzz", ""),
            ("Root:Alpine:3.18", ""),
            ("not a supported ecosystem", ""),
            ("", ""),
        ] {
            let shown = ecosystem(name).map(|(found, channel)| format!("{found} {channel}"));
            assert_eq!(shown.unwrap_or_default(), expected, "{name}");
        }
    }

    #[test]
    fn directories_claim_by_their_words() {
        for (word, expected) in [
            ("Debian", Some("debian:*")),
            ("Debian:10", Some("debian:10")),
            ("rocky-linux", Some("rocky:*")),
            ("crates.io", Some("cargo")),
            ("Go", Some("golang")),
            ("misc", None),
            ("", None),
        ] {
            assert_eq!(claim(word).as_deref(), expected, "{word}");
        }
    }
}
