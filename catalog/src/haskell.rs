//! Haskell packages that projects are built from: Stack's `stack.yaml.lock` and the `extra-deps` of
//! its `stack.yaml`, and `cabal.project.freeze`.

use image::Limits;
use model::{PackageType, Problem};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::document::{add, yaml};
use crate::text::{FileProblems, lines};

/// Stack's files.
pub const STACK: Cataloger = Cataloger {
    name: "haskell-stack",
    reads: "Haskell packages that Stack locked",
    paths: &[
        Pattern::Name("stack.yaml.lock"),
        Pattern::Name("stack.yaml"),
    ],
    role: Role::Locked,
    parse: parse_stack,
    ..PLAIN
};

/// Cabal's file.
pub const CABAL: Cataloger = Cataloger {
    name: "haskell-cabal",
    reads: "Haskell packages that Cabal froze",
    paths: &[Pattern::Name("cabal.project.freeze")],
    role: Role::Locked,
    parse: parse_cabal,
    ..PLAIN
};

#[derive(Deserialize)]
struct Stack {
    /// Of the lock file; in `stack.yaml` these are directories.
    #[serde(default)]
    packages: Option<Vec<Item>>,
    #[serde(default, rename = "extra-deps")]
    extra: Option<Vec<Item>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Item {
    Text(String),
    Locked { completed: Completed },
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Completed {
    /// Of Hackage: name and version in one.
    hackage: Option<String>,
    /// Of a repository or an archive.
    name: Option<String>,
    version: Option<String>,
}

fn parse_stack(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let stack: Option<Stack> = yaml(bytes, &mut problems);
    let items = stack
        .iter()
        .flat_map(|stack| [&stack.packages, &stack.extra]);
    for item in items.flatten().flatten() {
        let package = match item {
            Item::Text(text) => identifier(text),
            Item::Locked { completed } => match &completed.hackage {
                Some(text) => identifier(text),
                None => completed.name.as_deref().zip(completed.version.as_deref()),
            },
            Item::Other(_) => None,
        };
        if let Some((name, version)) = package {
            add(
                &mut found,
                &mut problems,
                1,
                (PackageType::Hackage, name, version),
            );
        }
    }
    (found, problems.finish())
}

/// `name-version`, or `name-version@revision`: what has no version is a directory.
fn identifier(text: &str) -> Option<(&str, &str)> {
    let (text, _) = text.split_once('@').unwrap_or((text, ""));
    let (name, version) = text.rsplit_once('-')?;
    let is_version = version.starts_with(|one: char| one.is_ascii_digit())
        && version
            .chars()
            .all(|one| one.is_ascii_digit() || one == '.');
    (is_version && !name.contains(['/', ':'])).then_some((name, version))
}

fn parse_cabal(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    for (number, line) in lines(bytes) {
        let text = String::from_utf8_lossy(line);
        for constraint in text.split(',') {
            let constraint = constraint
                .trim_start()
                .trim_start_matches("constraints:")
                .trim();
            let Some((name, version)) = constraint.split_once("==") else {
                continue;
            };
            // A constraint may be on a package wherever it is used, or on a build's own tools.
            let name = name.trim();
            let name = name.strip_prefix("any.").unwrap_or(name);
            let (version, _) = version.split_once("||").unwrap_or((version, ""));
            let package = (PackageType::Hackage, name, version);
            add(&mut found, &mut problems, number, package);
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
    fn what_stack_locked_counts() {
        let text = "\
packages:
- completed:
    hackage: HTTP-4000.3.16@sha256:6042,5947
    pantry-tree:
      size: 1428
  original:
    hackage: HTTP-4000.3.16
- completed:
    name: of-git
    version: 0.1.0
    git: https://git.example/x
    commit: abc
- completed:
    git: nameless
snapshots:
- completed:
    sha256: x
  original: lts-18.28
";
        let read = |text: &str| show(parse_stack("s", text.as_bytes(), &Limits::default()));
        expect![[r#"
            hackage HTTP 4000.3.16
            hackage of-git 0.1.0
        "#]]
        .assert_eq(&read(text));
        let text = "packages:\n- .\nextra-deps:\n- acme-missiles-0.3@rev:1\n- vendor/x-1.0\n\
                    - git: https://git.example/x\n  commit: y\n";
        expect![[r#"
            hackage acme-missiles 0.3
        "#]]
        .assert_eq(&read(text));
        expect![[r#"
            ! s:1: cannot be read: error: line 1 column 11: expected sequence start (malformed)
        "#]]
        .assert_eq(&(read("extra-deps:\n") + &read("packages: {\n") + &read("")));
    }

    #[test]
    fn what_cabal_froze_counts() {
        let text = "\
active-repositories: hackage.haskell.org:merge
constraints: any.Cabal ==3.2.1.0,
             any.array installed,
             any.HTTP ==4000.3.16,
             plain ==1.0,
             tls +compat -hans +network,
             any. ==,
index-state: hackage.haskell.org 2022-07-07T01:01:53Z
";
        let answer = parse_cabal("c", text.as_bytes(), &Limits::default());
        expect![[r#"
            hackage Cabal 3.2.1.0
            hackage HTTP 4000.3.16
            hackage plain 1.0
            ! c:7: is no package: '' '' (malformed)
        "#]]
        .assert_eq(&show(answer));
    }
}
