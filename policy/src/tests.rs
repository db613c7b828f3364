//! Verdicts of whole policies: a table for each condition, for scope, exceptions, VEX and time.

use jiff::Timestamp;
use model::{
    Coverage, Cvss, Distro, Epss, Exploitation, Finding, Gap, GapKind, Inventory, Severity, Status,
};

use crate::fixture::{facts, finding, installed, now, package, policy};
use crate::*;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn rulebook(rules: &str) -> Rulebook {
    Rulebook {
        policies: vec![policy(rules)],
        ..Rulebook::default()
    }
}

fn rule(conditions: &str) -> Rulebook {
    rulebook(&format!("[[rules]]\n{conditions}"))
}

/// The reasons as a person reads them.
fn said(verdict: &Verdict) -> Vec<String> {
    let each = verdict.reasons.iter();
    each.map(|why| format!("{} {why}", why.effect)).collect()
}

/// A finding of everything that conditions ask for.
fn exploited() -> (Finding, Exploitation) {
    let mut one = finding("CVE-2026-1", Severity::High, &["1.1"]);
    one.aliases = vec!["GHSA-aaaa".into()];
    one.cvss = Cvss::from_tenths(75);
    one.published = Some(time("2026-06-01T00:00:00Z"));
    one.package.source = Some(model::Source {
        name: "curl-source".into(),
        version: "1.0".into(),
    });
    let known = Exploitation {
        known_since: Some("2026-06-03".parse().unwrap()),
        epss: Epss::from_parts(12_345),
    };
    (one, known)
}

#[test]
fn each_condition_on_findings_holds_or_not() {
    let (known, exploitation) = exploited();
    let plain = finding("CVE-2026-2", Severity::Low, &[]);
    let findings = [known, plain];
    let facts = Facts {
        findings: &findings,
        exploitation: &[exploitation],
        ..facts()
    };
    // The condition, and which of the two it denies.
    let cases = [
        ("severity = 'any'", "CVE-2026-1 CVE-2026-2"),
        ("severity = 'high'", "CVE-2026-1"),
        ("severity = 'critical'", ""),
        ("fixable = true", "CVE-2026-1"),
        ("fixable = false", "CVE-2026-2"),
        ("kev = true", "CVE-2026-1"),
        ("kev = false", "CVE-2026-2"),
        ("epss = 0.12345", "CVE-2026-1"),
        ("epss = 0.12346", ""),
        ("epss = 0", "CVE-2026-1"),
        ("cvss = 7.5", "CVE-2026-1"),
        ("cvss = 7.6", ""),
        ("cvss = 0", "CVE-2026-1"),
        ("published = '2w'", "CVE-2026-1 CVE-2026-2"),
        ("published = '15d'", "CVE-2026-2"),
        (
            "grace = { high = '14d', low = '1d' }",
            "CVE-2026-1 CVE-2026-2",
        ),
        ("grace = { high = '15d' }", "CVE-2026-2"),
        ("vulnerability = 'CVE-2026-1'", "CVE-2026-1"),
        ("vulnerability = ['x', 'ghsa-*']", "CVE-2026-1"),
        ("severity = 'any'\npackage = 'curl-s*'", "CVE-2026-1"),
        (
            "severity = 'any'\npackage = 'curl'",
            "CVE-2026-1 CVE-2026-2",
        ),
        (
            "severity = 'any'\npackage = 'pkg:deb/debian/*'",
            "CVE-2026-1 CVE-2026-2",
        ),
        ("severity = 'any'\npackage = 'wget'", ""),
        ("severity = 'high'\nfixable = false", ""),
        (
            "kev = true\nepss = 0.1\ncvss = 7\nfixable = true",
            "CVE-2026-1",
        ),
    ];
    for (conditions, expected) in cases {
        let verdict = decide(&facts, &rule(conditions), now());
        let ids = verdict.reasons.iter().map(|why| match &why.about {
            About::Finding { id, .. } => id.as_str(),
            about => panic!("{about:?}"),
        });
        assert_eq!(ids.collect::<Vec<_>>().join(" "), expected, "{conditions}");
        let denied = verdict.effect == Effect::Deny;
        assert_eq!(denied, !expected.is_empty(), "{conditions}");
    }
}

