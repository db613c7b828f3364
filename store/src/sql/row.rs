//! Values on their way to a database and back.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use model::{Digest, RepositoryName, Tag};

use crate::metadata::Answer;
use crate::{StoreError, UploadId};

/// What both databases hold in a column. Times are microseconds since 1970, truth is 0 or 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A number.
    Integer(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// One row of an answer. Each column is taken once.
#[derive(Clone, Debug, Default)]
pub struct Row(Vec<Value>);

impl Row {
    /// A row of these columns.
    pub fn new(columns: Vec<Value>) -> Row {
        Row(columns)
    }

    /// All columns.
    pub fn into_values(self) -> Vec<Value> {
        self.0
    }

    /// Takes a column, counted from 0.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] where the column holds something else.
    pub fn take<T: FromValue>(&mut self, column: usize) -> Answer<T> {
        let value = self.0.get_mut(column);
        let value = value.map_or(Value::Null, |value| std::mem::replace(value, Value::Null));
        T::from_value(value)
            .map_err(|what| StoreError::Damaged(format!("column {column} of a row holds {what}")))
    }

    /// Takes a column that holds the text of something.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] where that text cannot be read.
    pub fn parse<T: FromStr<Err: Display>>(&mut self, column: usize) -> Answer<T> {
        let text: String = self.take(column)?;
        text.parse().map_err(|error: T::Err| {
            StoreError::Damaged(format!("column {column} of a row: {error}"))
        })
    }

    /// The same for a column that may be empty.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] where the text cannot be read.
    pub fn parse_option<T: FromStr<Err: Display>>(&mut self, column: usize) -> Answer<Option<T>> {
        let text: Option<String> = self.take(column)?;
        let parsed = text.map(|text| text.parse()).transpose();
        parsed.map_err(|error: T::Err| {
            StoreError::Damaged(format!("column {column} of a row: {error}"))
        })
    }
}

/// What can be read from a column. The error says what was there instead.
pub trait FromValue: Sized {
    /// Reads a column.
    ///
    /// # Errors
    ///
    /// What the column holds instead, in words.
    fn from_value(value: Value) -> Result<Self, String>;
}

impl FromValue for i64 {
    fn from_value(value: Value) -> Result<i64, String> {
        match value {
            Value::Integer(number) => Ok(number),
            other => Err(other.in_words()),
        }
    }
}

impl FromValue for u64 {
    fn from_value(value: Value) -> Result<u64, String> {
        let number = i64::from_value(value)?;
        u64::try_from(number).map_err(|_| format!("{number}, which is no count"))
    }
}

impl FromValue for u32 {
    fn from_value(value: Value) -> Result<u32, String> {
        let number = i64::from_value(value)?;
        u32::try_from(number).map_err(|_| format!("{number}, which is no small count"))
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> Result<bool, String> {
        Ok(i64::from_value(value)? != 0)
    }
}

impl FromValue for Timestamp {
    fn from_value(value: Value) -> Result<Timestamp, String> {
        Timestamp::from_microsecond(i64::from_value(value)?).map_err(|error| error.to_string())
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Result<String, String> {
        match value {
            Value::Text(text) => Ok(text),
            other => Err(other.in_words()),
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Result<Vec<u8>, String> {
        match value {
            Value::Bytes(bytes) => Ok(bytes),
            other => Err(other.in_words()),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Option<T>, String> {
        match value {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl Value {
    fn in_words(&self) -> String {
        let word = match self {
            Value::Null => "nothing",
            Value::Integer(_) => "a number",
            Value::Text(_) => "a text",
            Value::Bytes(_) => "bytes",
        };
        format!("{word}, which does not belong there")
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Integer(number)
    }
}

/// SQL's numbers end at 2^63 − 1, which no real size or count reaches.
impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Value {
        Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Value {
        Value::Integer(i64::from(truth))
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Value {
        Value::Integer(time.as_microsecond())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::Text(text.clone())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Value {
        Value::Bytes(bytes)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Value {
        Value::Bytes(bytes.to_vec())
    }
}

impl From<&Digest> for Value {
    fn from(digest: &Digest) -> Value {
        digest.as_str().into()
    }
}

impl From<&RepositoryName> for Value {
    fn from(name: &RepositoryName) -> Value {
        name.as_str().into()
    }
}

impl From<&Tag> for Value {
    fn from(tag: &Tag) -> Value {
        tag.as_str().into()
    }
}

impl From<&UploadId> for Value {
    fn from(id: &UploadId) -> Value {
        id.as_str().into()
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// The arguments of a statement.
macro_rules! given {
    ($($value:expr),* $(,)?) => { [$($crate::sql::row::Value::from($value)),*] };
}
pub(crate) use given;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_as_what_they_are() {
        let digest = Digest::of(b"x");
        let time = Timestamp::from_second(5).unwrap();
        let none: Option<i64> = None;
        let mut row = Row::new(given![7u64, time, &digest, none, true, b"b".as_slice()].to_vec());
        assert_eq!(row.take::<u64>(0).unwrap(), 7);
        assert_eq!(row.take::<Timestamp>(1).unwrap(), time);
        assert_eq!(row.parse::<Digest>(2).unwrap(), digest);
        assert_eq!(row.take::<Option<String>>(3).unwrap(), None);
        assert!(row.take::<bool>(4).unwrap());
        assert_eq!(row.take::<Vec<u8>>(5).unwrap(), b"b");
    }

    #[test]
    fn what_does_not_belong_there_is_damage() {
        let damaged = |answer: Answer<u64>| matches!(answer, Err(StoreError::Damaged(_)));
        assert!(damaged(Row::new(given![-1i64].to_vec()).take(0)));
        assert!(damaged(Row::new(given!["7"].to_vec()).take(0)));
        assert!(damaged(Row::new(Vec::new()).take(0)));
        let digest = Row::new(given!["md5:x"].to_vec()).parse::<Digest>(0);
        assert!(matches!(digest, Err(StoreError::Damaged(_))));
    }
}
