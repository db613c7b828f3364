//! R packages that are installed: `DESCRIPTION`, in Debian's control form ("Writing R
//! Extensions", 1.1.1). Only installing one adds the field `Built`; without it the file belongs to
//! sources.

use image::Limits;
use model::{PackageType, Problem};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::document;
use crate::text::{FileProblems, lines};

pub mod renv;

/// Packages that are installed.
pub const CRAN: Cataloger = Cataloger {
    name: "cran",
    reads: "installed R packages, with licence",
    paths: &[Pattern::Name("DESCRIPTION")],
    role: Role::Installed,
    parse,
    ..PLAIN
};

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let (mut name, mut version, mut licence, mut is_built) = (None, None, None, false);
    for (_, line) in lines(bytes) {
        let colon = line.iter().position(|byte| *byte == b':');
        let Some((field, value)) = colon.and_then(|at| line.split_at_checked(at)) else {
            continue;
        };
        let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
        match field {
            b"Package" => name = str::from_utf8(value).ok(),
            b"Version" => version = str::from_utf8(value).ok(),
            b"License" => licence = str::from_utf8(value).ok(),
            b"Built" => is_built = true,
            // R's own translations come without.
            b"Priority" => is_built |= value == b"base",
            _ => {}
        }
    }
    if !is_built {
        return (found, Vec::new());
    }
    let package = name
        .zip(version)
        .and_then(|(name, version)| document::package(PackageType::Cran, name, version));
    match package {
        Some(mut package) => {
            let is_text = |licence: &&str| !licence.contains(char::is_control);
            package.licence = licence.filter(is_text).unwrap_or_default().to_owned();
            found.packages.push(package);
        }
        None => problems.at(1, "has no usable Package and Version"),
    }
    (found, problems.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn what_is_built_is_installed() {
        let mut shown = String::new();
        for text in [
            "Package: rlang\nVersion: 1.0.6\nLicense: MIT + file LICENSE\nDepends: R\n  Version: 2\n\
             Built: R 4.2.1; x\n",
            "Package: source\nVersion: 1.0\n",
            "Package: nameless\nBuilt: R 4.2.1\n",
            "Package: translations\nVersion: 4.2.2\nPriority: base\n",
            "An English text\n",
        ] {
            shown += &show(parse("x/DESCRIPTION", text.as_bytes(), &Limits::default()));
        }
        expect![[r#"
            cran rlang 1.0.6 licence "MIT + file LICENSE"
            ! x/DESCRIPTION:1: has no usable Package and Version (malformed)
            cran translations 4.2.2
        "#]]
        .assert_eq(&shown);
    }
}
