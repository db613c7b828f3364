//! NuGet's lock file, `packages.lock.json`, and `project.assets.json`, what a restore has
//! resolved. Form: NuGet's documentation, "Package references in project files".

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use image::Limits;
use model::{Package, PackageType, Problem, ProblemKind};
use serde::Deserialize;

use super::named;
use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};

/// The lock file of a project.
pub const LOCK: Cataloger = Cataloger {
    name: "dotnet-lock",
    reads: "NuGet packages that a .NET project is locked to",
    paths: &[Pattern::Name("packages.lock.json")],
    role: Role::Locked,
    parse: parse_lock,
    ..PLAIN
};

/// What a restore of a project's packages resolved.
pub const ASSETS: Cataloger = Cataloger {
    name: "dotnet-assets",
    reads: "NuGet packages that were restored for a .NET project",
    paths: &[Pattern::Name("project.assets.json")],
    role: Role::Locked,
    parse: parse_assets,
    ..PLAIN
};

#[derive(Deserialize)]
struct Lock<'a> {
    #[serde(borrow, default)]
    dependencies: BTreeMap<Cow<'a, str>, BTreeMap<Cow<'a, str>, Locked<'a>>>,
}

#[derive(Deserialize)]
struct Locked<'a> {
    /// Missing for another project of the same solution.
    #[serde(borrow)]
    resolved: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Assets<'a> {
    #[serde(borrow, default)]
    libraries: BTreeMap<Cow<'a, str>, Library<'a>>,
}

#[derive(Deserialize)]
struct Library<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
}

fn parse_lock(path: &str, bytes: &[u8], _limits: &Limits) -> (Found, Vec<Problem>) {
    read(path, bytes, |lock: Lock<'_>| {
        let frameworks = lock.dependencies.values().flatten();
        let packages =
            frameworks.filter_map(|(name, locked)| named(name, locked.resolved.as_deref()?));
        // Each framework lists what it shares with others again.
        packages.collect()
    })
}

fn parse_assets(path: &str, bytes: &[u8], _limits: &Limits) -> (Found, Vec<Problem>) {
    read(path, bytes, |assets: Assets<'_>| {
        let packages = assets
            .libraries
            .iter()
            .filter(|(_, one)| one.kind == "package");
        let packages = packages.filter_map(|(key, _)| {
            let (name, version) = key.split_once('/')?;
            named(name, version)
        });
        packages.collect()
    })
}

fn read<'a, T: Deserialize<'a>>(
    path: &str,
    bytes: &'a [u8],
    packages: impl FnOnce(T) -> BTreeSet<(String, String)>,
) -> (Found, Vec<Problem>) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut found = Found::default();
    match serde_json::from_slice(bytes) {
        Ok(file) => {
            let packages = packages(file).into_iter();
            let packages = packages
                .map(|(name, version)| Package::new(PackageType::Nuget, name, version).into());
            found.packages.extend(packages);
            (found, Vec::new())
        }
        Err(error) => {
            let problem = Problem::new(ProblemKind::Malformed, path, error.to_string());
            (found, vec![problem])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn what_is_resolved_counts_once() {
        // Written for these tests, after NuGet's documentation.
        let lock = br#"{"version": 1, "dependencies": {
            "net6.0": {"Serilog": {"type": "Direct", "requested": "[2.10.0, )", "resolved": "2.10.0"},
                       "mylib": {"type": "Project"}},
            "net8.0": {"Serilog": {"type": "Direct", "resolved": "2.10.0"},
                       "Serilog.Sinks.File": {"type": "Transitive", "resolved": "5.0.0"}}}}"#;
        let limits = Limits::default();
        expect![[r#"
            nuget Serilog 2.10.0
            nuget Serilog.Sinks.File 5.0.0
        "#]]
        .assert_eq(&show(parse_lock("packages.lock.json", lock, &limits)));
        let assets = br#"{"version": 3, "targets": {}, "libraries": {
            "Serilog/2.10.0": {"type": "package", "path": "serilog/2.10.0"},
            "mylib/1.0.0": {"type": "project"}}}"#;
        expect![[r#"
            nuget Serilog 2.10.0
        "#]]
        .assert_eq(&show(parse_assets("project.assets.json", assets, &limits)));
        expect![[r#""#]].assert_eq(&show(parse_assets("project.assets.json", b"[]", &limits)));
    }
}
