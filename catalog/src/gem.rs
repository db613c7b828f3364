//! Ruby gems as RubyGems installs them: `specifications/NAME-VERSION[-PLATFORM].gemspec`, also
//! `specifications/default` for those that Ruby brings itself, and what Bundler took from
//! repositories.
//!
//! Such a file is Ruby that RubyGems wrote itself (`Gem::Specification#to_ruby`), an assignment a
//! line; before it stands `# stub: NAME VERSION PLATFORM PATHS`. The platform is no part of the
//! version.

use image::Limits;
use model::{PackageType, Problem};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::document;
use crate::text::{FileProblems, lines};

pub mod gemfile_lock;

/// Gems that are installed.
pub const GEM: Cataloger = Cataloger {
    name: "gem",
    reads: "installed Ruby gems, with licence",
    paths: &[
        Pattern::Under {
            directory: "specifications",
            ending: ".gemspec",
        },
        Pattern::Under {
            directory: "bundler/gems",
            ending: ".gemspec",
        },
    ],
    role: Role::Installed,
    parse,
    ..PLAIN
};

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let spec = Spec::of(bytes);
    let package = spec.name.zip(spec.version).and_then(|(name, version)| {
        let (name, version) = (str::from_utf8(name).ok()?, str::from_utf8(version).ok()?);
        document::package(PackageType::Gem, name, version)
    });
    match package {
        Some(mut package) => {
            let licences = spec
                .licences
                .iter()
                .map(|word| String::from_utf8_lossy(word));
            let licences: Vec<_> = licences
                .filter(|word| !word.contains(char::is_control))
                .collect();
            package.licence = licences.join(", ");
            found.packages.push(package);
        }
        // What lies in a repository may be a program that no tool has written.
        None if path.contains("bundler/gems/") => {}
        None => problems.at(1, "has no name and version that can be read"),
    }
    (found, problems.finish())
}

/// Licences of one gem.
const LICENCES: usize = 16;

/// What is assigned in it.
#[derive(Default)]
struct Spec<'a> {
    name: Option<&'a [u8]>,
    version: Option<&'a [u8]>,
    licences: Vec<&'a [u8]>,
}

impl<'a> Spec<'a> {
    fn of(bytes: &'a [u8]) -> Spec<'a> {
        let mut spec = Spec::default();
        let mut stub = Spec::default();
        for (_, line) in lines(bytes) {
            if let Some(words) = line.strip_prefix(b"# stub: ") {
                let mut words = words.split(|byte| *byte == b' ');
                // A second such line names extensions.
                if stub.name.is_none() {
                    stub.name = words.next();
                    stub.version = words.next();
                }
                continue;
            }
            let Some((attribute, value)) = assignment(line) else {
                continue;
            };
            match attribute {
                b"name" => spec.name = spec.name.or_else(|| literals(value).next()),
                b"version" => spec.version = spec.version.or_else(|| literals(value).next()),
                b"license" | b"licenses" => {
                    spec.licences.extend(literals(value).take(LICENCES));
                    spec.licences.truncate(LICENCES);
                }
                _ => {}
            }
        }
        spec.name = spec.name.or(stub.name);
        spec.version = spec.version.or(stub.version);
        spec
    }
}

/// Attribute and value of `s.attribute = value`.
fn assignment(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.trim_ascii_start();
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let dot = line.iter().position(|byte| !is_of_name(byte))?;
    let rest = line.get(dot..)?.strip_prefix(b".")?;
    let end = rest.iter().position(|byte| !is_of_name(byte))?;
    let (attribute, rest) = rest.split_at_checked(end)?;
    let value = rest.trim_ascii_start().strip_prefix(b"=")?;
    (dot > 0).then_some((attribute, value))
}

/// The strings of a line, in quotes of either kind, that are written out.
fn literals(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = value;
    let strings = std::iter::from_fn(move || {
        let open = rest
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\'' | b'#'))?;
        let quote = *rest.get(open).filter(|byte| **byte != b'#')?;
        let inside = rest.get(open + 1..)?;
        let length = inside.iter().position(|byte| *byte == quote)?;
        let (string, after) = inside.split_at_checked(length)?;
        rest = after.get(1..)?;
        Some(string)
    });
    strings.filter(|string| !string.contains(&b'\\') && !string.windows(2).any(|two| two == b"#{"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    fn read(path: &str, text: &str) -> String {
        show(parse(path, text.as_bytes(), &Limits::default()))
    }

    #[test]
    fn what_is_assigned_counts_and_else_the_stub() {
        let mut shown = String::new();
        for text in [
            "# stub: a 1.0 java lib\n# stub: ext/a\n  s.name = \"A\".freeze\n  s.version = \"2.0\"\n",
            "# stub: a-b 1.0.0.pre.1 x86_64-linux lib\n",
            "spec.name='x'\nspec.version = Gem::Version.new('1.5')\nspec.license = 'MIT' # \"no\"\n",
            "s.name = \"x\"\ns.version = \"#{X::VERSION}\"\n",
            "s.licenses = [\"MIT\".freeze, \"Ruby\"]\ns.version = \"1\"\ns.name = \"y\"",
            "s.name = \"a b\"\ns.version = \"1\"\n",
            "s.name = \"\n s.version =\n.name = \"x\"\n",
        ] {
            shown += &read("specifications/x.gemspec", text);
        }
        expect![[r#"
            gem A 2.0
            gem a-b 1.0.0.pre.1
            gem x 1.5 licence "MIT"
            ! specifications/x.gemspec:1: has no name and version that can be read (malformed)
            gem y 1 licence "MIT, Ruby"
            ! specifications/x.gemspec:1: has no name and version that can be read (malformed)
            ! specifications/x.gemspec:1: has no name and version that can be read (malformed)
        "#]]
        .assert_eq(&shown);
        assert_eq!(read("bundler/gems/x-1/x.gemspec", "s.name = \"x\"\n"), "");
    }
}
