//! Feeds to an advisory database, and an inventory to findings and coverage.
//!
//! Nothing is opened here: feeds come as bytes and leave as the bytes of one database file, and
//! that file comes back as bytes that somebody else has mapped. Time enters as an argument.
//!
//! - [`feed`]: each publisher's format to [`Record`]s, one file per owner.
//! - [`Builder`]: records to the bytes of a database, whose layout `docs/database.md` draws.
//! - [`Database`]: opens such bytes and looks packages up.
//! - [`assess`], [`join`], [`coverage()`] and [`findings()`]: what is wrong with an inventory, and
//!   how much of that question could be answered.

mod builder;
mod coverage;
pub mod database;
pub mod feed;
mod identifier;
mod join;
mod limits;
mod matching;
mod name;
mod record;

pub use builder::{Builder, UnknownSource};
pub use coverage::coverage;
pub use database::{Damaged, Database, OpenError};
pub use feed::{Feed, FeedFile};
pub use join::{findings, join};
pub use limits::{AgeLimits, Limits};
pub use matching::{Assessment, assess};
pub use record::{Affected, End, Range, Record, State, Weakness};
