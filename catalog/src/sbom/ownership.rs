//! Whose files packages are, where a bill says that one package's files are another's.

use std::collections::HashMap;

use model::evr::upstream;
use model::{Ownership, Package};

use super::bill::{Facts, Rest};
use super::component::is_of_distribution;
use crate::cataloger::FoundPackage;
use crate::ownership::is_digest;
use crate::report::FileDigests;

/// The ownership of each package, in the bill's order.
pub fn of(packages: &[FoundPackage], rest: &Rest) -> Vec<Ownership> {
    let mut ownership = vec![Ownership::Own; packages.len()];
    if rest.overlaps.is_empty() {
        return ownership;
    }
    let ids = rest.facts.iter().enumerate();
    let by_id: HashMap<&str, usize> = ids.map(|(at, facts)| (facts.id.as_str(), at)).collect();
    for (parent, child) in &rest.overlaps {
        let ends = by_id.get(parent.as_str()).zip(by_id.get(child.as_str()));
        let Some((parent, child)) = ends else {
            continue;
        };
        let both = packages.get(*parent).zip(packages.get(*child));
        let facts = rest.facts.get(*parent).zip(rest.facts.get(*child));
        let (Some((owner, owned)), Some((of_owner, of_owned))) = (both, facts) else {
            continue;
        };
        let (owner, owned) = (&owner.package, &owned.package);
        if !is_of_distribution(owner.kind) || is_of_distribution(owned.kind) {
            continue;
        }
        let is_same = is_unchanged(rest, of_owner, of_owned)
            .unwrap_or_else(|| is_of_same_version(owner, owned, of_owned));
        if let Some(known) = ownership.get_mut(*child) {
            *known = match is_same {
                true => Ownership::DistroUnchanged,
                false if *known == Ownership::Own => Ownership::DistroChanged,
                false => *known,
            };
        }
    }
    ownership
}

/// Whether the file that tells of a package is as its owner brought it, by digests; `None` where
/// they are not told, or of different kinds.
fn is_unchanged(rest: &Rest, owner: &Facts, owned: &Facts) -> Option<bool> {
    let paths = owned
        .places
        .iter()
        .map(|place| place.path.trim_start_matches('/'));
    paths.into_iter().find_map(|path| {
        let claim = rest.claims.get(&(owner.id.clone(), path.to_owned()))?;
        let mut digests = FileDigests::default();
        for digest in rest.digests.get(path)? {
            match digest.split_once(':') {
                Some(("md5", value)) => value.clone_into(&mut digests.md5),
                Some(("sha1", value)) => value.clone_into(&mut digests.sha1),
                Some(("sha256", value)) => value.clone_into(&mut digests.sha256),
                _ => {}
            }
        }
        let known = match claim {
            claim if claim.starts_with("md5:") => &digests.md5,
            claim if claim.starts_with("sha1:") || claim.starts_with("Q1") => &digests.sha1,
            claim if claim.starts_with("sha256:") || claim.starts_with("Q2") => &digests.sha256,
            _ => return None,
        };
        (!known.is_empty()).then(|| is_digest(claim, &digests))
    })
}

/// Whether the owner brought this very version: it is the owner's own, or its file's path has it.
fn is_of_same_version(owner: &Package, owned: &Package, facts: &Facts) -> bool {
    let mut paths = facts.places.iter().map(|place| place.path.as_str());
    names(upstream(&owner.version), &owned.version) || paths.any(|path| names(path, &owned.version))
}

/// Whether a text has a version in it, with no more digits or letters around it.
fn names(text: &str, version: &str) -> bool {
    let is_part = |char: char| char.is_ascii_alphanumeric();
    !version.is_empty()
        && text.match_indices(version).any(|(at, _)| {
            let before = text.get(..at).and_then(|text| text.chars().next_back());
            let after = text.get(at + version.len()..).unwrap_or_default();
            let mut after = after.chars();
            let goes_on = match after.next() {
                Some('.') => after.next().is_some_and(|char| char.is_ascii_digit()),
                Some(char) => is_part(char),
                None => false,
            };
            !before.is_some_and(|char| is_part(char) || char == '.') && !goes_on
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_whole() {
        for (text, version, expected) in [
            (
                "/usr/lib/python3/dist-packages/MarkupSafe-2.0.1.egg-info/PKG-INFO",
                "2.0.1",
                true,
            ),
            (
                "/usr/share/gems/specifications/json-2.0.10.gemspec",
                "2.0.1",
                false,
            ),
            ("json-2.0.1.1.gemspec", "2.0.1", false),
            ("json-12.0.1.gemspec", "2.0.1", false),
            ("3.2.0.1", "2.0.1", false),
            ("2.0.1+dfsg", "2.0.1", true),
            ("2.0.1", "2.0.1", true),
            ("2.0.1", "", false),
        ] {
            assert_eq!(names(text, version), expected, "{text} {version}");
        }
    }
}
