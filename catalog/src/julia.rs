//! Julia packages: those that lie in a depot or in the standard library, by their `Project.toml`,
//! and `Manifest.toml`, which says what an environment is made from ("Project.toml and
//! Manifest.toml" of Pkg's documentation).

use std::borrow::Cow;

use image::Limits;
use model::{PackageType, Problem};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::document::{add, check_toml, toml};
use crate::text::{FileProblems, lines};

/// Packages that lie in a depot.
pub const JULIA: Cataloger = Cataloger {
    name: "julia",
    reads: "installed Julia packages and the standard library's",
    paths: &[
        Pattern::Below {
            directory: ".julia/packages",
            name: "Project.toml",
        },
        Pattern::Below {
            directory: "julia/packages",
            name: "Project.toml",
        },
        Pattern::Below {
            directory: "julia/stdlib",
            name: "Project.toml",
        },
    ],
    role: Role::Installed,
    parse: parse_project,
    ..PLAIN
};

/// Manifests.
pub const MANIFEST: Cataloger = Cataloger {
    name: "julia-manifest",
    reads: "Julia packages of a manifest",
    paths: &[
        Pattern::Name("Manifest.toml"),
        Pattern::Name("JuliaManifest.toml"),
        Pattern::Holding {
            word: "Manifest-v",
            ending: ".toml",
        },
    ],
    role: Role::Locked,
    parse: parse_manifest,
    ..PLAIN
};

#[derive(Deserialize)]
struct Project<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    uuid: Option<Cow<'a, str>>,
    /// Missing for modules of the standard library that go with Julia itself.
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
}

fn parse_project(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let project: Option<Project<'_>> = toml((1, bytes), &mut problems);
    // What has no uuid is an environment, of the package's tests for example.
    if let Some(project) = project
        && project.uuid.is_some()
        && let (Some(name), Some(version)) = (&project.name, &project.version)
    {
        add(
            &mut found,
            &mut problems,
            1,
            (PackageType::Julia, name, version),
        );
    }
    (found, problems.finish())
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    version: Cow<'a, str>,
}

/// Julia writes it itself, a value a line: packages are tables in arrays, `[[deps.NAME]]` and, up
/// to form 1, `[[NAME]]`. A table below one says what the package depends on.
fn parse_manifest(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let mut current = None;
    for (number, line) in lines(bytes) {
        let line = line.trim_ascii();
        if line.starts_with(b"[") {
            current = line.strip_prefix(b"[[").and_then(name);
            continue;
        }
        let is_version = line
            .strip_prefix(b"version")
            .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"="));
        let Some(name) = current.filter(|_| is_version) else {
            continue;
        };
        let entry: Option<Entry<'_>> = toml((number, line), &mut problems);
        if let Some(entry) = entry {
            let package = (PackageType::Julia, name, entry.version.as_ref());
            add(&mut found, &mut problems, number, package);
        }
    }
    if found.packages.is_empty() {
        check_toml(bytes, &mut problems);
    }
    (found, problems.finish())
}

/// The package of a header, behind its brackets.
fn name(header: &[u8]) -> Option<&str> {
    let header = str::from_utf8(header.strip_suffix(b"]]")?).ok()?;
    let name = header.strip_prefix("deps.").unwrap_or(header);
    Some(name.trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn what_has_no_version_goes_with_julia() {
        let text = r#"julia_version = "1.10.4"
manifest_format = "2.0"

[[deps.Dates]]
deps = ["Printf"]
uuid = "ade2ca70-3891-5945-98fb-dc099432e06a"

[[deps.HTTP]]
deps = ["Base64", "CodecZlib"]
git-tree-sha1 = "d1d712be3164d61d1fb98e7ce9bcbc6cc06b45ed"
uuid = "cd3eb016-35fb-5094-929b-558a96fad6f3"
version = "1.10.8"

    [deps.HTTP.weakdeps]
    version = "no"

[[Old]]
version = "0.5.0+1"

[[deps.Broken]]
version = "0.5
[[deps.Odd]]
version = ""
"#;
        let answer = parse_manifest("m", text.as_bytes(), &Limits::default());
        expect![[r#"
            julia HTTP 1.10.8
            julia Old 0.5.0+1
            ! m:21: cannot be read: invalid basic string, expected `"` (malformed)
            ! m:23: is no package: 'Odd' '' (malformed)
        "#]]
        .assert_eq(&show(answer));
    }

    #[test]
    fn a_project_with_a_uuid_is_a_package() {
        let mut shown = String::new();
        for text in [
            "name = \"HTTP\"\nuuid = \"cd3e\"\nversion = \"1.10.8\"\n[deps]\nx = \"1\"\n",
            "name = \"Dates\"\nuuid = \"ade2\"\n",
            "name = \"Tests\"\nversion = \"1\"\n",
            "name = 1\n",
            "name = \n",
        ] {
            shown += &show(parse_project("p", text.as_bytes(), &Limits::default()));
        }
        expect![[r#"
            julia HTTP 1.10.8
            ! p:1: cannot be read: invalid type: integer `1`, expected a string (malformed)
            ! p:1: cannot be read: string values must be quoted, expected literal string (malformed)
        "#]]
        .assert_eq(&shown);
    }
}
