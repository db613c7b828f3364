//! GitHub's workflows and composite actions: the actions that their steps use. GitHub Docs,
//! "Workflow syntax", `jobs.<job_id>.steps[*].uses`. Read by lines: a step says it in one.

use image::Limits;
use model::{Package, PackageType, Problem};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::{lines, word};

/// Workflows and actions of a repository.
pub const GITHUB_ACTIONS: Cataloger = Cataloger {
    name: "github-actions",
    reads: "actions and workflows that GitHub's workflows use",
    paths: &[
        Pattern::Under {
            directory: ".github/workflows",
            ending: ".yml",
        },
        Pattern::Under {
            directory: ".github/workflows",
            ending: ".yaml",
        },
        Pattern::Under {
            directory: ".github/actions",
            ending: ".yml",
        },
        Pattern::Under {
            directory: ".github/actions",
            ending: ".yaml",
        },
        Pattern::Name("action.yml"),
        Pattern::Name("action.yaml"),
    ],
    role: Role::Locked,
    parse,
    ..PLAIN
};

fn parse(_: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    for (_, line) in lines(bytes) {
        let line = line.trim_ascii();
        let line = line
            .strip_prefix(b"-")
            .map_or(line, <[u8]>::trim_ascii_start);
        let Some(value) = line.strip_prefix(b"uses:") else {
            continue;
        };
        if let Ok(text) = std::str::from_utf8(value) {
            found.packages.extend(package(text).map(Into::into));
        }
    }
    (found, Vec::new())
}

/// `owner/repository[/path]@reference`, maybe quoted, maybe with the version in a comment where
/// the reference is a commit. Actions of the repository itself and images have no reference.
fn package(text: &str) -> Option<Package> {
    let (value, comment) = text.split_once(" #").unwrap_or((text, ""));
    let value = value.trim().trim_matches(['"', '\'']);
    let (action, reference) = value.split_once('@')?;
    if action.starts_with('.') || action.contains(':') {
        return None;
    }
    let mut parts = action.split('/');
    let name = format!("{}/{}", parts.next()?, parts.next()?);
    let said = comment
        .split_whitespace()
        .next()
        .filter(|word| is_version(word));
    let is_commit = reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    let version = said.filter(|_| is_commit).unwrap_or(reference);
    Some(Package::new(
        PackageType::Githubactions,
        word(name.as_bytes())?,
        word(version.as_bytes())?,
    ))
}

fn is_version(text: &str) -> bool {
    let number = text.strip_prefix('v').unwrap_or(text);
    number.starts_with(|char: char| char.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn steps_name_what_they_use() {
        let text = "jobs:\n  a:\n    uses: org/repo/.github/workflows/x.yml@v2\n    steps:\n\
            \x20     - uses: actions/checkout@v4\n      -   uses: 'actions/cache@v3' # keeps\n\
            \x20     - name: x\n        uses: github/codeql-action/init@\
            0123456789abcdef0123456789abcdef01234567 # v3.25.1\n\
            \x20     - uses: a/b@0123456789abcdef0123456789abcdef01234567\n\
            \x20     - uses: ./local\n      - uses: docker://alpine@sha256:1\n      - uses: x@y\n\
            \x20     - uses:\n      - run: echo uses: a/b@c\n";
        expect![[r#"
            githubactions org/repo v2
            githubactions actions/checkout v4
            githubactions actions/cache v3
            githubactions github/codeql-action v3.25.1
            githubactions a/b 0123456789abcdef0123456789abcdef01234567
        "#]]
        .assert_eq(&show(parse("w", text.as_bytes(), &Limits::default())));
    }
}
