//! What npm is locked to: `package-lock.json`, `npm-shrinkwrap.json` and the list that npm keeps in
//! `node_modules` (docs.npmjs.com "package-lock.json", versions 1 to 3).

use std::collections::BTreeMap;

use image::Limits;
use model::{Package, PackageType, Problem};
use serde::Deserialize;

use super::{is_name, is_version};
use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::unreadable;

/// The lock files of npm.
pub const NPM_LOCK: Cataloger = Cataloger {
    name: "npm-lock",
    reads: "Node packages that a project is locked to by npm",
    paths: &[
        Pattern::Name("package-lock.json"),
        Pattern::Name("npm-shrinkwrap.json"),
        Pattern::Name(".package-lock.json"),
    ],
    role: Role::Locked,
    parse,
    ..PLAIN
};

#[derive(Deserialize)]
struct Lock {
    /// Since version 2: by place.
    #[serde(default)]
    packages: BTreeMap<String, Entry>,
    /// Before version 3: by name, in each other.
    #[serde(default)]
    dependencies: BTreeMap<String, Dependency>,
}

#[derive(Deserialize)]
struct Entry {
    name: Option<String>,
    #[serde(default)]
    version: String,
    #[serde(default)]
    link: bool,
}

#[derive(Deserialize)]
struct Dependency {
    #[serde(default)]
    version: String,
    #[serde(default)]
    dependencies: BTreeMap<String, Dependency>,
}

fn parse(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let lock: Lock = match serde_json::from_slice(bytes) {
        Ok(lock) => lock,
        Err(error) => return unreadable(path, error),
    };
    // The project itself stands under the empty place.
    let is_other = |(place, entry): &(&String, &Entry)| !place.is_empty() && !entry.link;
    for (place, entry) in lock.packages.iter().filter(is_other) {
        let in_place = place.rsplit_once("node_modules/").map(|(_, name)| name);
        if let Some(name) = entry.name.as_deref().or(in_place) {
            add(&mut found, name, &entry.version);
        }
    }
    if lock.packages.is_empty() {
        let mut waiting: Vec<_> = lock.dependencies.iter().collect();
        waiting.reverse();
        while let Some((name, dependency)) = waiting.pop() {
            // `npm:name@version` stands for another name.
            let aliased = dependency
                .version
                .strip_prefix("npm:")
                .and_then(|text| text.rsplit_once('@'));
            let (name, version) = aliased.unwrap_or((name, &dependency.version));
            add(&mut found, name, version);
            waiting.extend(dependency.dependencies.iter().rev());
        }
    }
    (found, Vec::new())
}

fn add(found: &mut Found, name: &str, version: &str) {
    if is_name(name) && is_version(version) {
        let package = Package::new(PackageType::Npm, name, version);
        found.packages.push(package.into());
    }
}
