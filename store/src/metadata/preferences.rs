//! What was chosen for the whole registry while it runs, each choice a text under a name.

use jiff::Timestamp;

use super::Answer;
use crate::record::JobKind;

/// The contract for preferences.
pub trait Preferences {
    /// What was chosen under that name, if anybody ever did.
    fn preference(&self, name: &str) -> Answer<Option<String>>;
    /// Chooses, and in the same transaction queues what is to be done about it, not before that
    /// time.
    fn set_preference(
        &self,
        name: &str,
        value: &str,
        then: Option<(&JobKind, Timestamp)>,
    ) -> Answer<()>;
}
