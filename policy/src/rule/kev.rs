//! `kev`: whether CISA's catalogue lists the weakness as exploited.

use super::{Case, Condition, Kind, Looks, Outcome};

pub const KIND: Kind = Kind {
    name: "kev",
    looks: Looks::AtFinding,
    read: |reading, value, place| {
        let wanted = reading.flag(value, place)?;
        Some(Box::new(Kev(wanted)))
    },
};

#[derive(Clone, Debug)]
struct Kev(bool);

impl Condition for Kev {
    fn test(&self, case: &Case<'_>) -> Outcome {
        let Some((_, exploitation)) = case.finding else {
            return Outcome::Not;
        };
        match (exploitation.known_since, self.0) {
            (Some(since), true) => Outcome::noting(format!("known exploited since {since}"), ""),
            (since, wanted) => Outcome::of(since.is_some() == wanted),
        }
    }
}
