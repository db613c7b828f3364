//! `cpanfile.snapshot` of Carton and Carmel: below `DISTRIBUTIONS`, two blanks deep, each
//! distribution's name and version in one.

use image::Limits;
use model::{PackageType, Problem};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::document::add;
use crate::text::{FileProblems, lines};

/// The snapshot.
pub const CPANFILE_SNAPSHOT: Cataloger = Cataloger {
    name: "cpanfile-snapshot",
    reads: "Perl distributions that Carton locked",
    paths: &[Pattern::Name("cpanfile.snapshot")],
    role: Role::Locked,
    parse,
    ..PLAIN
};

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    for (number, line) in lines(bytes) {
        let Some(text) = line
            .strip_prefix(b"  ")
            .filter(|text| !text.starts_with(b" "))
        else {
            continue;
        };
        match str::from_utf8(text).ok().and_then(distribution) {
            Some((name, version)) => {
                add(
                    &mut found,
                    &mut problems,
                    number,
                    (PackageType::Cpan, name, version),
                );
            }
            None => problems.at(number, "is no distribution with a version"),
        }
    }
    (found, problems.finish())
}

/// The version begins behind the last hyphen that a digit, or a `v` and one, follows.
fn distribution(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_end();
    let hyphens = text.rmatch_indices('-');
    let mut parts = hyphens.filter_map(|(at, _)| Some((text.get(..at)?, text.get(at + 1..)?)));
    parts.find(|(_, version)| {
        let digits = version.strip_prefix('v').unwrap_or(version);
        digits.starts_with(|one: char| one.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn a_version_begins_at_a_digit() {
        let text = "\
# carton snapshot format: version 1.0
DISTRIBUTIONS
  HTTP-Tiny-0.088
    pathname: H/HA/HAARG/HTTP-Tiny-0.088.tar.gz
    provides:
      HTTP::Tiny 0.088
  Foo-2-v1.2.3
  Bar-0.01-TRIAL
  NoVersion
";
        let answer = parse("s", text.as_bytes(), &Limits::default());
        expect![[r#"
            cpan HTTP-Tiny 0.088
            cpan Foo-2 v1.2.3
            cpan Bar 0.01-TRIAL
            ! s:9: is no distribution with a version (malformed)
        "#]]
        .assert_eq(&show(answer));
    }
}
