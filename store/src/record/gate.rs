//! Policies, exceptions, VEX documents and passes. What their texts say is not known here.

use jiff::Timestamp;
use model::{Digest, RepositoryName};

/// A kind of document that the gate goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GateKind {
    /// What is asked of images.
    Policy,
    /// What was excepted.
    Exception,
    /// What publishers say.
    Vex,
}

impl GateKind {
    /// Every kind.
    pub const ALL: [GateKind; 3] = [GateKind::Policy, GateKind::Exception, GateKind::Vex];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            GateKind::Policy => "policy",
            GateKind::Exception => "exception",
            GateKind::Vex => "vex",
        }
    }
}

/// One version of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateDocument {
    /// What it is.
    pub kind: GateKind,
    /// Its name, unique in its kind.
    pub name: String,
    /// Its number, from 1 on; a document that was deleted and made again counts on.
    pub version: u64,
    /// The media type of the text; empty where the document was deleted.
    pub form: String,
    /// The text as it was given; `None` where this version is that it was deleted.
    pub text: Option<String>,
    /// Who made this version.
    pub who: String,
    /// When.
    pub made_at: Timestamp,
}

/// What somebody makes of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewGateDocument<'a> {
    /// What it is.
    pub kind: GateKind,
    /// Its name.
    pub name: &'a str,
    /// The media type of the text.
    pub form: &'a str,
    /// The text.
    pub text: &'a str,
    /// Who.
    pub who: &'a str,
    /// When.
    pub made_at: Timestamp,
}

/// Leave to pull an image whatever policies say, for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Its identifier, unique.
    pub id: String,
    /// From which repository.
    pub repository: RepositoryName,
    /// Which manifest.
    pub digest: Digest,
    /// Who gave it.
    pub who: String,
    /// Why.
    pub reason: String,
    /// From when.
    pub begins_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
}
