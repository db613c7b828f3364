//! PHP packages: what Composer installed (`vendor/composer/installed.json`, a list before Composer
//! 2 and an object since) and what a project is locked to (`composer.lock`).

use image::Limits;
use model::{Package, PackageType, Problem};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, FoundPackage, PLAIN, Pattern, Role};
use crate::text::{is_word, unreadable};

/// Packages that Composer put in place.
pub const INSTALLED: Cataloger = Cataloger {
    name: "composer",
    reads: "PHP packages that Composer installed",
    paths: &[Pattern::Beside {
        directory: "composer",
        name: "installed.json",
    }],
    role: Role::Installed,
    parse,
    ..PLAIN
};

/// Packages that a project is locked to.
pub const LOCK: Cataloger = Cataloger {
    name: "composer-lock",
    reads: "PHP packages that a project is locked to",
    paths: &[Pattern::Name("composer.lock")],
    role: Role::Locked,
    parse,
    ..PLAIN
};

#[derive(Deserialize)]
#[serde(untagged)]
enum Document {
    List(Vec<Entry>),
    Object {
        packages: Vec<Entry>,
        #[serde(rename = "packages-dev", default)]
        development: Option<Vec<Entry>>,
    },
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    license: Vec<String>,
}

fn parse(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let entries = match serde_json::from_slice(bytes) {
        Ok(Document::List(list)) => list,
        Ok(Document::Object {
            mut packages,
            development,
        }) => {
            packages.extend(development.into_iter().flatten());
            packages
        }
        Err(error) => return unreadable(path, error),
    };
    let entries = entries
        .into_iter()
        .filter(|entry| is_word(&entry.name) && is_word(&entry.version));
    found.packages.extend(entries.map(|entry| FoundPackage {
        licence: entry.license.join(" OR "),
        ..Package::new(PackageType::Composer, entry.name, entry.version).into()
    }));
    (found, Vec::new())
}
