//! `fail-on`: denies findings of a severity and above.

use model::{Finding, Status};

use super::Rule;
use crate::{Facts, Reason, Rules};

pub const RULE: Rule = Rule {
    name: "fail-on",
    exit_code: 3,
    check,
};

fn check(facts: Facts<'_>, rules: &Rules) -> Vec<Reason> {
    let Some(threshold) = rules.fail_on else {
        return Vec::new();
    };
    let mut tripped: Vec<&Finding> = facts
        .findings
        .iter()
        .filter(|finding| threshold.is_met_by(finding.severity))
        .collect();
    tripped.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    tripped.into_iter().map(reason).collect()
}

fn reason(finding: &Finding) -> Reason {
    let package = &finding.package;
    Reason {
        rule: RULE.name,
        cause: format!(
            "{} ({}) in {} {}",
            finding.id, finding.severity, package.name, package.version
        ),
        fix: fix(finding),
    }
}

fn fix(finding: &Finding) -> String {
    let name = &finding.package.name;
    if !finding.fixed_in.is_empty() {
        return format!("update {name} to {}", finding.fixed_in.join(" or "));
    }
    match finding.status {
        Status::Fixed => format!("update {name}"),
        Status::Affected | Status::UnderInvestigation => {
            format!("no fix is out: remove {name}, or wait for its publisher")
        }
        Status::WillNotFix => format!("its publisher will not fix it: remove or replace {name}"),
        Status::EndOfLife => {
            format!("it gets no more fixes: move to a release that does, or remove {name}")
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{Coverage, Severity};

    use super::*;
    use crate::Threshold;
    use crate::fixture::finding;

    fn reasons(findings: &[Finding], threshold: Threshold) -> Vec<String> {
        let coverage = Coverage::from_gaps(vec![], true);
        let facts = Facts {
            findings,
            coverage: &coverage,
        };
        let rules = Rules {
            fail_on: Some(threshold),
            require_complete: false,
        };
        let text = |why: Reason| format!("{}: {}", why.cause, why.fix);
        check(facts, &rules).into_iter().map(text).collect()
    }

    #[test]
    fn reasons_come_worst_first_and_say_what_helps() {
        let mut gone = finding("CVE-4", Severity::High, &[]);
        gone.status = Status::EndOfLife;
        let findings = [
            finding("CVE-3", Severity::Unknown, &[]),
            gone,
            finding("CVE-2", Severity::Medium, &["1.1", "2.0"]),
            finding("CVE-1", Severity::Critical, &[]),
        ];
        assert_eq!(
            reasons(&findings, Threshold::Any),
            [
                "CVE-1 (critical) in curl 1.0: no fix is out: remove curl, or wait for its publisher",
                "CVE-4 (high) in curl 1.0: it gets no more fixes: move to a release that does, or \
                 remove curl",
                "CVE-2 (medium) in curl 1.0: update curl to 1.1 or 2.0",
                "CVE-3 (unknown) in curl 1.0: no fix is out: remove curl, or wait for its publisher",
            ]
        );
        assert_eq!(reasons(&findings, Threshold::High).len(), 2);
        assert_eq!(reasons(&[], Threshold::Any), Vec::<String>::new());
    }
}
