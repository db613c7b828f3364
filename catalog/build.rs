//! The catalog's revision: a hash over every source that a layer report depends on.

#[path = "../build/sources.rs"]
mod sources;

fn main() -> std::io::Result<()> {
    println!("cargo:rerun-if-changed=../build/sources.rs");
    sources::set_revision("CATALOG_REVISION", &["src", "../image/src", "../model/src"])
}
