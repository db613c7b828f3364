//! What a bill of materials in an image adds to what was found there.

use std::collections::HashSet;

use model::{Installed, PackageType};

/// Adds the packages of bills that no other file names: a package database, or the package's own
/// files, say more of it than its maker's list does, and nothing is to be found twice.
pub fn merge(packages: &mut Vec<Installed>, mut billed: Vec<Installed>) {
    if billed.is_empty() {
        return;
    }
    let known: HashSet<(PackageType, String, String)> = packages.iter().map(key).collect();
    billed.retain(|one| !known.contains(&key(one)));
    // Of several bills that name one package the first, by path, is taken.
    let mut seen = HashSet::new();
    billed.retain(|one| seen.insert(key(one)));
    packages.extend(billed);
}

/// What makes two packages the same. Names that differ in case or in how they are joined are
/// written in either way by those who make such lists.
fn key(installed: &Installed) -> (PackageType, String, String) {
    let package = &installed.package;
    let name = package.name.to_lowercase().replace(['_', '.'], "-");
    (package.kind, name, package.version.clone())
}
