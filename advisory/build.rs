//! The matcher's revision: a hash over every source that a judgement depends on.

#[path = "../build/sources.rs"]
mod sources;

fn main() -> std::io::Result<()> {
    println!("cargo:rerun-if-changed=../build/sources.rs");
    sources::set_revision(
        "MATCHER_REVISION",
        &["src", "../version/src", "../model/src"],
    )
}
