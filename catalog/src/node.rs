//! Node packages as they are installed: `package.json`, docs.npmjs.com "package.json".

use image::Limits;
use model::{Package, PackageType, Problem};
use serde::Deserialize;
use serde_json::Value;

pub mod lock;
pub mod yarn;

use crate::cataloger::{Cataloger, Found, FoundPackage, PLAIN, Pattern, Role};
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
struct Manifest {
    #[serde(default)]
    name: Value,
    #[serde(default)]
    version: Value,
    #[serde(default)]
    license: Value,
    #[serde(default)]
    licenses: Value,
}

fn parse(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let manifest: Manifest = match serde_json::from_slice(bytes) {
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
            licence: manifest.licence(),
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

impl Manifest {
    /// A name or an expression; in old manifests an object, or a list of objects.
    fn licence(&self) -> String {
        let one = |value: &Value| {
            let of_object = value.get("type").or_else(|| value.get("name"));
            let text = value.as_str().or_else(|| of_object?.as_str());
            text.map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let several = |value: &Value| {
            let names: Vec<String> = value.as_array()?.iter().filter_map(one).collect();
            (!names.is_empty()).then(|| names.join(" OR "))
        };
        let values = [&self.license, &self.licenses];
        let found = values
            .into_iter()
            .find_map(|value| one(value).or_else(|| several(value)));
        found
            .filter(|text| !text.contains(char::is_control))
            .unwrap_or_default()
    }
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
