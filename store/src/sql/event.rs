//! The outbox: rows that are written with what they tell of.
//!
//! A row gets its place in the order afterwards ([`place`]), so that those who write at once do
//! not wait for each other: two rows of one image are numbered as they were written, since the
//! transactions that wrote them saw each other.

use jiff::Timestamp;

use super::Transaction;
use super::row::given;
use super::value::pack;
use crate::metadata::Answer;
use crate::record::Happening;

/// Writes down what happened, in the transaction that does it.
pub fn add(t: &mut dyn Transaction, what: &Happening, at: Timestamp) -> Answer<()> {
    let sql = "INSERT INTO event (happened_at, kind, body) VALUES (?1, ?2, ?3)";
    t.execute(sql, &given![at, what.kind(), pack(what)?])?;
    Ok(())
}
