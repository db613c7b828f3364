//! What yarn is locked to: `yarn.lock`, the first form (its own) and Berry's (YAML). Both have a
//! line of descriptors without indentation for each package, and its version indented below.

use image::Limits;
use model::{Package, PackageType, Problem};

use super::{is_name, is_version};
use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::lines;

/// The lock file of yarn.
pub const YARN_LOCK: Cataloger = Cataloger {
    name: "yarn-lock",
    reads: "Node packages that a project is locked to by yarn",
    paths: &[Pattern::Name("yarn.lock")],
    role: Role::Locked,
    parse,
    ..PLAIN
};

fn parse(_: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let mut name: Option<String> = None;
    let mut version: Option<String> = None;
    for (_, line) in lines(bytes) {
        let Ok(line) = std::str::from_utf8(line) else {
            continue;
        };
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if !line.starts_with(' ') {
            name = descriptor(line);
            version = None;
            continue;
        }
        let Some(field) = line
            .strip_prefix("  ")
            .filter(|field| !field.starts_with(' '))
        else {
            continue;
        };
        let (key, value) = field.split_once([' ', ':']).unwrap_or((field, ""));
        let value = value.trim_matches(|one: char| one == ':' || one == '"' || one.is_whitespace());
        match key.trim_end_matches(':') {
            "version" if version.is_none() => {
                version = Some(value.to_owned());
                let is_workspace = value.ends_with("-use.local");
                if let Some(name) = name
                    .as_deref()
                    .filter(|name| is_name(name) && !is_workspace)
                    && is_version(value)
                {
                    found
                        .packages
                        .push(Package::new(PackageType::Npm, name, value).into());
                }
            }
            _ => {}
        }
    }
    (found, Vec::new())
}

/// The package of `"@babel/core@^7.0.0", "@babel/core@^7.1.0":`, or of `a@npm:b@1.0`.
fn descriptor(line: &str) -> Option<String> {
    let first = line.trim_end_matches(':').split(", ").next()?;
    let first = first.trim_matches('"');
    let at = first.char_indices().skip(1).find(|(_, one)| *one == '@')?.0;
    let (name, range) = first.split_at_checked(at)?;
    let aliased = range.strip_prefix("@npm:").and_then(|text| {
        let at = text.char_indices().skip(1).find(|(_, one)| *one == '@')?.0;
        text.get(..at)
    });
    let aliased = aliased
        .filter(|other| is_name(other) && !other.starts_with(|one: char| one.is_ascii_digit()));
    Some(aliased.unwrap_or(name).to_owned())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tests::show;

    #[test]
    fn both_forms_are_read() {
        // After yarn 1.22's and 4.0's lock files, 2023.
        let old = "# yarn lockfile v1\n\n\"@babel/core@^7.0.0\", \"@babel/core@^7.1.0\":\n  version \"7.22.0\"\n  \
            resolved \"https://x\"\n  dependencies:\n    version \"^1.0\"\n\nlodash@^4:\n  version \"4.17.21\"\n";
        let berry = "__metadata:\n  version: 8\n  cacheKey: 10\n\n\"alias@npm:lodash@^4.17.0\":\n  version: 4.17.21\n  \
            resolution: \"lodash@npm:4.17.21\"\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n";
        expect![[r#"
            npm @babel/core 7.22.0
            npm lodash 4.17.21
            npm lodash 4.17.21
        "#]]
        .assert_eq(
            &[old, berry]
                .map(|text| show(parse("y", text.as_bytes(), &Limits::default())))
                .concat(),
        );
    }
}
