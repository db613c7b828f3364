//! The one form to which every feed is brought.

use jiff::Timestamp;
use model::{Cvss, Ecosystem, Severity, Status};

/// What a publisher says of one package: [`Status`], or that it is not affected at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// A version with a fix is named.
    Fixed,
    /// Affected, and no fix is out.
    Affected,
    /// Affected, and the publisher will not fix it.
    WillNotFix,
    /// Affected, and the release or the package gets no more fixes.
    EndOfLife,
    /// The publisher has not decided yet.
    UnderInvestigation,
    /// No version of this package in this stream is affected.
    NotAffected,
    /// Affected, and the publisher puts the fix off, since it finds the weakness a minor one.
    Deferred,
}

impl State {
    /// Every state, in the order of its number in the database file.
    pub const ALL: [State; 7] = [
        State::Fixed,
        State::Affected,
        State::WillNotFix,
        State::EndOfLife,
        State::UnderInvestigation,
        State::NotAffected,
        State::Deferred,
    ];

    /// The status of a finding; `None` where there is nothing to find.
    pub fn status(self) -> Option<Status> {
        match self {
            State::Fixed => Some(Status::Fixed),
            State::Affected => Some(Status::Affected),
            State::WillNotFix => Some(Status::WillNotFix),
            State::EndOfLife => Some(Status::EndOfLife),
            State::UnderInvestigation => Some(Status::UnderInvestigation),
            State::Deferred => Some(Status::Deferred),
            State::NotAffected => None,
        }
    }
}

/// Where an affected range ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End<S> {
    /// Nowhere: everything from the start on is affected.
    Never,
    /// Before this version, which holds the fix.
    Fixed(S),
    /// Before this version, of which no more is said.
    Limit(S),
    /// With this version: the last that is known to be affected.
    Last(S),
}

/// Affected versions: from `introduced` (the very first where there is none) to the end.
///
/// Half-open but for [`End::Last`], which a publisher uses where it knows no fixed version and no
/// successor can be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Range<S> {
    /// The first affected version.
    pub introduced: Option<S>,
    /// Where it ends.
    pub end: End<S>,
}

impl<S> Range<S> {
    /// Every version.
    pub const fn all() -> Range<S> {
        Range {
            introduced: None,
            end: End::Never,
        }
    }

    /// Every version before the one that holds the fix.
    pub const fn before(fixed: S) -> Range<S> {
        Range {
            introduced: None,
            end: End::Fixed(fixed),
        }
    }

    /// The same range with each version turned into something else.
    pub fn map<'a, T>(&'a self, mut turn: impl FnMut(&'a S) -> T) -> Range<T> {
        let introduced = self.introduced.as_ref().map(&mut turn);
        let end = match &self.end {
            End::Never => End::Never,
            End::Fixed(version) => End::Fixed(turn(version)),
            End::Limit(version) => End::Limit(turn(version)),
            End::Last(version) => End::Last(turn(version)),
        };
        Range { introduced, end }
    }
}

/// One weakness under all of its names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Weakness {
    /// The CVE where there is one, otherwise the publisher's identifier.
    pub id: String,
    /// Every other identifier of the same weakness, sorted.
    pub aliases: Vec<String>,
}

impl Weakness {
    /// A weakness of one name.
    pub fn new(id: impl Into<String>) -> Weakness {
        Weakness {
            id: id.into(),
            aliases: Vec::new(),
        }
    }
}

/// The architecture of statements on what is built from.
pub const SOURCE: &str = "src";

/// What a record says of one package in one ecosystem.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Affected {
    /// The space in which the package's name is unique, as it is written: `debian:10`, `pypi`.
    pub ecosystem: String,
    /// The extra channel that holds the fix (`esm`), empty for the main one.
    pub channel: String,
    /// The module of which the package has to be (`nodejs:18`), empty where it is of none.
    pub module: String,
    /// The architectures that are meant, in the distribution's words; empty for all.
    pub architectures: Vec<String>,
    /// The package, by the name that the ecosystem matches (the source's for Debian and Alpine).
    pub package: String,
    /// What is said.
    pub state: State,
    /// The rating for this package, where it differs from the record's or the record has none.
    pub severity: Severity,
    /// Affected ranges; none where `versions` or the state says it all.
    pub ranges: Vec<Range<String>>,
    /// Affected versions that are listed one by one.
    pub versions: Vec<String>,
}

