//! `Pipfile.lock`: JSON, a category of packages each, `default` and `develop` among them, and
//! `_meta`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use image::Limits;
use model::{PackageType, Problem};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::document::{add, json};
use crate::text::FileProblems;

/// Pipenv's lock file.
pub const PIPFILE: Cataloger = Cataloger {
    name: "pipfile-lock",
    reads: "Python distributions that Pipenv locked",
    paths: &[Pattern::Name("Pipfile.lock")],
    role: Role::Locked,
    parse,
    ..PLAIN
};

#[derive(Deserialize)]
#[serde(untagged)]
enum Item<'a> {
    Package {
        #[serde(borrow)]
        version: Cow<'a, str>,
    },
    Other(IgnoredAny),
}

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    type File<'a> = BTreeMap<Cow<'a, str>, BTreeMap<Cow<'a, str>, Item<'a>>>;
    let file: File<'_> = json(bytes, &mut problems).unwrap_or_default();
    for (name, item) in file.values().flatten() {
        if let Item::Package { version } = item
            && let Some(version) = version.trim_start().strip_prefix("==")
        {
            let version = version.trim_start_matches('=');
            add(
                &mut found,
                &mut problems,
                1,
                (PackageType::Pypi, name, version),
            );
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
    fn every_category_counts() {
        let text = r#"{
  "_meta": {"hash": {"sha256": "x"}, "pipfile-spec": 6, "sources": [{"name": "pypi"}]},
  "default": {
    "requests": {"hashes": [], "version": "==2.32.3", "markers": "python_version >= '3.8'"},
    "of-git": {"git": "https://git.example/x", "ref": "abc"},
    "odd": {"version": "== 1 2"}
  },
  "develop": {"pytest": {"version": "===8.0"}, "any": {"version": "*"}},
  "docs": {"sphinx": {"version": "==7.2"}}
}"#;
        let read = |text: &str| show(parse("p", text.as_bytes(), &Limits::default()));
        expect![[r#"
            pypi requests 2.32.3
            pypi pytest 8.0
            pypi sphinx 7.2
            ! p:1: is no package: 'odd' ' 1 2' (malformed)
        "#]]
        .assert_eq(&read(text));
        expect![[r#"
            ! p:2: cannot be read: EOF while parsing an object at line 2 column 12 (malformed)
        "#]]
        .assert_eq(&read("{\n\"default\": {"));
    }
}
