//! How values stand in columns.

use std::fmt::Display;
use std::io::Read;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;
use crate::metadata::Answer;

/// The most bytes that packed JSON may have when it is unpacked.
const MAX_UNPACKED: u64 = 1 << 30;
/// zstd's usual level: JSON shrinks to a tenth at some hundred MB/s.
const LEVEL: i32 = 3;

/// A value that is kept as its text.
pub struct Text<T>(pub T);

impl<T: FromStr> FromSql for Text<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Text<T>> {
        let parsed = value.as_str()?.parse().map(Text);
        parsed.map_err(|error: T::Err| FromSqlError::Other(Box::new(error)))
    }
}

impl<T: Display> ToSql for Text<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.to_string().into())
    }
}

/// A time, kept to the microsecond.
pub struct Time(pub Timestamp);

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Time> {
        let time = Timestamp::from_microsecond(value.as_i64()?).map(Time);
        time.map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

impl ToSql for Time {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_microsecond().into())
    }
}

/// A count or size. SQLite's numbers end at 2^63 − 1, which no real one reaches.
pub struct Count(pub u64);

impl FromSql for Count {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Count> {
        let number = value.as_i64()?;
        let count = u64::try_from(number).map(Count);
        count.map_err(|_| FromSqlError::OutOfRange(number))
    }
}

impl ToSql for Count {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(i64::try_from(self.0).unwrap_or(i64::MAX).into())
    }
}

/// A limit on rows as SQLite takes it.
pub fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// A value as JSON.
pub fn json(value: &impl Serialize) -> Answer<String> {
    let text = serde_json::to_string(value);
    text.map_err(|error| StoreError::Database(format!("a value could not be written: {error}")))
}

/// A value from the JSON that [`json`] wrote.
pub fn from_json<T: DeserializeOwned>(what: &str, text: &str) -> Answer<T> {
    serde_json::from_str(text).map_err(|error| damaged(what, &error))
}

/// A value as compressed JSON.
pub fn pack(value: &impl Serialize) -> Answer<Vec<u8>> {
    compress(json(value)?.as_bytes())
}

/// A value from what [`pack`] wrote.
pub fn unpack<T: DeserializeOwned>(what: &str, packed: &[u8]) -> Answer<T> {
    let bytes = decompress(what, packed)?;
    serde_json::from_slice(&bytes).map_err(|error| damaged(what, &error))
}

/// Compressed bytes.
pub fn compress(bytes: &[u8]) -> Answer<Vec<u8>> {
    let packed = zstd::bulk::compress(bytes, LEVEL);
    packed.map_err(|error| StoreError::Database(format!("a value could not be packed: {error}")))
}

/// The bytes that [`compress`] was given.
pub fn decompress(what: &str, packed: &[u8]) -> Answer<Vec<u8>> {
    let fail = |error: std::io::Error| damaged(what, &error);
    let decoder = zstd::Decoder::with_buffer(packed).map_err(fail)?;
    let mut bytes = Vec::new();
    let read = decoder
        .take(MAX_UNPACKED)
        .read_to_end(&mut bytes)
        .map_err(fail)?;
    match (read as u64) < MAX_UNPACKED {
        true => Ok(bytes),
        false => Err(damaged(what, &"longer than anything that is kept here")),
    }
}

fn damaged(what: &str, cause: &dyn Display) -> StoreError {
    StoreError::Damaged(format!("{what} cannot be read: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back() {
        let value = vec!["a".repeat(10_000), "ü".into(), String::new()];
        let packed = pack(&value).unwrap();
        assert!(packed.len() < 100);
        assert_eq!(unpack::<Vec<String>>("x", &packed).unwrap(), value);
    }

    #[test]
    fn garbage_is_damage() {
        let packed = pack(&"text").unwrap();
        for bytes in [&b""[..], b"garbage", &packed[..packed.len() - 1]] {
            let read = unpack::<String>("the row", bytes);
            assert!(matches!(read, Err(StoreError::Damaged(_))), "{read:?}");
        }
        assert!(unpack::<u8>("the row", &packed).is_err());
    }
}
