//! All rows, to move a store from one database to another.

use super::Answer;
use crate::sql::dump::Table;
use crate::sql::row::Value;

/// The contract for moving a store.
pub trait Transfer {
    /// Calls for every row of every table, as of one moment; tables come one after the other, in
    /// the order in which they can be loaded.
    fn dump(&self, row: &mut dyn FnMut(&Table, Vec<Value>) -> Answer<()>) -> Answer<()>;
    /// Adds rows to a table, all or none.
    fn load(&self, table: &Table, rows: &[Vec<Value>]) -> Answer<()>;
}
