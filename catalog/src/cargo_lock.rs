//! Rust crates that a project is locked to: `Cargo.lock`.

use image::Limits;
use model::{Package, PackageType, Problem};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::{is_word, unreadable};

/// The lock file of Cargo.
pub const CARGO_LOCK: Cataloger = Cataloger {
    name: "cargo-lock",
    reads: "Rust crates that a project is locked to",
    paths: &[Pattern::Name("Cargo.lock")],
    role: Role::Locked,
    parse,
    ..PLAIN
};

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    version: String,
}

fn parse(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let read = std::str::from_utf8(bytes).map_err(|error| error.to_string());
    let lock =
        read.and_then(|text| toml::from_str::<Lock>(text).map_err(|error| error.to_string()));
    let mut found = Found::default();
    match lock {
        Ok(lock) => {
            let entries = lock.package.into_iter();
            let entries = entries.filter(|entry| is_word(&entry.name) && is_word(&entry.version));
            let package =
                |entry: Entry| Package::new(PackageType::Cargo, entry.name, entry.version);
            found
                .packages
                .extend(entries.map(|entry| package(entry).into()));
            (found, Vec::new())
        }
        Err(detail) => unreadable(path, detail),
    }
}
