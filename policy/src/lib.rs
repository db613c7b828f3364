//! Findings, coverage and rules to a verdict that gives its reasons.
//!
//! [`decide`] is pure, so that a command's exit code, a gate and a page show the same verdict. It
//! denies only where a rule does: without rules everything is allowed, with its findings in sight.

use std::fmt;

use model::{Coverage, Finding};

pub mod rule;
mod threshold;

pub use threshold::{Threshold, UnknownThreshold};

/// What is asked of a scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Deny findings that are at least this severe.
    pub fail_on: Option<Threshold>,
    /// Deny a scan that is not complete.
    pub require_complete: bool,
}

/// What is known of an image: what was found in it and how much of it was looked at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What was found.
    pub findings: &'a [Finding],
    /// How much was looked at.
    pub coverage: &'a Coverage,
}

/// The verdict in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// No rule denies it.
    Allow,
    /// At least one rule denies it.
    Deny,
}

impl Effect {
    /// The word in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Effect::Allow => "allow",
            Effect::Deny => "deny",
        }
    }
}

/// Why a rule denies a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The rule's name: [`rule::Rule::name`].
    pub rule: &'static str,
    /// What tripped it: a finding with its package, or a gap. It holds the words of strangers: one
    /// who shows it makes them fit for what it is shown on.
    pub cause: String,
    /// What to do about it.
    pub fix: String,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.rule, self.cause, self.fix)
    }
}

/// A decision with every reason for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The decision.
    pub effect: Effect,
    /// Why: by rule in the order of [`rule::ALL`], within a rule worst first. Empty where the
    /// effect is [`Effect::Allow`].
    pub reasons: Vec<Reason>,
}

impl Verdict {
    /// The exit code of a command that was told to obey: 0, or that of the first rule that denies.
    pub fn exit_code(&self) -> u8 {
        let denies = |rule: &&rule::Rule| self.reasons.iter().any(|why| why.rule == rule.name);
        rule::ALL
            .iter()
            .find(denies)
            .map_or(0, |rule| rule.exit_code)
    }
}

/// Asks every rule. The same facts and rules give the same verdict, in whatever order the findings
/// come.
pub fn decide(findings: &[Finding], coverage: &Coverage, rules: &Rules) -> Verdict {
    let facts = Facts { findings, coverage };
    let reasons: Vec<Reason> = rule::ALL
        .iter()
        .flat_map(|rule| (rule.check)(facts, rules))
        .collect();
    let effect = match reasons.is_empty() {
        true => Effect::Allow,
        false => Effect::Deny,
    };
    Verdict { effect, reasons }
}

#[cfg(test)]
mod fixture;

#[cfg(test)]
mod tests {
    use model::coverage::Completeness;
    use model::{Coverage, Gap, GapKind, Severity};

    use super::*;
    use crate::fixture::finding;

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
            let rules = Rules {
                fail_on,
                require_complete,
            };
            let coverage = coverage(verdict);
            let verdict = decide(&findings, &coverage, &rules);
            assert_eq!(verdict.exit_code(), code, "{rules:?} {coverage:?}");
            assert_eq!(verdict.effect == Effect::Deny, code != 0);
        }
    }

    #[test]
    fn every_rule_has_its_own_name_and_code() {
        for (at, rule) in rule::ALL.iter().enumerate() {
            assert!(rule.exit_code > 2, "0 to 2 have meanings of their own");
            for other in &rule::ALL[at + 1..] {
                assert!(rule.name != other.name && rule.exit_code != other.exit_code);
            }
        }
    }
}
