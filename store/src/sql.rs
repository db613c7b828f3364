//! Metadata in SQL: the tables and their statements, once for every database.
//!
//! A database is a [`Driver`]: it runs closures in transactions. Statements are written in the
//! words that SQLite and PostgreSQL share, arguments as `?1`, `?2`, …; what a database says in
//! another way, its driver rewrites. Transactions are serializable: each is as if it were alone.

mod access;
mod affected;
mod audit;
pub(crate) mod dump;
mod event;
mod gate;
mod holding;
mod house;
mod job;
mod layer_report;
mod manifest;
mod matching;
mod package;
mod package_set;
mod place;
mod preference;
mod repository;
pub(crate) mod row;
mod scan;
pub(crate) mod schema;
mod subscription;
mod tag;
mod upload;
pub(crate) mod value;

use crate::metadata::Answer;
use row::{Row, Value};

/// When a write has to have reached the medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Before it is answered: it survives a power cut.
    Synced,
    /// With the next synced one: it survives a kill, and a power cut may take it.
    Unsynced,
}

/// Statements in one transaction.
pub trait Transaction {
    /// The rows of a statement.
    fn query(&mut self, sql: &str, given: &[Value]) -> Answer<Vec<Row>>;

    /// How many rows a statement changed.
    fn execute(&mut self, sql: &str, given: &[Value]) -> Answer<u64>;

    /// The rows of a statement for each list of arguments, in their order. One way to the
    /// database and back, however many there are.
    fn query_each(&mut self, sql: &str, given: &[Vec<Value>]) -> Answer<Vec<Vec<Row>>>;

    /// The only row of a statement, if it has one.
    fn first(&mut self, sql: &str, given: &[Value]) -> Answer<Option<Row>> {
        Ok(self.query(sql, given)?.into_iter().next())
    }
}

/// A database that runs transactions. A closure may be run again from its beginning, where
/// others were faster and the database undid it.
pub trait Driver: Send + Sync {
    /// A transaction that only reads, at one moment.
    fn read<T>(&self, work: impl Fn(&mut dyn Transaction) -> Answer<T>) -> Answer<T>;

    /// What the database finds wrong with its own files.
    fn check(&self) -> Answer<Vec<String>>;

    /// Goes on numbering a table's rows after those that were put in with their numbers.
    fn number_on(&self, table: &str) -> Answer<()>;

    /// Leaves no copy of what was overwritten in a log of the database's, as far as it can be told
    /// to.
    fn settle(&self) -> Answer<()>;

    /// A transaction of which all lasts, or nothing.
    fn write<T>(
        &self,
        durability: Durability,
        work: impl Fn(&mut dyn Transaction) -> Answer<T>,
    ) -> Answer<T>;
}
