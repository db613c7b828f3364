//! pacman's database, `var/lib/pacman/local`: a directory per package, alpm(5). `desc` names it,
//! `mtree` (gzip, mtree(5)) has the digests of its files.

use std::io::Read;

use image::{Limits, path};
use model::{Package, PackageType, Problem, Source};

use crate::cataloger::{Cataloger, Found, FoundPackage, OwnedFile, PLAIN, Pattern, Role};
use crate::text::{FileProblems, lines, word};

/// What each package is.
pub const DESC: Cataloger = Cataloger {
    name: "pacman",
    reads: "packages of Arch Linux and its kin, with base, architecture and licence",
    paths: &[Pattern::Within {
        directory: "var/lib/pacman/local",
        name: "desc",
    }],
    role: Role::Database,
    parse: parse_desc,
    ..PLAIN
};

/// What each package owns.
pub const MTREE: Cataloger = Cataloger {
    name: "pacman-mtree",
    reads: "files that packages own, with their SHA-256",
    paths: &[Pattern::Within {
        directory: "var/lib/pacman/local",
        name: "mtree",
    }],
    role: Role::Facts,
    parse: parse_mtree,
    ..PLAIN
};

/// `%FIELD%`, then its values, a line each, then an empty line.
fn parse_desc(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let [mut name, mut version, mut base, mut architecture] = [const { None }; 4];
    let mut licences: Vec<String> = Vec::new();
    let mut field = Vec::new();
    for (_, line) in lines(bytes) {
        let line = line.trim_ascii();
        if line.is_empty() || (line.starts_with(b"%") && line.ends_with(b"%")) {
            field = line.to_vec();
            continue;
        }
        let slot = match field.as_slice() {
            b"%NAME%" => &mut name,
            b"%VERSION%" => &mut version,
            b"%BASE%" => &mut base,
            b"%ARCH%" => &mut architecture,
            b"%LICENSE%" => {
                licences.push(path::text(line));
                continue;
            }
            _ => continue,
        };
        *slot = slot.take().or_else(|| word(line));
    }
    let (Some(name), Some(version)) = (name, version) else {
        problems.at(1, "names no usable package and version");
        return (Found::default(), problems.finish());
    };
    let source = base.map(|name| Source {
        name,
        version: version.clone(),
    });
    let package = Package {
        source,
        architecture,
        ..Package::new(PackageType::Alpm, name, version)
    };
    let mut found = Found::default();
    found.packages.push(FoundPackage {
        licence: licences.join(" AND "),
        ..FoundPackage::from(package)
    });
    (found, problems.finish())
}

fn parse_mtree(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut text = Vec::new();
    let inflated = flate2::read::MultiGzDecoder::new(bytes);
    let failed = inflated.take(limits.captured_bytes).read_to_end(&mut text);
    if let Err(error) = failed {
        problems.at(1, format!("cannot be inflated to its end: {error}"));
    }
    if text.len() as u64 == limits.captured_bytes {
        problems.at(1, "inflates to more than is read");
    }
    let owned: Vec<OwnedFile> = lines(&text).filter_map(|(_, line)| owned(line)).collect();
    let mut found = Found::default();
    if let (Some(name), false) = (package_of(path), owned.is_empty()) {
        found.owned.insert(name.to_owned(), owned);
    }
    (found, problems.finish())
}

/// `./usr/lib/libgmp.so time=… sha256digest=…`. The package's own records begin with a point.
fn owned(line: &[u8]) -> Option<OwnedFile> {
    let mut words = line.split(|byte| *byte == b' ');
    let path = words.next()?.strip_prefix(b"./")?;
    if path.starts_with(b".") {
        return None;
    }
    let digest = words.find_map(|word| word.strip_prefix(b"sha256digest="))?;
    let digest = std::str::from_utf8(digest).ok()?;
    Some(OwnedFile {
        path: path::normalise(&unescape(path)),
        digest: Some(format!("sha256:{digest}")),
    })
}

/// A path in which `\040` is a byte: vis(3), octal.
fn unescape(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..3).filter(|_| *first == b'\\');
        let code = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|code| u8::from_str_radix(code, 8).ok()) {
            Some(byte) => {
                plain.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                plain.push(*first);
                rest = after;
            }
        }
    }
    plain
}

/// `gmp` of `var/lib/pacman/local/gmp-6.2.1-2/mtree`.
fn package_of(path: &str) -> Option<&str> {
    let (_, directory) = path::split(path::split(path).0);
    let (rest, _) = directory.rsplit_once('-')?;
    rest.rsplit_once('-').map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn fields_are_packages() {
        // After Arch Linux's gmp, 2022-05; the rest is made up.
        let text = "%NAME%\ngmp\n\n%VERSION%\n1:6.2.1-2\n\n%BASE%\ngmp\n\n%DESC%\n%not a field\n\n\
                    %ARCH%\nx86_64\n\n%LICENSE%\nLGPL3\nGPL\n\n%DEPENDS%\nsh\n%NAME%\nother\n";
        expect![[r#"
            alpm gmp 1:6.2.1-2 (gmp 1:6.2.1-2) [x86_64] licence "LGPL3 AND GPL"
        "#]]
        .assert_eq(&show(parse_desc(
            "desc",
            text.as_bytes(),
            &Limits::default(),
        )));
        for text in ["", "%NAME%\na\n", "%NAME%\na b\n\n%VERSION%\n1\n"] {
            let (found, problems) = parse_desc("desc", text.as_bytes(), &Limits::default());
            assert_eq!((found.packages.len(), problems.len()), (0, 1), "{text}");
        }
    }

    #[test]
    fn lines_are_owned_files() {
        let line = |text: &str| {
            owned(text.as_bytes()).map(|file| format!("{} {}", file.path, file.digest.unwrap()))
        };
        assert_eq!(
            line("./usr/a\\040b\\\\ time=1.0 size=1 md5digest=ab sha256digest=cd").as_deref(),
            Some("usr/a b\\\\ sha256:cd")
        );
        for text in [
            "",
            "#mtree",
            "/set type=file",
            "./.PKGINFO sha256digest=1",
            "./usr type=dir",
        ] {
            assert_eq!(line(text), None, "{text}");
        }
        let damaged = parse_mtree("a-1-2/mtree", b"\x1f\x8b\x08\x00zz", &Limits::default());
        assert_eq!(damaged.1.len(), 1);
        assert_eq!(
            package_of("var/lib/pacman/local/gcc-libs-14.1-1/mtree"),
            Some("gcc-libs")
        );
    }
}
