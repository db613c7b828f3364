//! Which directories hold OSV records, which of their files are read, and what they answer for.

use super::ecosystem::claim;

/// A source of one publisher, whose other files are another form of the same or none of records.
struct Publisher {
    /// How the directory's name begins.
    name: &'static str,
    /// How the names of its records' files begin and end.
    files: (&'static str, &'static str),
    /// What it answers for.
    claim: &'static str,
}

const fn publisher(
    name: &'static str,
    files: (&'static str, &'static str),
    claim: &'static str,
) -> Publisher {
    Publisher { name, files, claim }
}

const PUBLISHERS: &[Publisher] = &[
    publisher("bitnami-vulndb", ("BIT-", ".json"), "bitnami"),
    publisher("govulndb", ("GO-", ".json"), "golang"),
    publisher("pypa-advisory-database", ("PYSEC-", ".yaml"), "pypi"),
];

/// The ecosystems that GitHub's reviewed advisories answer for.
const REVIEWED: &[&str] = &[
    "cargo",
    "composer",
    "gem",
    "githubactions",
    "golang",
    "hex",
    "maven",
    "npm",
    "nuget",
    "pub",
    "pypi",
    "swift",
];

fn publisher_of(source: &str) -> Option<&'static Publisher> {
    PUBLISHERS.iter().find(|one| source.starts_with(one.name))
}

/// `osv`, `osv-…`, `…-osv`, `ghsa…` and the publishers by name.
pub fn recognises(source: &str) -> bool {
    publisher_of(source).is_some()
        || source == "osv"
        || source.starts_with("osv-")
        || (source.ends_with("-osv") && !source.starts_with("rustsec"))
        || source.starts_with("ghsa")
}

/// Whether a file's name begins and ends so.
pub fn is_called(name: &str, start: &str, end: &str) -> bool {
    name.starts_with(start) && name.ends_with(end)
}

/// JSON and YAML; of a publisher with several forms only the files that are called as its records.
pub fn wants(source: &str, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    match publisher_of(source) {
        Some(Publisher {
            files: (start, end),
            ..
        }) => is_called(name, start, end),
        None => {
            let is_record = [".json", ".yaml", ".yml"]
                .iter()
                .any(|end| name.ends_with(end));
            is_record && !name.starts_with('.')
        }
    }
}

/// A source answers for an ecosystem only where a name says so: its own, its archive's or a
/// folder's (`osv-alpine`, `osv/Debian/all.zip`). A collection without such a name answers for
/// nothing, whatever is in it.
pub fn claims(source: &str, archive: Option<&str>, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(publisher) = publisher_of(source) {
        found.push(publisher.claim.to_owned());
    }
    let bare = source.strip_prefix("osv-").unwrap_or(source);
    let bare = bare.strip_suffix("-osv").unwrap_or(bare);
    found.extend(claim(bare));
    found.extend(source.split('-').flat_map(claim));
    let folders = path.split('/').rev().skip(1);
    let archive = archive.unwrap_or_default().split('/');
    for folder in folders.chain(archive) {
        let stem = folder.strip_suffix(".zip").unwrap_or(folder);
        found.extend(claim(stem));
        if folder == "github-reviewed" {
            found.extend(REVIEWED.iter().map(|word| (*word).to_owned()));
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_must_say_what_is_claimed() {
        for (source, archive, path, expected) in [
            ("osv-misc", None, "osv-misc/GO-2021-0064.json", vec![]),
            ("ghsa-osv-subset", None, "GHSA-27p5-7cw6-m45h.json", vec![]),
            ("osv-alpine", None, "a.json", vec!["alpine:*"]),
            ("almalinux-osv", None, "", vec!["almalinux:*"]),
            ("rocky-linux-osv", None, "", vec!["rocky:*"]),
            (
                "osv",
                Some("Debian/all.zip"),
                "DSA-1.json",
                vec!["debian:*"],
            ),
            ("osv", Some("npm.zip"), "GHSA.json", vec!["npm"]),
            ("osv", None, "Alpine:v3.18/x.json", vec!["alpine:3.18"]),
            ("osv", None, "Debian", vec![]),
            (
                "govulndb",
                None,
                "data/osv/GO-2021-0064.json",
                vec!["golang"],
            ),
            ("pypa-advisory-database", None, "", vec!["pypi"]),
            ("bitnami-vulndb", None, "", vec!["bitnami"]),
        ] {
            assert_eq!(claims(source, archive, path), expected, "{source} {path}");
        }
        let reviewed = claims("ghsa", None, "advisories/github-reviewed/2024/01/G.json");
        assert_eq!(reviewed.len(), REVIEWED.len());
    }

    #[test]
    fn publishers_other_forms_are_left_aside() {
        for (source, path, expected) in [
            ("govulndb", "data/osv/GO-2021-0064.json", true),
            ("govulndb", "data/reports/GO-2021-0064.yaml", false),
            ("govulndb", "index/db.json", false),
            ("bitnami-vulndb", "config/components/drupal.json", false),
            ("bitnami-vulndb", "data/drupal/BIT-drupal-2021-1.json", true),
            (
                "pypa-advisory-database",
                "vulns/unoconv/PYSEC-2019-213.yaml",
                true,
            ),
            ("osv-misc", "INDEX.tsv", false),
            ("osv-misc", "a/.hidden.json", false),
        ] {
            assert_eq!(wants(source, path), expected, "{source} {path}");
        }
    }
}
