//! Lua rocks: `NAME-VERSION-REVISION.rockspec`, which LuaRocks keeps of each rock that it installs
//! (`rocks-5.4/NAME/VERSION/`).
//!
//! It is Lua; name and version are assigned at its top. Where they are computed, the file's name
//! holds both ("Rockspec format").

use image::Limits;
use model::{PackageType, Problem};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::document;
use crate::text::{FileProblems, lines};

/// Rocks that are installed.
pub const LUAROCKS: Cataloger = Cataloger {
    name: "luarocks",
    reads: "installed Lua rocks, with licence",
    paths: &[Pattern::Ending(".rockspec")],
    role: Role::Installed,
    parse,
    ..PLAIN
};

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let (mut name, mut version, mut licence) = (None, None, None);
    for (_, line) in lines(bytes) {
        // What is indented belongs to a table.
        name = name.or_else(|| assigned(line, "package"));
        version = version.or_else(|| assigned(line, "version"));
        licence = licence.or_else(|| assigned(line.trim_ascii_start(), "license"));
    }
    let (of_path, version_of_path) = of_path(path).unzip();
    let package = name
        .or(of_path)
        .zip(version.or(version_of_path))
        .and_then(|(name, version)| document::package(PackageType::Luarocks, name, version));
    match package {
        Some(mut package) => {
            package.licence = licence.unwrap_or_default().to_owned();
            found.packages.push(package);
        }
        None => problems.at(1, "has no package and version that can be read"),
    }
    (found, problems.finish())
}

/// The string that a line assigns to a variable, and nothing is joined to.
fn assigned<'a>(line: &'a [u8], variable: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(variable.as_bytes())?.trim_ascii_start();
    let value = str::from_utf8(rest.strip_prefix(b"=")?).ok()?.trim_start();
    let quote = value
        .chars()
        .next()
        .filter(|one| matches!(one, '"' | '\''))?;
    let (text, after) = value.get(1..)?.split_once(quote)?;
    let is_whole = !after.trim_start().starts_with("..");
    (is_whole && !text.contains(|one: char| one.is_control() || one == '\\')).then_some(text)
}

/// Name and version as the file is called: the version is the last two parts.
fn of_path(path: &str) -> Option<(&str, &str)> {
    let (_, file) = image::path::split(path);
    let stem = file.strip_suffix(".rockspec")?;
    let (before, _) = stem.rsplit_once('-')?;
    let (name, _) = before.rsplit_once('-')?;
    let version = stem.get(name.len() + 1..)?;
    (!name.is_empty()).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn what_is_computed_is_in_the_name() {
        let mut shown = String::new();
        for (path, text) in [
            (
                "a.rockspec",
                "package = 'LPeg'\nversion = '1.0.2-1'\nd = {\n   license = 'MIT/X11'\n",
            ),
            (
                "a.rockspec",
                "build = {\n   version = \"9\"\n}\nversion=\"1.0-1\"\npackage=\"b\"\n",
            ),
            (
                "r/kong-pgmoon-1.16.2-1.rockspec",
                "local v = '1'\nversion = '1' .. \"-1\"\n",
            ),
            ("r/x-scm-1.rockspec", ""),
            ("r/x.rockspec", "package = \"x\"\nversion = \"1"),
        ] {
            shown += &show(parse(path, text.as_bytes(), &Limits::default()));
        }
        expect![[r#"
            luarocks LPeg 1.0.2-1 licence "MIT/X11"
            luarocks b 1.0-1
            luarocks kong-pgmoon 1.16.2-1
            luarocks x scm-1
            ! r/x.rockspec:1: has no package and version that can be read (malformed)
        "#]]
        .assert_eq(&shown);
    }
}
