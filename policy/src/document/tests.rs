//! Policies as text, and what is wrong with them.

use expect_test::{Expect, expect};

use super::*;

fn check(text: &str, form: Form, expected: &Expect) {
    let said = match Policy::read(text, form, &Limits::default()) {
        Ok(policy) => describe(&policy),
        Err(problems) => {
            let each = problems
                .iter()
                .map(|one| format!("{}: {}\n", one.place, one.detail));
            each.collect()
        }
    };
    expected.assert_eq(&said);
}

fn describe(policy: &Policy) -> String {
    let texts = |list: &[Wildcard]| {
        list.iter()
            .map(Wildcard::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let mut said = format!(
        "{} of {} with {}, unscannable {}\n",
        policy.name,
        texts(&policy.repositories),
        texts(&policy.tags),
        policy.unscannable
    );
    for rule in &policy.rules {
        let conditions: Vec<&str> = rule.conditions().collect();
        let (name, effect, looks) = (&rule.name, rule.effect, rule.looks());
        said.push_str(&format!(
            "{name}: {effect} {looks:?} {}\n",
            conditions.join(" ")
        ));
    }
    said
}

#[test]
fn a_policy_is_five_lines() {
    check(
        "name = 'production'\n[[rules]]\nseverity = 'critical'\nfixable = true\n",
        Form::Toml,
        &expect![[r#"
            production of * with *, unscannable deny
            rule 1: deny AtFinding severity fixable
        "#]],
    );
}

#[test]
fn everything_can_be_said_in_both_forms() {
    let toml = r#"
        name = "all"
        description = "every condition"
        repositories = ["team/*", "base"]
        tags = "v*"
        unscannable = "warn"
        [[rules]]
        name = "findings"
        effect = "warn"
        severity = "high"
        fixable = true
        kev = true
        epss = 0.1
        cvss = 7
        published = "30d"
        grace = { critical = "2d", high = "2w" }
        vulnerability = ["CVE-2021-*"]
        package = "pkg:deb/*"
        [[rules]]
        licence = "AGPL-*"
        [[rules]]
        effect = "audit"
        coverage = "incomplete"
        database_age = "12h"
        scanned = false
        signed = false
    "#;
    let said = expect![[r#"
        all of team/* base with v*, unscannable warn
        findings: warn AtFinding severity fixable kev epss cvss published grace vulnerability package
        rule 2: deny AtPackage licence
        rule 3: audit AtImage coverage database_age scanned signed
    "#]];
    check(toml, Form::Toml, &said);
    let value: Value = toml::from_str(toml).unwrap();
    check(&value.to_string(), Form::Json, &said);
}

#[test]
fn every_problem_is_named_with_its_place() {
    check(
        r#"
        name = "-"
        descripton = 1
        repositories = []
        tags = ["v 1", 7]
        unscannable = "perhaps"
        [[rules]]
        effect = "allow"
        severity = "severe"
        [[rules]]
        sevrity = "high"
        [[rules]]
        name = "a"
        epss = 1.5
        cvss = "high"
        published = "1 month"
        grace = { worst = "1d", high = "x" }
        fixable = "yes"
        coverage = "complete"
        scanned = true
        licence = "a b"
        [[rules]]
        name = "a"
        kev = true
        [[rules]]
        name = "a"
        kev = true
        "#,
        Form::Toml,
        &expect![[r#"
            descripton: no such key; there are name, description, repositories, tags, unscannable, rules
            name: expected letters, digits, '.', '_' and '-', 1 to 64, a letter or digit first
            repositories: the list is empty: it would fit nothing
            tags[0]: 'v 1' is no pattern: expected letters, digits, '.', '_', '-', '/' and '*', 1 to 256
            tags[1]: expected a text
            unscannable: expected deny, warn, audit or allow
            rules[0].effect: expected deny, warn or audit
            rules[0].severity: 'severe' is no threshold: expected negligible, low, medium, high, critical or any
            rules[1].sevrity: no such key; there are name, effect, severity, fixable, kev, epss, cvss, published, grace, vulnerability, package, licence, coverage, database_age, scanned, signed
            rules[1]: a rule without a condition would deny every image
            rules[2].fixable: expected true or false
            rules[2].epss: expected a number from 0 to 1
            rules[2].cvss: expected a number from 0 to 10
            rules[2].published: '1 month' is no length of time: expected a number with h, d or w, such as 12h, 30d or 2w
            rules[2].grace.worst: no such key; there are critical, high, medium, low, negligible, unknown
            rules[2].grace.high: 'x' is no length of time: expected a number with h, d or w, such as 12h, 30d or 2w
            rules[2].licence: 'a b' is no pattern: expected 1 to 256 characters without spaces and controls
            rules[2].coverage: expected incomplete
            rules[2].scanned: expected false: rules on findings are about scanned images
            rules[3].name: another rule has that name
            rules[4].name: another rule has that name
        "#]],
    );
    check(
        "name = ",
        Form::Toml,
        &expect![[r#"
        document: TOML parse error at line 1, column 8
          |
        1 | name = 
          |        ^
        string values must be quoted, expected literal string
    "#]],
    );
    check(
        "[]",
        Form::Json,
        &expect![[r#"
            document: expected a table of keys and values
        "#]],
    );
    check(
        "{}",
        Form::Json,
        &expect![[r#"
        name: missing: it must say something
    "#]],
    );
}

#[test]
fn a_policy_is_read_within_limits() {
    let limits = Limits {
        bytes: 300,
        rules: 1,
        patterns: 1,
        text: 20,
        problems: 3,
        ..Limits::default()
    };
    let places = |text: &str| {
        let problems = Policy::read(text, Form::Json, &limits).unwrap_err();
        problems
            .into_iter()
            .map(|one| one.place)
            .collect::<Vec<_>>()
    };
    assert_eq!(places(&" ".repeat(301)), ["document"]);
    let rule = r#"{"kev": true}"#;
    assert_eq!(
        places(&format!(r#"{{"name": "a", "rules": [{rule}, {rule}]}}"#)),
        ["rules"]
    );
    assert_eq!(places(r#"{"name": "a", "tags": ["a", "b"]}"#), ["tags"]);
    assert_eq!(places(r#"{"name": "aaaaaaaaaaaaaaaaaaaaa"}"#), ["name"]);
    assert_eq!(places(r#"{"a": 1, "b": 1, "c": 1, "d": 1}"#).len(), 3);
}

#[test]
fn the_document_for_people_names_every_condition_and_its_policies_can_be_read() {
    let document = include_str!("../../../docs/gate.md");
    for kind in crate::rule::ALL {
        assert!(
            document.contains(&format!("| `{}` |", kind.name)),
            "{}",
            kind.name
        );
    }
    let blocks = document.split("```toml\n").skip(1);
    let texts: Vec<&str> = blocks
        .filter_map(|block| block.split("```").next())
        .collect();
    assert_eq!(texts.len(), 2);
    for text in texts {
        assert!(
            Policy::read(text, Form::Toml, &Limits::default()).is_ok(),
            "{text}"
        );
    }
}
