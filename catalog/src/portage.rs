//! Gentoo's database, `var/db/pkg`: a directory per package, Package Manager Specification and
//! portage(5). Its path names category, package and version; `SLOT` holds which of the versions
//! that may be installed side by side it is, `CONTENTS` its files.

use image::{Limits, path};
use model::{Package, PackageType, Problem};

use crate::cataloger::{Cataloger, Found, OwnedFile, PLAIN, Pattern, Role};
use crate::text::{FileProblems, excerpt, lines, word};

/// What each package is.
pub const SLOT: Cataloger = Cataloger {
    name: "portage",
    reads: "packages of Gentoo, with slot",
    paths: &[Pattern::Deep {
        directory: "var/db/pkg",
        name: "SLOT",
    }],
    role: Role::Database,
    parse: parse_slot,
    ..PLAIN
};

/// What each package owns, and that it is there where its slot is not.
pub const CONTENTS: Cataloger = Cataloger {
    name: "portage-contents",
    reads: "files that packages of Gentoo own, with their MD5; packages whose slot is missing",
    paths: &[Pattern::Deep {
        directory: "var/db/pkg",
        name: "CONTENTS",
    }],
    role: Role::Bill,
    parse: parse_contents,
    ..PLAIN
};

/// `3/3.11`: the slot, and what is rebuilt when it changes.
fn parse_slot(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    match package_of(path) {
        Some((name, _)) if is_being_merged(&name) => {}
        Some((name, version)) => {
            let slot = bytes.split(|byte| *byte == b'/').next().and_then(word);
            if slot.is_none() {
                problems.at(1, "holds no usable slot");
            }
            let package = Package {
                module: slot,
                ..Package::new(PackageType::Ebuild, name, version)
            };
            found.packages.push(package.into());
        }
        None => problems.at(1, "its directory names no package and version"),
    }
    (found, problems.finish())
}

/// `obj PATH MD5 TIME`; directories and links (`dir`, `sym`) hold nothing.
fn parse_contents(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut owned = Vec::new();
    for (number, line) in lines(bytes) {
        let Some(line) = line.strip_prefix(b"obj ") else {
            continue;
        };
        match object(line) {
            Some(file) => owned.push(file),
            None => problems.at(number, format!("is no file: '{}'", excerpt(line))),
        }
    }
    let mut found = Found::default();
    let installed = package_of(path).filter(|(name, _)| !is_being_merged(name));
    if let Some((name, version)) = installed {
        if !owned.is_empty() {
            found.owned.insert(name.clone(), owned);
        }
        let package = Package::new(PackageType::Ebuild, name, version);
        found.packages.push(package.into());
    }
    (found, problems.finish())
}

/// What is being merged is not installed yet.
fn is_being_merged(name: &str) -> bool {
    name.contains("/-MERGING-")
}

/// Paths may hold blanks: digest and time are the last two words.
fn object(line: &[u8]) -> Option<OwnedFile> {
    let text = std::str::from_utf8(line).ok()?;
    let (rest, _) = text.rsplit_once(' ')?;
    let (name, digest) = rest.rsplit_once(' ')?;
    let is_digest = digest.len() == 32 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then(|| OwnedFile {
        path: path::normalise(name.as_bytes()),
        digest: Some(format!("md5:{digest}")),
    })
}

/// `dev-libs/openssl` and `3.0.9-r1` of `var/db/pkg/dev-libs/openssl-3.0.9-r1/SLOT`.
fn package_of(path: &str) -> Option<(String, String)> {
    let (directory, _) = path::split(path);
    let (above, full) = path::split(directory);
    let (_, category) = path::split(above);
    let is_revision = |text: &str| {
        let digits = text.strip_prefix('r').filter(|digits| !digits.is_empty());
        digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let (mut name, last) = full.rsplit_once('-')?;
    let mut version = last.to_owned();
    if is_revision(last) {
        let (shorter, number) = name.rsplit_once('-')?;
        version = format!("{number}-{last}");
        name = shorter;
    }
    let version = word(version.as_bytes())?;
    let name = word(format!("{category}/{name}").as_bytes())?;
    let starts = version.starts_with(|char: char| char.is_ascii_digit());
    (starts && !category.is_empty()).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn directories_are_packages() {
        let mut shown = String::new();
        // After Gentoo's stage 3, 2023-06; the last ones are made up.
        for (directory, slot) in [
            ("dev-libs/openssl-3.0.9-r1", "0/3\n"),
            ("dev-lang/python-3.11.4", "3.11\n"),
            ("app-editors/nano-7.2", "0\n"),
            ("media-libs/font-adobe-100dpi-1.0.3", "0\n"),
            ("sys-kernel/gentoo-sources-6.1.31_p20230601-r2", "6.1.31\n"),
            ("dev-libs/-MERGING-openssl-3.0.9", "0\n"),
            ("dev-libs/none", "0\n"),
            ("dev-libs/openssl-3.0.9", ""),
        ] {
            let path = format!("var/db/pkg/{directory}/SLOT");
            shown += &show(parse_slot(&path, slot.as_bytes(), &Limits::default()));
        }
        expect![[r#"
            ebuild dev-libs/openssl 3.0.9-r1 module "0"
            ebuild dev-lang/python 3.11.4 module "3.11"
            ebuild app-editors/nano 7.2 module "0"
            ebuild media-libs/font-adobe-100dpi 1.0.3 module "0"
            ebuild sys-kernel/gentoo-sources 6.1.31_p20230601-r2 module "6.1.31"
            ! var/db/pkg/dev-libs/none/SLOT:1: its directory names no package and version (malformed)
            ebuild dev-libs/openssl 3.0.9
            ! var/db/pkg/dev-libs/openssl-3.0.9/SLOT:1: holds no usable slot (malformed)
        "#]]
        .assert_eq(&shown);
    }

    #[test]
    fn contents_are_owned_files() {
        let text = "dir /usr\nobj /usr/bin/a b 376c02bd3b22804df8fdfdc895e7dbfb 1649284374\n\
                    sym /usr/bin/c -> a 1649284374\nobj /usr/bin/x zz 1\nobj\n";
        expect![[r#"
            ebuild app-misc/a 1
            app-misc/a owns usr/bin/a b md5:376c02bd3b22804df8fdfdc895e7dbfb
            ! var/db/pkg/app-misc/a-1/CONTENTS:4: is no file: '/usr/bin/x zz 1' (malformed)
        "#]]
        .assert_eq(&show(parse_contents(
            "var/db/pkg/app-misc/a-1/CONTENTS",
            text.as_bytes(),
            &Limits::default(),
        )));
    }
}
