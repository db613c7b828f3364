//! Conda packages: of each that is installed in an environment, conda, mamba and pixi leave a
//! record `conda-meta/NAME-VERSION-BUILD.json` ("repodata record").

use std::borrow::Cow;

use image::Limits;
use model::{PackageType, Problem};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::document::{add, json};
use crate::text::FileProblems;

pub mod environment;

/// Packages of an environment.
pub const CONDA: Cataloger = Cataloger {
    name: "conda",
    reads: "installed Conda packages, with licence",
    paths: &[Pattern::Under {
        directory: "conda-meta",
        ending: ".json",
    }],
    role: Role::Installed,
    parse,
    ..PLAIN
};

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    license: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    subdir: Option<Cow<'a, str>>,
}

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let record: Option<Record<'_>> = json(bytes, &mut problems);
    // Other tools keep settings beside the records: they have neither name nor version.
    if let Some(record) = record
        && let (Some(name), Some(version)) = (&record.name, &record.version)
    {
        add(
            &mut found,
            &mut problems,
            1,
            (PackageType::Conda, name, version),
        );
        if let Some(package) = found.packages.last_mut() {
            let licence = record.license.unwrap_or_default();
            package.licence = licence.replace(char::is_control, " ");
            let is_word = |subdir: &Cow<'_, str>| crate::text::word(subdir.as_bytes()).is_some();
            let subdir = record.subdir.filter(is_word);
            package.package.architecture = subdir.map(Cow::into_owned);
        }
    }
    (found, problems.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn a_record_is_a_package() {
        let mut shown = String::new();
        for text in [
            r#"{"name":"zlib","version":"1.2.11","license":"Zlib","subdir":"linux-64","x":[1]}"#,
            r#"{"name":"a","version":"1","license":null}"#,
            r#"{"name":"a b","version":"1"}"#,
            r#"{"pinned": []}"#,
            r#"{"name": "#,
        ] {
            shown += &show(parse(
                "conda-meta/a.json",
                text.as_bytes(),
                &Limits::default(),
            ));
        }
        expect![[r#"
            conda zlib 1.2.11 [linux-64] licence "Zlib"
            conda a 1
            ! conda-meta/a.json:1: is no package: 'a b' '1' (malformed)
            ! conda-meta/a.json:1: cannot be read: EOF while parsing a value at line 1 column 9 (malformed)
        "#]].assert_eq(&shown);
    }
}
