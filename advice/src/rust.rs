//! Rust: crates of a lock file and of programs.

use crate::Place;
use crate::deed::{Deed, Site};

/// What mends a crate of Rust.
pub fn deed(site: &Site<'_>) -> Deed {
    let (name, version, target) = (site.name, site.version, site.target);
    let path = site.path;
    // Cargo stays within a major version, below 1.0 within the second number.
    if site.same_major == Some(false) {
        return Deed::Sentence(match site.file() {
            "Cargo.lock" => format!("Raise {name} to {target} in the Cargo.toml beside {path}."),
            _ => format!("Build {path} again with {name} {target} in its Cargo.toml."),
        });
    }
    match site.file() {
        "Cargo.lock" | "" => {
            let package = format!("{name}@{version}");
            Deed::Command {
                place: Place::Project,
                before: vec!["cargo".into(), "update".into(), "-p".into()],
                argument: None,
                after: vec![package, "--precise".into(), crate::shell::quoted(target)],
            }
        }
        _ => Deed::Sentence(format!(
            "Build {path} again after: cargo update -p {name}@{version} --precise {target}"
        )),
    }
}
