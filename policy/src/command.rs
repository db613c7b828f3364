//! What a command is asked for by its options, as a policy of its own.

use model::Wildcard;

use crate::rule::{coverage, severity};
use crate::{Effect, Policy, Rule, Rulebook, Threshold, Verdict};

/// The rule of `--fail-on`.
const FAIL_ON: &str = "fail-on";
/// The rule of `--require-complete`.
const REQUIRE_COMPLETE: &str = "require-complete";

/// The rules with the exit code of a command that they deny. Where several deny, the first gives
/// the code.
pub const EXIT_CODES: &[(&str, u8)] = &[(FAIL_ON, 3), (REQUIRE_COMPLETE, 4)];

/// What is asked of a scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Deny findings that are at least this severe.
    pub fail_on: Option<Threshold>,
    /// Deny a scan that is not complete.
    pub require_complete: bool,
}

impl Options {
    /// The options as what [`crate::decide`] takes.
    pub fn rulebook(self) -> Rulebook {
        let fail_on = self.fail_on.map(|least| {
            let condition = Box::new(severity::Severity(least));
            Rule::single(FAIL_ON, severity::KIND, condition)
        });
        let require_complete = self.require_complete.then(|| {
            let condition = Box::new(coverage::Incomplete);
            Rule::single(REQUIRE_COMPLETE, coverage::KIND, condition)
        });
        Rulebook {
            policies: vec![Policy {
                name: String::new(),
                description: String::new(),
                repositories: vec![Wildcard::any()],
                tags: vec![Wildcard::any()],
                unscannable: Effect::Deny,
                rules: fail_on.into_iter().chain(require_complete).collect(),
            }],
            ..Rulebook::default()
        }
    }
}

/// The exit code of a command that was told to obey: 0, or that of the first rule that denies.
pub fn exit_code(verdict: &Verdict) -> u8 {
    let denies = |name: &str| verdict.denials().any(|why| why.rule == name);
    let first = EXIT_CODES.iter().find(|(name, _)| denies(name));
    first.map_or(0, |(_, code)| *code)
}

#[cfg(test)]
mod tests {
    use model::coverage::Completeness;
    use model::{Coverage, Gap, GapKind, Severity};

    use super::*;
    use crate::fixture::{facts, finding, now};
    use crate::{Facts, decide};

    fn coverage(verdict: Completeness) -> Coverage {
        let gaps = match verdict {
            Completeness::Complete => vec![],
            _ => vec![Gap::new(GapKind::NoFeed, "no feed")],
        };
        Coverage::from_gaps(gaps, verdict != Completeness::Unsupported)
    }

    #[test]
    fn the_exit_code_is_that_of_the_first_rule_that_denies() {
        use Completeness::{Complete, Incomplete, Unsupported};
        let high = || vec![finding("CVE-1", Severity::High, &[])];
        let cases = [
            (vec![], Complete, None, false, 0),
            (high(), Unsupported, None, false, 0),
            (vec![], Complete, Some(Threshold::Any), true, 0),
            (high(), Complete, Some(Threshold::High), true, 3),
            (high(), Complete, Some(Threshold::Critical), true, 0),
            (vec![], Incomplete, Some(Threshold::Any), false, 0),
            (vec![], Incomplete, Some(Threshold::Any), true, 4),
            (vec![], Unsupported, None, true, 4),
            (high(), Incomplete, Some(Threshold::Low), true, 3),
            (high(), Incomplete, Some(Threshold::Critical), true, 4),
        ];
        for (findings, verdict, fail_on, require_complete, code) in cases {
            let options = Options {
                fail_on,
                require_complete,
            };
            let coverage = coverage(verdict);
            let facts = Facts {
                findings: &findings,
                coverage: &coverage,
                ..facts()
            };
            let verdict = decide(&facts, &options.rulebook(), now());
            assert_eq!(exit_code(&verdict), code, "{options:?} {coverage:?}");
            assert_eq!(verdict.effect == Effect::Deny, code != 0);
        }
    }

    #[test]
    fn every_gap_is_a_reason_and_the_verdict_alone_is_enough() {
        let said = |coverage: Coverage| {
            let options = Options {
                fail_on: None,
                require_complete: true,
            };
            let facts = Facts {
                coverage: &coverage,
                ..facts()
            };
            let verdict = decide(&facts, &options.rulebook(), now());
            let causes = verdict.reasons.into_iter().map(|why| why.cause.text);
            causes.collect::<Vec<_>>()
        };
        let gaps = Coverage {
            verdict: Completeness::Incomplete,
            gaps: vec![
                Gap::new(GapKind::Undecided, "b"),
                Gap::new(GapKind::StaleFeed, "a"),
            ],
        };
        assert_eq!(said(gaps), ["stale_feed: a", "undecided: b"]);
        let unsupported = Coverage::from_gaps(vec![], false);
        assert_eq!(said(unsupported), ["the scan is unsupported"]);
        assert!(said(Coverage::from_gaps(vec![], true)).is_empty());
    }
}
