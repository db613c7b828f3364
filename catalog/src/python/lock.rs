//! What Python projects are locked to: `requirements.txt` (PEP 508 with `==` alone),
//! `Pipfile.lock`, and the TOML of poetry, uv, pdm and PEP 751.

use std::collections::BTreeMap;

use image::Limits;
use model::{Package, PackageType, Problem};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::{is_word, lines, unreadable};

/// Lists of requirements with versions.
pub const REQUIREMENTS: Cataloger = Cataloger {
    name: "python-requirements",
    reads: "Python distributions that are pinned by '==' in lists of requirements",
    paths: &[
        Pattern::Name("requirements.txt"),
        Pattern::Ending("requirements.txt"),
        Pattern::Under {
            directory: "requirements",
            ending: ".txt",
        },
    ],
    role: Role::Locked,
    parse: parse_requirements,
    ..PLAIN
};

/// Pipenv's lock file.
pub const PIPFILE_LOCK: Cataloger = Cataloger {
    name: "pipfile-lock",
    reads: "Python distributions that a project is locked to by pipenv",
    paths: &[Pattern::Name("Pipfile.lock")],
    role: Role::Locked,
    parse: parse_pipfile,
    ..PLAIN
};

/// Lock files in TOML, which are alike.
pub const TOML_LOCK: Cataloger = Cataloger {
    name: "python-lock",
    reads: "Python distributions that a project is locked to by poetry, uv, pdm or PEP 751",
    paths: &[
        Pattern::Name("poetry.lock"),
        Pattern::Name("uv.lock"),
        Pattern::Name("pdm.lock"),
        Pattern::Name("pylock.toml"),
    ],
    role: Role::Locked,
    parse: parse_toml,
    ..PLAIN
};

fn parse_requirements(_: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    for (_, line) in lines(bytes) {
        let line = std::str::from_utf8(line).unwrap_or_default();
        let line = line.split(" #").next().unwrap_or_default().trim();
        let requirement = line.split([';', '\\']).next().unwrap_or_default();
        let requirement = requirement.split(" --").next().unwrap_or_default();
        let Some((name, version)) = requirement.split_once("==") else {
            continue;
        };
        let name = name.split('[').next().unwrap_or_default().trim();
        let version = version.trim_start_matches('=').trim();
        let is_one = !version.contains([',', '*']);
        if is_one && !name.starts_with(['#', '-']) {
            add(&mut found, name, version);
        }
    }
    (found, Vec::new())
}

#[derive(Deserialize)]
struct Pipfile {
    #[serde(default)]
    default: BTreeMap<String, Pinned>,
    #[serde(default)]
    develop: BTreeMap<String, Pinned>,
}

#[derive(Deserialize)]
struct Pinned {
    #[serde(default)]
    version: String,
}

fn parse_pipfile(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    match serde_json::from_slice::<Pipfile>(bytes) {
        Ok(lock) => {
            for (name, pinned) in lock.default.iter().chain(&lock.develop) {
                add(&mut found, name, pinned.version.trim_start_matches('='));
            }
            (found, Vec::new())
        }
        Err(error) => unreadable(path, error),
    }
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default, alias = "packages")]
    package: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(default)]
    version: String,
    source: Option<Source>,
}

/// Where uv has it from: the project itself is `virtual` or `editable`.
#[derive(Deserialize)]
struct Source {
    r#virtual: Option<String>,
    editable: Option<String>,
}

fn parse_toml(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let read = std::str::from_utf8(bytes).map_err(|error| error.to_string());
    match read.and_then(|text| toml::from_str::<Lock>(text).map_err(|error| error.to_string())) {
        Ok(lock) => {
            let is_own = |entry: &Entry| {
                let source = entry.source.as_ref();
                source.is_some_and(|source| source.r#virtual.is_some() || source.editable.is_some())
            };
            for entry in lock.package.iter().filter(|entry| !is_own(entry)) {
                add(&mut found, &entry.name, &entry.version);
            }
            (found, Vec::new())
        }
        Err(detail) => unreadable(path, detail),
    }
}

fn add(found: &mut Found, name: &str, version: &str) {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_name = !name.is_empty() && name.bytes().all(allowed);
    let is_version =
        version.starts_with(|first: char| first.is_ascii_alphanumeric()) && is_word(version);
    if is_name && is_version {
        found
            .packages
            .push(Package::new(PackageType::Pypi, name, version).into());
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tests::show;

    #[test]
    fn only_what_is_pinned_counts() {
        let text = "# a==1\nrequests[socks]==2.31.0 ; python_version > '3' \nflask>=2\n-r other.txt\n\
            six==1.16.0 --hash=sha256:aa \\\n    --hash=sha256:bb\nzope.interface == 6.0 # why\n\
            a==1.*\nb===2.0\n--index-url https://x/?a==1\ngit+https://x/y@v1#egg=z\n";
        expect![[r#"
            pypi requests 2.31.0
            pypi six 1.16.0
            pypi zope.interface 6.0
            pypi b 2.0
        "#]]
        .assert_eq(&show(parse_requirements(
            "r",
            text.as_bytes(),
            &Limits::default(),
        )));
    }
}
