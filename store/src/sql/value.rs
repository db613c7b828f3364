//! JSON in columns, plain and packed.

use std::fmt::Display;
use std::io::Read;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;
use crate::metadata::Answer;

/// The most bytes that packed JSON may have when it is unpacked.
const MAX_UNPACKED: u64 = 1 << 30;
/// zstd's usual level: JSON shrinks to a tenth at some hundred MB/s.
const LEVEL: i32 = 3;

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
