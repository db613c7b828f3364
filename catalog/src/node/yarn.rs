//! What yarn is locked to: `yarn.lock`, the first form (its own) and Berry's (YAML). Both have a
//! line of descriptors without indentation for each package, and its fields indented below by two
//! blanks; what is indented further belongs to a field.

use image::Limits;
use model::Problem;

use super::{List, split_at_version};
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

/// A package's lines.
#[derive(Default)]
struct Block<'a> {
    descriptors: &'a str,
    version: &'a str,
    /// `name@protocol:version`, Berry's.
    resolution: &'a str,
    /// Where it was fetched from, the first form's.
    resolved: &'a str,
    /// Berry's: `soft` for what lies in the project itself.
    link: &'a str,
}

fn parse(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut list = List::default();
    let mut block = Block::default();
    let (mut strange, mut bare) = (0, 0);
    for (_, line) in lines(bytes) {
        let Ok(line) = std::str::from_utf8(line) else {
            strange += 1;
            continue;
        };
        // A key that is too long for YAML stands alone, and the colon below it.
        if line.is_empty() || line.starts_with('#') || line == ":" {
            continue;
        }
        if !line.starts_with(' ') {
            bare += usize::from(block.is_bare());
            std::mem::take(&mut block).end(&mut list);
            block.descriptors = line.strip_prefix("? ").unwrap_or(line);
            continue;
        }
        let field = line.strip_prefix("  ").unwrap_or_default();
        let Some((key, value)) = field.split_once(' ').filter(|(key, _)| !key.is_empty()) else {
            continue;
        };
        let value = value.trim().trim_matches('"');
        match key.trim_end_matches(':').trim_matches('"') {
            "version" => block.version = value,
            "resolution" => block.resolution = value,
            "resolved" => block.resolved = value,
            "linkType" => block.link = value,
            _ => {}
        }
    }
    bare += usize::from(block.is_bare());
    block.end(&mut list);
    let read = match (strange, bare) {
        (0, 0) => Ok(()),
        (0, bare) => Err(format!("{bare} packages have no version")),
        (strange, _) => Err(format!("{strange} lines are no text")),
    };
    list.finish(path, read)
}

impl Block<'_> {
    fn is_bare(&self) -> bool {
        !self.descriptors.is_empty() && self.version.is_empty()
    }

    fn end(self, list: &mut List) {
        if self.link == "soft" || self.version.ends_with("-use.local") {
            return;
        }
        let name = match self.resolution {
            // What another name was resolved to is what was fetched.
            "" => {
                descriptor(self.descriptors).map(|name| of_registry(self.resolved).unwrap_or(name))
            }
            resolution => split_at_version(resolution).map(|(name, _)| name),
        };
        if let Some(name) = name {
            list.add(name, self.version, String::new());
        }
    }
}

/// The package of `"@babel/core@^7.0.0", "@babel/core@^7.1.0":`, or of `a@npm:b@1.0`; none for
/// what lies in the project itself.
fn descriptor(line: &str) -> Option<&str> {
    let first = line.trim_end_matches(':').split(", ").next()?;
    let (name, range) = split_at_version(first.trim_matches('"'))?;
    let is_local = range.starts_with("link:") || range.starts_with("workspace:");
    let aliased = range.strip_prefix("npm:").and_then(split_at_version);
    (!is_local).then(|| aliased.map_or(name, |(name, _)| name))
}

/// The name in an address of a registry: `https://registry.yarnpkg.com/@s/a/-/a-1.0.0.tgz`.
fn of_registry(url: &str) -> Option<&str> {
    let (path, _) = url.split_once("/-/")?;
    let (parent, _) = image::path::split(path);
    let start = match image::path::split(parent) {
        (before, scope) if scope.starts_with('@') => before.len() + 1,
        _ => parent.len() + 1,
    };
    path.get(start..)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tests::show;

    #[test]
    fn keys_may_be_quoted_and_versions_missing() {
        let text = "\"a@^1\":\n  \"version\" \"1.0.0\"\n\n\"b@npm:^1\":\r\n  \"version\": 1.1.0\r\n\r\nc@1:\n";
        expect![[r#"
            npm a 1.0.0
            npm b 1.1.0
            ! y: 1 packages have no version (malformed)
        "#]]
        .assert_eq(&show(parse("y", text.as_bytes(), &Limits::default())));
    }

    #[test]
    fn both_forms_are_read() {
        // After yarn 1.22's and 4.0's lock files, 2023.
        let old = "# yarn lockfile v1\n\n\"@babel/core@^7.0.0\", \"@babel/core@^7.1.0\":\n  version \"7.22.0\"\n  \
            resolved \"https://x\"\n  dependencies:\n    version \"^1.0\"\n\nlodash@^4:\n  version \"4.17.21\"\n\n\
            \"old@npm:@s/new@^1\":\n  version \"1.0.0\"\n\n\"here@link:./here\":\n  version \"0.0.0\"\n\n\
            fork@^1:\n  version \"1.5.2\"\n  resolved \"https://r.example/npm/@o/fork/-/fork-1.5.2.tgz#5f\"\n\n\
            \"git@https://x/git.git#1\":\n  version \"0.1.0\"\n\nbare@1:\n\n\u{ff}\n";
        let berry = "__metadata:\n  version: 8\n  cacheKey: 10\n\n\"alias@npm:lodash@^4.17.0\":\n  version: 4.17.21\n  \
            resolution: \"lodash@npm:4.17.21\"\n  linkType: hard\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n\n\
            \"part@workspace:part\":\n  version: 1.0.0\n  resolution: \"part@workspace:part\"\n  linkType: soft\n\n\
            ? \"@s/b@npm:^1, @s/b@npm:^2\"\n:\n  version: 2.0.0\n  \
            resolution: \"@s/b@patch:@s/b@npm%3A2.0.0#~/x.patch\"\n  linkType: hard\n";
        let latin1 = |text: &str| text.chars().map(|one| one as u8).collect::<Vec<_>>();
        expect![[r#"
            npm @babel/core 7.22.0
            npm lodash 4.17.21
            npm @s/new 1.0.0
            npm @o/fork 1.5.2
            npm git 0.1.0
            ! y: 1 lines are no text (malformed)
            npm lodash 4.17.21
            npm @s/b 2.0.0
        "#]]
        .assert_eq(
            &[old, berry]
                .map(|text| show(parse("y", &latin1(text), &Limits::default())))
                .concat(),
        );
    }
}
