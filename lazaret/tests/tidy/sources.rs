//! Every Rust source of the workspace, with its test part cut off.

use std::fs;
use std::path::{Path, PathBuf};

/// The crates of the house, in the order in which they may lean on each other.
pub const CRATES: [&str; 11] = [
    "version", "model", "image", "catalog", "advisory", "advice", "policy", "report", "store",
    "server", "lazaret",
];

/// One file.
pub struct Source {
    /// The crate that it belongs to.
    pub crate_name: &'static str,
    /// Its path from the workspace's root.
    pub path: String,
    /// Its lines, without the test module at its end; empty for a file of tests.
    pub production: Vec<String>,
    /// All of its lines.
    pub all: Vec<String>,
}

/// The workspace's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// All sources, sorted by path.
pub fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for crate_name in CRATES {
        collect(crate_name, &root().join(crate_name), &mut found);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(crate_name: &'static str, directory: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(crate_name, &path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let all: Vec<String> = fs::read_to_string(&path)
                .unwrap()
                .lines()
                .map(str::to_owned)
                .collect();
            let relative = path
                .strip_prefix(root())
                .unwrap()
                .to_string_lossy()
                .into_owned();
            let production = if is_test(&relative) {
                Vec::new()
            } else {
                before_tests(&all)
            };
            found.push(Source {
                crate_name,
                path: relative,
                production,
                all,
            });
        }
    }
}

/// Whole files of tests: `tests/`, `benches/`, `foo/tests.rs`, and `foo/tests/*.rs`.
fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.contains("/benches/") || path.ends_with("/tests.rs")
}

fn before_tests(lines: &[String]) -> Vec<String> {
    let end = lines
        .iter()
        .position(|line| line == "#[cfg(test)]")
        .unwrap_or(lines.len());
    lines[..end].to_vec()
}
