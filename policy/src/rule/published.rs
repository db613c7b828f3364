//! `published`: the weakness was published at least so long ago. One of an unknown date counts:
//! nobody can say that it is young.

use super::{Case, Condition, Kind, Looks, Outcome};
use crate::Span;

pub const KIND: Kind = Kind {
    name: "published",
    looks: Looks::AtFinding,
    read: |reading, value, place| {
        let age = reading.span(value, place)?;
        Some(Box::new(Published(age)))
    },
};

#[derive(Clone, Debug)]
struct Published(Span);

impl Condition for Published {
    fn test(&self, case: &Case<'_>) -> Outcome {
        let Some((finding, _)) = case.finding else {
            return Outcome::Not;
        };
        let Some(published) = finding.published else {
            return Outcome::noting("its date of publication is not known", "");
        };
        match self.0.after(published) {
            Some(time) if time > case.now => Outcome::From(time),
            Some(_) => Outcome::noting(format!("published on {}", day(published)), ""),
            None => Outcome::Not,
        }
    }
}

/// The day of a time, in Coordinated Universal Time.
pub fn day(time: jiff::Timestamp) -> jiff::civil::Date {
    jiff::tz::Offset::UTC.to_datetime(time).date()
}
