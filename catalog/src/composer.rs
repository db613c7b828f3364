//! PHP packages: what Composer installed (`vendor/composer/installed.json`, a list before Composer
//! 2 and an object since) and what a project is locked to (`composer.lock`).

use image::Limits;
use model::{Package, PackageType, Problem, ProblemKind};
use serde::Deserialize;
use serde_json::Value;

use crate::cataloger::{Cataloger, Found, FoundPackage, PLAIN, Pattern, Role};
use crate::entries::{self, TOP, Text, licence};
use crate::text::is_word;

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
struct Entry<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(default)]
    license: Value,
}

/// Where the list is: the document before Composer 2, and since.
const PLACES: &[&str] = &[TOP, "packages", "packages-dev"];

fn parse(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let read = entries::of_json(bytes, PLACES, |_, _, entry: Entry<'_>| {
        let name = entry.name.as_str().filter(|name| is_word(name));
        let version = entry.version.as_str().filter(|version| is_word(version));
        if let (Some(name), Some(version)) = (name, version) {
            found.packages.push(FoundPackage {
                licence: licence(&[&entry.license]),
                ..Package::new(PackageType::Composer, name, version).into()
            });
        }
    });
    let problem = |detail| Problem::new(ProblemKind::Malformed, path, detail);
    (found, read.err().map(problem).into_iter().collect())
}
