//! Python distributions as they are installed: the core metadata of `*.dist-info/METADATA` (PEP
//! 376, PEP 427) and of the older `*.egg-info`, headers in the form of e-mail.

use image::Limits;
use model::{Package, PackageType, Problem};

pub mod lock;

use crate::cataloger::{Cataloger, Found, FoundPackage, PLAIN, Pattern, Role};
use crate::text::{FileProblems, lines, word};

/// Distributions that pip, a distribution or a build put in place.
pub const PYTHON: Cataloger = Cataloger {
    name: "python",
    reads: "Python distributions, installed as wheels or eggs",
    paths: &[
        Pattern::Beside {
            directory: ".dist-info",
            name: "METADATA",
        },
        Pattern::Beside {
            directory: ".egg-info",
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

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let headers = Headers::read(bytes);
    let mut found = Found::default();
    match (
        headers.get(b"Name").and_then(word),
        headers.get(b"Version").and_then(word),
    ) {
        (Some(name), Some(version)) => {
            found.packages.push(FoundPackage {
                licence: headers.licence(),
                ..Package::new(PackageType::Pypi, name, version).into()
            });
        }
        _ => problems.at(1, "names no distribution and version"),
    }
    (found, problems.finish())
}

/// The headers that a reader asks for; the text behind them is not looked at.
struct Headers<'a>(Vec<(&'a [u8], &'a [u8])>);

impl<'a> Headers<'a> {
    fn read(bytes: &'a [u8]) -> Headers<'a> {
        let wanted: [&[u8]; 4] = [b"Name", b"Version", b"License", b"License-Expression"];
        let head = lines(bytes)
            .map(|(_, line)| line)
            .take_while(|line| !line.is_empty());
        let header = |line: &'a [u8]| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let (name, value) = line.split_at_checked(colon)?;
            let is_wanted = wanted.iter().any(|one| one.eq_ignore_ascii_case(name));
            is_wanted.then(|| (name, value.get(1..).unwrap_or_default().trim_ascii()))
        };
        Headers(head.filter_map(header).collect())
    }

    /// The first of a name.
    fn get(&self, name: &[u8]) -> Option<&'a [u8]> {
        let mut headers = self.0.iter();
        let found = headers.find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }

    /// The expression goes before the free text, which may be a whole licence: its first line is
    /// what the header's line holds.
    fn licence(&self) -> String {
        let named = |name: &[u8]| self.get(name).filter(|value| !value.is_empty());
        let value = named(b"License-Expression").or_else(|| named(b"License"));
        let text = image::path::text(value.unwrap_or_default());
        match text.as_str() {
            "UNKNOWN" => String::new(),
            _ => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tests::show;

    #[test]
    fn the_headers_name_the_distribution() {
        // After six 1.16.0's METADATA, 2021-05; what follows the empty line is text.
        let text = "Metadata-Version: 2.1\r\nName: six\r\nVersion: 1.16.0\r\nLicense: MIT\r\n\r\nVersion: 2\r\n";
        let told = |text: &str| show(parse("m", text.as_bytes(), &Limits::default()));
        expect![[r#"
            pypi six 1.16.0 licence "MIT"
        "#]]
        .assert_eq(&told(text));
        expect![[r#"
            pypi ruamel.yaml 0.18 licence "MIT OR Apache-2.0"
        "#]]
        .assert_eq(&told(
            "name: ruamel.yaml\nVERSION: 0.18\nLicense: x\nLicense-Expression: MIT OR Apache-2.0\n",
        ));
        expect![[r#"
            ! m:1: names no distribution and version (malformed)
        "#]]
        .assert_eq(&told("Name: two words\nVersion: 1\n"));
    }
}
