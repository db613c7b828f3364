//! Which distribution it is: os-release(5), and the files that were there before it.

use image::Limits;
use model::Problem;

use crate::cataloger::{Cataloger, DistroFact, Found, PLAIN, Pattern, Role};
use crate::text::{FileProblems, excerpt, lines};

/// os-release(5).
pub const OS_RELEASE: Cataloger = Cataloger {
    name: "os-release",
    reads: "the distribution, its version and its code name",
    paths: &[
        Pattern::Exact("etc/os-release"),
        Pattern::Exact("usr/lib/os-release"),
    ],
    role: Role::Facts,
    parse: parse_os_release,
    ..PLAIN
};

/// Alpine's version, where there is no os-release.
pub const ALPINE_RELEASE: Cataloger = Cataloger {
    name: "alpine-release",
    reads: "Alpine's version, where there is no os-release",
    paths: &[Pattern::Exact("etc/alpine-release")],
    role: Role::Facts,
    parse: |_, bytes, _| parse_version("alpine", bytes),
    ..PLAIN
};

/// Debian's version or code name, where there is no os-release.
pub const DEBIAN_VERSION: Cataloger = Cataloger {
    name: "debian-version",
    reads: "Debian's version or code name, where there is no os-release",
    paths: &[Pattern::Exact("etc/debian_version")],
    role: Role::Facts,
    parse: |_, bytes, _| parse_version("debian", bytes),
    ..PLAIN
};

fn parse_os_release(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let [mut id, mut version, mut codename, mut pretty] = [const { String::new() }; 4];
    for (number, line) in lines(bytes) {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let assignment = std::str::from_utf8(line)
            .ok()
            .and_then(|line| line.split_once('='));
        let Some((name, value)) = assignment else {
            problems.at(number, format!("is no assignment: '{}'", excerpt(line)));
            continue;
        };
        // As in a shell, the last assignment counts.
        match name {
            "ID" => id = unquote(value).to_lowercase(),
            "VERSION_ID" => version = unquote(value),
            "VERSION_CODENAME" => codename = unquote(value),
            "PRETTY_NAME" => pretty = unquote(value),
            _ => {}
        }
    }
    let distro = (!id.is_empty()).then_some(DistroFact::OsRelease {
        id,
        version,
        codename,
        pretty,
    });
    let found = Found {
        distro,
        ..Found::default()
    };
    (found, problems.finish())
}

/// A value as a shell reads it, without expansions.
fn unquote(value: &str) -> String {
    let value = value.trim();
    let inside = |quote: char| {
        let value = value.strip_prefix(quote)?;
        value.strip_suffix(quote)
    };
    if let Some(literal) = inside('\'') {
        return literal.to_owned();
    }
    let value = inside('"').unwrap_or(value);
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(char) = chars.next() {
        text.extend(match char {
            '\\' => chars.next(),
            char => Some(char),
        });
    }
    text
}

/// `3.18.9`, `12.5`, or Debian's `trixie/sid`.
fn parse_version(id: &str, bytes: &[u8]) -> (Found, Vec<Problem>) {
    let first = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let word = crate::text::word(first.split(|byte| *byte == b'/').next().unwrap_or_default());
    let fact = |word: String| {
        let is_version = word.starts_with(|char: char| char.is_ascii_digit());
        let (version, codename) = match is_version {
            true => (word, String::new()),
            false => (String::new(), word),
        };
        DistroFact::Version {
            id: id.to_owned(),
            version,
            codename,
        }
    };
    let found = Found {
        distro: word.map(fact),
        ..Found::default()
    };
    (found, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(text: &str, expected: Expect) {
        let (found, problems) =
            parse_os_release("etc/os-release", text.as_bytes(), &Limits::default());
        let mut lines: Vec<String> = found
            .distro
            .iter()
            .map(|fact| format!("{fact:?}"))
            .collect();
        lines.extend(problems.iter().map(ToString::to_string));
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn assignments_are_read_as_a_shell_reads_them() {
        check(
            "# comment\nID=Debian\nVERSION_ID=\"12\"\nVERSION_CODENAME='book worm'\r\n\
             PRETTY_NAME=\"a \\\"b\\\" \\$c\"\nnonsense\nID=debian\n",
            expect![[r#"
                OsRelease { id: "debian", version: "12", codename: "book worm", pretty: "a \"b\" $c" }
                etc/os-release:6: is no assignment: 'nonsense' (malformed)"#]],
        );
        check("", expect![""]);
        check("VERSION_ID=1\n", expect![""]);
        check(
            "\u{0}\n",
            expect!["etc/os-release:1: is no assignment: '\\x00' (malformed)"],
        );
    }

    #[test]
    fn older_files_hold_a_version_or_a_code_name() {
        let version = |text: &str| match parse_version("debian", text.as_bytes()).0.distro {
            Some(DistroFact::Version {
                version, codename, ..
            }) => format!("{version}|{codename}"),
            _ => String::new(),
        };
        assert_eq!(version("12.5\n"), "12.5|");
        assert_eq!(version("trixie/sid\n"), "|trixie");
        assert_eq!(version(""), "");
    }
}
