//! `renv.lock`: JSON with what renv restores a project's library from.

use std::borrow::Cow;
use std::collections::BTreeMap;

use image::Limits;
use model::{PackageType, Problem};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::document::{add, json};
use crate::text::FileProblems;

/// renv's lock file.
pub const RENV: Cataloger = Cataloger {
    name: "renv-lock",
    reads: "R packages that renv locked",
    paths: &[Pattern::Name("renv.lock")],
    role: Role::Locked,
    parse,
    ..PLAIN
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct File<'a> {
    #[serde(borrow, default)]
    packages: BTreeMap<Cow<'a, str>, Entry<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    #[serde(borrow)]
    package: Option<Cow<'a, str>>,
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
}

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let file: Option<File<'_>> = json(bytes, &mut problems);
    for (key, entry) in file.iter().flat_map(|file| &file.packages) {
        let name = entry.package.as_ref().unwrap_or(key);
        let version = entry.version.as_deref().unwrap_or_default();
        add(
            &mut found,
            &mut problems,
            1,
            (PackageType::Cran, name, version),
        );
    }
    (found, problems.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn packages_of_every_source_count() {
        let text = r#"{"R": {"Version": "4.2.2"}, "Packages": {
            "markdown": {"Package": "markdown", "Version": "1.0", "Source": "Repository"},
            "mime": {"Version": "0.12.1", "Source": "GitHub"},
            "odd": {"Package": "odd"}}}"#;
        let read = |text: &str| show(parse("renv.lock", text.as_bytes(), &Limits::default()));
        expect![[r#"
            cran markdown 1.0
            cran mime 0.12.1
            ! renv.lock:1: is no package: 'odd' '' (malformed)
            ! renv.lock:1: cannot be read: EOF while parsing a list at line 1 column 1 (malformed)
        "#]]
        .assert_eq(&(read(text) + &read("{}") + &read("[")));
    }
}