#[test]
fn reasons_say_what_made_a_finding_count() {
    let (known, exploitation) = exploited();
    let findings = [known, finding("CVE-2026-2", Severity::Low, &[])];
    let facts = Facts {
        findings: &findings,
        exploitation: &[exploitation],
        ..facts()
    };
    let rules = rule("severity = 'any'\ngrace = { high = '1w', low = '1d' }");
    assert_eq!(
        said(&decide(&facts, &rules, now())),
        [
            "deny policy 'p', rule 1: CVE-2026-1 (high) in curl 1.0 (its grace ended on \
             2026-06-08); update curl to 1.1",
            "deny policy 'p', rule 1: CVE-2026-2 (low) in curl 1.0 (its grace of 1 day counts as \
             over, since its date of publication is not known); no fix is out: remove curl, or \
             wait for its publisher",
        ]
    );
    let rules = rule("kev = true\nepss = 0.1\ncvss = 7\neffect = 'warn'\nname = 'exploited'");
    assert_eq!(
        said(&decide(&facts, &rules, now())),
        [
            "warn policy 'p', exploited: CVE-2026-1 (high) in curl 1.0 (known exploited since \
          2026-06-03, EPSS 0.12345, CVSS 7.5); update curl to 1.1"
        ]
    );
}

#[test]
fn each_condition_on_packages_and_images_says_what_trips_it() {
    let inventory = Inventory {
        distro: Some(Distro::new("debian", "12")),
        packages: vec![
            installed("tar", "GPL-3.0-only AND MIT"),
            installed("jq", "MIT"),
            installed("jq", "MIT"),
        ],
        ..Inventory::default()
    };
    let gaps = Coverage::from_gaps(vec![Gap::new(GapKind::NoFeed, "none for apk")], true);
    let facts = Facts {
        inventory: &inventory,
        coverage: &gaps,
        database: Some(time("2026-06-14T00:00:00Z")),
        unknown: &[],
        signed: None,
        ..facts()
    };
    let cases: &[(&str, &[&str])] = &[
        (
            "licence = ['AGPL-*', 'gpl-*']",
            &[
                "the package tar 1.0 (its licence is GPL-3.0-only AND MIT, which names \
               GPL-3.0-only); remove or replace tar",
            ],
        ),
        (
            "licence = 'MIT'\npackage = 'jq'",
            &["the package jq 1.0 (its licence is MIT); remove or replace jq"],
        ),
        ("licence = 'Apache-2.0'", &[]),
        (
            "package = 'pkg:deb/debian/jq@*'",
            &["the package jq 1.0; remove or replace jq"],
        ),
        (
            "coverage = 'incomplete'",
            &["no_feed: none for apk; close the gap, or accept scans that are not complete"],
        ),
        ("database_age = '24h'", &[]),
        (
            "database_age = '23h'",
            &[
                "the advisory database is of 2026-06-14T00:00:00Z, older than 23 hours; give the \
             server a newer database",
            ],
        ),
        (
            "signed = false",
            &["no signature is attached to it; sign the image"],
        ),
        ("signed = true", &[]),
        ("scanned = false", &[]),
    ];
    for (conditions, expected) in cases {
        let verdict = decide(&facts, &rule(conditions), now());
        let begin = "deny policy 'p', rule 1: ";
        let expected: Vec<String> = expected.iter().map(|one| format!("{begin}{one}")).collect();
        assert_eq!(said(&verdict), expected, "{conditions}");
    }
    let none = Facts {
        database: None,
        ..facts
    };
    assert_eq!(
        said(&decide(&none, &rule("database_age = '1w'"), now())),
        [
            "deny policy 'p', rule 1: no dated advisory database is loaded; give the server a newer \
          database"
        ]
    );
}

