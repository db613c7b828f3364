//! What must not stand in the project at all.

use std::fs;
use std::path::Path;

use crate::sources::{root, sources};

/// Put together here, so that this file does not hold them itself.
fn forbidden() -> Vec<String> {
    [
        ("TO", "DO"),
        ("FIX", "ME"),
        ("XX", "X:"),
        ("/wo", "rk/"),
        ("/ro", "ot/"),
        ("/ho", "me/"),
    ]
    .iter()
    .map(|(begin, end)| format!("{begin}{end}"))
    .collect()
}

fn visit(directory: &Path, found: &mut Vec<String>) {
    let words = forbidden();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with(".git") || name == "target" || name == "lazaret-data" {
            continue;
        }
        if path.is_dir() {
            visit(&path, found);
        } else if let Ok(text) = fs::read_to_string(&path) {
            for (number, line) in text.lines().enumerate() {
                if let Some(word) = words.iter().find(|word| line.contains(word.as_str())) {
                    found.push(format!("{}:{}: {word}", path.display(), number + 1));
                }
            }
        }
    }
}

#[test]
fn work_is_finished_and_names_no_machine() {
    let mut found = Vec::new();
    for entry in fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let ours = path.is_dir() && !name.starts_with('.') && name != "target";
        if ours && name != "lazaret-data" {
            visit(&path, &mut found);
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_the_documents_promise_is_there() {
    for file in [
        "ARCHITECTURE.md",
        "STYLE.md",
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "LICENSE",
        "deny.toml",
        "docs/api.md",
        "docs/cli.md",
        "docs/coverage.md",
        "docs/database.md",
        "docs/ecr.md",
        "docs/events.md",
        "docs/feeds.md",
        "docs/gate.md",
        "docs/matching.md",
        "docs/operations.md",
        "docs/registry.md",
        "docs/scan.md",
        "docs/scan.schema.json",
        "docs/storage.md",
    ] {
        assert!(root().join(file).is_file(), "{file} is missing");
    }
}

/// A word in backquotes that stands in the table of `docs/matching.md` and has the form of a test's
/// name is one.
#[test]
fn tests_that_the_documents_name_are_there() {
    let text = fs::read_to_string(root().join("docs/matching.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| "));
    let words = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    let is_name = |word: &&str| {
        let letters = word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        letters && word.matches('_').count() > 2
    };
    let mut names: Vec<&str> = words.filter(is_name).collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() > 40);
    let sources = sources();
    let is_there = |name: &&&str| {
        let head = format!("fn {name}()");
        sources
            .iter()
            .any(|source| source.all.iter().any(|line| line.contains(&head)))
    };
    let missing: Vec<&&str> = names.iter().filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
