//! Ruby gems as they are installed: `specifications/NAME-VERSION[-PLATFORM].gemspec`, which
//! RubyGems writes as Ruby of one form (`Gem::Specification#to_ruby`). No Ruby is run: `s.name`
//! and `s.version` are read where strings are assigned to them.

use image::Limits;
use model::{Package, PackageType, Problem};

pub mod lock;

use crate::cataloger::{Cataloger, Found, FoundPackage, PLAIN, Pattern, Role};
use crate::text::{FileProblems, lines, word};

/// Installed gems, those among them that come with Ruby.
pub const GEM: Cataloger = Cataloger {
    name: "gem",
    reads: "Ruby gems, by their specifications",
    paths: &[Pattern::Under {
        directory: "specifications",
        ending: ".gemspec",
    }],
    role: Role::Installed,
    parse,
    ..PLAIN
};

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let (mut name, mut version, mut licence) = (None, None, String::new());
    for (_, line) in lines(bytes) {
        let Some((field, value)) = assignment(line) else {
            continue;
        };
        match field {
            "name" if name.is_none() => name = strings(value).next().and_then(word),
            "version" if version.is_none() => version = strings(value).next().and_then(word),
            "licenses" | "license" if licence.is_empty() => {
                let names: Vec<String> = strings(value).map(image::path::text).collect();
                licence = names.join(" OR ");
            }
            _ => {}
        }
    }
    let mut found = Found::default();
    match (name, version) {
        (Some(name), Some(version)) => found.packages.push(FoundPackage {
            licence: licence.chars().filter(|one| !one.is_control()).collect(),
            ..Package::new(PackageType::Gem, name, version).into()
        }),
        _ => problems.at(1, "names no gem and version"),
    }
    (found, problems.finish())
}

/// `  s.name = "rake".freeze` as `name` and what follows the sign. The variable may have any name.
fn assignment(line: &[u8]) -> Option<(&str, &[u8])> {
    let equals = line.iter().position(|byte| *byte == b'=')?;
    let (left, right) = line.split_at_checked(equals)?;
    let (_, field) = std::str::from_utf8(left).ok()?.trim().rsplit_once('.')?;
    let is_word = field
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_word.then_some((field, right.get(1..)?))
}

/// The quoted strings of an expression.
fn strings(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = value;
    std::iter::from_fn(move || {
        let open = rest.iter().position(|byte| matches!(byte, b'"' | b'\''))?;
        let quote = *rest.get(open)?;
        let after = rest.get(open + 1..)?;
        let close = after.iter().position(|byte| *byte == quote)?;
        let (text, end) = after.split_at_checked(close)?;
        rest = end.get(1..)?;
        Some(text)
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tests::show;

    #[test]
    fn a_specification_names_a_gem() {
        // After RubyGems 3.3's specifications of nokogiri 1.13 (for a platform) and rake 13.0.6.
        let text = "# -*- encoding: utf-8 -*-\n# stub: nokogiri 1.13.0 x86_64-linux lib\n\n\
            Gem::Specification.new do |s|\n  s.name = \"nokogiri\".freeze\n  s.version = \"1.13.0\"\n  \
            s.platform = \"x86_64-linux\".freeze\n  s.licenses = [\"MIT\".freeze, \"Apache-2.0\".freeze]\n  \
            s.required_ruby_version = Gem::Requirement.new(\"~> 2.6\".freeze)\nend\n";
        let told = |text: &str| show(parse("g", text.as_bytes(), &Limits::default()));
        expect![[r#"
            gem nokogiri 1.13.0 licence "MIT OR Apache-2.0"
        "#]]
        .assert_eq(&told(text));
        expect![[r#"
            gem rake 13.0.6
        "#]]
        .assert_eq(&told(
            "spec.name='rake'\nspec.version = Gem::Version.new('13.0.6')\n",
        ));
        expect![[r#"
            ! g:1: names no gem and version (malformed)
        "#]]
        .assert_eq(&told("s.name = NAME\ns.version = \"1\n"));
    }
}
