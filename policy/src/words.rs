//! Findings in words.

use model::{Finding, Status};

use crate::{About, Cause};

/// A finding as what a reason is about.
pub(crate) fn about(finding: &Finding) -> About {
    About::Finding {
        severity: finding.severity,
        id: finding.id.clone(),
        package: finding.package.name.clone(),
        version: finding.package.version.clone(),
        fixed_in: finding.fixed_in.clone(),
    }
}

/// A finding with its package, and what helps.
pub(crate) fn cause(finding: &Finding) -> Cause {
    let package = &finding.package;
    Cause {
        text: format!(
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
        Status::Deferred => {
            format!("its publisher puts the fix off: remove {name}, or wait for its publisher")
        }
        Status::WillNotFix => format!("its publisher will not fix it: remove or replace {name}"),
        Status::EndOfLife => {
            format!("it gets no more fixes: move to a release that does, or remove {name}")
        }
    }
}

#[cfg(test)]
mod tests {
    use model::Severity;

    use super::*;
    use crate::fixture::finding;

    #[test]
    fn a_cause_says_what_helps() {
        let with = |status, fixed_in: &[&str]| {
            let mut one = finding("CVE-1", Severity::High, fixed_in);
            one.status = status;
            cause(&one).fix
        };
        let said = [
            with(Status::Fixed, &["1.1", "2.0"]),
            with(Status::Fixed, &[]),
            with(Status::Affected, &[]),
            with(Status::WillNotFix, &[]),
            with(Status::EndOfLife, &[]),
        ];
        assert_eq!(
            said,
            [
                "update curl to 1.1 or 2.0",
                "update curl",
                "no fix is out: remove curl, or wait for its publisher",
                "its publisher will not fix it: remove or replace curl",
                "it gets no more fixes: move to a release that does, or remove curl",
            ]
        );
    }
}
