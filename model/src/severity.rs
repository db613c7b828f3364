//! How bad a weakness is, in the six words that all sources are brought to.

use std::fmt;

use serde::{Deserialize, Serialize};

/// From worst to least; `Unknown` stands last, since it is no rating.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// CVSS 9.0 and above, or the distributor's word.
    Critical,
    /// CVSS 7.0 to 8.9.
    High,
    /// CVSS 4.0 to 6.9.
    Medium,
    /// CVSS 0.1 to 3.9.
    Low,
    /// The distributor calls it unimportant.
    Negligible,
    /// No source rates it.
    Unknown,
}

impl Severity {
    /// Worst first.
    pub const ALL: [Severity; 6] = [
        Severity::Critical,
        Severity::High,
        Severity::Medium,
        Severity::Low,
        Severity::Negligible,
        Severity::Unknown,
    ];

    /// The word in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
            Severity::Negligible => "negligible",
            Severity::Unknown => "unknown",
        }
    }

    /// The severity of that word, in any case.
    pub fn from_word(word: &str) -> Option<Severity> {
        Severity::ALL
            .into_iter()
            .find(|severity| severity.as_str().eq_ignore_ascii_case(word))
    }

    /// The band of a CVSS v3 or v4 base score, as in the CVSS 3.1 specification, section 5.
    pub fn from_cvss_score(score: f64) -> Severity {
        match score {
            score if score >= 9.0 => Severity::Critical,
            score if score >= 7.0 => Severity::High,
            score if score >= 4.0 => Severity::Medium,
            score if score > 0.0 => Severity::Low,
            _ => Severity::Negligible,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_comes_back() {
        for severity in Severity::ALL {
            assert_eq!(Severity::from_word(severity.as_str()), Some(severity));
        }
        assert_eq!(Severity::from_word("HIGH"), Some(Severity::High));
        assert_eq!(Severity::from_word("important"), None);
    }

    #[test]
    fn scores_fall_into_their_bands() {
        let bands: Vec<_> = [10.0, 9.0, 8.9, 7.0, 6.9, 4.0, 3.9, 0.1, 0.0]
            .map(Severity::from_cvss_score)
            .into();
        use Severity::*;
        assert_eq!(
            bands,
            [
                Critical, Critical, High, High, Medium, Medium, Low, Low, Negligible
            ]
        );
    }
}
