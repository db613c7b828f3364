//! `fixable`: whether a version that holds a fix is out.

use model::Status;

use super::{Case, Condition, Kind, Looks, Outcome};

pub const KIND: Kind = Kind {
    name: "fixable",
    looks: Looks::AtFinding,
    read: |reading, value, place| {
        let wanted = reading.flag(value, place)?;
        Some(Box::new(Fixable(wanted)))
    },
};

#[derive(Clone, Debug)]
struct Fixable(bool);

impl Condition for Fixable {
    fn test(&self, case: &Case<'_>) -> Outcome {
        let Some((finding, _)) = case.finding else {
            return Outcome::Not;
        };
        let is_fixable = !finding.fixed_in.is_empty() || finding.status == Status::Fixed;
        Outcome::of(is_fixable == self.0)
    }
}
