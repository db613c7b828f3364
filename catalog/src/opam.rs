//! OCaml packages: what a switch has installed (`.opam-switch/packages/NAME.VERSION/opam`), and
//! the files of projects, which name themselves and, where they are locked, what they need ("opam
//! Manual", Package definitions).

use image::Limits;
use model::{PackageType, Problem};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::document::{add, package};
use crate::text::{FileProblems, lines};

/// Packages of a switch.
pub const OPAM: Cataloger = Cataloger {
    name: "opam",
    reads: "OCaml packages of an opam switch, with licence",
    paths: &[Pattern::Below {
        directory: ".opam-switch/packages",
        name: "opam",
    }],
    role: Role::Installed,
    parse,
    ..PLAIN
};

/// A project's files.
pub const PROJECT: Cataloger = Cataloger {
    name: "opam-project",
    reads: "OCaml projects that give their version, and what they are locked to",
    paths: &[Pattern::Ending(".opam"), Pattern::Ending(".opam.locked")],
    role: Role::Locked,
    parse: parse_project,
    ..PLAIN
};

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let (_, directory) = image::path::split(image::path::split(path).0);
    // A package's name has no dot.
    let (name, version) = directory.split_once('.').unwrap_or((directory, ""));
    match package(PackageType::Opam, name, version) {
        Some(mut package) => {
            package.licence = licence(bytes);
            found.packages.push(package);
        }
        None => problems.at(1, "does not lie in a directory NAME.VERSION"),
    }
    (found, problems.finish())
}

fn parse_project(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let (_, file) = image::path::split(path);
    let is_locked = file.ends_with(".locked");
    let stem = file.strip_suffix(".locked").unwrap_or(file);
    let stem = stem.strip_suffix(".opam").unwrap_or(stem);
    for (number, line) in lines(bytes) {
        let text = String::from_utf8_lossy(line);
        let pair = match text.strip_prefix("version:") {
            Some(value) => strings(value).next().map(|version| (stem, version)),
            None if is_locked => pinned(&text),
            None => None,
        };
        if let Some((name, version)) = pair {
            add(
                &mut found,
                &mut problems,
                number,
                (PackageType::Opam, name, version),
            );
        }
    }
    (found, problems.finish())
}

/// `"name" {= "version"}`, with other conditions behind.
fn pinned(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.trim_start().strip_prefix('"')?.split_once('"')?;
    let condition = rest.trim_start().strip_prefix('{')?.trim_start();
    let version = condition
        .strip_prefix('=')?
        .trim_start()
        .strip_prefix('"')?;
    Some((name, version.split_once('"')?.0))
}

/// `license: "MIT"`, or a list of them on one line.
fn licence(bytes: &[u8]) -> String {
    let value = lines(bytes).find_map(|(_, line)| line.strip_prefix(b"license:"));
    let value = String::from_utf8_lossy(value.unwrap_or_default());
    let licences: Vec<_> = strings(&value).collect();
    licences.join(", ").replace(char::is_control, " ")
}

/// What stands in quotes.
fn strings(value: &str) -> impl Iterator<Item = &str> {
    value.split('"').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn a_switch_names_packages_by_directories() {
        let mut shown = String::new();
        for directory in ["ocaml-base-compiler.4.14.0", "dune.3.16.0~rc1", "odd"] {
            let path = format!("r/.opam-switch/packages/{directory}/opam");
            let text = b"opam-version: \"2.0\"\nlicense: [\"MIT\" \"ISC\"]\n";
            shown += &show(parse(&path, text, &Limits::default()));
        }
        expect![[r#"
            opam ocaml-base-compiler 4.14.0 licence "MIT, ISC"
            opam dune 3.16.0~rc1 licence "MIT, ISC"
            ! r/.opam-switch/packages/odd/opam:1: does not lie in a directory NAME.VERSION (malformed)
        "#]].assert_eq(&shown);
    }

    #[test]
    fn a_locked_project_names_what_it_needs() {
        let text = b"opam-version: \"2.0\"\nversion: \"1.5.0\"\ndepends: [\n  \
                     \"astring\" {= \"0.8.5\"}\n  \"base\" {= \"v0.16.3\" & with-test}\n  \
                     \"dune\" {>= \"2.0\"}\n]\n";
        let mut shown = String::new();
        for path in ["a/alcotest.opam", "a/alcotest.opam.locked"] {
            shown += &show(parse_project(path, text, &Limits::default()));
        }
        expect![[r#"
            opam alcotest 1.5.0
            opam alcotest 1.5.0
            opam astring 0.8.5
            opam base v0.16.3
        "#]]
        .assert_eq(&shown);
    }
}
