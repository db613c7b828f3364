//! Node packages as they are installed: `package.json`, docs.npmjs.com "package.json".

use std::collections::HashSet;

use image::Limits;
use model::{Package, PackageType, Problem, ProblemKind};
use serde::Deserialize;
use serde_json::Value;

pub mod bun;
pub mod deno;
pub mod lock;
pub mod pnpm;
pub mod yarn;

use crate::cataloger::{Cataloger, Found, FoundPackage, PLAIN, Pattern, Role};
use crate::entries::{Text, licence};
use crate::text::{is_word, unreadable};

/// Every package that names itself and its version, in `node_modules` or elsewhere.
pub const NODE: Cataloger = Cataloger {
    name: "node",
    reads: "Node packages, by their own package.json",
    paths: &[Pattern::Name("package.json")],
    role: Role::Installed,
    parse,
    ..PLAIN
};

#[derive(Deserialize)]
struct Manifest<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(default)]
    license: Value,
    #[serde(default)]
    licenses: Value,
}

fn parse(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let manifest: Manifest<'_> = match serde_json::from_slice(bytes) {
        Ok(manifest) => manifest,
        // Test data of tools is full of broken ones; where packages are installed it is news.
        Err(_) if !is_installed(path) => return (found, Vec::new()),
        Err(error) => return unreadable(path, error),
    };
    let (Some(name), Some(version)) = (manifest.name.as_str(), manifest.version.as_str()) else {
        return (found, Vec::new());
    };
    if is_name(name) && is_version(version.trim()) {
        found.packages.push(FoundPackage {
            licence: licence(&[&manifest.license, &manifest.licenses]),
            ..Package::new(PackageType::Npm, name, version.trim()).into()
        });
    }
    (found, Vec::new())
}

/// Whether it is the manifest of a package in `node_modules`, and not of something inside one.
fn is_installed(path: &str) -> bool {
    let (directory, _) = image::path::split(path);
    let (parent, _) = image::path::split(directory);
    let (grandparent, scope) = image::path::split(parent);
    parent.ends_with("node_modules")
        || (scope.starts_with('@') && grandparent.ends_with("node_modules"))
}

/// What npm takes for a name, with the upper case of old ones.
fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!'()*".contains(&byte);
        !part.is_empty() && part.bytes().all(allowed)
    };
    match name.strip_prefix('@').map(|scoped| scoped.split_once('/')) {
        Some(Some((scope, name))) => is_part(scope) && is_part(name),
        Some(None) => false,
        None => is_part(name),
    }
}

/// A version, or what a template has in its place, which is none.
fn is_version(version: &str) -> bool {
    version.starts_with(|first: char| first.is_ascii_digit() || first == 'v') && is_word(version)
}

/// The version in the name of a tarball: `https://registry.npmjs.org/a/-/a-1.0.0.tgz`.
fn of_tarball<'a>(name: &str, url: &'a str) -> Option<&'a str> {
    let (_, bare) = image::path::split(name);
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let (_, file) = image::path::split(url.get(..end)?);
    let version = file.strip_prefix(bare)?.strip_prefix('-')?;
    let version = version
        .strip_suffix(".tgz")
        .or_else(|| version.strip_suffix(".tar.gz"));
    version.filter(|version| is_version(version))
}

/// The packages of a lock file, each once: it names some at several places.
#[derive(Default)]
struct List {
    found: Found,
    seen: HashSet<(String, String)>,
}

impl List {
    /// Adds a package, if name and version are such.
    fn add(&mut self, name: &str, version: &str, licence: String) {
        if is_name(name)
            && is_version(version)
            && self.seen.insert((name.to_owned(), version.to_owned()))
        {
            self.found.packages.push(FoundPackage {
                licence,
                ..Package::new(PackageType::Npm, name, version).into()
            });
        }
    }

    /// All of them, and what ended the reading.
    fn finish(self, path: &str, read: Result<(), String>) -> (Found, Vec<Problem>) {
        let problem = |detail| Problem::new(ProblemKind::Malformed, path, detail);
        (self.found, read.err().map(problem).into_iter().collect())
    }
}

/// `name@version`, the name perhaps with a scope.
fn split_at_version(text: &str) -> Option<(&str, &str)> {
    let at = text.char_indices().skip(1).find(|(_, one)| *one == '@')?.0;
    let (name, version) = text.split_at_checked(at)?;
    Some((name, version.strip_prefix('@')?))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tests::show;

    #[test]
    fn a_manifest_names_a_package() {
        // After the manifests of lodash 4.17.21, @babel/core 7.0.0 and old ones of npm's; templates
        // are made up.
        let mut told = String::new();
        for (path, text) in [
            (
                "a/node_modules/lodash",
                r#"{"name":"lodash","version":"4.17.21","license":"MIT"}"#,
            ),
            (
                "b",
                r#"{"name":"@babel/core","version":"7.0.0","license":{"type":"MIT"}}"#,
            ),
            (
                "c",
                r#"{"name":"JSONStream","version":"v1.0","licenses":[{"type":"MIT"},{"type":"X"}]}"#,
            ),
            ("d", r#"{"name":"app","private":true}"#),
            ("e", r#"{"name":"{{name}}","version":"{{version}}"}"#),
            ("f", r#"{"name":"x","version":"%VERSION%"}"#),
            ("g", "{"),
            ("h/node_modules/@s/x", "{"),
        ] {
            told += &show(parse(
                &format!("{path}/package.json"),
                text.as_bytes(),
                &Limits::default(),
            ));
        }
        expect![[r#"
            npm lodash 4.17.21 licence "MIT"
            npm @babel/core 7.0.0 licence "MIT"
            npm JSONStream v1.0 licence "MIT OR X"
            ! h/node_modules/@s/x/package.json: EOF while parsing an object at line 1 column 1 (malformed)
        "#]]
        .assert_eq(&told);
    }
}
