//! `signed`: whether a signature is attached to the image. It is not verified: who may push can
//! attach one. Where nothing is known, the image counts as unsigned.

use super::{Case, Condition, Kind, Looks, Outcome};

pub const KIND: Kind = Kind {
    name: "signed",
    looks: Looks::AtImage,
    read: |reading, value, place| {
        let wanted = reading.flag(value, place)?;
        Some(Box::new(Signed(wanted)))
    },
};

#[derive(Clone, Debug)]
struct Signed(bool);

impl Condition for Signed {
    fn test(&self, case: &Case<'_>) -> Outcome {
        let signed = case.facts.signed.unwrap_or(false);
        match (signed, self.0) {
            (false, false) => Outcome::noting("no signature is attached to it", "sign the image"),
            (true, true) => {
                Outcome::noting("a signature is attached to it", "remove the signature")
            }
            _ => Outcome::Not,
        }
    }
}
