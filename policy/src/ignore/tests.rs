//! Rules in text, and findings that they fit.

use expect_test::{Expect, expect};
use model::{Location, Severity};

use super::*;
use crate::fixture::{finding, now};

fn read(text: &str) -> Ignores {
    Ignores::read(text, "lazaret.toml", &Limits::default()).unwrap()
}

/// A finding in curl, with an alias, at two places.
fn found() -> Finding {
    let mut one = finding("CVE-2026-1", Severity::High, &[]);
    one.aliases = vec!["GHSA-abcd".into()];
    let at = |path: &str| Location {
        path: path.into(),
        layer: None,
    };
    one.locations = vec![at("opt/a/curl"), at("opt/b/curl")];
    one
}

#[test]
fn a_rule_fits_by_all_its_conditions() {
    let cases = [
        ("id = 'CVE-2026-1'", true),
        ("id = 'ghsa-ABCD'", true),
        ("id = 'CVE-2026-*'", true),
        ("id = ['CVE-1', 'CVE-2026-1']", true),
        ("id = 'CVE-2026-2'", false),
        ("package = 'curl'", true),
        ("package = 'pkg:deb/debian/curl@*'", true),
        ("package = 'wget'", false),
        ("id = 'CVE-2026-1'\npackage = 'wget'", false),
        ("path = 'opt/*'", true),
        ("path = '/opt/*/curl'", true),
        ("path = 'opt/a/*'", false),
        ("path = ['opt/a/*', 'opt/b/*']", true),
        ("path = 'OPT/*'", false),
        ("id = 'CVE-2026-1'\nuntil = 2026-06-15", true),
        ("id = 'CVE-2026-1'\nuntil = 2026-06-14", false),
        ("id = 'CVE-2026-1'\nuntil = '2026-06-15T00:00:00Z'", false),
        ("id = 'CVE-2026-1'\nuntil = 2026-06-15T00:00:01Z", true),
    ];
    for (fields, expected) in cases {
        let rules = read(&format!("[[ignore]]\n{fields}\nreason = 'r'"));
        assert_eq!(rules.of(&found(), now()).0.is_some(), expected, "{fields}");
    }
}

#[test]
fn rules_that_suppress_nothing_are_named() {
    let rules = read(
        "[[ignore]]\nid = 'CVE-2026-1'\nreason = 'r'\n\n\
         [[ignore]]\nid = 'CVE-1'\nreason = 'r'\n\n\
         [[ignore]]\npackage = 'curl'\nuntil = 2026-01-31\nreason = 'r'\n\n\
         [[ignore]]\npackage = 'wget'\nuntil = 2026-01-31\nreason = 'r'\n",
    );
    expect![[r#"
        lazaret.toml line 5: the rule fits no finding; remove it, or check its id, package and path
        lazaret.toml line 9: the rule ran out at 2026-02-01T00:00:00Z and suppresses none of the findings that it fits, 1, any more; look at them, and remove the rule or give it a new end
        lazaret.toml line 14: the rule ran out at 2026-02-01T00:00:00Z and fits no finding; remove it"#]]
    .assert_eq(&rules.idle(&[found()], now()).join("\n"));
}

fn wrong(text: &str, expected: &Expect) {
    let problems = Ignores::read(text, "lazaret.toml", &Limits::default()).unwrap_err();
    let lines = problems
        .iter()
        .map(|one| format!("{}: {}", one.place, one.detail));
    expected.assert_eq(&lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_nothing_is_taken() {
    wrong(
        "[[ignore]]\nid = 'CVE-1'\n\n[[ignore]]\nreason = 'r'\n\n[[ignore]]\nid = 'CVE-1'\n\
         reason = ''\nuntil = 'soon'\n\n[[ignore]]\nid = ['a b', 'c']\nreson = 'r'\nreason = 'r'\n\
         path = []\n",
        &expect![[r#"
            lazaret.toml line 1: reason is missing: say why this is left out
            lazaret.toml line 4: the rule would fit everything: give it an id, a package or a path
            lazaret.toml line 9: reason is missing: say why this is left out
            lazaret.toml line 10: until: expected a day such as 2026-12-31, or a time such as 2026-12-31T12:00:00Z
            lazaret.toml line 14: no such key: reson; there are id, package, path, until, reason
            lazaret.toml line 13: id: 'a b' is no pattern: expected 1 to 256 characters without spaces and controls
            lazaret.toml line 16: path: expected a pattern, or a list of 1 to 64"#]],
    );
    wrong(
        "[[ignored]]\nid = 'x'\n",
        &expect!["lazaret.toml line 1: no such key: ignored; there are ignore"],
    );
    wrong(
        "\nignore = 'x'\n",
        &expect!["lazaret.toml line 2: expected a list of tables: [[ignore]]"],
    );
    wrong(
        "\n\n[[ignore\n",
        &expect!["lazaret.toml line 3: unclosed array table, expected `]]`"],
    );
    assert!(read("").rules.is_empty());
}
