//! Lock files in TOML: those of Poetry, uv and PDM have a `[[package]]` each, `pylock.toml` a
//! `[[packages]]` ("pylock.toml Specification", PEP 751).

use std::borrow::Cow;

use image::Limits;
use model::{PackageType, Problem};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::document::{add, check_toml, tables, toml};
use crate::text::FileProblems;

/// The files of Poetry, uv (also of a single script) and PDM.
pub const LOCK: Cataloger = Cataloger {
    name: "python-lock",
    reads: "Python distributions that Poetry, uv or PDM locked",
    paths: &[
        Pattern::Name("poetry.lock"),
        Pattern::Name("uv.lock"),
        Pattern::Name("pdm.lock"),
        Pattern::Ending(".py.lock"),
    ],
    role: Role::Locked,
    parse,
    ..PLAIN
};

/// The standard's file.
pub const PYLOCK: Cataloger = Cataloger {
    name: "pylock",
    reads: "Python distributions that a standard lock file names",
    paths: &[
        Pattern::Name("pylock.toml"),
        Pattern::Holding {
            word: "pylock.",
            ending: ".toml",
        },
    ],
    ..LOCK
};

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow, alias = "packages", default)]
    package: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    /// Missing where a directory or a repository is meant.
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    source: Source<'a>,
}

/// Where it comes from, as uv writes it; the project itself lies at `.`.
#[derive(Default, Deserialize)]
struct Source<'a> {
    #[serde(borrow, alias = "virtual")]
    editable: Option<Cow<'a, str>>,
}

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let pieces = tables(bytes, |line| {
        line == b"[[package]]" || line == b"[[packages]]"
    });
    if pieces.is_empty() {
        check_toml(bytes, &mut problems);
    }
    for piece in pieces {
        let Some(file) = toml::<File>(piece, &mut problems) else {
            continue;
        };
        for entry in file.package {
            let is_project = entry.source.editable.as_deref() == Some(".");
            if let (Some(version), false) = (entry.version, is_project) {
                let package = (PackageType::Pypi, entry.name.as_ref(), version.as_ref());
                add(&mut found, &mut problems, piece.0, package);
            }
        }
    }
    (found, problems.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn a_broken_package_costs_itself() {
        let text = r#"version = 1

[[package]]
name = "a"
version = "1.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "broken
version = "1.0"

[[package]]
name = "me"
version = "0.1"
source = { virtual = "." }

[[package]]
name = "member"
version = "0.1"
source = { editable = "packages/member" }

[[package]]
name = "of-a-directory"

[[package]]
name = "two words"
version = "1"

[[package]]
name = "b"
version = "2.0"

[package.source]
type = "git"

[[package]]
name = "b"
version = "2.0"
extras = ["x"]

[metadata]
lock-version = "2.0"
"#;
        let answer = parse("uv.lock", text.as_bytes(), &Limits::default());
        expect![[r#"
            pypi a 1.0
            pypi member 0.1
            pypi b 2.0
            ! uv.lock:9: cannot be read: invalid basic string, expected `"` (malformed)
            ! uv.lock:25: is no package: 'two words' '1' (malformed)
        "#]]
        .assert_eq(&show(answer));
    }

    #[test]
    fn what_is_no_toml_says_so() {
        let read = |text: &str| show(parse("uv.lock", text.as_bytes(), &Limits::default()));
        assert_eq!(read("version = 1\n"), "");
        expect![[r#"
            ! uv.lock:1: cannot be read: key with no value, expected `=` (malformed)
        "#]]
        .assert_eq(&read("this is no TOML\n"));
    }
}
