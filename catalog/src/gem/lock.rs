//! What Bundler is locked to: `Gemfile.lock`, sections of sources with their gems four blanks deep.

use image::Limits;
use model::{Package, PackageType, Problem};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::{is_word, lines};

/// The lock file of Bundler.
pub const GEMFILE_LOCK: Cataloger = Cataloger {
    name: "gemfile-lock",
    reads: "Ruby gems that a project is locked to",
    paths: &[Pattern::Name("Gemfile.lock"), Pattern::Name("gems.locked")],
    role: Role::Locked,
    parse,
    ..PLAIN
};

fn parse(_: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let mut is_source = false;
    for (_, line) in lines(bytes) {
        let line = std::str::from_utf8(line).unwrap_or_default();
        if !line.starts_with(' ') {
            is_source = matches!(line, "GEM" | "GIT" | "PLUGIN SOURCE");
            continue;
        }
        let entry = line
            .strip_prefix("    ")
            .filter(|entry| is_source && !entry.starts_with(' '));
        let Some((name, version)) = entry.and_then(|entry| entry.split_once(" (")) else {
            continue;
        };
        let version = version.trim_end_matches(')');
        // A platform follows the version: `1.15.0-x86_64-linux`.
        let version = version.split('-').next().unwrap_or(version);
        let package = Package::new(PackageType::Gem, name, version).into();
        if is_word(name) && is_word(version) && !found.packages.contains(&package) {
            found.packages.push(package);
        }
    }
    (found, Vec::new())
}
