//! dpkg's databases: `var/lib/dpkg/status`, and distroless' one file per package in `status.d`.
//! Form: deb-control(5); states: dpkg(1), "Package states".

use image::Limits;
use model::{Package, PackageType, Problem, Source};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::{FileProblems, excerpt, lines, word};

pub mod files;
mod maker;

/// The status file of an ordinary system.
pub const STATUS: Cataloger = Cataloger {
    name: "dpkg",
    reads: "packages of Debian, Ubuntu and their kin, with source and its version",
    paths: &[Pattern::Exact("var/lib/dpkg/status")],
    role: Role::Database,
    parse,
    ..PLAIN
};

/// One file per package, without states: distroless.
pub const STATUS_D: Cataloger = Cataloger {
    name: "dpkg-status.d",
    reads: "packages of distroless images",
    paths: &[Pattern::In {
        directory: "var/lib/dpkg/status.d",
        suffix: "",
    }],
    role: Role::Database,
    parse: parse_member,
    ..PLAIN
};

/// What can lie beside a package's record in `status.d`, told from one by its end and content.
const BESIDES: &[&str] = &[
    ".conffiles",
    ".config",
    ".list",
    ".postinst",
    ".postrm",
    ".preinst",
    ".prerm",
    ".shlibs",
    ".symbols",
    ".templates",
    ".triggers",
];

fn parse_member(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let is_record = bytes.starts_with(b"Package:");
    match !is_record && BESIDES.iter().any(|end| path.ends_with(end)) {
        true => (Found::default(), Vec::new()),
        false => parse(path, bytes, limits),
    }
}

#[derive(Default)]
struct Record {
    /// The line that it begins at; 0 where there is none yet.
    line: usize,
    name: Option<Vec<u8>>,
    status: Option<Vec<u8>>,
    version: Option<Vec<u8>>,
    source: Option<Vec<u8>>,
    architecture: Option<Vec<u8>>,
    maintainer: Option<Vec<u8>>,
}

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    records(PackageType::Deb, path, bytes, limits)
}

/// The installed packages of a file of records; opkg's has the same form.
pub fn records(
    kind: PackageType,
    path: &str,
    bytes: &[u8],
    limits: &Limits,
) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let mut record = Record::default();
    for (number, line) in lines(bytes) {
        if line.trim_ascii().is_empty() {
            std::mem::take(&mut record).end(kind, &mut found, &mut problems);
            continue;
        }
        if record.line == 0 {
            record.line = number;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let field = colon.and_then(|at| line.split_at_checked(at));
        match field.filter(|(name, _)| is_field_name(name)) {
            Some((name, value)) => {
                let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
                record.field(name, value, number, &mut problems);
            }
            None => problems.at(number, format!("is no field: '{}'", excerpt(line))),
        }
    }
    record.end(kind, &mut found, &mut problems);
    (found, problems.finish())
}

/// Printable characters without a blank, not beginning with `-` or `#`.
fn is_field_name(name: &[u8]) -> bool {
    let starts = name.first().is_some_and(|first| !b"-#".contains(first));
    starts && name.iter().all(u8::is_ascii_graphic)
}

impl Record {
    fn field(&mut self, name: &[u8], value: &[u8], line: usize, problems: &mut FileProblems) {
        let is = |wanted: &[u8]| name.eq_ignore_ascii_case(wanted);
        let slot = if is(b"Package") {
            &mut self.name
        } else if is(b"Status") {
            &mut self.status
        } else if is(b"Version") {
            &mut self.version
        } else if is(b"Source") {
            &mut self.source
        } else if is(b"Architecture") {
            &mut self.architecture
        } else if is(b"Maintainer") {
            &mut self.maintainer
        } else {
            return;
        };
        match slot {
            Some(_) => problems.at(line, format!("a second {} in a record", excerpt(name))),
            None => *slot = Some(value.to_vec()),
        }
    }

