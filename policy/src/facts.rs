//! What is known of an image when it is judged.

use jiff::Timestamp;
use model::{Coverage, Digest, Exploitation, Finding, Inventory};

use crate::rule::{epss, kev};
use crate::{Policy, Vex};

/// Of what a verdict is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// The repository; a file that is in none fits policies of all repositories only.
    pub repository: Option<&'a str>,
    /// Every tag that points at the image or at an index that names it, and the tag asked for.
    pub tags: &'a [String],
    /// Whether there are more tags than those, so that every policy's tags fit.
    pub every_tag: bool,
    /// The digests by which VEX documents may speak of it: the image's, and those of the indexes
    /// that name it.
    pub digests: &'a [Digest],
    /// The names by which VEX documents may speak of it: repositories, with a registry's host or
    /// without, and no tags.
    pub images: &'a [String],
    /// What processor it is for, in Go's word, where that is known.
    pub architecture: Option<&'a str>,
}

impl Subject<'_> {
    /// Whether a policy speaks of it.
    pub fn is_under(&self, policy: &Policy) -> bool {
        let everything = |text: &str| text == "*";
        let repository = policy.repositories.iter().any(|pattern| {
            let fits = |name| pattern.matches(name);
            self.repository.map_or(everything(pattern.as_str()), fits)
        });
        repository
            && policy.tags.iter().any(|pattern| {
                self.every_tag
                    || everything(pattern.as_str())
                    || self.tags.iter().any(|tag| pattern.matches(tag))
            })
    }
}

/// How far the scan has come. A later scan that is under way changes nothing: the facts of the
/// last one stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State<'a> {
    /// It was never scanned to an end.
    NotScanned,
    /// It cannot be scanned, and why.
    Failed(&'a str),
    /// It was scanned; findings and coverage are facts.
    Done,
}

/// A condition that cannot be asked, since the advisory database has no such feed. That it does
/// not hold would be a false clean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The condition's name: [`rule::Kind::name`](crate::rule::Kind::name).
    pub condition: &'static str,
    /// What is missing, in words.
    pub what: &'static str,
    /// What to do about it.
    pub fix: &'static str,
}

impl Unknown {
    /// There is no catalogue of known exploited vulnerabilities.
    pub const KEV: Unknown = Unknown {
        condition: kev::KIND.name,
        what: "the advisory database has no catalogue of known exploited vulnerabilities, so that \
               no rule on it can be asked",
        fix: "add the feed cisa-kev to the database",
    };
    /// There are no forecasts of exploitation.
    pub const EPSS: Unknown = Unknown {
        condition: epss::KIND.name,
        what: "the advisory database has no forecasts of exploitation, so that no rule on them can \
               be asked",
        fix: "add the feed epss to the database",
    };
}

/// What is known of an image: what was found in it and how much of it was looked at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Which image.
    pub subject: Subject<'a>,
    /// How far its scan has come.
    pub state: State<'a>,
    /// What was found.
    pub findings: &'a [Finding],
    /// VEX documents that are attached to the image, where they are heard. What those of the
    /// rulebook say counts before them.
    pub attached: Option<&'a Vex>,
    /// What is known of each finding's exploitation, at the place of the finding; where the list
    /// is shorter nothing is known.
    pub exploitation: &'a [Exploitation],
    /// How much was looked at.
    pub coverage: &'a Coverage,
    /// What is installed, with licences.
    pub inventory: &'a Inventory,
    /// When the advisory database was built; `None` without one.
    pub database: Option<Timestamp>,
    /// Conditions on which the advisory database knows nothing of any finding: a feed is missing.
    pub unknown: &'a [Unknown],
    /// Whether a signature is attached, which nobody has verified; `None` where it is not known.
    pub signed: Option<bool>,
}
