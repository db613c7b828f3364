//! The form of an exported registry: a tar archive.
//!
//! ```text
//! lazaret-export.json       {"form": 1}
//! blobs/<digest>            the bytes, one entry per blob
//! metadata/<table>.jsonl    one row per line, as a list of its columns in the schema's order
//! ```
//!
//! Blobs come first: metadata that names them is loaded when they are all there. A column is a
//! number, a text, null, or {"base64": text} for bytes.

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Digest;
use serde_json::{Value as Json, json};
use store::{TABLES, Value};

/// The first entry's name.
pub const HEAD: &str = "lazaret-export.json";
/// The form that this program writes and reads.
pub const FORM: u64 = 1;
/// The directory of blobs.
pub const BLOBS: &str = "blobs/";
/// The directory of tables.
pub const METADATA: &str = "metadata/";
/// What a table's name ends with.
pub const ROWS: &str = ".jsonl";

/// The table that names every blob.
pub const BLOB_TABLE: &str = "blob";

/// A blob that a row names.
pub struct NamedBlob {
    /// Its digest.
    pub digest: Digest,
    /// Whether its bytes are known to be damaged.
    pub is_damaged: bool,
}

/// The blob of a row of [`BLOB_TABLE`]; `None` where none was ever linked, or it is on its way out.
///
/// # Errors
///
/// Where the row is not one of that table.
pub fn named_blob(row: &[Value]) -> anyhow::Result<Option<NamedBlob>> {
    let table = TABLES.iter().find(|table| table.name == BLOB_TABLE);
    let columns = table.context("there is no table of blobs")?.columns;
    let column = |name: &str| {
        let place = columns.iter().position(|column| *column == name);
        place
            .and_then(|place| row.get(place))
            .unwrap_or(&Value::Null)
    };
    let is_there = *column("size") != Value::Null && *column("doomed_at") == Value::Null;
    let Value::Text(digest) = column("digest") else {
        bail!("a row of blobs has no digest");
    };
    let digest = digest.parse()?;
    let is_damaged = *column("damaged_at") != Value::Null;
    Ok(is_there.then_some(NamedBlob { digest, is_damaged }))
}

/// A row as one line.
pub fn line(row: Vec<Value>) -> String {
    let column = |value| match value {
        Value::Null => Json::Null,
        Value::Integer(number) => number.into(),
        Value::Text(text) => text.into(),
        Value::Bytes(bytes) => json!({ "base64": STANDARD.encode(bytes) }),
    };
    let columns: Vec<Json> = row.into_iter().map(column).collect();
    Json::Array(columns).to_string()
}

/// A row from its line.
///
/// # Errors
///
/// Where the line is not of the form.
pub fn row(line: &str) -> anyhow::Result<Vec<Value>> {
    let columns: Vec<Json> = serde_json::from_str(line).context("a row is no list")?;
    columns.into_iter().map(column).collect()
}

fn column(value: Json) -> anyhow::Result<Value> {
    Ok(match value {
        Json::Null => Value::Null,
        Json::Number(number) => Value::Integer(number.as_i64().context("a number is too large")?),
        Json::String(text) => Value::Text(text),
        other => match other.get("base64").and_then(Json::as_str) {
            Some(text) => Value::Bytes(STANDARD.decode(text)?),
            None => bail!("a column is neither number, text, null nor bytes"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were() {
        let all = vec![
            Value::Null,
            Value::Integer(-7),
            Value::Text("a\n\"b\"".to_owned()),
            Value::Bytes(vec![0, 255]),
        ];
        let written = line(all.clone());
        assert!(!written.contains('\n'));
        assert_eq!(row(&written).unwrap(), all);
        for damaged in ["", "{}", "[true]", "[1.5]", "[{\"base64\":\"!\"}]", "[[]]"] {
            assert!(row(damaged).is_err(), "{damaged}");
        }
    }
}
