//! Conan, the package manager of C and C++: `conan.lock` of both its generations, and the
//! `conaninfo.txt` of its first, which lies in a directory that names the package.

use std::collections::BTreeMap;

use image::Limits;
use model::{Package, PackageType, Problem};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::{FileProblems, lines, unreadable, word};

/// What a project is locked to.
pub const LOCK: Cataloger = Cataloger {
    name: "conan-lock",
    reads: "what a project is locked to by Conan",
    paths: &[Pattern::Name("conan.lock"), Pattern::Name("conanfile.txt")],
    role: Role::Locked,
    parse: parse_lock,
    ..PLAIN
};

/// A package that lies in Conan's cache, with those that it was built from.
pub const INFO: Cataloger = Cataloger {
    name: "conan-info",
    reads: "packages in Conan's cache, and those that they were built with",
    paths: &[Pattern::Name("conaninfo.txt")],
    role: Role::Installed,
    parse: parse_info,
    ..PLAIN
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Lock {
    requires: Vec<String>,
    build_requires: Vec<String>,
    python_requires: Vec<String>,
    graph_lock: Graph,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Graph {
    nodes: BTreeMap<String, Node>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Node {
    #[serde(rename = "ref")]
    reference: String,
}

fn parse_lock(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    if path.ends_with(".txt") {
        let sections = [
            b"[requires]".as_slice(),
            b"[tool_requires]",
            b"[build_requires]",
        ];
        return parse_sections(path, bytes, limits, &sections);
    }
    let lock: Lock = match serde_json::from_slice(bytes) {
        Ok(lock) => lock,
        Err(error) => return unreadable(path, error),
    };
    let nodes = lock.graph_lock.nodes.into_values();
    let lists = [lock.requires, lock.build_requires, lock.python_requires];
    let all = lists
        .into_iter()
        .flatten()
        .chain(nodes.map(|node| node.reference));
    let packages = all.filter_map(|text| package(&text));
    let mut found = Found::default();
    found.packages.extend(packages.map(Into::into));
    (found, Vec::new())
}

fn parse_info(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let sections = [b"[full_requires]".as_slice()];
    let (mut found, problems) = parse_sections(path, bytes, limits, &sections);
    // `…/NAME/VERSION/USER/CHANNEL/package/ID/conaninfo.txt`
    let mut parts = path.rsplit('/').skip(2);
    if parts.next() == Some("package")
        && let Some((version, name)) = parts.nth(2).zip(parts.next())
    {
        let own = package(&format!("{name}/{version}"));
        found.packages.splice(0..0, own.map(Into::into));
    }
    (found, problems)
}

/// Lists of references under such headings.
fn parse_sections(
    path: &str,
    bytes: &[u8],
    limits: &Limits,
    sections: &[&[u8]],
) -> (Found, Vec<Problem>) {
    let problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let mut is_list = false;
    for (_, line) in lines(bytes) {
        let line = line.trim_ascii();
        if line.starts_with(b"[") {
            is_list = sections.contains(&line);
        } else if is_list && let Ok(text) = std::str::from_utf8(line) {
            found.packages.extend(package(text).map(Into::into));
        }
    }
    (found, problems.finish())
}

/// `name/version[@user/channel][#revision][%time]`, in conaninfo.txt with `:id` behind. A range
/// (`[>=1.2]`) is no version.
fn package(reference: &str) -> Option<Package> {
    let end = reference
        .find(['@', '#', '%', ':'])
        .unwrap_or(reference.len());
    let (name, version) = reference.get(..end)?.split_once('/')?;
    let (name, version) = (word(name.as_bytes())?, word(version.as_bytes())?);
    // A project without a version has `None`.
    let is_version = !version.contains(['[', '/']) && version != "None";
    is_version.then(|| Package::new(PackageType::Conan, name, version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;

    fn read(path: &str, text: &str) -> String {
        let parse = match path.ends_with("conaninfo.txt") {
            true => parse_info,
            false => parse_lock,
        };
        show(parse(path, text.as_bytes(), &Limits::default()))
    }

    #[test]
    fn references_are_packages() {
        let old = r#"{"graph_lock": {"nodes": {"0": {"ref": "zlib/1.2.12#c67ce1"}, "1": {},
            "2": {"ref": "mfast/1.2.2@me/stable#c6f"}, "3": {"ref": "app/None"}}}}"#;
        assert_eq!(
            read("conan.lock", old),
            "conan zlib 1.2.12\nconan mfast 1.2.2\n"
        );
        let text = "# x\n[requires]\nfmt/8.1.1\nspdlog/1.9.2@me/stable#12%%98\nb/[>1 <2]\n\
                    [generators]\ncmake/1\n[tool_requires]\ncmake/3.27.1\n";
        assert_eq!(
            read("conanfile.txt", text),
            "conan fmt 8.1.1\nconan spdlog 1.9.2\nconan cmake 3.27.1\n"
        );
        assert!(read("conan.lock", "{").contains("malformed"));
    }

    #[test]
    fn the_cache_names_its_packages() {
        let text = "[requires]\n    zlib/1.Y.Z\n[full_requires]\n    zlib/1.2.13:dfbe50\n[env]\n";
        let path = "root/.conan/data/mfast/1.2.2/_/_/package/9d1f/conaninfo.txt";
        assert_eq!(read(path, text), "conan mfast 1.2.2\nconan zlib 1.2.13\n");
        assert_eq!(read("p/b/x/p/conaninfo.txt", "[settings]\nos=Linux\n"), "");
    }
}
