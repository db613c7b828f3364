//! What cargo-auditable writes into Rust programs: a section `.dep-v0` with zlib-compressed JSON,
//! <https://github.com/rust-secure-code/cargo-auditable>, `PARSING.md`.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::ZlibDecoder;
use image::Limits;
use model::{Package, PackageType, Problem};
use serde::Deserialize;

use super::layout::layouts;
use super::{Reader, malformed};
use crate::cataloger::Found;
use crate::text::word;

/// The list of crates of Rust programs.
pub const READER: Reader = Reader {
    name: "rust-program",
    reads: "Rust crates, from the list that cargo-auditable puts into programs",
    read,
};

#[derive(Deserialize)]
struct Crates<'a> {
    #[serde(borrow, default)]
    packages: Vec<Crate<'a>>,
}

#[derive(Deserialize)]
struct Crate<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    version: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
}

fn read(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let mut problems = Vec::new();
    for layout in layouts(bytes) {
        let Some(section) = layout.section(&[".dep-v0"]) else {
            continue;
        };
        let mut json = Vec::new();
        let decoder = ZlibDecoder::new(section.data);
        let inflated = decoder
            .take(limits.captured_bytes)
            .read_to_end(&mut json)
            .map_err(|error| error.to_string());
        let parsed = inflated.and_then(|_| {
            let crates = serde_json::from_slice::<Crates<'_>>(&json);
            crates.map_err(|error| error.to_string())
        });
        match parsed {
            Ok(crates) => found.packages.extend(packages(crates).map(Into::into)),
            Err(error) => {
                let detail = format!("has a list of crates that cannot be read: {error}");
                problems.extend(malformed(path, detail));
            }
        }
    }
    found.keep_each_once();
    (found, problems)
}

/// What is in the program: crates that only built it are not.
fn packages(crates: Crates<'_>) -> impl Iterator<Item = Package> {
    let runtime = crates
        .packages
        .into_iter()
        .filter(|one| one.kind != "build");
    runtime.filter_map(|one| {
        let (name, version) = (word(one.name.as_bytes())?, word(one.version.as_bytes())?);
        Some(Package::new(PackageType::Cargo, name, version))
    })
}
