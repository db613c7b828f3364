//! Perl distributions: cpanm and its kin keep what a distribution said of itself
//! (`.meta/NAME-VERSION/MYMETA.json`, "CPAN::Meta::Spec") beside the modules that they installed.
//! What Perl's own tools install leaves `.packlist`, which has no version.

use std::borrow::Cow;

use image::Limits;
use model::{PackageType, Problem};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::document::{add, json};
use crate::text::FileProblems;

pub mod cpanfile_snapshot;

/// Distributions that are installed.
pub const PERL: Cataloger = Cataloger {
    name: "perl",
    reads: "Perl distributions that cpanm installed, with licence",
    paths: &[Pattern::Below {
        directory: ".meta",
        name: "MYMETA.json",
    }],
    role: Role::Installed,
    parse,
    ..PLAIN
};

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    version: Version<'a>,
    #[serde(borrow, default)]
    license: Vec<Cow<'a, str>>,
}

/// A number in files of old tools.
#[derive(Deserialize)]
#[serde(untagged)]
enum Version<'a> {
    #[serde(borrow)]
    Text(Cow<'a, str>),
    Number(serde_json::Number),
}

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    if let Some(meta) = json::<Meta>(bytes, &mut problems) {
        let version = match meta.version {
            Version::Text(text) => text,
            Version::Number(number) => Cow::Owned(number.to_string()),
        };
        add(
            &mut found,
            &mut problems,
            1,
            (PackageType::Cpan, &meta.name, &version),
        );
        if let Some(package) = found.packages.last_mut() {
            package.licence = meta.license.join(", ").replace(char::is_control, " ");
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
    fn a_distribution_says_what_it_is() {
        let mut shown = String::new();
        for text in [
            r#"{"name": "Try-Tiny", "version": "0.31", "license": ["mit"], "prereqs": {}}"#,
            r#"{"name": "Old", "version": 1.10}"#,
            r#"{"name": "Odd", "version": ""}"#,
            r#"{"name": "None"}"#,
        ] {
            shown += &show(parse("MYMETA.json", text.as_bytes(), &Limits::default()));
        }
        expect![[r#"
            cpan Try-Tiny 0.31 licence "mit"
            cpan Old 1.1
            ! MYMETA.json:1: is no package: 'Odd' '' (malformed)
            ! MYMETA.json:1: cannot be read: missing field `version` at line 1 column 16 (malformed)
        "#]]
        .assert_eq(&shown);
    }
}
