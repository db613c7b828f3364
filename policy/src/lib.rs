//! Findings, rules, exceptions, ignore rules and VEX to a verdict that gives its reasons.
//!
//! [`decide`] is pure, so that a command's exit code, a gate and a page show the same verdict. It
//! denies only where a rule does: without rules everything is allowed, with its findings in sight.

pub mod command;
mod decide;
mod document;
mod exception;
mod facts;
pub mod ignore;
mod limits;
mod pattern;
mod reading;
pub mod rule;
mod span;
mod suppress;
mod threshold;
mod verdict;
pub mod vex;
mod words;

pub use decide::decide;
pub use document::{Form, Policy, Unscannable};
pub use exception::{Exception, Exceptions};
pub use facts::{Facts, State, Subject, Unknown};
pub use ignore::Ignores;
pub use limits::Limits;
pub use model::Suppression;
pub use pattern::{InvalidPattern, Pattern};
pub use rule::Rule;
pub use span::{InvalidSpan, Span};
pub use suppress::{Parted, part};
pub use threshold::{Threshold, UnknownThreshold};
pub use verdict::{About, Cause, Effect, Reason, Suppressed, Verdict};
pub use vex::Vex;

/// Everything that a verdict is given by, beside the facts.
#[derive(Clone, Debug, Default)]
pub struct Rulebook {
    /// What is asked of images.
    pub policies: Vec<Policy>,
    /// What was excepted, for a time.
    pub exceptions: Exceptions,
    /// What publishers say of their products.
    pub vex: Vex,
    /// What the person who looks wants left out.
    pub ignores: Ignores,
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
