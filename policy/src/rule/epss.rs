//! `epss`: the forecast of exploitation is at least so high. Without a forecast it does not hold.

use model::Epss;

use super::{Case, Condition, Kind, Looks, Outcome};

pub const KIND: Kind = Kind {
    name: "epss",
    looks: Looks::AtFinding,
    read: |reading, value, place| {
        let parts = reading.parts(value, place, 1, Epss::ONE)?;
        let least = Epss::from_parts(parts)?;
        Some(Box::new(AtLeast(least)))
    },
};

#[derive(Clone, Debug)]
struct AtLeast(Epss);

impl Condition for AtLeast {
    fn test(&self, case: &Case<'_>) -> Outcome {
        let forecast = case.finding.and_then(|(_, known)| known.epss);
        match forecast.filter(|epss| *epss >= self.0) {
            Some(epss) => Outcome::noting(format!("EPSS {epss}"), ""),
            None => Outcome::Not,
        }
    }
}
