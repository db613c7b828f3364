//! Feeds to an advisory database, and an inventory to findings and coverage.
//!
//! Nothing is opened here: feeds come as bytes and leave as the bytes of one database file, and
//! that file comes back as bytes that somebody else has mapped. Time enters as an argument.
//!
//! - [`feed`]: each publisher's format to [`Record`]s, one file per owner.
//! - [`Builder`]: records to the bytes of a database, whose layout `docs/database.md` draws.
//! - [`Database`]: opens such bytes and looks packages up.
//! - [`key()`], [`Database::changed_keys`] and [`reason()`]: what another database says otherwise.
//! - [`assess`], [`join`], [`coverage()`] and [`findings()`]: what is wrong with an inventory, and
//!   how much of that question could be answered.

mod builder;
pub mod canary;
mod coverage;
pub mod database;
pub mod explain;
pub mod feed;
mod identifier;
mod join;
mod key;
mod limits;
mod matching;
mod name;
mod reason;
mod record;
mod scope;

pub use builder::{Builder, UnknownSource};
pub use coverage::coverage;
pub use database::{Changed, Damaged, Database, OpenError};
pub use feed::{Feed, FeedFile};
pub use identifier::Cve;
pub use join::{findings, join};
pub use key::{Key, keys};
pub use limits::{AgeLimits, Limits};
pub use matching::{Assessment, Unasked, assess};
pub use reason::reason;
pub use record::{Affected, CveFacts, End, Range, Record, Score, State, Weakness};

/// A hash of the sources that judge: other sources, other judgements.
pub const REVISION: &str = env!("MATCHER_REVISION");
