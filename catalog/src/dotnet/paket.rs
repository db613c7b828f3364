//! Paket's lock file. Form: Paket's documentation, "The paket.lock file".

use std::collections::BTreeSet;

use image::Limits;
use model::{Package, PackageType, Problem};

use super::named;
use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::{FileProblems, excerpt, lines};

/// The lock file of a solution.
pub const PAKET: Cataloger = Cataloger {
    name: "paket-lock",
    reads: "NuGet packages that a .NET project is locked to by Paket",
    paths: &[Pattern::Name("paket.lock")],
    role: Role::Locked,
    parse,
    ..PLAIN
};

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let mut seen = BTreeSet::new();
    let mut is_nuget = false;
    for (number, line) in lines(bytes) {
        let depth = line.iter().take_while(|byte| **byte == b' ').count();
        let text = line.trim_ascii();
        match depth {
            // `NUGET`, `GITHUB`, `HTTP`, `GROUP name`, and options of a group.
            0 if !text.is_empty() => is_nuget = text == b"NUGET",
            // Two: where packages come from. Six: what one depends on, which has a line itself.
            4 if is_nuget => match package(text) {
                Some((name, version)) => {
                    if seen.insert((name.clone(), version.clone())) {
                        let package = Package::new(PackageType::Nuget, name, version);
                        found.packages.push(package.into());
                    }
                }
                None => problems.at(number, format!("is no package: '{}'", excerpt(text))),
            },
            _ => {}
        }
    }
    (found, problems.finish())
}

/// `Name (version)`, then conditions.
fn package(line: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(line).ok()?;
    let (name, rest) = text.split_once(" (")?;
    let (version, _) = rest.split_once(')')?;
    named(name, version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;

    #[test]
    fn packages_of_nuget_count() {
        // Written for this test, after Paket's documentation.
        let text = "STORAGE: NONE\nNUGET\n  remote: https://api.nuget.org/v3/index.json\n\
            \x20   Argu (6.1.1)\n      FSharp.Core (>= 4.3.2)\n    FSharp.Core (6.0.5) - restriction: >= net6.0\n\
            \x20   broken\nGITHUB\n  remote: fsharp/FAKE\n    modules/x.fs (6341d1c)\n\
            GROUP Build\nNUGET\n  remote: x\n    Argu (6.1.1)\n    Fake.Core (5.23.1)\n";
        expect_test::expect![[r#"
            nuget Argu 6.1.1
            nuget FSharp.Core 6.0.5
            nuget Fake.Core 5.23.1
            ! paket.lock:7: is no package: 'broken' (malformed)
        "#]]
        .assert_eq(&show(parse(
            "paket.lock",
            text.as_bytes(),
            &Limits::default(),
        )));
    }
}
