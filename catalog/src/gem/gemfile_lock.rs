//! Bundler's `Gemfile.lock`: sections by source, and in the `specs:` of each, four blanks deep,
//! `name (version)`. What lies deeper is what a gem depends on.

use image::Limits;
use model::{PackageType, Problem};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::document::add;
use crate::text::{FileProblems, lines};

/// Bundler's lock file, under each of its names.
pub const GEMFILE_LOCK: Cataloger = Cataloger {
    name: "gemfile-lock",
    reads: "Ruby gems that Bundler locked",
    paths: &[
        Pattern::Name("Gemfile.lock"),
        Pattern::Name("Gemfile.next.lock"),
        Pattern::Name("gems.locked"),
    ],
    role: Role::Locked,
    parse,
    ..PLAIN
};

/// The sections that name gems; others are settings.
const SECTIONS: &[&[u8]] = &[b"GEM", b"GIT", b"PATH", b"PLUGIN SOURCE"];

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let (mut is_source, mut is_specs, mut is_project) = (false, false, false);
    for (number, line) in lines(bytes) {
        let depth = line.iter().take_while(|byte| **byte == b' ').count();
        let text = line.trim_ascii();
        match depth {
            _ if text.is_empty() => {}
            0 => {
                is_source = SECTIONS.contains(&text);
                (is_specs, is_project) = (false, false);
            }
            2 => {
                is_specs = is_source && text == b"specs:";
                // The gem that is developed here is no dependency.
                is_project |= text == b"remote: .";
            }
            4 if is_specs && !is_project => match spec(text) {
                Some((name, version)) => {
                    add(
                        &mut found,
                        &mut problems,
                        number,
                        (PackageType::Gem, name, version),
                    );
                }
                None => problems.at(number, "is no name and version"),
            },
            _ => {}
        }
    }
    (found, problems.finish())
}

/// Name and version; behind the version a platform may stand: `1.15.0-x86_64-linux`.
fn spec(text: &[u8]) -> Option<(&str, &str)> {
    let text = str::from_utf8(text).ok()?;
    let (name, rest) = text.split_once(' ')?;
    let inside = rest.strip_prefix('(')?.split_once(')')?.0;
    let version = inside.split('-').next()?;
    Some((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn gems_of_every_source_count_once_whatever_their_platforms() {
        let text = "\
PATH
  remote: .
  specs:
    me (0.1)

PATH
  remote: engines/x
  specs:
    x (1.0.0)

GIT
  remote: https://git.example/turbolinks.git
  revision: 80216ce9d89920bf073709405e3fce6d0a3ccd9a
  specs:
    turbolinks (3.0.0)
      coffee-rails

GEM
  remote: https://rubygems.org/
  specs:
    nokogiri (1.15.0)
    nokogiri (1.15.0-java)
    nokogiri (1.15.0-x86_64-linux)
      racc (~> 1.4)
    broken
    arel (5.0.1.20140414130214)!
    ( )

PLATFORMS
  java

DEPENDENCIES
  nokogiri (~> 1.15)

CHECKSUMS
  specs:
    no (1.0)

BUNDLED WITH
   2.3.15
";
        let answer = parse("g", text.as_bytes(), &Limits::default());
        expect![[r#"
            gem x 1.0.0
            gem turbolinks 3.0.0
            gem nokogiri 1.15.0
            gem arel 5.0.1.20140414130214
            ! g:25: is no name and version (malformed)
            ! g:27: is no name and version (malformed)
        "#]]
        .assert_eq(&show(answer));
    }
}
