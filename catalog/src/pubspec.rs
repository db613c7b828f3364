//! Dart packages that a project is locked to: `pubspec.lock`, dart.dev "pubspec.lock".

use image::Limits;
use model::{Package, PackageType, Problem, ProblemKind};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::entries::{self, Text};
use crate::text::is_word;

/// The lock file of pub.
pub const PUB_LOCK: Cataloger = Cataloger {
    name: "pub-lock",
    reads: "Dart packages that a project is locked to",
    paths: &[Pattern::Name("pubspec.lock")],
    role: Role::Locked,
    parse,
    ..PLAIN
};

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    source: Text<'a>,
}

fn parse(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let read = entries::of_yaml(bytes, &["packages"], |_, name, entry: Entry<'_>| {
        // What comes with Dart or Flutter has no version of its own; what lies beside the project
        // is no package.
        let is_own = matches!(entry.source.as_str(), Some("sdk" | "path"));
        let version = entry.version.as_str().filter(|version| is_word(version));
        if let (Some(version), false) = (version, is_own || !is_word(name)) {
            let package = Package::new(PackageType::Pub, name, version);
            found.packages.push(package.into());
        }
    });
    let problem = |detail| Problem::new(ProblemKind::Malformed, path, detail);
    (found, read.err().map(problem).into_iter().collect())
}
