//! The database of apk-tools 2 and 3: `lib/apk/db/installed`, apk(5) "installed database".
//!
//! One record per package, ended by an empty line; `X:value` each. `P` name, `V` version, `A`
//! architecture, `o` origin, `L` licence; `F` a directory, `R` a file in it, `Z` that file's
//! checksum.

use std::collections::BTreeMap;

use image::{Limits, path};
use model::{Package, PackageType, Problem, Source};

use crate::cataloger::{Cataloger, Found, FoundPackage, OwnedFile, PLAIN, Pattern, Role};
use crate::text::{FileProblems, excerpt, lines, word};

/// The installed database.
pub const APK: Cataloger = Cataloger {
    name: "apk",
    reads: "packages of Alpine, Wolfi and Chainguard, with origin, licence and owned files",
    paths: &[
        Pattern::Exact("lib/apk/db/installed"),
        Pattern::Exact("usr/lib/apk/db/installed"),
    ],
    role: Role::Database,
    parse,
    ..PLAIN
};

#[derive(Default)]
struct Record {
    /// The line that it begins at; 0 where there is none yet.
    line: usize,
    name: Option<String>,
    version: Option<String>,
    architecture: Option<String>,
    origin: Option<String>,
    licence: Option<String>,
    directory: String,
    files: Vec<OwnedFile>,
}

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let mut record = Record::default();
    for (number, line) in lines(bytes) {
        match line {
            [] => std::mem::take(&mut record).end(&mut found, &mut problems),
            [field, b':', value @ ..] if field.is_ascii_alphabetic() => {
                if record.line == 0 {
                    record.line = number;
                }
                record.field(*field, value, number, &mut problems);
            }
            _ => problems.at(number, format!("is no field: '{}'", excerpt(line))),
        }
    }
    record.end(&mut found, &mut problems);
    problems.check_end(bytes);
    (found, problems.finish())
}

impl Record {
    fn field(&mut self, field: u8, value: &[u8], line: usize, problems: &mut FileProblems) {
        let slot = match field {
            b'P' => &mut self.name,
            b'V' => &mut self.version,
            b'A' => &mut self.architecture,
            b'o' => &mut self.origin,
            b'L' => {
                // Free text, and empty for packages that were made in place.
                match self.licence {
                    Some(_) => problems.at(line, "a second L: in a record"),
                    None => self.licence = Some(path::text(value.trim_ascii())),
                }
                return;
            }
            b'F' => {
                self.directory = path::normalise(value);
                return;
            }
            b'R' => {
                let path = match self.directory.as_str() {
                    "" => path::text(value),
                    directory => format!("{directory}/{}", path::text(value)),
                };
                self.files.push(OwnedFile { path, digest: None });
                return;
            }
            b'Z' => {
                if let Some(file) = self.files.last_mut() {
                    file.digest = word(value);
                }
                return;
            }
            _ => return,
        };
        let name = char::from(field);
        match word(value) {
            Some(_) if slot.is_some() => problems.at(line, format!("a second {name}: in a record")),
            Some(word) => *slot = Some(word),
            None => problems.at(
                line,
                format!("{name}: has no usable value: '{}'", excerpt(value)),
            ),
        }
    }

    fn end(self, found: &mut Found, problems: &mut FileProblems) {
        if self.line == 0 {
            return;
        }
        let (Some(name), Some(version)) = (self.name, self.version) else {
            problems.at(self.line, "a record without name or version is passed over");
            return;
        };
        if !self.files.is_empty() {
            let owned: &mut BTreeMap<_, Vec<_>> = &mut found.owned;
            owned.entry(name.clone()).or_default().extend(self.files);
        }
        let source = self.origin.map(|origin| Source {
            name: origin,
            version: version.clone(),
        });
        found.packages.push(FoundPackage {
            licence: self.licence.unwrap_or_default(),
            ..FoundPackage::from(Package {
                source,
                architecture: self.architecture,
                ..Package::new(PackageType::Apk, name, version)
            })
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn records_are_packages_and_garbage_costs_what_it_covers() {
        // After Alpine 3.20's busybox and musl, 2024-09; the garbage is made up.
        let text = "\
C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=
P:busybox-binsh
V:1.36.1-r29
A:x86_64
L:GPL-2.0-only
o:busybox
F:bin
R:sh
a:0:0:777
Z:Q1pcfTfDNEbNKQc2s1tia7da05M8Q=
F:
R:top

\u{0}\u{1}garbage
P:musl
V:1.2.5-r0
L: MIT AND (BSD-2-Clause OR custom)\x20

P:nameless

P:two words
V:1
L:MIT

P:.build-deps
V:20240901
L:

P:licensed
V:1
L:MIT
L:ISC

P:twice
P:other
V:1
";
        expect![[r#"
            apk busybox-binsh 1.36.1-r29 (busybox 1.36.1-r29) [x86_64] licence "GPL-2.0-only"
            apk musl 1.2.5-r0 licence "MIT AND (BSD-2-Clause OR custom)"
            apk .build-deps 20240901
            apk licensed 1 licence "MIT"
            apk twice 1
            busybox-binsh owns bin/sh Q1pcfTfDNEbNKQc2s1tia7da05M8Q=
            busybox-binsh owns top
            ! db:14: is no field: '\x00\x01garbage' (malformed)
            ! db:19: a record without name or version is passed over (malformed)
            ! db:21: P: has no usable value: 'two words' (malformed)
            ! db:21: a record without name or version is passed over (malformed)
            ! db:32: a second L: in a record (malformed)
            ! db:35: a second P: in a record (malformed)
        "#]]
        .assert_eq(&show(parse("db", text.as_bytes(), &Limits::default())));
    }

    #[test]
    fn a_cut_database_says_so() {
        expect![[r#"
            apk musl 1.2
            ! db: ends inside a line: records may be missing (truncated)
        "#]]
        .assert_eq(&show(parse("db", b"P:musl\nV:1.2", &Limits::default())));
        assert_eq!(show(parse("db", b"", &Limits::default())), "");
    }
}
