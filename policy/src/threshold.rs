//! How severe a finding must be to count.

use std::fmt;
use std::str::FromStr;

use model::Severity;

/// A severity and all above it, or every finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// Critical findings.
    Critical,
    /// High and above.
    High,
    /// Medium and above.
    Medium,
    /// Low and above.
    Low,
    /// Every finding that is rated.
    Negligible,
    /// Every finding, rated or not.
    Any,
}

/// A word that is no threshold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no threshold: expected negligible, low, medium, high, critical or any")]
pub struct UnknownThreshold(String);

impl Threshold {
    /// Every threshold, mildest demand first.
    pub const ALL: [Threshold; 6] = [
        Threshold::Critical,
        Threshold::High,
        Threshold::Medium,
        Threshold::Low,
        Threshold::Negligible,
        Threshold::Any,
    ];

    /// The word in lower case.
    pub fn as_str(self) -> &'static str {
        self.least().map_or("any", Severity::as_str)
    }

    /// Whether a finding of that severity counts. An unknown one counts for [`Threshold::Any`]
    /// only.
    pub fn is_met_by(self, severity: Severity) -> bool {
        match self.least() {
            None => true,
            // Severities are ordered from the worst; unknown stands after all ratings.
            Some(least) => severity <= least,
        }
    }

    /// The least severity that counts; `None` where all do.
    fn least(self) -> Option<Severity> {
        match self {
            Threshold::Critical => Some(Severity::Critical),
            Threshold::High => Some(Severity::High),
            Threshold::Medium => Some(Severity::Medium),
            Threshold::Low => Some(Severity::Low),
            Threshold::Negligible => Some(Severity::Negligible),
            Threshold::Any => None,
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Threshold {
    type Err = UnknownThreshold;

    /// Reads the word in any case.
    fn from_str(word: &str) -> Result<Threshold, UnknownThreshold> {
        Threshold::ALL
            .into_iter()
            .find(|threshold| threshold.as_str().eq_ignore_ascii_case(word))
            .ok_or_else(|| UnknownThreshold(word.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_threshold_counts_its_severity_and_what_is_worse() {
        let counted = Threshold::ALL.map(|threshold| {
            let met = Severity::ALL
                .into_iter()
                .filter(|one| threshold.is_met_by(*one));
            met.map(Severity::as_str).collect::<Vec<_>>().join(" ")
        });
        assert_eq!(
            counted,
            [
                "critical",
                "critical high",
                "critical high medium",
                "critical high medium low",
                "critical high medium low negligible",
                "critical high medium low negligible unknown",
            ]
        );
    }

    #[test]
    fn every_word_comes_back_and_no_other() {
        for threshold in Threshold::ALL {
            assert_eq!(threshold.as_str().parse(), Ok(threshold));
        }
        assert_eq!("HIGH".parse(), Ok(Threshold::High));
        for word in ["", "unknown", "none", "high "] {
            assert!(word.parse::<Threshold>().is_err(), "{word}");
        }
    }
}
