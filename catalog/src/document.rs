//! What the formats share that are JSON, YAML or TOML: documents as typed values, what cannot be
//! read as a problem, and packages with names and versions fit for one.

use model::PackageType;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::cataloger::{Found, FoundPackage};
use crate::entries::yaml_bounds;
use crate::text::{FileProblems, lines, word};

/// A JSON document.
pub fn json<'a, T: Deserialize<'a>>(bytes: &'a [u8], problems: &mut FileProblems) -> Option<T> {
    match serde_json::from_slice(bytes) {
        Ok(value) => Some(value),
        Err(error) => {
            problems.at(error.line(), format!("cannot be read: {}", start(&error)));
            None
        }
    }
}

/// A YAML document, within bounds that grow with its size.
pub fn yaml<T: DeserializeOwned>(bytes: &[u8], problems: &mut FileProblems) -> Option<T> {
    let options = yaml_bounds(bytes.len());
    match serde_saphyr::from_slice_with_options(bytes, options) {
        Ok(value) => Some(value),
        Err(error) => {
            let line = error.location().map_or(1, |at| at.line());
            let line = usize::try_from(line).unwrap_or(usize::MAX);
            problems.at(line, format!("cannot be read: {}", start(&error)));
            None
        }
    }
}

/// The tables of an array in a TOML document, each read alone so that a broken one costs itself:
/// the pieces between lines that are one of these headers, beginning with the header, and the
/// line that each begins at. What stands before the first is left out.
pub fn tables(bytes: &[u8], is_header: fn(&[u8]) -> bool) -> Vec<(usize, &[u8])> {
    let mut tables = Vec::new();
    let (mut at, mut begun) = (0, None);
    for (number, line) in lines(bytes) {
        // Lines are found again by their place: what was cut from their ends is not known here.
        let rest = bytes.get(at..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == b'\n');
        if line.first() == Some(&b'[')
            && is_header(line.trim_ascii())
            && let Some((first, from)) = begun.replace((number, at))
        {
            tables.push((first, bytes.get(from..at).unwrap_or_default()));
        }
        at += length.map_or(rest.len(), |length| length + 1);
    }
    if let Some((first, from)) = begun {
        tables.push((first, bytes.get(from..).unwrap_or_default()));
    }
    tables
}

/// Whether a document without tables is TOML at all: if not, that is a problem.
pub fn check_toml(bytes: &[u8], problems: &mut FileProblems) {
    let _: Option<serde::de::IgnoredAny> = toml((1, bytes), problems);
}

/// One piece of a TOML document that begins at a line.
pub fn toml<'a, T: Deserialize<'a>>(
    (line, bytes): (usize, &'a [u8]),
    problems: &mut FileProblems,
) -> Option<T> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        problems.at(line, "cannot be read: is no UTF-8");
        return None;
    };
    match toml::from_str(text) {
        Ok(value) => Some(value),
        Err(error) => {
            let before = error.span().and_then(|span| bytes.get(..span.start));
            let lines = before.map_or(0, |before| {
                before.iter().filter(|byte| **byte == b'\n').count()
            });
            let detail = format!("cannot be read: {}", start(&error.message()));
            problems.at(line + lines, detail);
            None
        }
    }
}

/// The first line of a message, of bounded length: it may repeat what it complains of.
fn start(message: &impl ToString) -> String {
    let text = message.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.chars()
        .filter(|one| !one.is_control())
        .take(200)
        .collect()
}

/// A package whose name and version are such; `None` where either cannot be one.
pub fn package(kind: PackageType, name: &str, version: &str) -> Option<FoundPackage> {
    let (name, version) = (word(name.as_bytes())?, word(version.as_bytes())?);
    Some(model::Package::new(kind, name, version).into())
}

/// Adds a package, or the problem that its name or version cannot be one.
pub fn add(
    found: &mut Found,
    problems: &mut FileProblems,
    line: usize,
    (kind, name, version): (PackageType, &str, &str),
) {
    match package(kind, name, version) {
        Some(package) => {
            if found.packages.last() != Some(&package) {
                found.packages.push(package);
            }
        }
        None => {
            let (name, version) = (excerpt(name), excerpt(version));
            problems.at(line, format!("is no package: '{name}' '{version}'"));
        }
    }
}

fn excerpt(text: &str) -> String {
    crate::text::excerpt(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_begin_at_their_headers() {
        let text = b"a = 1\r\n[[x]]\r\nb = 2\n[x.y]\n[[x]]\nc";
        let is_header = |line: &[u8]| line == b"[[x]]";
        let found = tables(text, is_header);
        let expected: [(usize, &[u8]); 2] = [(2, b"[[x]]\r\nb = 2\n[x.y]\n"), (5, b"[[x]]\nc")];
        assert_eq!(found, expected);
        assert_eq!(tables(b"", is_header), []);
        assert_eq!(tables(b"\n\n", is_header), []);
    }
}
