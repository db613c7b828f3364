//! `Cargo.lock`: the crates that a Rust workspace is built from, in all versions of its form.
//! <https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html>

use std::borrow::Cow;

use image::Limits;
use model::{Package, PackageType, Problem, ProblemKind};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::word;

/// The lock file of cargo.
pub const CARGO_LOCK: Cataloger = Cataloger {
    name: "cargo-lock",
    reads: "Rust crates that a workspace is built from",
    paths: &[Pattern::Name("Cargo.lock")],
    role: Role::Locked,
    parse,
    ..PLAIN
};

#[derive(Deserialize)]
struct Lock<'a> {
    /// The workspace's own crate, before cargo 0.18.
    #[serde(borrow)]
    root: Option<Crate<'a>>,
    #[serde(borrow, default)]
    package: Vec<Crate<'a>>,
}

#[derive(Deserialize)]
struct Crate<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    version: Cow<'a, str>,
}

fn parse(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let parsed = std::str::from_utf8(bytes).map_err(|error| error.to_string());
    let parsed = parsed.and_then(|text| {
        toml::from_str::<Lock<'_>>(text).map_err(|error| error.message().to_owned())
    });
    let lock = match parsed {
        Ok(lock) => lock,
        Err(error) => {
            let detail = format!("is no lock file that can be read: {error}");
            let problem = Problem::new(ProblemKind::Malformed, path, detail);
            return (found, vec![problem]);
        }
    };
    for one in lock.root.into_iter().chain(lock.package) {
        let name = word(one.name.as_bytes());
        if let (Some(name), Some(version)) = (name, word(one.version.as_bytes())) {
            let package = Package::new(PackageType::Cargo, name, version);
            found.packages.push(package.into());
        }
    }
    (found, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn what_cannot_be_read_is_a_problem() {
        let bytes = b"[[package]\nname = \"x\"\n";
        expect![[r#"
            ! Cargo.lock: is no lock file that can be read: unclosed array table, expected `]` (malformed)
        "#]].assert_eq(&show(parse("Cargo.lock", bytes, &Limits::default())));
        let bytes = b"[[package]]\nname = \"x\"\n[[package]]\nversion = \"1\"\n";
        expect![""].assert_eq(&show(parse("Cargo.lock", bytes, &Limits::default())));
    }
}
