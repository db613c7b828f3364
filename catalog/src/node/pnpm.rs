//! What pnpm is locked to: `pnpm-lock.yaml`, versions 5 to 9 (pnpm/spec, "lockfile").

use image::Limits;
use model::Problem;
use serde::Deserialize;

use super::{List, is_name, is_version, of_tarball, split_at_version};
use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::entries::{self, Text};

/// The lock file of pnpm. The one that it keeps in `node_modules` names what was left out as well.
pub const PNPM_LOCK: Cataloger = Cataloger {
    name: "pnpm-lock",
    reads: "Node packages that a project is locked to by pnpm",
    paths: &[Pattern::Name("pnpm-lock.yaml")],
    role: Role::Locked,
    parse,
    ..PLAIN
};

/// Only of packages that come from elsewhere than a registry have name and version.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    version: Text<'a>,
}

fn parse(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut list = List::default();
    let mut read = Ok(());
    for document in documents(bytes) {
        let take = |_: &str, key: &str, entry: Option<Entry<'_>>| {
            let entry = entry.unwrap_or_default();
            if let Some((name, version)) = package(key, &entry) {
                list.add(name, version, String::new());
            }
        };
        read = read.and(entries::of_yaml(document, &["packages"], take));
    }
    list.finish(path, read)
}

/// The documents of a file: since pnpm 11 its own packages may stand before the project's.
fn documents(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut left = Some(bytes);
    let split = move || {
        let bytes = left.take()?;
        let end = bytes.windows(5).position(|part| part == b"\n---\n");
        let (document, rest) = match end {
            Some(at) => (bytes.get(..at + 1)?, bytes.get(at + 5..)),
            None => (bytes, None),
        };
        left = rest;
        Some(document.strip_prefix(b"---\n").unwrap_or(document))
    };
    let documents = std::iter::from_fn(split);
    documents.filter(|document| !document.trim_ascii().is_empty())
}

/// Name and version by the entry itself, or by its key: `/name/1.0.0_peers` (5),
/// `/name@1.0.0(peers)` (6), `name@1.0.0` (9).
fn package<'a>(key: &'a str, entry: &'a Entry<'_>) -> Option<(&'a str, &'a str)> {
    let key = key.strip_prefix('/').unwrap_or(key);
    let key = key.split_once('(').map_or(key, |(key, _)| key);
    let split = split_at_version(key).filter(|(name, _)| is_name(name));
    if let Some(version) = entry.version.as_str() {
        let name = entry.name.as_str().or(split.map(|(name, _)| name));
        return Some((name?, version));
    }
    match split {
        Some((name, version)) if is_version(version) => Some((name, version)),
        Some((name, url)) => Some((name, of_tarball(name, url)?)),
        None => of_path(key),
    }
}

/// The older keys, with the registry's host before them where it is not the project's own.
fn of_path(key: &str) -> Option<(&str, &str)> {
    let of = |path| {
        let slashes = if str::starts_with(path, '@') { 1 } else { 0 };
        let (end, _) = path.match_indices('/').nth(slashes)?;
        let (name, rest) = path.split_at_checked(end)?;
        let version = rest.strip_prefix('/')?.split(['/', '_']).next()?;
        (is_name(name) && is_version(version)).then_some((name, version))
    };
    of(key).or_else(|| of(key.split_once('/')?.1))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tests::show;

    #[test]
    fn keys_of_every_version_name_packages() {
        // After lock files of pnpm 3 to 11, as its documentation and its tests show them.
        let text = "\
lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a: {specifier: ^1, version: 1.0.0}
packages:
  /a/1.0.0:
    resolution: {integrity: sha512-x}
    dev: false
  /@s/b_c/1.0.0-rc.1_@types+d@7.1.14:
    dev: false
  /e/2.0.0/f@1.0.0:
    dev: false
  registry.npmjs.org/@s/g/3.0.0:
  github.com/o/h/4f5e:
    resolution: {tarball: https://codeload.github.com/o/h/tar.gz/4f5e}
    name: h
    version: 0.1.0
  /@s/i@1.0.0(j@2.0.0)(@s/k@3.0.0):
    dev: false
  '@s/l@1.0.0':
    resolution: {integrity: sha512-x}
  m@https://codeload.github.com/o/m/tar.gz/4f5e:
    version: 0.2.0
  n@https://x.example/n-1.0.0.tgz:
    resolution: {tarball: https://x.example/n-1.0.0.tgz}
  o@file:o:
    resolution: {directory: o, type: directory}
  nothing:
    dev: false
snapshots:
  p@1.0.0: {}
---
lockfileVersion: '9.0'
packages:
  q@1.0.0: {}
  r@1.0.0: [
";
        expect![[r#"
            npm a 1.0.0
            npm @s/b_c 1.0.0-rc.1
            npm e 2.0.0
            npm @s/g 3.0.0
            npm h 0.1.0
            npm @s/i 1.0.0
            npm @s/l 1.0.0
            npm m 0.2.0
            npm n 1.0.0
            npm q 1.0.0
            ! p: line 4 column 12: expected mapping start (malformed)
        "#]]
        .assert_eq(&show(parse("p", text.as_bytes(), &Limits::default())));
    }
}
