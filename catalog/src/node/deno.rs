//! What Deno is locked to: `deno.lock`, versions 2 to 5 (denoland/deno_lockfile). Of packages of
//! JSR and of modules by address nobody publishes advisories, and there is no type for them.

use image::Limits;
use model::Problem;
use serde::de::IgnoredAny;

use super::{List, split_at_version};
use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::entries;

/// The lock file of Deno.
pub const DENO_LOCK: Cataloger = Cataloger {
    name: "deno-lock",
    reads: "Node packages that a project is locked to by Deno",
    paths: &[Pattern::Name("deno.lock")],
    role: Role::Locked,
    parse,
    ..PLAIN
};

/// Where versions 4, 3 and 2 keep them.
const PLACES: &[&str] = &["npm", "packages.npm", "npm.packages"];

fn parse(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut list = List::default();
    let read = entries::of_json(bytes, PLACES, |_, key, _: IgnoredAny| {
        // What it is installed beside stands behind a low line.
        if let Some((name, version)) = split_at_version(key) {
            let version = version.split('_').next().unwrap_or(version);
            list.add(name, version, String::new());
        }
    });
    list.finish(path, read)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tests::show;

    #[test]
    fn every_version_names_its_packages() {
        // After the lock files of Deno 1.28, 1.40 and 2.
        let told = [
            r#"{"version": "2", "remote": {"https://deno.land/std/x.ts": "f0"},
                "npm": {"specifiers": {"a@1": "a@1.0.0"}, "packages": {"a@1.0.0": {}}}}"#,
            r#"{"version": "3", "packages": {"specifiers": {"npm:b@1": "npm:b@1.0.0"},
                "npm": {"@s/b@1.0.0": {}}, "jsr": {"@std/path@1.0.0": {}}}}"#,
            r#"{"version": "5", "specifiers": {"npm:c@1": "1.0.0_d@2.0.0"},
                "npm": {"c@1.0.0_d@2.0.0": {"dependencies": ["d"]}, "d@2.0.0": {}}}"#,
            "[",
        ]
        .map(|text| show(parse("d", text.as_bytes(), &Limits::default())));
        expect![[r#"
            npm a 1.0.0
            npm @s/b 1.0.0
            npm c 1.0.0
            npm d 2.0.0
            ! d: EOF while parsing a list at line 1 column 1 (malformed)
        "#]]
        .assert_eq(&told.concat());
    }
}
