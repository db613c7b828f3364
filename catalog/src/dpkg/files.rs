//! Which files dpkg's packages own: `info/*.list` and `*.md5sums`, deb-md5sums(5).

use image::{Limits, path};
use model::Problem;

use crate::cataloger::{Cataloger, Found, OwnedFile, PLAIN, Pattern, Role};
use crate::text::{FileProblems, excerpt, lines};

/// Paths with their MD5 as the package shipped them.
pub const MD5SUMS: Cataloger = Cataloger {
    name: "dpkg-md5sums",
    reads: "files that packages own, with their MD5",
    paths: &[
        Pattern::In {
            directory: "var/lib/dpkg/info",
            suffix: ".md5sums",
        },
        Pattern::In {
            directory: "var/lib/dpkg/status.d",
            suffix: ".md5sums",
        },
    ],
    role: Role::Facts,
    parse: parse_md5sums,
    ..PLAIN
};

/// Paths that a package owns, directories among them.
pub const LIST: Cataloger = Cataloger {
    name: "dpkg-list",
    reads: "paths that packages own",
    paths: &[
        Pattern::In {
            directory: "var/lib/dpkg/info",
            suffix: ".list",
        },
        Pattern::In {
            directory: "usr/lib/opkg/info",
            suffix: ".list",
        },
        Pattern::In {
            directory: "var/lib/opkg/info",
            suffix: ".list",
        },
    ],
    role: Role::Facts,
    parse: parse_list,
    ..PLAIN
};

/// `libc6` of `var/lib/dpkg/info/libc6:amd64.list`.
fn package_of(path: &str) -> String {
    let (_, name) = path::split(path);
    let name = name.rsplit_once('.').map_or(name, |(name, _)| name);
    name.split(':').next().unwrap_or(name).to_owned()
}

fn parse_md5sums(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut owned = Vec::new();
    for (number, line) in lines(bytes).filter(|(_, line)| !line.is_empty()) {
        let parts = line.split_at_checked(32);
        let sum = parts.filter(|(sum, _)| sum.iter().all(u8::is_ascii_hexdigit));
        match sum.map(|(sum, name)| (sum, name.trim_ascii_start())) {
            Some((sum, name)) if !name.is_empty() => owned.push(OwnedFile {
                path: path::normalise(name),
                digest: Some(format!("md5:{}", path::text(sum).to_lowercase())),
            }),
            _ => problems.at(number, format!("is no MD5 and path: '{}'", excerpt(line))),
        }
    }
    (of_package(path, owned), problems.finish())
}

fn parse_list(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let problems = FileProblems::new(path, limits);
    let paths = lines(bytes).map(|(_, line)| path::normalise(line));
    let file = |path: String| OwnedFile { path, digest: None };
    let owned = paths.filter(|path| !path.is_empty()).map(file).collect();
    (of_package(path, owned), problems.finish())
}

fn of_package(path: &str, owned: Vec<OwnedFile>) -> Found {
    let mut found = Found::default();
    if !owned.is_empty() {
        found.owned.insert(package_of(path), owned);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn lines_are_owned_files() {
        // After Debian 10.1's libc6 and tzdata, 2019-09.
        let sums = "fcf4e9ee9b1dfd8b55a52ac7ca1ec10b  lib/x86_64-linux-gnu/libc.so.6\nnonsense\n\n";
        let path = "var/lib/dpkg/info/libc6:amd64.md5sums";
        expect![[r#"
            libc6 owns lib/x86_64-linux-gnu/libc.so.6 md5:fcf4e9ee9b1dfd8b55a52ac7ca1ec10b
            ! var/lib/dpkg/info/libc6:amd64.md5sums:2: is no MD5 and path: 'nonsense' (malformed)
        "#]]
        .assert_eq(&show(parse_md5sums(
            path,
            sums.as_bytes(),
            &Limits::default(),
        )));
        let list = b"/.\n/usr\n/usr/share/zoneinfo\n";
        expect![[r#"
            tzdata owns usr
            tzdata owns usr/share/zoneinfo
        "#]]
        .assert_eq(&show(parse_list(
            "info/tzdata.list",
            list,
            &Limits::default(),
        )));
        assert_eq!(show(parse_list("info/x.list", b"", &Limits::default())), "");
    }
}