    fn end(self, kind: PackageType, found: &mut Found, problems: &mut FileProblems) {
        if self.line == 0 || !self.is_installed() {
            return;
        }
        let name = self.name.as_deref().and_then(word);
        let version = self.version.as_deref().and_then(word);
        let (Some(name), Some(version)) = (name, version) else {
            problems.at(
                self.line,
                "a record without a usable name or version is passed over",
            );
            return;
        };
        let source = match self
            .source
            .as_deref()
            .map(|source| split_source(source, &version))
        {
            Some(None) => {
                problems.at(self.line, format!("the source of {name} cannot be read"));
                None
            }
            Some(source) => source,
            None => None,
        };
        let package = Package {
            source,
            architecture: self.architecture.as_deref().and_then(word),
            vendor: self
                .maintainer
                .as_deref()
                .and_then(maker::of)
                .map(str::to_owned),
            ..Package::new(kind, name, version)
        };
        found.packages.push(package.into());
    }

    /// Whether the package's files are on disk. A record without a status counts: it is better to
    /// answer for a package too many than for one too few.
    fn is_installed(&self) -> bool {
        let Some(status) = &self.status else {
            return true;
        };
        let state = status
            .split(u8::is_ascii_whitespace)
            .rfind(|word| !word.is_empty());
        !matches!(
            state,
            Some(b"not-installed" | b"config-files" | b"half-installed")
        )
    }
}

/// `name`, or `name (version)` where the source's version is another.
fn split_source(text: &[u8], version: &str) -> Option<Source> {
    let Some(open) = text.iter().position(|byte| *byte == b'(') else {
        return Some(Source {
            name: word(text)?,
            version: version.to_owned(),
        });
    };
    let (name, rest) = text.split_at_checked(open)?;
    let inside = rest.strip_prefix(b"(")?.strip_suffix(b")")?;
    Some(Source {
        name: word(name)?,
        version: word(inside)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn installed_records_are_packages_and_garbage_costs_what_it_covers() {
        // After Debian 10.1's status file, 2019-09; states and garbage are made up.
        let text = "\
Package: libssl1.1
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: openssl
Version: 1.1.1c-1
Description: Secure Sockets Layer toolkit
 Package: not a field
 .
 more

Package: perl-base
Status: hold ok installed
Source: perl (5.28.1-6)
Version: 5.28.1-6+b1

Package: gone
Status: deinstall ok config-files
Version: 1

Package: half
Status: install ok half-configured
version: 2

\u{1}\u{2}garbage
Package: zlib1g
Status: install ok installed
Version: 1:1.2.11.dfsg-1

Package: nameless
Status: install ok installed

Package: odd
Status: install ok installed
Source: odd (
Version: 1
Version: 2

Package: last
Version: 3
";
        expect![[r#"
            deb libssl1.1 1.1.1c-1 (openssl 1.1.1c-1) [amd64]
            deb perl-base 5.28.1-6+b1 (perl 5.28.1-6)
            deb half 2
            deb zlib1g 1:1.2.11.dfsg-1
            deb odd 1
            deb last 3
            ! db:25: is no field: '\x01\x02garbage' (malformed)
            ! db:30: a record without a usable name or version is passed over (malformed)
            ! db:37: a second Version in a record (malformed)
            ! db:33: the source of odd cannot be read (malformed)
        "#]]
        .assert_eq(&show(parse("db", text.as_bytes(), &Limits::default())));
        assert_eq!(show(parse("db", b"\n\n\n", &Limits::default())), "");
    }

    #[test]
    fn what_lies_beside_a_record_is_none() {
        let limits = Limits::default();
        let script = parse_member("d/libc6.preinst", b"#!/bin/sh\nexit\n", &limits);
        assert_eq!(show(script), "");
        let record = b"Package: x.list\nVersion: 1\n";
        assert_eq!(
            show(parse_member("d/x.list", record, &limits)),
            "deb x.list 1\n"
        );
        let garbage = parse_member("d/libc6", b"#!/bin/sh\n", &limits);
        assert_eq!(garbage.1.len(), 2);
    }
}
