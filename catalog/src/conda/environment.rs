//! What Conda environments are made from: `environment.yml`, as far as it pins, and the lock files
//! of conda-lock, in YAML.
//!
//! A dependency is a match specification: `name==version` and `name=version=build` mean one
//! version, `name=version` all that begin so. Below `pip:` stand requirements of pip's.

use image::Limits;
use model::{PackageType, Problem};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::document::{add, package, yaml};
use crate::python::requirements::pinned;
use crate::text::FileProblems;

/// Environments and their lock files.
pub const ENVIRONMENT: Cataloger = Cataloger {
    name: "conda-environment",
    reads: "Conda packages and Python distributions that an environment pins or conda-lock locked",
    paths: &[
        Pattern::Name("environment.yml"),
        Pattern::Name("environment.yaml"),
        Pattern::Holding {
            word: "conda-lock",
            ending: ".yml",
        },
        Pattern::Holding {
            word: "conda-lock",
            ending: ".yaml",
        },
    ],
    role: Role::Locked,
    parse,
    ..PLAIN
};

#[derive(Deserialize)]
struct File {
    /// Of an environment.
    #[serde(default)]
    dependencies: Option<Vec<Dependency>>,
    /// Of a lock file.
    #[serde(default)]
    package: Option<Vec<Locked>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Dependency {
    Conda(String),
    Pip { pip: Vec<String> },
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    #[serde(default)]
    manager: String,
}

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    // The names are common: much else is called so, and is no YAML of this kind.
    let is_key = |line: &[u8]| line.starts_with(b"dependencies:") || line.starts_with(b"package:");
    if !crate::text::lines(bytes).any(|(_, line)| is_key(line)) {
        return (found, Vec::new());
    }
    let Some(file) = yaml::<File>(bytes, &mut problems) else {
        return (found, problems.finish());
    };
    for dependency in file.dependencies.iter().flatten() {
        match dependency {
            Dependency::Conda(text) => {
                let exact = exact(text);
                let found_one =
                    exact.and_then(|(name, version)| package(PackageType::Conda, name, version));
                found.packages.extend(found_one);
            }
            Dependency::Pip { pip } => {
                let pinned = pip.iter().filter_map(|text| pinned(text));
                let packages =
                    pinned.filter_map(|(name, version)| package(PackageType::Pypi, name, version));
                found.packages.extend(packages);
            }
            Dependency::Other(_) => {}
        }
    }
    for locked in file.package.iter().flatten() {
        let kind = match locked.manager.as_str() {
            "pip" => PackageType::Pypi,
            _ => PackageType::Conda,
        };
        add(
            &mut found,
            &mut problems,
            1,
            (kind, &locked.name, &locked.version),
        );
    }
    (found, problems.finish())
}

/// Name and version of a match specification that means one version; a channel may stand before.
fn exact(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let text = text.rsplit_once("::").map_or(text, |(_, rest)| rest);
    let (name, rest) = text.split_once('=')?;
    let (version, is_exact) = match rest.strip_prefix('=') {
        Some(version) => (version, true),
        None => match rest.split_once('=') {
            Some((version, _)) => (version, true),
            None => (rest, false),
        },
    };
    let (name, version) = (name.trim(), version.trim());
    let is_name = !name.is_empty() && !name.contains(['<', '>', '!', '~', '[', ' ']);
    let is_version = !version.is_empty() && !version.contains(['*', ',', '|', '<', '>', '=', ' ']);
    (is_exact && is_name && is_version).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    fn read(text: &str) -> String {
        show(parse(
            "environment.yml",
            text.as_bytes(),
            &Limits::default(),
        ))
    }

    #[test]
    fn what_is_pinned_counts() {
        let text = "\
name: x
channels:
  - conda-forge
dependencies:
  - python=3.11
  - numpy==1.26.4
  - conda-forge::zlib=1.2.13=hd590300_5
  - scipy>=1.0
  - pandas==2.*
  - pip
  - pip:
    - requests==2.32.3
    - -r requirements.txt
    - flask>=3
";
        expect![[r#"
            conda numpy 1.26.4
            conda zlib 1.2.13
            pypi requests 2.32.3
        "#]]
        .assert_eq(&read(text));
        expect![[r#"
            ! environment.yml:1: cannot be read: error: line 1 column 15: expected sequence start (malformed)
        "#]].assert_eq(&read("dependencies: {a: 1}\n"));
        assert_eq!(read("kind: {{ template }}\n"), "");
        assert_eq!(read("dependencies:\n- pip:\n- a==1\n"), "conda a 1\n");
        assert_eq!(read("dependencies:\n"), "");
    }

    #[test]
    fn a_lock_file_says_who_installs() {
        let text = "\
version: 1
package:
- name: zlib
  version: 1.2.13
  manager: conda
  platform: linux-64
- name: zlib
  version: 1.2.13
  manager: conda
  platform: osx-64
- name: requests
  version: 3.10
  manager: pip
";
        expect![[r#"
            conda zlib 1.2.13
            pypi requests 3.10
        "#]]
        .assert_eq(&read(text));
    }
}
