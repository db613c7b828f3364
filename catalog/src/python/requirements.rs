//! Requirements files of pip, as far as they pin: "Requirements File Format" of pip's
//! documentation, with "Dependency specifiers" (PEP 508) in its lines.

use std::borrow::Cow;

use image::Limits;
use model::{PackageType, Problem};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::document;
use crate::text::FileProblems;

/// Requirements files, whatever they are called.
pub const REQUIREMENTS: Cataloger = Cataloger {
    name: "python-requirements",
    reads: "Python distributions that a requirements file pins with ==",
    paths: &[
        Pattern::Holding {
            word: "requirements",
            ending: ".txt",
        },
        Pattern::Under {
            directory: "requirements",
            ending: ".txt",
        },
    ],
    role: Role::Locked,
    parse,
    ..PLAIN
};

/// The scripts that setuptools runs, as far as they write out what they pin.
pub const SETUP: Cataloger = Cataloger {
    name: "python-setup",
    reads: "Python distributions that a setup.py pins with ==",
    paths: &[Pattern::Name("setup.py")],
    role: Role::Locked,
    parse: parse_setup,
    ..PLAIN
};

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let text = decoded(bytes);
    for line in logical_lines(&text) {
        let pinned = pinned(&line);
        let package =
            pinned.and_then(|(name, version)| document::package(PackageType::Pypi, name, version));
        found.packages.extend(package);
    }
    (found, FileProblems::new(path, limits).finish())
}

/// It is a program: every string of a line that is a requirement counts.
fn parse_setup(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    for line in String::from_utf8_lossy(bytes).lines() {
        let mut rest = line;
        while let Some((text, after)) = next_string(rest) {
            let package = pinned(text)
                .and_then(|(name, version)| document::package(PackageType::Pypi, name, version));
            found.packages.extend(package);
            rest = after;
        }
    }
    (found, FileProblems::new(path, limits).finish())
}

/// What the next quotes hold and what follows them, up to a comment, which may have apostrophes.
fn next_string(line: &str) -> Option<(&str, &str)> {
    let from = line.get(line.find(['"', '\'', '#'])?..)?;
    let quote = from.chars().next().filter(|one| *one != '#')?;
    from.get(1..)?.split_once(quote)
}

/// As text: pip goes by a byte order mark, which some shells' redirections write.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let utf_16 = |bytes: &[u8], number: fn([u8; 2]) -> u16| {
        let pairs = bytes.as_chunks::<2>().0.iter();
        let units: Vec<u16> = pairs.map(|pair| number(*pair)).collect();
        Cow::Owned(String::from_utf16_lossy(&units))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        bytes => String::from_utf8_lossy(bytes),
    }
}

/// Lines that a backslash at the end does not join to the next, without comments.
fn logical_lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut lines = text.lines();
    std::iter::from_fn(move || {
        let mut line = Cow::Borrowed(lines.next()?);
        while line.ends_with('\\') {
            let joined = line.to_mut();
            joined.pop();
            joined.push_str(lines.next().unwrap_or_default());
        }
        Some(match comment(&line) {
            Some(at) => Cow::Owned(line.get(..at).unwrap_or_default().to_owned()),
            None => line,
        })
    })
}

/// Where a comment begins: a `#` at the start or after a blank.
fn comment(line: &str) -> Option<usize> {
    let mut signs = line.match_indices('#').map(|(at, _)| at);
    signs.find(|at| {
        let before = line.get(..*at).unwrap_or_default();
        before.is_empty() || before.ends_with([' ', '\t'])
    })
}

/// Name and version of a requirement that allows one version only.
pub fn pinned(requirement: &str) -> Option<(&str, &str)> {
    let requirement = requirement.trim();
    if requirement.starts_with('-') {
        return None;
    }
    // Options of the line and environment markers come after.
    let end = requirement.find(';').unwrap_or(requirement.len());
    let requirement = requirement.get(..end)?;
    let is_of_name = |one: char| one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.');
    let length = requirement.find(|one| !is_of_name(one))?;
    let (name, rest) = requirement.split_at_checked(length)?;
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1,
        None => rest,
    };
    let rest = rest.trim_start().trim_start_matches('(');
    let mut clauses = rest.split(',').map(str::trim_start);
    let version = clauses.find_map(|clause| {
        let version = clause.strip_prefix("==")?;
        let version = version.strip_prefix('=').unwrap_or(version).trim_start();
        let end = version.find(|one: char| one.is_whitespace() || one == ')');
        let version = version.get(..end.unwrap_or(version.len()))?;
        let is_of_version = |one: char| is_of_name(one) || matches!(one, '+' | '!');
        let is_one = version.starts_with(|one: char| one.is_ascii_alphanumeric())
            && version.chars().all(is_of_version);
        is_one.then_some(version)
    })?;
    (!name.is_empty()).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    fn read(bytes: &[u8]) -> String {
        show(parse("requirements.txt", bytes, &Limits::default()))
    }

    #[test]
    fn what_is_pinned_counts() {
        let text = r#"
 flask == 4.0.0
urllib3===1.26.20
# left.out == 1
sqlalchemy >= 1.0.0, <= 2.0.0, \
  != 3.0.0
foo == 1.0.0 # a comment
-e git+https://git.example/x#egg=x==1
-r other.txt
--requirement=other.txt
Some.Project ==5.4 ; python_version < '3.8'
argh==0.26.2 \
    --hash=sha256:a9b3 \
    --hash=sha256:e953
celery[redis, pytest] == 4.4.7
requests[security] == 2.8.*
unpinned
at @ https://example.org/at-1.0.tar.gz
old (==1.2)
two >=1, ==1.5
local==1.2.3+cu118
==2.3.4
variable==${VERSION}
option== --hash=sha256:123
odd==1.0#not-a-comment
last==1\"#;
        expect![[r#"
            pypi flask 4.0.0
            pypi urllib3 1.26.20
            pypi foo 1.0.0
            pypi Some.Project 5.4
            pypi argh 0.26.2
            pypi celery 4.4.7
            pypi old 1.2
            pypi two 1.5
            pypi local 1.2.3+cu118
            pypi last 1
        "#]]
        .assert_eq(&read(text.as_bytes()));
    }

    #[test]
    fn a_setup_script_is_read_for_its_strings() {
        let text = r#"
setup(name="x", version="1.0",  # don't
    install_requires=["six==1.16.0", 'flask[async] == 3.0.3; python_version > "3"', "any>=1"],
    # "left==1",
    extras_require={"d": ["broken==1.0, ]},
)
"#;
        let answer = parse_setup("setup.py", text.as_bytes(), &Limits::default());
        expect![[r#"
            pypi six 1.16.0
            pypi flask 3.0.3
        "#]]
        .assert_eq(&show(answer));
    }

    #[test]
    fn a_byte_order_mark_says_how_it_is_written() {
        let wide: Vec<u8> = "\u{feff}six==1.16.0\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(read(&wide), "pypi six 1.16.0\n");
        assert_eq!(read("\u{feff}six==1.16.0".as_bytes()), "pypi six 1.16.0\n");
        assert_eq!(read(b"\xff\xfe\x00"), "");
    }
}
