//! What npm is locked to: `package-lock.json` and `npm-shrinkwrap.json`, and the list that npm
//! keeps of what lies in `node_modules` (docs.npmjs.com "package-lock.json", versions 1 to 3).

use std::collections::BTreeMap;

use image::Limits;
use model::Problem;
use serde::Deserialize;
use serde_json::Value;

use super::{List, of_tarball};
use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::entries::{self, Text, licence};

/// The lock files of npm.
pub const NPM_LOCK: Cataloger = Cataloger {
    name: "npm-lock",
    reads: "Node packages that a project is locked to by npm",
    paths: &[
        Pattern::Name("package-lock.json"),
        Pattern::Name("npm-shrinkwrap.json"),
    ],
    role: Role::Locked,
    parse,
    ..PLAIN
};

/// What npm says that it installed. The packages have their own `package.json` in most images;
/// where these were removed to save space, this list still names them.
pub const NPM_INSTALLED: Cataloger = Cataloger {
    name: "npm-installed",
    reads: "Node packages that npm says it installed",
    paths: &[Pattern::Name(".package-lock.json")],
    role: Role::Bill,
    parse,
    ..PLAIN
};

/// Of `packages`, by place: since version 2.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    resolved: Text<'a>,
    #[serde(default)]
    license: Value,
}

/// Of `dependencies`, by name and in each other: before version 3.
#[derive(Deserialize)]
struct Dependency<'a> {
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    dependencies: BTreeMap<String, Dependency<'a>>,
}

fn parse(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut list = List::default();
    let mut is_old = true;
    let mut read = entries::of_json(bytes, &["packages"], |_, place, entry: Entry<'_>| {
        is_old = false;
        // The project itself stands under the empty place, what is linked to it elsewhere.
        let Some((_, in_place)) = place.rsplit_once("node_modules/") else {
            return;
        };
        let name = entry.name.as_str().unwrap_or(in_place);
        let version = entry.version.as_str();
        let of_tarball = || of_tarball(name, entry.resolved.as_str()?);
        if let Some(version) = version.or_else(of_tarball) {
            list.add(name, version, licence(&[&entry.license]));
        }
    });
    if is_old && read.is_ok() {
        read = entries::of_json(bytes, &["dependencies"], |_, name, entry| {
            add_old(&mut list, name, entry);
        });
    }
    list.finish(path, read)
}

fn add_old(list: &mut List, name: &str, dependency: Dependency<'_>) {
    let mut waiting = vec![(name.to_owned(), dependency)];
    while let Some((name, dependency)) = waiting.pop() {
        let version = dependency.version.as_str().unwrap_or_default();
        // `npm:name@version` stands for another name.
        let aliased = version
            .strip_prefix("npm:")
            .and_then(|text| text.rsplit_once('@'));
        let (name, version) = aliased.unwrap_or((&name, version));
        let version = of_tarball(name, version).unwrap_or(version);
        list.add(name, version, String::new());
        waiting.extend(dependency.dependencies.into_iter().rev());
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tests::show;

    #[test]
    fn links_are_no_packages_and_aliases_have_their_own_names() {
        // After npm's documentation of 2024 and its lock files; the odd ones are made up.
        let new = r#"{"lockfileVersion": 3, "packages": {
            "": {"name": "app", "version": "1.0.0"},
            "packages/part": {"name": "part", "version": "1.0.0"},
            "node_modules/part": {"resolved": "packages/part", "link": true},
            "node_modules/old": {"name": "@s/new", "version": "2.0.0", "license": ["MIT", "ISC"]},
            "node_modules/a/node_modules/@s/b": {"version": "1.0.0-rc.1", "license": {"type": "MIT"}},
            "node_modules/c/node_modules/@s/b": {"version": "1.0.0-rc.1"},
            "node_modules/git": {"version": "3.0.0", "resolved": "git+ssh://git@github.com/o/git.git#1"},
            "node_modules/odd": {"version": 7, "resolved": null},
            "node_modules/bare": {"resolved": "https://registry.npmjs.org/bare/-/bare-1.2.3.tgz"},
            "node_modules/cut": {"version": "1.0.0"#;
        let old = r#"{"lockfileVersion": 1, "dependencies": {
            "a": {"version": "1.0.0", "dependencies": {"b": {"version": "2.0.0"}}},
            "alias": {"version": "npm:@s/real@3.0.0"},
            "git": {"version": "git+ssh://git@github.com/o/git.git#4f5e"},
            "tar": {"version": "https://registry.npmjs.org/tar/-/tar-6.1.0.tgz"},
            "local": {"version": "file:local"}}}"#;
        let told = [new, old].map(|text| show(parse("l", text.as_bytes(), &Limits::default())));
        expect![[r#"
            npm @s/new 2.0.0 licence "MIT OR ISC"
            npm @s/b 1.0.0-rc.1 licence "MIT"
            npm git 3.0.0
            npm bare 1.2.3
            ! l: EOF while parsing a string at line 11 column 50 (malformed)
            npm a 1.0.0
            npm b 2.0.0
            npm @s/real 3.0.0
            npm tar 6.1.0
        "#]]
        .assert_eq(&told.concat());
    }
}
