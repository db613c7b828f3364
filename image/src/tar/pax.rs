//! PAX extended headers: POSIX.1-2001, `pax`, "pax Extended Header".

use std::collections::BTreeMap;

use super::Header;
use super::number::decimal;

const SPARSE_OFFSET: &[u8] = b"GNU.sparse.offset";
const SPARSE_LENGTH: &[u8] = b"GNU.sparse.numbytes";
/// Where the records of GNU's sparse format 0.0 are gathered, in the form of 0.1.
pub(super) const SPARSE_MAP: &[u8] = b"GNU.sparse.map";

/// The records of one extended header. Of several with one key the last counts.
#[derive(Debug, Default)]
pub(super) struct Records(BTreeMap<Vec<u8>, Vec<u8>>);

impl Records {
    /// Reads all records; one that is wrong makes the header wrong.
    pub(super) fn parse(mut bytes: &[u8]) -> Result<Records, &'static str> {
        let mut records = BTreeMap::new();
        let mut sparse: Vec<&[u8]> = Vec::new();
        while !bytes.is_empty() {
            let (key, value, rest) = record(bytes).ok_or("a PAX record is malformed")?;
            bytes = rest;
            if key != SPARSE_OFFSET && key != SPARSE_LENGTH {
                records.insert(key.to_vec(), value.to_vec());
                continue;
            }
            let expected = match sparse.len() % 2 {
                0 => SPARSE_OFFSET,
                _ => SPARSE_LENGTH,
            };
            if key != expected || value.contains(&b',') {
                return Err("the PAX records of a sparse map are out of order");
            }
            sparse.push(value);
        }
        if !sparse.is_empty() {
            records.insert(SPARSE_MAP.to_vec(), sparse.join(&b','));
        }
        Ok(Records(records))
    }

    /// A record's value, empty where there is none.
    pub(super) fn get(&self, key: &[u8]) -> &[u8] {
        self.0.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// Writes the records over a header. An empty value changes nothing.
    pub(super) fn apply(&self, header: &mut Header) -> Result<(), &'static str> {
        for (key, value) in &self.0 {
            if value.is_empty() {
                continue;
            }
            match key.as_slice() {
                b"path" => header.name.clone_from(value),
                b"linkpath" => header.link_name.clone_from(value),
                b"size" => header.size = decimal(value).ok_or("a PAX size is no number")?,
                b"uid" | b"gid" => {
                    decimal(value).ok_or("a PAX uid or gid is no number")?;
                }
                b"atime" | b"mtime" | b"ctime" => time(value).ok_or("a PAX time is none")?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// The first record (`length key=value\n`) and what follows it.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = bytes.iter().position(|byte| *byte == b' ')?;
    let length = usize::try_from(decimal(bytes.get(..space)?)?).ok()?;
    if length < 5 {
        return None;
    }
    let (record, rest) = bytes.split_at_checked(length)?;
    let (newline, record) = record.get(space + 1..)?.split_last()?;
    if *newline != b'\n' {
        return None;
    }
    let equals = record.iter().position(|byte| *byte == b'=')?;
    let (key, value) = (record.get(..equals)?, record.get(equals + 1..)?);
    let must_be_free_of_nul = match key {
        b"path" | b"linkpath" | b"uname" | b"gname" => value,
        _ => key,
    };
    let is_valid = !key.is_empty() && !must_be_free_of_nul.contains(&0);
    is_valid.then_some((key, value, rest))
}

/// Whether a text is a time, `seconds[.fraction]`.
fn time(text: &[u8]) -> Option<()> {
    let mut parts = text.splitn(2, |byte| *byte == b'.');
    decimal(parts.next()?)?;
    let fraction = parts.next().unwrap_or_default();
    fraction.iter().all(u8::is_ascii_digit).then_some(())
}
