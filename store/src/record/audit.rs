//! What the audit log keeps of a deed.

use jiff::Timestamp;

/// How a deed ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Allowed,
    /// Who asked may not.
    Denied,
    /// They may, and it was not done all the same.
    Failed,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 3] = [Outcome::Allowed, Outcome::Denied, Outcome::Failed];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Allowed => "allowed",
            Outcome::Denied => "denied",
            Outcome::Failed => "failed",
        }
    }

    /// The outcome of that word.
    pub fn from_word(word: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

/// One deed: who did or wanted what, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The user, or the name that was claimed; empty where there was none.
    pub actor: String,
    /// The access key that the credentials came from, where that is known.
    pub key_id: Option<String>,
    /// The client's address.
    pub client: String,
    /// The request's name, as in the access log.
    pub request_id: String,
    /// What was asked for, as a word: `ecr:PutImage`, `lazaret:ManageUsers`, …
    pub action: String,
    /// In which repository, unless it was of the registry.
    pub repository: Option<String>,
    /// What it was done to: a tag, a digest, a name; empty where that is the repository itself.
    pub object: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it ended so, in words; empty where it was done.
    pub reason: String,
    /// What else is known, as a JSON object.
    pub details: String,
}

/// An entry at its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// Its place. Later entries have larger ones, but not each number is taken.
    pub sequence: u64,
    /// The entry.
    pub entry: Entry,
}

/// Which entries are asked for: those that fit all that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Of that user.
    pub actor: Option<String>,
    /// Of that word.
    pub action: Option<String>,
    /// In that repository.
    pub repository: Option<String>,
    /// That ended so.
    pub outcome: Option<Outcome>,
}
