//! `severity`: the finding is at least so severe.

use super::{Case, Condition, Kind, Looks, Outcome};
use crate::Threshold;

pub const KIND: Kind = Kind {
    name: "severity",
    looks: Looks::AtFinding,
    read: |reading, value, place| {
        let least = reading.word(value, place)?;
        Some(Box::new(Severity(least)))
    },
};

/// The least severity that counts.
#[derive(Clone, Debug)]
pub struct Severity(pub Threshold);

impl Condition for Severity {
    fn test(&self, case: &Case<'_>) -> Outcome {
        let met = |finding: &model::Finding| self.0.is_met_by(finding.severity);
        Outcome::of(case.finding.is_some_and(|(finding, _)| met(finding)))
    }
}
