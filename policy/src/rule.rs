//! Rules, and the conditions that they are made of. A condition is one file and one line in
//! [`ALL`].

use std::fmt::Debug;

use jiff::Timestamp;
use model::{Exploitation, Finding, Package};
use serde_json::Value;

use crate::reading::{Reading, under};
use crate::{Cause, Effect, Facts};

pub(crate) mod coverage;
mod cvss;
mod database_age;
pub(crate) mod epss;
mod fixable;
mod grace;
pub(crate) mod kev;
mod licence;
pub(crate) mod package;
mod published;
pub(crate) mod scanned;
pub(crate) mod severity;
mod signed;
mod vulnerability;

/// What a condition looks at. A rule looks at the finest of what its conditions look at: one with
/// a condition on findings has a reason for each finding, one on packages for each package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Looks {
    /// At the image as a whole.
    AtImage,
    /// At each package, also of each finding.
    AtPackage,
    /// At each finding.
    AtFinding,
}

/// A kind of condition.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What it is called: the key in a rule.
    pub name: &'static str,
    /// What it looks at.
    pub looks: Looks,
    pub(crate) read: Read,
}

/// Reads what a rule says of a condition; what is wrong with it is named in the reading.
type Read = fn(&mut Reading<'_>, &Value, &str) -> Option<Box<dyn Condition>>;

/// Every kind of condition.
pub const ALL: &[Kind] = &[
    severity::KIND,
    fixable::KIND,
    kev::KIND,
    epss::KIND,
    cvss::KIND,
    published::KIND,
    grace::KIND,
    vulnerability::KIND,
    package::KIND,
    licence::KIND,
    coverage::KIND,
    database_age::KIND,
    scanned::KIND,
    signed::KIND,
];

/// What a condition is asked about.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub facts: &'a Facts<'a>,
    pub now: Timestamp,
    pub finding: Option<(&'a Finding, Exploitation)>,
    pub package: Option<&'a Package>,
    pub purl: Option<&'a str>,
    pub licence: &'a str,
}

/// The answer of a condition, as of now and of later.
pub(crate) enum Outcome {
    /// It holds. What must be said of it beside the finding or package; for a condition on the
    /// image each is a reason of its own.
    Holds(Vec<Cause>),
    /// It does not hold yet, but will from then on, if nothing changes but the time.
    From(Timestamp),
    /// It does not hold.
    Not,
}

impl Outcome {
    /// Holds, and there is nothing to say.
    pub fn of(holds: bool) -> Outcome {
        match holds {
            true => Outcome::Holds(Vec::new()),
            false => Outcome::Not,
        }
    }

    /// Holds, with a note.
    pub fn noting(text: impl Into<String>, fix: &str) -> Outcome {
        Outcome::Holds(vec![Cause {
            text: text.into(),
            fix: fix.to_owned(),
        }])
    }
}

pub(crate) trait Condition: Debug + Send + Sync + CloneCondition {
    fn test(&self, case: &Case<'_>) -> Outcome;
}

/// Lets rules be cloned, whatever their conditions are.
pub(crate) trait CloneCondition {
    fn cloned(&self) -> Box<dyn Condition>;
}

impl<T: Condition + Clone + 'static> CloneCondition for T {
    fn cloned(&self) -> Box<dyn Condition> {
        Box::new(self.clone())
    }
}

/// An effect, and the conditions that must all hold for it.
#[derive(Debug)]
pub struct Rule {
    /// What it is called: its own name, or its place in the policy.
    pub name: String,
    /// What it does.
    pub effect: Effect,
    conditions: Vec<(Kind, Box<dyn Condition>)>,
}

impl Clone for Rule {
    fn clone(&self) -> Rule {
        let each = self.conditions.iter();
        Rule {
            name: self.name.clone(),
            effect: self.effect,
            conditions: each.map(|(kind, one)| (*kind, one.cloned())).collect(),
        }
    }
}

impl Rule {
    /// A rule of one condition, which a command's option makes.
    pub(crate) fn single(name: &str, kind: Kind, condition: Box<dyn Condition>) -> Rule {
        Rule {
            name: name.to_owned(),
            effect: Effect::Deny,
            conditions: vec![(kind, condition)],
        }
    }

    /// What it looks at.
    pub fn looks(&self) -> Looks {
        let each = self.conditions.iter().map(|(kind, _)| kind.looks);
        each.max().unwrap_or(Looks::AtImage)
    }

    /// The names of its conditions, in the order of [`ALL`].
    pub fn conditions(&self) -> impl Iterator<Item = &'static str> {
        self.conditions.iter().map(|(kind, _)| kind.name)
    }

    /// All conditions together: notes of all, or the time from which all hold.
    pub(crate) fn test(&self, case: &Case<'_>) -> Outcome {
        let mut causes = Vec::new();
        let mut latest: Option<Timestamp> = None;
        for (_, condition) in &self.conditions {
            match condition.test(case) {
                Outcome::Holds(more) => causes.extend(more),
                Outcome::From(time) => latest = latest.max(Some(time)),
                Outcome::Not => return Outcome::Not,
            }
        }
        latest.map_or(Outcome::Holds(causes), Outcome::From)
    }

    /// Reads one rule of a policy.
    pub(crate) fn read(reading: &mut Reading<'_>, value: &Value, place: &str) -> Option<Rule> {
        let mut known = vec!["name", "effect"];
        known.extend(ALL.iter().map(|kind| kind.name));
        let table = reading.table(value, place, &known)?;
        let effect = match table.get("effect") {
            Some(word) => read_effect(reading, word, &under(place, "effect")),
            None => Effect::Deny,
        };
        let name = match table.get("name") {
            Some(name) => reading
                .text(name, &under(place, "name"))
                .unwrap_or_default(),
            None => String::new(),
        };
        let mut conditions = Vec::new();
        for kind in ALL {
            let Some(value) = table.get(kind.name) else {
                continue;
            };
            if let Some(read) = (kind.read)(reading, value, &under(place, kind.name)) {
                conditions.push((*kind, read));
            }
        }
        let given = ALL.iter().filter(|kind| table.contains_key(kind.name));
        if given.count() == 0 {
            reading.malformed(place, "a rule without a condition would deny every image");
        }
        Some(Rule {
            name,
            effect,
            conditions,
        })
    }
}

/// The effect of a word; of a word that is none it is not asked any more, since the policy is not
/// taken.
fn read_effect(reading: &mut Reading<'_>, value: &Value, place: &str) -> Effect {
    let word = reading.text(value, place).unwrap_or_default();
    let effect = Effect::from_word(&word).filter(|effect| *effect != Effect::Allow);
    effect.unwrap_or_else(|| {
        reading.malformed(place, "expected deny, warn or audit");
        Effect::Deny
    })
}
