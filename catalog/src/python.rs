//! Python distributions as installers leave them: `*.dist-info/METADATA` of wheels,
//! `*.egg-info/PKG-INFO` (or `*.egg-info` as a file) of setuptools and distutils, and
//! `EGG-INFO/PKG-INFO` in an egg, unpacked or not.
//!
//! The form is that of "Core metadata specifications": a message's header fields (RFC 822) before
//! the first empty line. "Recording installed projects" and setuptools' "Internal structure of
//! Python eggs" say how directories are named; their names are taken where the text holds none.

use std::borrow::Cow;

use image::Limits;
use model::{Package, PackageType, Problem};

use crate::cataloger::{Cataloger, Found, FoundPackage, PLAIN, Pattern, Role};
use crate::text::{FileProblems, lines, word};

mod egg;
pub mod lock;
pub mod pipfile;
pub mod requirements;

pub use egg::EGG;

/// Distributions that are installed.
pub const PYTHON: Cataloger = Cataloger {
    name: "python",
    reads: "installed Python distributions, with licence",
    paths: &[
        Pattern::Beside {
            directory: "dist-info",
            name: "METADATA",
        },
        Pattern::Beside {
            directory: "DIST-INFO",
            name: "METADATA",
        },
        Pattern::Beside {
            directory: "egg-info",
            name: "PKG-INFO",
        },
        Pattern::Beside {
            directory: "EGG-INFO",
            name: "PKG-INFO",
        },
        Pattern::Ending(".egg-info"),
    ],
    role: Role::Installed,
    parse,
    ..PLAIN
};

/// A licence that is longer is the licence's own text.
const LICENCE: usize = 160;

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let headers = Headers::of(bytes);
    let (name, version) = match (&headers.name, &headers.version) {
        (Some(name), Some(version)) => (name.clone(), version.clone()),
        (name, version) => {
            let (of_path, version_of_path) = of_path(path);
            let name = name.clone().or_else(|| word(of_path?.as_bytes()));
            let version = version
                .clone()
                .or_else(|| word(version_of_path?.as_bytes()));
            let (Some(name), Some(version)) = (name, version) else {
                problems.at(1, "has no usable Name or Version, nor has its path");
                return (Found::default(), problems.finish());
            };
            (name, version)
        }
    };
    let package = FoundPackage {
        licence: headers.licence(),
        ..Package::new(PackageType::Pypi, name, version).into()
    };
    let found = Found {
        packages: vec![package],
        ..Found::default()
    };
    (found, problems.finish())
}

/// Name and version as the directory, or the file where it stands alone, has them:
/// `NAME-VERSION.dist-info`, `NAME-VERSION-py3.11.egg-info`, `NAME.egg-info`.
fn of_path(path: &str) -> (Option<&str>, Option<&str>) {
    let (parent, file) = image::path::split(path);
    let (directory, last) = match file {
        "PKG-INFO" | "METADATA" => image::path::split(parent),
        _ => (parent, file),
    };
    // An unpacked egg has its name a directory higher.
    let stem = match last {
        "EGG-INFO" => image::path::split(directory).1.strip_suffix(".egg"),
        _ => last.rsplit_once('.').map(|(stem, _)| stem),
    };
    let mut parts = stem.unwrap_or_default().split('-');
    let name = parts.next().filter(|name| !name.is_empty());
    let is_version = |part: &&str| part.starts_with(|one: char| one.is_ascii_digit());
    (name, parts.next().filter(is_version))
}

/// The fields that count.
#[derive(Default)]
struct Headers<'a> {
    name: Option<String>,
    version: Option<String>,
    expression: Option<Cow<'a, str>>,
    licence: Option<Cow<'a, str>>,
    classifiers: Vec<Cow<'a, str>>,
}

impl<'a> Headers<'a> {
    fn of(bytes: &'a [u8]) -> Headers<'a> {
        let mut headers = Headers::default();
        let mut lines = lines(bytes).map(|(_, line)| line).peekable();
        while let Some(line) = lines.next() {
            if line.is_empty() {
                break;
            }
            let mut is_folded = false;
            while lines
                .next_if(|next| next.starts_with(b" ") || next.starts_with(b"\t"))
                .is_some()
            {
                is_folded = true;
            }
            let colon = line.iter().position(|byte| *byte == b':');
            let Some((field, value)) = colon.and_then(|at| line.split_at_checked(at)) else {
                continue;
            };
            let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
            headers.field(field, value, is_folded);
        }
        headers
    }

    fn field(&mut self, field: &[u8], value: &'a [u8], is_folded: bool) {
        let is = |wanted: &str| field.eq_ignore_ascii_case(wanted.as_bytes());
        if is("Name") {
            self.name = self.name.take().or_else(|| word(value));
        } else if is("Version") {
            self.version = self.version.take().or_else(|| word(value));
        } else if is("License-Expression") {
            self.expression = text(value);
        } else if is("License") && !is_folded {
            self.licence = text(value).filter(|licence| licence != "UNKNOWN");
        } else if is("Classifier") && value.starts_with(b"License ::") {
            let name = value.rsplit(|byte| *byte == b':').next();
            self.classifiers.extend(name.and_then(text));
        }
    }

    /// The expression; else the licence where it is a name; else what classifiers call it.
    fn licence(&self) -> String {
        let said = self.expression.as_ref().or(self.licence.as_ref());
        match said {
            Some(said) => said.to_string(),
            None => self.classifiers.join(", ").chars().take(LICENCE).collect(),
        }
    }
}

/// A line that is no longer than a licence's name.
fn text(value: &[u8]) -> Option<Cow<'_, str>> {
    let text = String::from_utf8_lossy(value.trim_ascii());
    let is_name = !text.is_empty() && text.len() <= LICENCE && !text.contains(char::is_control);
    is_name.then_some(text)
}

#[cfg(test)]
mod tests;
