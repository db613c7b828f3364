//! `require-complete`: denies a scan that could not answer the whole question.

use model::coverage::Completeness;

use super::Rule;
use crate::{Facts, Reason, Rules};

pub const RULE: Rule = Rule {
    name: "require-complete",
    exit_code: 4,
    check,
};

/// One reason for each gap; a verdict without gaps that is not complete is a reason of its own.
fn check(facts: Facts<'_>, rules: &Rules) -> Vec<Reason> {
    let coverage = facts.coverage;
    if !rules.require_complete {
        return Vec::new();
    }
    let mut gaps: Vec<_> = coverage.gaps.iter().collect();
    gaps.sort();
    let mut reasons: Vec<Reason> = gaps
        .into_iter()
        .map(|gap| reason(format!("{}: {}", gap.kind, gap.detail)))
        .collect();
    if reasons.is_empty() && coverage.verdict != Completeness::Complete {
        reasons.push(reason(format!("the scan is {}", coverage.verdict)));
    }
    reasons
}

fn reason(cause: String) -> Reason {
    Reason {
        rule: RULE.name,
        cause,
        fix: "close the gap, or accept the scan without require-complete".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use model::{Coverage, Gap, GapKind};

    use super::*;

    fn causes(coverage: &Coverage, require_complete: bool) -> Vec<String> {
        let facts = Facts {
            findings: &[],
            coverage,
        };
        let rules = Rules {
            fail_on: None,
            require_complete,
        };
        check(facts, &rules)
            .into_iter()
            .map(|why| why.cause)
            .collect()
    }

    #[test]
    fn every_gap_is_a_reason() {
        let coverage = Coverage {
            verdict: Completeness::Incomplete,
            gaps: vec![
                Gap::new(GapKind::Undecided, "b"),
                Gap::new(GapKind::StaleFeed, "a"),
            ],
        };
        assert_eq!(causes(&coverage, true), ["stale_feed: a", "undecided: b"]);
        assert!(causes(&coverage, false).is_empty());
    }

    #[test]
    fn the_verdict_alone_is_enough() {
        let unsupported = Coverage::from_gaps(vec![], false);
        assert_eq!(causes(&unsupported, true), ["the scan is unsupported"]);
        assert!(causes(&Coverage::from_gaps(vec![], true), true).is_empty());
    }
}