#[test]
fn what_cannot_be_scanned_or_is_not_yet_is_as_the_policy_says() {
    let finding = "[[rules]]\nseverity = 'high'";
    let cases = [
        (State::Failed("no layers"), finding.to_owned(), Effect::Deny),
        (
            State::Failed("no layers"),
            format!("unscannable = 'warn'\n{finding}"),
            Effect::Warn,
        ),
        (
            State::Failed("no layers"),
            format!("unscannable = 'audit'\n{finding}"),
            Effect::Audit,
        ),
        (
            State::Failed("no layers"),
            format!("unscannable = 'allow'\n{finding}"),
            Effect::Allow,
        ),
        (
            State::Failed("no layers"),
            "[[rules]]\nscanned = false".into(),
            Effect::Deny,
        ),
        (State::NotScanned, finding.to_owned(), Effect::Warn),
        (
            State::NotScanned,
            "[[rules]]\nscanned = false".into(),
            Effect::Deny,
        ),
        (
            State::NotScanned,
            format!("{finding}\n[[rules]]\nscanned = false\neffect = 'audit'"),
            Effect::Audit,
        ),
        (
            State::NotScanned,
            "[[rules]]\ncoverage = 'incomplete'".into(),
            Effect::Allow,
        ),
        (
            State::NotScanned,
            "[[rules]]\nsigned = false".into(),
            Effect::Allow,
        ),
    ];
    let none = Coverage::from_gaps(vec![], false);
    for (state, rules, expected) in cases {
        let facts = Facts {
            state,
            coverage: &none,
            ..facts()
        };
        let verdict = decide(&facts, &rulebook(&rules), now());
        assert_eq!(verdict.effect, expected, "{state:?} {rules}");
    }
}

#[test]
fn a_policy_speaks_of_repositories_and_tags() {
    let cases: &[(&str, Option<&str>, &[&str], bool)] = &[
        ("", Some("a"), &[], true),
        ("", None, &[], true),
        (
            "repositories = ['team/*', 'base']",
            Some("team/app"),
            &["v1"],
            true,
        ),
        ("repositories = ['team/*', 'base']", Some("base"), &[], true),
        (
            "repositories = ['team/*', 'base']",
            Some("other"),
            &["v1"],
            false,
        ),
        ("repositories = 'team/*'", None, &["v1"], false),
        ("tags = ['v*', 'latest']", Some("a"), &["main", "v1"], true),
        ("tags = ['v*', 'latest']", Some("a"), &["main"], false),
        ("tags = 'v*'", Some("a"), &[], false),
        ("tags = ['v*', '*']", Some("a"), &[], true),
    ];
    let findings = [finding("CVE-1", Severity::High, &[])];
    for (scope, repository, tags, expected) in cases {
        let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
        let facts = Facts {
            subject: Subject {
                repository: *repository,
                tags: &tags,
                every_tag: false,
                ..Subject::default()
            },
            findings: &findings,
            ..facts()
        };
        let rules = rulebook(&format!("{scope}\n[[rules]]\nseverity = 'any'"));
        let denied = decide(&facts, &rules, now()).effect == Effect::Deny;
        assert_eq!(denied, *expected, "{scope} {repository:?} {tags:?}");
        let cut_off = Facts {
            subject: Subject {
                every_tag: true,
                ..facts.subject
            },
            ..facts
        };
        let denied = decide(&cut_off, &rules, now()).effect == Effect::Deny;
        assert_eq!(denied, *expected || scope.starts_with("tags"), "{scope}");
    }
}

fn exception(text: &str) -> Exception {
    let made = time("2026-01-01T00:00:00Z");
    Exception::read(text, ("e1", "anna", made), &Limits::default()).unwrap()
}

fn excepting(fields: &str, expires_at: &str) -> Exception {
    exception(&format!(
        r#"{{{fields}, "expires_at": "{expires_at}", "reason": "not reachable"}}"#
    ))
}

