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

/// The key under which [`crate::assess`] looks a package up; `None` where nobody answers for it.
///
/// Nothing that is said under another key can reach the package's findings.
pub fn key(matchable: &Matchable) -> Option<Key> {
    Subject::of(matchable).map(|subject| subject.key)
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
            ("nosuch:1 Name 1 source 1", "nosuch:1 Name"),
            ("pypi Zope.Interface 1", "pypi zope-interface"),
            ("nuget Newtonsoft.Json 1", "nuget newtonsoft.json"),
            ("npm JSONStream 1", "npm JSONStream"),
        ] {
            let key = key(&matchable(package)).unwrap();
            let told = format!("{} {}", key.ecosystem, key.name);
            assert_eq!(told, expected, "{package}");
        }
        let mut nobodys = matchable("debian:10 zlib 1");
        nobodys.stream = None;
        assert_eq!(key(&nobodys), None);
    }
}
