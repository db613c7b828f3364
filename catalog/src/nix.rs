//! What lies in the Nix store: a directory each, whose name holds a hash, a name and a version.
//! Nix manual, "Store path"; where the version begins: `builtins.parseDrvName`.

use image::{Limits, path};
use model::{Package, PackageType, Problem};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::word;

/// The directories of the store.
pub const STORE: Cataloger = Cataloger {
    name: "nix-store",
    reads: "what lies in the Nix store, by its directories' names",
    paths: &[Pattern::Directory("nix/store")],
    role: Role::Installed,
    parse,
    ..PLAIN
};

/// Characters of a hash.
const HASH: usize = 32;

/// Outputs that a build may have beside the main one; their names end so.
const OUTPUTS: &[&str] = &[
    "bin", "debug", "dev", "devdoc", "dist", "doc", "info", "lib", "libgcc", "man", "out", "py",
    "static",
];

fn parse(path: &str, _: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    // Many are no packages: sources, environments, what one build hands to another.
    if let Some((name, version)) = name_and_version(path::split(path).1) {
        found
            .packages
            .push(Package::new(PackageType::Nix, name, version).into());
    }
    (found, Vec::new())
}

/// The version begins at the first dash that no letter follows.
fn name_and_version(directory: &str) -> Option<(String, String)> {
    let (hash, rest) = directory.split_at_checked(HASH)?;
    let is_hash = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    let full = rest
        .strip_prefix('-')
        .filter(|_| hash.bytes().all(is_hash))?;
    if full.ends_with(".drv") {
        return None;
    }
    let starts = |(at, _): &(usize, &str)| {
        let next = full.get(at + 1..).and_then(|rest| rest.chars().next());
        next.is_some_and(|next| next.is_ascii_digit())
    };
    let (at, _) = full.match_indices('-').find(starts)?;
    let (name, version) = full.split_at_checked(at)?;
    let version = version.strip_prefix('-')?;
    let version = match version.rsplit_once('-') {
        Some((version, output)) if OUTPUTS.contains(&output) => version,
        _ => version,
    };
    Some((word(name.as_bytes())?, word(version.as_bytes())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_hash_name_and_version() {
        // After the store of NixOS 23.05.
        for (name, expected) in [
            (
                "h0cnbmfcn93xm5dg2x27ixhag1cwndga-glibc-2.34-210-bin",
                "glibc 2.34-210",
            ),
            (
                "5av396z8xa13jg89g9jws145c0k26k2x-openssl-3.0.9",
                "openssl 3.0.9",
            ),
            (
                "5av396z8xa13jg89g9jws145c0k26k2x-python3.11-requests-2.31.0",
                "python3.11-requests 2.31.0",
            ),
            (
                "5av396z8xa13jg89g9jws145c0k26k2x-perl5.36.0-URI-5.17-devdoc",
                "perl5.36.0-URI 5.17",
            ),
            (
                "5av396z8xa13jg89g9jws145c0k26k2x-libidn2-2.3.4",
                "libidn2 2.3.4",
            ),
            ("5av396z8xa13jg89g9jws145c0k26k2x-glibc-2.34-210.drv", ""),
            ("5av396z8xa13jg89g9jws145c0k26k2x-source", ""),
            ("5av396z8xa13jg89g9jws145c0k26k2x-bash-interactive", ""),
            ("5AV396z8xa13jg89g9jws145c0k26k2x-a-1", ""),
            ("short-a-1", ""),
            (".links", ""),
            ("5av396z8xa13jg89g9jws145c0k26k2x--1", ""),
            ("5av396z8xa13jg89g9jws145c0k26k2é-a-1", ""),
        ] {
            let pair = name_and_version(name);
            let shown = pair.map(|(name, version)| format!("{name} {version}"));
            assert_eq!(shown.unwrap_or_default(), expected, "{name}");
        }
    }
}
