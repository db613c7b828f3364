//! `coverage`: the scan could not answer the whole question.

use model::coverage::Completeness;

use super::{Case, Condition, Kind, Looks, Outcome};
use crate::{Cause, State};

pub const KIND: Kind = Kind {
    name: "coverage",
    looks: Looks::AtImage,
    read: |reading, value, place| {
        if reading.text(value, place)? != "incomplete" {
            reading.malformed(place, "expected incomplete");
        }
        Some(Box::new(Incomplete))
    },
};

/// One reason for each gap; a verdict without gaps that is not complete is a reason of its own.
#[derive(Clone, Debug)]
pub struct Incomplete;

impl Condition for Incomplete {
    /// An image that was not scanned, or cannot be, has words and rules of its own.
    fn test(&self, case: &Case<'_>) -> Outcome {
        let coverage = case.facts.coverage;
        if case.facts.state != State::Done {
            return Outcome::Not;
        }
        let mut gaps: Vec<_> = coverage.gaps.iter().collect();
        gaps.sort();
        let mut causes: Vec<Cause> = gaps
            .into_iter()
            .map(|gap| cause(format!("{}: {}", gap.kind, gap.detail)))
            .collect();
        if causes.is_empty() && coverage.verdict != Completeness::Complete {
            causes.push(cause(format!("the scan is {}", coverage.verdict)));
        }
        match causes.is_empty() {
            true => Outcome::Not,
            false => Outcome::Holds(causes),
        }
    }
}

fn cause(text: String) -> Cause {
    Cause {
        text,
        fix: "close the gap, or accept scans that are not complete".to_owned(),
    }
}
