//! `go.mod`: the modules that a Go program's sources ask for; <https://go.dev/ref/mod>.

use std::collections::HashMap;

use image::Limits;
use model::{Package, PackageType, Problem};

use super::modules;
use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::{FileProblems, excerpt, lines, word};

/// The file of a module.
pub const GO_MOD: Cataloger = Cataloger {
    name: "go.mod",
    reads: "Go modules that sources require, with replacements, and the toolchain",
    paths: &[Pattern::Name("go.mod")],
    role: Role::Locked,
    parse,
    ..PLAIN
};

#[derive(Default)]
struct Module {
    required: Vec<(String, String)>,
    /// By path, and by version where only one is replaced.
    replaced: HashMap<(String, Option<String>), (String, String)>,
    toolchain: Option<String>,
}

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut module = Module::default();
    // The directive of the block that a line is in.
    let mut block: Option<Vec<u8>> = None;
    for (number, line) in lines(bytes) {
        let words = words(line);
        let is_usable = match (words.as_slice(), &block) {
            ([], _) => true,
            ([b")"], Some(_)) => {
                block = None;
                true
            }
            ([directive, b"("], None) => {
                block = Some(directive.to_vec());
                true
            }
            (words, Some(directive)) => module.line(directive, words).is_some(),
            ([directive, words @ ..], None) => module.line(directive, words).is_some(),
        };
        if !is_usable {
            problems.at(number, format!("is no usable line: '{}'", excerpt(line)));
        }
    }
    (module.found(), problems.finish())
}

/// The words of a line, without what `//` begins.
fn words(line: &[u8]) -> Vec<&[u8]> {
    let words = line.split(u8::is_ascii_whitespace);
    let words = words.filter(|word| !word.is_empty());
    let mut words: Vec<&[u8]> = words.take_while(|word| !word.starts_with(b"//")).collect();
    // `require(` is allowed as well.
    if let Some(last) = words.last().and_then(|last| last.strip_suffix(b"("))
        && !last.is_empty()
    {
        words.pop();
        words.extend([last, b"("]);
    }
    words
}

fn text(quoted: &[u8]) -> Option<String> {
    let quotes = |byte: &u8| matches!(byte, b'"' | b'`');
    let start = quoted.iter().take_while(|byte| quotes(byte)).count();
    let end = quoted.iter().rev().take_while(|byte| quotes(byte)).count();
    word(quoted.get(start..quoted.len().checked_sub(end)?)?)
}

impl Module {
    /// Takes a line in; `None` where it says too little.
    fn line(&mut self, directive: &[u8], words: &[&[u8]]) -> Option<()> {
        match (directive, words) {
            (b"require", [path, version, ..]) => {
                self.required.push((text(path)?, text(version)?));
            }
            (b"require", _) => return None,
            (b"replace", _) => {
                let arrow = words.iter().position(|word| *word == b"=>")?;
                let (from, to) = (words.get(..arrow)?, words.get(arrow + 1..)?);
                let version = |words: &[&[u8]]| words.get(1).and_then(|word| text(word));
                let key = (text(from.first()?)?, version(from));
                let unknown = || modules::DEVEL.to_owned();
                let value = (text(to.first()?)?, version(to).unwrap_or_else(unknown));
                self.replaced.insert(key, value);
            }
            (b"toolchain", [name, ..]) => {
                let name = text(name)?;
                self.toolchain = name.strip_prefix("go").map(str::to_owned);
            }
            _ => {}
        }
        Some(())
    }

    fn found(self) -> Found {
        let mut found = Found::default();
        for mut module in self.required {
            let of = |version| self.replaced.get(&(module.0.clone(), version));
            if let Some((name, version)) = of(Some(module.1.clone())).or_else(|| of(None)) {
                modules::replace(&mut module, name.clone(), version.clone());
            }
            let package = Package::new(PackageType::Golang, module.0, module.1);
            found.packages.push(package.into());
        }
        if let Some(version) = self.toolchain {
            let package = Package::new(PackageType::Golang, "stdlib", version);
            found.packages.push(package.into());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn requirements_are_read_with_their_replacements() {
        // Made for the test, after the grammar of <https://go.dev/ref/mod#go-mod-file>.
        let text = "module example.com/x // a comment

go 1.21
toolchain go1.21.4

require golang.org/x/net v0.10.0
require (
\tgolang.org/x/text v0.9.0 // indirect
\t\"github.com/a/b\" v1.0.0
\tgithub.com/c/d v1.0.0
\tgithub.com/e/f v1.2.0
\tgithub.com/broken
)
exclude golang.org/x/net v0.9.0
replace (
\tgithub.com/a/b => github.com/fork/b v1.0.1
\tgithub.com/c/d => ../d
\tgithub.com/e/f v1.1.0 => github.com/fork/f v1.1.1
)
replace golang.org/x/text v0.9.0 => golang.org/x/text v0.9.1
retract [v1.0.0, v1.1.0]
";
        expect![[r#"
            golang golang.org/x/net v0.10.0
            golang golang.org/x/text v0.9.1
            golang github.com/fork/b v1.0.1
            golang github.com/c/d (devel)
            golang github.com/e/f v1.2.0
            golang stdlib 1.21.4
            ! go.mod:12: is no usable line: '\tgithub.com/broken' (malformed)
        "#]]
        .assert_eq(&show(parse("go.mod", text.as_bytes(), &Limits::default())));
    }
}
