//! `database_age`: the advisory database was built longer ago than that. Where there is none, it
//! holds.

use super::{Case, Condition, Kind, Looks, Outcome};
use crate::Span;

pub const KIND: Kind = Kind {
    name: "database_age",
    looks: Looks::AtImage,
    read: |reading, value, place| {
        let most = reading.span(value, place)?;
        Some(Box::new(OlderThan(most)))
    },
};

const FIX: &str = "give the server a newer database";

#[derive(Clone, Debug)]
struct OlderThan(Span);

impl Condition for OlderThan {
    fn test(&self, case: &Case<'_>) -> Outcome {
        let Some(built) = case.facts.database else {
            return Outcome::noting("no dated advisory database is loaded", FIX);
        };
        match self.0.after(built) {
            Some(time) if time >= case.now => {
                // It may be so old, and is too old from the next instant on.
                let next = time.checked_add(jiff::SignedDuration::from_nanos(1));
                next.map_or(Outcome::Not, Outcome::From)
            }
            Some(_) => {
                let most = self.0;
                let text = format!("the advisory database is of {built}, older than {most}");
                Outcome::noting(text, FIX)
            }
            None => Outcome::Not,
        }
    }
}
