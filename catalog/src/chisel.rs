//! The manifest of slices that chisel cut out of Ubuntu's packages: zstd, then "jsonwall", a JSON
//! object a line; documentation.ubuntu.com/chisel, "manifest".

use std::borrow::Cow;
use std::io::Read;

use image::{Limits, path};
use model::{Package, PackageType, Problem, ProblemKind};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, OwnedFile, PLAIN, Pattern, Role};
use crate::text::{FileProblems, excerpt, lines, word};

/// The manifest.
pub const CHISEL: Cataloger = Cataloger {
    name: "chisel",
    reads: "slices of Ubuntu's packages, cut by chisel, with owned files",
    paths: &[Pattern::Exact("var/lib/chisel/manifest.wall")],
    role: Role::Database,
    parse,
    ..PLAIN
};

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    arch: Option<Cow<'a, str>>,
    #[serde(borrow)]
    path: Option<Cow<'a, str>>,
    #[serde(borrow)]
    sha256: Option<Cow<'a, str>>,
    #[serde(borrow)]
    final_sha256: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    slices: Vec<Cow<'a, str>>,
}

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let mut text = Vec::new();
    if let Err(detail) = inflate(bytes, limits, &mut text) {
        problems.at(1, detail);
    }
    for (number, line) in lines(&text).filter(|(_, line)| !line.is_empty()) {
        match serde_json::from_slice(line) {
            Ok(parsed) => {
                if add(parsed, &mut found).is_none() {
                    problems.at(number, "a package without a usable name or version");
                }
            }
            Err(_) => problems.at(number, format!("is no line of it: '{}'", excerpt(line))),
        }
    }
    let mut problems = problems.finish();
    if !found.packages.is_empty() {
        // Advisories speak of sources: without them `libssl3` is not known to be openssl's.
        let detail = "does not say which sources its packages were built from: what is known of \
                      sources of other names is not found";
        problems.push(Problem::new(ProblemKind::Unsupported, path, detail));
    }
    (found, problems)
}

fn inflate(bytes: &[u8], limits: &Limits, text: &mut Vec<u8>) -> Result<(), String> {
    let wrong = |error: std::io::Error| format!("cannot be inflated to its end: {error}");
    let mut decoder = zstd::stream::read::Decoder::new(bytes).map_err(wrong)?;
    let window = decoder.window_log_max(limits.zstd_window_log);
    window.map_err(wrong)?;
    let read = decoder.take(limits.captured_bytes).read_to_end(text);
    read.map_err(wrong)?;
    match text.len() as u64 == limits.captured_bytes {
        true => Err("inflates to more than is read".to_owned()),
        false => Ok(()),
    }
}

/// Adds a line; `None` where it should have named a package.
fn add(line: Line<'_>, found: &mut Found) -> Option<()> {
    let plain = |text: Option<Cow<'_, str>>| text.and_then(|text| word(text.as_bytes()));
    match line.kind.as_deref() {
        Some("package") => {
            let package = Package {
                architecture: plain(line.arch),
                ..Package::new(PackageType::Deb, plain(line.name)?, plain(line.version)?)
            };
            found.packages.push(package.into());
        }
        Some("path") => {
            let digest = plain(line.final_sha256.or(line.sha256));
            if let (Some(file), Some(digest)) = (line.path, digest) {
                let slice = line.slices.first().map_or("", AsRef::as_ref);
                let owner = slice.split('_').next().unwrap_or(slice).to_owned();
                found.owned.entry(owner).or_default().push(OwnedFile {
                    path: path::normalise(file.as_bytes()),
                    digest: Some(format!("sha256:{digest}")),
                });
            }
        }
        _ => {}
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn lines_are_packages_and_owned_files() {
        // After the manifest of chisel 1.1 for Ubuntu 24.04, 2025-01; the last lines are made up.
        let text = r#"{"jsonwall":"1.0","schema":"1.0","count":6}
{"kind":"content","slice":"libssl3t64_libs","path":"/usr/lib/x86_64-linux-gnu/libssl.so.3"}
{"kind":"package","name":"libssl3t64","version":"3.0.13-0ubuntu3.4","sha256":"ab","arch":"amd64"}
{"kind":"path","path":"/usr/lib/x86_64-linux-gnu/libssl.so.3","mode":"0644","slices":["libssl3t64_libs"],"sha256":"cd","size":1}
{"kind":"path","path":"/etc/passwd","mode":"0644","slices":["base-passwd_data"],"sha256":"1","final_sha256":"2"}
{"kind":"path","path":"/usr/lib/","mode":"0755","slices":["libssl3t64_libs"]}
{"kind":"package","name":"nameless"}
nonsense
"#;
        let packed = zstd::encode_all(text.as_bytes(), 3).unwrap();
        expect![[r#"
            deb libssl3t64 3.0.13-0ubuntu3.4 [amd64]
            base-passwd owns etc/passwd sha256:2
            libssl3t64 owns usr/lib/x86_64-linux-gnu/libssl.so.3 sha256:cd
            ! wall:7: a package without a usable name or version (malformed)
            ! wall:8: is no line of it: 'nonsense' (malformed)
            ! wall: does not say which sources its packages were built from: what is known of sources of other names is not found (unsupported)
        "#]]
        .assert_eq(&show(parse("wall", &packed, &Limits::default())));
        let cut = parse("wall", packed.get(..60).unwrap(), &Limits::default());
        assert!(!cut.1.is_empty());
    }
}
