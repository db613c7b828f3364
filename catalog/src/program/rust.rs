//! Rust programs built with `cargo auditable`: the section `.dep-v0` holds zlib-packed JSON of all
//! crates, as its documentation (PARSING.md) describes.

use std::io::Read;

use flate2::read::ZlibDecoder;
use image::Limits;
use model::{Package, PackageType, Problem, ProblemKind};
use object::{Object, ObjectSection};
use serde::Deserialize;

use super::Program;
use crate::cataloger::Found;
use crate::text::is_word;

/// No list of crates is longer, inflated.
const MOST_BYTES: u64 = 16 << 20;

#[derive(Deserialize)]
struct List {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    #[serde(default)]
    kind: String,
}

/// The crates that are in the program. Those that only ran while it was built are not.
pub fn read(program: &Program<'_>, _: &Limits) -> Option<(Found, Vec<Problem>)> {
    let names = [".dep-v0", ".rust-audit-dep-list"];
    let mut sections = names
        .iter()
        .filter_map(|name| program.file.section_by_name(name));
    let section = sections.next()?;
    let mut found = Found::default();
    let read = section.data().map_err(|error| error.to_string());
    match read.and_then(crates) {
        Ok(list) => {
            let is_in =
                |one: &Crate| one.kind != "build" && is_word(&one.name) && is_word(&one.version);
            let packages = list.packages.into_iter().filter(is_in);
            let package = |one: Crate| Package::new(PackageType::Cargo, one.name, one.version);
            found
                .packages
                .extend(packages.map(|one| package(one).into()));
            Some((found, Vec::new()))
        }
        Err(detail) => {
            let problem = Problem::new(ProblemKind::Malformed, program.path, detail);
            Some((found, vec![problem]))
        }
    }
}

fn crates(packed: &[u8]) -> Result<List, String> {
    let mut json = Vec::new();
    let mut limited = ZlibDecoder::new(packed).take(MOST_BYTES + 1);
    let read = limited.read_to_end(&mut json);
    read.map_err(|error| format!("its list of crates cannot be inflated: {error}"))?;
    if json.len() as u64 > MOST_BYTES {
        return Err(format!(
            "its list of crates has more than {MOST_BYTES} bytes"
        ));
    }
    serde_json::from_slice(&json).map_err(|error| format!("its list of crates: {error}"))
}
