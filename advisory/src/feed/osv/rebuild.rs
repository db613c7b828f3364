//! Bulletins of those who rebuild Red Hat's packages, AlmaLinux and Rocky, as they write them in
//! OSV's form: what they mend stands under `related`, the rating and the module in the summary:
//! `Important: nodejs:18 security update`.

use model::Severity;

use crate::feed::rating;
use crate::{Affected, End, Weakness};

/// How their identifiers begin: security, bug fixes, enhancements.
const BEGINNINGS: &[&str] = &[
    "ALSA-", "ALBA-", "ALEA-", "RLSA-", "RLBA-", "RLEA-", "RXSA-",
];

/// Whether an identifier is one of theirs.
pub fn is_one(id: &str) -> bool {
    BEGINNINGS.iter().any(|start| id.starts_with(start))
}

/// Whether a bulletin mends a weakness: one on bugs or enhancements does where it names it.
pub fn is_of_security(id: &str, weaknesses: &[Weakness]) -> bool {
    let names = weaknesses
        .iter()
        .any(|weakness| weakness.id.starts_with("CVE-"));
    names || id.get(2..4) == Some("SA")
}

/// What a summary says.
#[derive(Debug, PartialEq, Eq)]
pub struct Heading {
    /// The rating.
    pub severity: Severity,
    /// The module, `nodejs:18`; of several all, with blanks between them: it does not say which
    /// package is of which. Empty for none.
    pub module: String,
}

impl Heading {
    /// Reads a summary, where there is one.
    pub fn read(summary: Option<&str>) -> Heading {
        let summary = summary.unwrap_or_default();
        let (word, rest) = summary.split_once(": ").unwrap_or(("", summary));
        let is_module = |word: &&str| {
            let parts = word.split_once(':');
            parts.is_some_and(|(name, stream)| !name.is_empty() && !stream.is_empty())
        };
        let modules: Vec<&str> = rest.split_whitespace().filter(is_module).collect();
        let module = modules.join(" ");
        Heading {
            severity: rating::word(word),
            module,
        }
    }

    /// The row, of the module where its fix is a build of one.
    pub fn of_module(&self, mut row: Affected) -> Affected {
        let is_build = row.ranges.iter().any(|range| match &range.end {
            End::Fixed(end) | End::Limit(end) | End::Last(end) => end.contains(".module"),
            End::Never => false,
        });
        if is_build {
            self.module.clone_into(&mut row.module);
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_says_rating_and_module() {
        for (summary, severity, module) in [
            (
                "Important: nodejs:18 security update",
                Severity::High,
                "nodejs:18",
            ),
            (
                "Moderate: container-tools:rhel8 security update",
                Severity::Medium,
                "container-tools:rhel8",
            ),
            (
                "Moderate: python39:3.9 and python39-devel:3.9 update",
                Severity::Medium,
                "python39:3.9 python39-devel:3.9",
            ),
            ("Low: curl security update", Severity::Low, ""),
            ("curl bug fix update", Severity::Unknown, ""),
            ("", Severity::Unknown, ""),
        ] {
            let expected = Heading {
                severity,
                module: module.to_owned(),
            };
            assert_eq!(Heading::read(Some(summary)), expected, "{summary}");
        }
    }

    #[test]
    fn bug_fixes_count_where_they_name_a_weakness() {
        let none = [Weakness::new("ALBA-2019:3542")];
        let one = [Weakness::new("CVE-2019-0001")];
        assert!(is_one("ALBA-2019:3542") && !is_one("ASA-1"));
        assert!(!is_of_security("ALBA-2019:3542", &none));
        assert!(is_of_security("ALBA-2019:3542", &one));
        assert!(is_of_security("ALSA-2019:3542", &none));
    }
}
