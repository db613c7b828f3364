//! The decision and its reasons.

use std::fmt;

use jiff::Timestamp;
use model::{Finding, Severity, Suppression};

/// The verdict in one word, and what a rule does: from the mildest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// No rule has anything against it.
    Allow,
    /// A rule notes it, and nobody is told.
    Audit,
    /// A rule warns.
    Warn,
    /// A rule denies it.
    Deny,
}

impl Effect {
    /// Every effect, mildest first.
    pub const ALL: [Effect; 4] = [Effect::Allow, Effect::Audit, Effect::Warn, Effect::Deny];

    /// The word in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Effect::Allow => "allow",
            Effect::Audit => "audit",
            Effect::Warn => "warn",
            Effect::Deny => "deny",
        }
    }

    /// The effect of that word.
    pub fn from_word(word: &str) -> Option<Effect> {
        Effect::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a reason is about. The order is that of reasons: findings worst first, then packages,
/// then the image as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// A finding.
    Finding {
        /// Its rating.
        severity: Severity,
        /// Its identifier.
        id: String,
        /// The package's name.
        package: String,
        /// The package's version.
        version: String,
        /// Versions that hold a fix, lowest first.
        fixed_in: Vec<String>,
    },
    /// A package, whatever is wrong with it.
    Package {
        /// Its name.
        package: String,
        /// Its version.
        version: String,
    },
    /// The image as a whole.
    Image,
}

/// What tripped a rule, in words, and what helps. They hold the words of strangers: one who shows
/// them makes them fit for what they are shown on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// What it is: a finding with its package, or a gap.
    pub text: String,
    /// What to do about it.
    pub fix: String,
}

/// Why a rule has something against an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What the rule does.
    pub effect: Effect,
    /// The policy's name; empty for a rule that a command's options made.
    pub policy: String,
    /// The rule's name, or its place in the policy: `rule 2`.
    pub rule: String,
    /// What it is about.
    pub about: About,
    /// What tripped it.
    pub cause: Cause,
    /// What else must be known to understand it: a grace that is over, an exception that ran out.
    pub notes: Vec<String>,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.policy.is_empty() {
            true => write!(f, "{}: ", self.rule)?,
            false => write!(f, "policy '{}', {}: ", self.policy, self.rule)?,
        }
        f.write_str(&self.cause.text)?;
        if !self.notes.is_empty() {
            write!(f, " ({})", self.notes.join(", "))?;
        }
        write!(f, "; {}", self.cause.fix)
    }
}

/// A finding that no rule was asked about, and what took it out of account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// The finding's identifier.
    pub id: String,
    /// Its rating.
    pub severity: Severity,
    /// The package's name.
    pub package: String,
    /// The package's version.
    pub version: String,
    /// What took it out of account.
    pub by: Suppression,
}

impl Suppressed {
    pub(crate) fn new(finding: &Finding, by: Suppression) -> Suppressed {
        Suppressed {
            id: finding.id.clone(),
            severity: finding.severity,
            package: finding.package.name.clone(),
            version: finding.package.version.clone(),
            by,
        }
    }
}

/// A decision with every reason for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The decision: the strongest effect of a reason.
    pub effect: Effect,
    /// Why: strongest effect first, within one worst first.
    pub reasons: Vec<Reason>,
    /// What was taken out of account, worst first.
    pub suppressed: Vec<Suppressed>,
    /// The earliest time at which the verdict can be another although nothing has changed but the
    /// time: a grace ends, an exception runs out. `None` where there is no such time. How coverage
    /// changes with time is the caller's to know.
    pub valid_until: Option<Timestamp>,
}

impl Verdict {
    /// That of an image of which no policy speaks.
    pub fn allow() -> Verdict {
        Verdict {
            effect: Effect::Allow,
            reasons: Vec::new(),
            suppressed: Vec::new(),
            valid_until: None,
        }
    }

    /// The reasons that deny.
    pub fn denials(&self) -> impl Iterator<Item = &Reason> {
        let denies = |why: &&Reason| why.effect == Effect::Deny;
        self.reasons.iter().filter(denies)
    }
}