impl Affected {
    /// A statement with nothing but its subject and what is said.
    pub fn new(ecosystem: &Ecosystem, package: impl Into<String>, state: State) -> Affected {
        Affected::of(ecosystem.to_string(), package, state)
    }

    /// The same in a space that can be one of the publisher's own.
    pub fn of(ecosystem: String, package: impl Into<String>, state: State) -> Affected {
        Affected {
            ecosystem,
            channel: String::new(),
            module: String::new(),
            architectures: Vec::new(),
            package: package.into(),
            state,
            severity: Severity::Unknown,
            ranges: Vec::new(),
            versions: Vec::new(),
        }
    }

    /// The same of what is built from, not of what is built: it is looked up by the source's name
    /// and version.
    pub fn of_source(mut self) -> Affected {
        self.architectures = vec![SOURCE.to_owned()];
        self
    }

    /// The same with one range.
    pub fn range(mut self, range: Range<String>) -> Affected {
        self.ranges.push(range);
        self
    }
}

/// A CVSS base score and whether it can be compared with those of today: the greater is the one to
/// go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Score {
    /// Whether it is of version 3 or 4; the scores of version 2 follow another scale.
    pub modern: bool,
    /// The score.
    pub base: Cvss,
}

/// One record of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The publisher's own identifier.
    pub id: String,
    /// Whether it is a bulletin (DSA, USN, …): one record that speaks of several weaknesses and
    /// whose identifier is therefore none of a weakness.
    pub bulletin: bool,
    /// What it speaks of; never empty.
    pub weaknesses: Vec<Weakness>,
    /// The rating for all packages that have none of their own.
    pub severity: Severity,
    /// Its CVSS base score, if it gives one.
    pub score: Option<Score>,
    /// Where the publisher explains it.
    pub url: String,
    /// What the weakness is, in the publisher's words; empty where it gives none.
    pub description: String,
    /// When it appeared.
    pub published: Option<Timestamp>,
    /// When it last changed.
    pub modified: Option<Timestamp>,
    /// Whether the publisher took it back.
    pub withdrawn: bool,
    /// The packages.
    pub affected: Vec<Affected>,
}

impl Record {
    /// A record that says nothing yet.
    pub fn new(id: impl Into<String>) -> Record {
        let id = id.into();
        Record {
            weaknesses: vec![Weakness::new(id.clone())],
            id,
            bulletin: false,
            severity: Severity::Unknown,
            score: None,
            url: String::new(),
            description: String::new(),
            published: None,
            modified: None,
            withdrawn: false,
            affected: Vec::new(),
        }
    }

    /// The newest date in it.
    pub fn date(&self) -> Option<Timestamp> {
        self.published.max(self.modified)
    }
}

/// What is known of a CVE itself, whatever packages have it. It completes what publishers of
/// packages say too little of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CveFacts {
    /// Its CVSS base score.
    pub score: Option<Score>,
    /// What it is, in one text; empty where nobody says.
    pub description: String,
    /// When it appeared.
    pub published: Option<Timestamp>,
    /// Whether it was rejected: it is no weakness, or has another number.
    pub rejected: bool,
}

impl CveFacts {
    /// What two sources know together: the highest score, the earliest date, the longer text; one
    /// rejection is enough.
    pub fn together(self, other: CveFacts) -> CveFacts {
        let longer = self.description.len() >= other.description.len();
        CveFacts {
            score: self.score.max(other.score),
            description: if longer {
                self.description
            } else {
                other.description
            },
            published: match (self.published, other.published) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
            rejected: self.rejected || other.rejected,
        }
    }
}
