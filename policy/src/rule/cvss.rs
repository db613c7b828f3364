//! `cvss`: the base score is at least so high. Without a score it does not hold.

use model::Cvss;

use super::{Case, Condition, Kind, Looks, Outcome};

pub const KIND: Kind = Kind {
    name: "cvss",
    looks: Looks::AtFinding,
    read: |reading, value, place| {
        let tenths = reading.parts(value, place, 10, 10)?;
        let least = Cvss::from_tenths(u8::try_from(tenths).ok()?)?;
        Some(Box::new(AtLeast(least)))
    },
};

#[derive(Clone, Debug)]
struct AtLeast(Cvss);

impl Condition for AtLeast {
    fn test(&self, case: &Case<'_>) -> Outcome {
        let score = case.finding.and_then(|(finding, _)| finding.cvss);
        match score.filter(|score| *score >= self.0) {
            Some(score) => Outcome::noting(format!("CVSS {score}"), ""),
            None => Outcome::Not,
        }
    }
}
