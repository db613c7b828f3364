//! Go modules that a project asks for: `go.mod`, go.dev/ref/mod.

use image::Limits;
use model::{Package, PackageType, Problem};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::{is_word, lines};

/// The file of a module, with what its `replace` lines put in place of others.
pub const GO_MOD: Cataloger = Cataloger {
    name: "go-mod",
    reads: "Go modules that a project asks for",
    paths: &[Pattern::Name("go.mod")],
    role: Role::Locked,
    parse,
    ..PLAIN
};

fn parse(_: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let (mut modules, mut replaced) = (Vec::new(), Vec::new());
    let mut block = "";
    for (_, line) in lines(bytes) {
        let line = std::str::from_utf8(line).unwrap_or_default();
        let line = line.split("//").next().unwrap_or_default().trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let (directive, rest) = match (word, rest.trim()) {
            (_, "(") => {
                block = match word {
                    "require" => "require",
                    "replace" => "replace",
                    _ => "other",
                };
                continue;
            }
            (")", _) => {
                block = "";
                continue;
            }
            _ if !block.is_empty() => (block, line),
            (word, rest) => (word, rest),
        };
        match directive {
            "require" => modules.extend(module(rest)),
            "replace" => replaced.extend(replacement(rest)),
            _ => {}
        }
    }
    let mut found = Found::default();
    for (path, version) in modules {
        let is_it = |one: &&Replacement<'_>| {
            one.path == path && one.versions.is_none_or(|of| of == version)
        };
        let (path, version) = match replaced.iter().find(is_it).map(|one| one.by) {
            Some(Some(by)) => by,
            Some(None) | None => (path, version),
        };
        found
            .packages
            .push(Package::new(PackageType::Golang, path, version).into());
    }
    (found, Vec::new())
}

struct Replacement<'a> {
    path: &'a str,
    /// The version that is replaced; `None` for all.
    versions: Option<&'a str>,
    /// A module in its place; `None` for a directory.
    by: Option<(&'a str, &'a str)>,
}

fn module(text: &str) -> Option<(&str, &str)> {
    let mut words = text.split_whitespace();
    let (path, version) = (unquoted(words.next()?)?, words.next()?);
    (words.next().is_none() && is_word(version)).then_some((path, version))
}

fn replacement(text: &str) -> Option<Replacement<'_>> {
    let (old, new) = text.split_once("=>")?;
    let mut words = old.split_whitespace();
    Some(Replacement {
        path: unquoted(words.next()?)?,
        versions: words.next(),
        by: module(new),
    })
}

fn unquoted(word: &str) -> Option<&str> {
    let word = word.trim_matches(|one| one == '"' || one == '`');
    is_word(word).then_some(word)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tests::show;

    #[test]
    fn requirements_and_replacements_are_read() {
        // After go.dev/ref/mod's example, 2024.
        let text = "module example.org/a\n\ngo 1.21\n\nrequire golang.org/x/net v0.17.0 // indirect\n\
            require (\n\tgithub.com/a/b v1.0.0\n\t\"github.com/c/d\" v2.0.0+incompatible\n)\n\
            exclude (\n\tx.org/y v1.0.0\n)\nreplace (\n\tgithub.com/a/b v1.0.0 => github.com/f/b v1.0.1\n\
            \tgithub.com/c/d => ../d\n)\n";
        expect![[r#"
            golang golang.org/x/net v0.17.0
            golang github.com/f/b v1.0.1
            golang github.com/c/d v2.0.0+incompatible
        "#]]
        .assert_eq(&show(parse("go.mod", text.as_bytes(), &Limits::default())));
    }
}
