//! What bun is locked to: `bun.lock` (bun.com/docs "lockfile": JSON with comments and last commas),
//! and `bun.lockb` before Bun 1.2, which only bun itself can read.

use std::fmt;

use image::Limits;
use model::{Problem, ProblemKind};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{List, is_version, of_tarball, split_at_version};
use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::entries::{self, Text};

/// The lock file of bun.
pub const BUN_LOCK: Cataloger = Cataloger {
    name: "bun-lock",
    reads: "Node packages that a project is locked to by bun",
    paths: &[Pattern::Name("bun.lock")],
    role: Role::Locked,
    parse,
    ..PLAIN
};

/// Its older, binary lock file: where the sources of a project are looked at, a gap.
pub const BUN_LOCKB: Cataloger = Cataloger {
    name: "bun-lockb",
    reads: "Node packages that a project is locked to by an old bun: not read, said to be missing",
    paths: &[Pattern::Name("bun.lockb")],
    role: Role::Locked,
    parse: |path, _, _| {
        let detail = "is bun's binary lock file, which is not read: \
                      `bun install --save-text-lockfile` writes one that is";
        let problem = Problem::new(ProblemKind::Unsupported, path, detail);
        (Found::default(), vec![problem])
    },
    ..PLAIN
};

/// `["name@version", …]`: what follows differs by where it comes from.
struct Entry<'a>(Text<'a>);

impl<'de> Deserialize<'de> for Entry<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Entry<'de>, D::Error> {
        reader.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entry<'de>, A::Error> {
        let first = list.next_element()?.unwrap_or_default();
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Entry(first))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Entry(Text::default()))
    }
}

fn parse(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut list = List::default();
    let bytes = entries::strict(bytes);
    let read = entries::of_json(&bytes, &["packages"], |_, _, entry: Entry<'_>| {
        let Some((name, version)) = entry.0.as_str().and_then(split_at_version) else {
            return;
        };
        let found = is_version(version).then_some(version);
        if let Some(version) = found.or_else(|| of_tarball(name, version)) {
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
    fn packages_are_named_by_what_they_resolve_to() {
        // After Bun 1.2's blog of 2024-12 and its own tests; the odd ones are made up.
        let text = r#"// bun
{
  "lockfileVersion": 1,
  "workspaces": {"": {"name": "app", "dependencies": {"a": "^1.0.0",},},},
  "packages": {
    "a": ["a@1.0.0", "", {"dependencies": {"b": "^2"}}, "sha512-x=="],
    "alias": ["@s/real@2.0.0-rc.1", "", {}, "sha512-x=="],
    "c": ["a@1.0.0", "", {}, "sha512-x=="],
    "git": ["git@github:o/git#6609a88", {}, "o-git-6609a88"],
    "here": ["here@workspace:here"],
    "tar": ["tar@https://x.example/tar-3.0.0.tgz", {}],
    "odd": [7], "odder": {}, "oddest": [], /* and a last comma */
  },
}"#;
        expect![[r#"
            npm a 1.0.0
            npm @s/real 2.0.0-rc.1
            npm tar 3.0.0
        "#]]
        .assert_eq(&show(parse("b", text.as_bytes(), &Limits::default())));
    }
}