#[test]
fn an_exception_takes_findings_out_of_account_until_its_end() {
    let (one, _) = exploited();
    let findings = [one];
    let facts = Facts {
        subject: Subject {
            repository: Some("team/app"),
            ..Subject::default()
        },
        findings: &findings,
        ..facts()
    };
    let (later, past) = ("2026-07-01T00:00:00Z", "2026-06-15T00:00:00Z");
    let cases = [
        (r#""vulnerability": "CVE-2026-1""#, later, true),
        (r#""vulnerability": "ghsa-*""#, later, true),
        (r#""vulnerability": "CVE-2026-2""#, later, false),
        (r#""vulnerability": "*", "package": "curl""#, later, true),
        (r#""vulnerability": "*", "package": "wget""#, later, false),
        (
            r#""vulnerability": "*", "repository": "team/*""#,
            later,
            true,
        ),
        (
            r#""vulnerability": "*", "repository": "other""#,
            later,
            false,
        ),
        (r#""vulnerability": "*""#, past, false),
    ];
    for (fields, end, expected) in cases {
        let rules = Rulebook {
            exceptions: Exceptions::new([excepting(fields, end)]),
            ..rule("severity = 'high'")
        };
        let verdict = decide(&facts, &rules, now());
        assert_eq!(verdict.effect == Effect::Allow, expected, "{fields} {end}");
        assert_eq!(verdict.suppressed.len(), usize::from(expected), "{fields}");
        let until = expected.then(|| time(later));
        assert_eq!(verdict.valid_until, until, "{fields} {end}");
        if end == past {
            let notes = &verdict.reasons[0].notes;
            assert_eq!(
                notes,
                &["exception e1 of anna ran out at 2026-06-15T00:00:00Z"]
            );
        }
        for suppressed in verdict.suppressed {
            let by = "exception e1 of anna until 2026-07-01T00:00:00Z: not reachable";
            assert_eq!(suppressed.by.to_string(), by);
        }
    }
}

#[test]
fn of_several_exceptions_the_one_that_holds_longest_counts_and_each_is_found_once() {
    let mut one = finding("CVE-2026-1", Severity::High, &[]);
    one.aliases = vec!["GHSA-aaaa".into(), "cve-2026-1".into()];
    let findings = [one];
    let facts = Facts {
        findings: &findings,
        ..facts()
    };
    let past = "2026-06-01T00:00:00Z";
    let made = [
        (r#""vulnerability": "CVE-2026-1""#, "2026-07-01T00:00:00Z"),
        (r#""vulnerability": "ghsa-AAAA""#, "2026-09-01T00:00:00Z"),
        (r#""vulnerability": "CVE-*""#, "2026-08-01T00:00:00Z"),
        (r#""vulnerability": "cve-2026-1""#, past),
    ];
    let rules = |made: &[(&str, &str)]| Rulebook {
        exceptions: Exceptions::new(made.iter().map(|(fields, end)| excepting(fields, end))),
        ..rule("severity = 'any'")
    };
    let verdict = decide(&facts, &rules(&made), now());
    assert_eq!(verdict.suppressed.len(), 1);
    assert_eq!(verdict.valid_until, Some(time("2026-09-01T00:00:00Z")));
    let verdict = decide(&facts, &rules(&made[3..]), now());
    let notes = &verdict.reasons[0].notes;
    assert_eq!(
        notes,
        &["exception e1 of anna ran out at 2026-06-01T00:00:00Z"]
    );
}

fn vex(status: &str) -> Vex {
    let text = format!(
        r#"{{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/1",
            "author": "Anna", "timestamp": "2026-01-01T00:00:00Z", "statements": [{{
            "vulnerability": {{"name": "CVE-2026-1"}}, "status": "{status}",
            "justification": "component_not_present",
            "products": [{{"@id": "pkg:deb/debian/curl@1.0"}}]}}]}}"#
    );
    Vex::new(vex::Document::read(&text, &Limits::default()).0)
}

#[test]
fn vex_counts_where_it_says_not_affected_or_fixed() {
    let (one, _) = exploited();
    let findings = [one, finding("CVE-2026-2", Severity::Low, &[])];
    let facts = Facts {
        findings: &findings,
        ..facts()
    };
    for (status, effect) in [
        ("not_affected", Effect::Allow),
        ("fixed", Effect::Allow),
        ("affected", Effect::Deny),
        ("under_investigation", Effect::Deny),
    ] {
        let rules = Rulebook {
            vex: vex(status),
            ..rule("severity = 'high'")
        };
        let verdict = decide(&facts, &rules, now());
        assert_eq!(verdict.effect, effect, "{status}");
        let by = format!(
            "VEX document https://example.com/1 of Anna says {status}: component_not_present"
        );
        let said: Vec<String> = verdict
            .suppressed
            .iter()
            .map(|one| one.by.to_string())
            .collect();
        let expected = if effect == Effect::Allow {
            vec![by]
        } else {
            vec![]
        };
        assert_eq!(said, expected);
    }
}

#[test]
fn a_verdict_says_until_when_it_holds() {
    let (one, _) = exploited();
    let findings = [one];
    let facts = Facts {
        findings: &findings,
        database: Some(now()),
        ..facts()
    };
    let cases = [
        ("severity = 'high'", Effect::Deny, None),
        (
            "grace = { high = '30d' }",
            Effect::Allow,
            Some("2026-07-01T00:00:00Z"),
        ),
        ("grace = { high = '30d' }\nkev = true", Effect::Allow, None),
        (
            "published = '15d'",
            Effect::Allow,
            Some("2026-06-16T00:00:00Z"),
        ),
        (
            // Both must hold: nothing changes before the later one does.
            "published = '15d'\ngrace = { high = '30d' }",
            Effect::Allow,
            Some("2026-07-01T00:00:00Z"),
        ),
        (
            "database_age = '1d'",
            Effect::Allow,
            Some("2026-06-16T00:00:00.000000001Z"),
        ),
    ];
    for (conditions, effect, until) in cases {
        let verdict = decide(&facts, &rule(conditions), now());
        assert_eq!(verdict.effect, effect, "{conditions}");
        assert_eq!(verdict.valid_until, until.map(time), "{conditions}");
        if let Some(then) = verdict.valid_until {
            let verdict = decide(&facts, &rule(conditions), then);
            assert_eq!(verdict.effect, Effect::Deny, "{conditions} at {then}");
        }
    }
}

#[test]
fn the_strongest_reason_decides_and_stands_first_in_whatever_order_findings_come() {
    let mut other = finding("CVE-3", Severity::Critical, &[]);
    other.package = package("wget", "2");
    other.status = Status::WillNotFix;
    let mut findings = vec![
        finding("CVE-1", Severity::Medium, &["1.1"]),
        finding("CVE-2", Severity::High, &[]),
        other,
    ];
    let rules = rulebook(
        "[[rules]]\nseverity = 'any'\neffect = 'audit'\n[[rules]]\nseverity = 'any'\n\
         fixable = true\neffect = 'warn'\n[[rules]]\nvulnerability = 'CVE-2'\n",
    );
    let verdict = |findings: &[Finding]| {
        decide(
            &Facts {
                findings,
                ..facts()
            },
            &rules,
            now(),
        )
    };
    let first = verdict(&findings);
    let order: Vec<String> = first
        .reasons
        .iter()
        .map(|why| match &why.about {
            About::Finding { id, .. } => format!("{} {} {id}", why.effect, why.rule),
            about => panic!("{about:?}"),
        })
        .collect();
    assert_eq!(
        order,
        [
            "deny rule 3 CVE-2",
            "warn rule 2 CVE-1",
            "audit rule 1 CVE-3",
            "audit rule 1 CVE-2",
            "audit rule 1 CVE-1",
        ]
    );
    assert_eq!(first.effect, Effect::Deny);
    for _ in 0..findings.len() {
        findings.rotate_left(1);
        assert_eq!(verdict(&findings), first);
    }
    findings.reverse();
    assert_eq!(verdict(&findings), first);
}

#[test]
fn a_rule_that_cannot_be_asked_says_so() {
    let facts = Facts {
        unknown: &[Unknown::KEV, Unknown::EPSS],
        ..facts()
    };
    let about = |conditions: &str| said(&decide(&facts, &rule(conditions), now()));
    assert_eq!(
        about("kev = true"),
        [
            "warn policy 'p', kev: the advisory database has no catalogue of known exploited \
             vulnerabilities, so that no rule on it can be asked; add the feed cisa-kev to the \
             database"
        ]
    );
    assert_eq!(about("epss = 0.5\nkev = true").len(), 2);
    assert_eq!(about("severity = 'high'"), [""; 0]);
}
