//! Under what a package is looked up.

use model::{Ecosystem, Matchable};

use crate::matching::Subject;
use crate::name::normalised;

/// A package as the database names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The space in which the name is unique, as it is written: `debian:10`, `pypi`.
    pub ecosystem: String,
    /// The name that the ecosystem matches (the source's for Debian and Alpine), in the one form
    /// in which it takes names for the same.
    pub name: String,
}

impl Key {
    /// The key of a name, which is brought to the ecosystem's form.
    pub fn new(ecosystem: &Ecosystem, name: &str) -> Key {
        let ecosystem = ecosystem.to_string();
        let name = normalised(&ecosystem, name).into_owned();
        Key { ecosystem, name }
    }
}

/// The keys under which [`crate::assess`] looks a package up, the main one first; none where nobody
/// answers for it.
///
/// Nothing that is said under another key can reach the package's findings.
pub fn keys(matchable: &Matchable) -> Vec<Key> {
    let subject = Subject::of(matchable);
    let lookups = subject.iter().flat_map(Subject::lookups);
    let mut keys: Vec<Key> = Vec::new();
    for lookup in lookups {
        if !keys.contains(&lookup.key) {
            keys.push(lookup.key.clone());
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::tests::matchable;

    #[test]
    fn a_package_has_the_key_that_its_ecosystem_matches() {
        for (package, expected) in [
            ("debian:10 libssl1.1 1 openssl 1", "debian:10 openssl"),
            ("alpine:3.12 musl-utils 1 musl 1", "alpine:3.12 musl"),
            ("debian:10 zlib 1", "debian:10 zlib"),
            ("nosuch:1 Name 1 source 1", "nosuch:1 Name, nosuch:1 source"),
            ("pypi Zope.Interface 1", "pypi zope-interface"),
            ("nuget Newtonsoft.Json 1", "nuget newtonsoft.json"),
            ("npm JSONStream 1", "npm JSONStream"),
            (
                "rhel:9 openssl-libs 1 openssl 1",
                "rhel:9 openssl-libs, rhel:9 openssl",
            ),
            ("rhel:9 openssl 1 openssl 1", "rhel:9 openssl"),
        ] {
            let keys = keys(&matchable(package));
            let told = keys
                .iter()
                .map(|key| format!("{} {}", key.ecosystem, key.name));
            assert_eq!(told.collect::<Vec<_>>().join(", "), expected, "{package}");
        }
        let mut nobodys = matchable("debian:10 zlib 1");
        nobodys.stream = None;
        assert_eq!(keys(&nobodys), []);
    }
}
