//! `scanned = false`: the image is not scanned yet. One that cannot be scanned is the policy's
//! `unscannable`.

use super::{Case, Condition, Kind, Looks, Outcome};
use crate::State;

pub const KIND: Kind = Kind {
    name: "scanned",
    looks: Looks::AtImage,
    read: |reading, value, place| {
        if reading.flag(value, place)? {
            reading.malformed(
                place,
                "expected false: rules on findings are about scanned images",
            );
        }
        Some(Box::new(NotScanned))
    },
};

/// What is said of such an image, and what helps.
pub const WORDS: (&str, &str) = (
    "the image is not scanned yet: nothing is known of it",
    "wait for its scan, or start one",
);

#[derive(Clone, Debug)]
struct NotScanned;

impl Condition for NotScanned {
    fn test(&self, case: &Case<'_>) -> Outcome {
        match case.facts.state {
            State::NotScanned => Outcome::noting(WORDS.0, WORDS.1),
            State::Failed(_) | State::Done => Outcome::Not,
        }
    }
}
