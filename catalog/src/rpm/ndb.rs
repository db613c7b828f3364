//! rpm's own database, NDB: a table of slots, each of which tells where a header lies, in blocks of
//! sixteen bytes (rpm's `lib/backend/ndb/rpmpkg.c`).

use std::borrow::Cow;

use super::Blobs;
use super::bytes::{Order, size_at};

const MAGIC: &[u8] = b"RpmP";
const SLOT: &[u8] = b"Slot";
const BLOB: &[u8] = b"BlbS";
const BLOCK: usize = 16;
const PAGE: usize = 4096;
/// Slots that the file's own header takes.
const RESERVED: usize = 2;

/// Every header.
pub fn blobs(bytes: &[u8]) -> Blobs<'_> {
    if !bytes.starts_with(MAGIC) {
        return Blobs::broken("is no database of rpm's format NDB");
    }
    let pages = size_at(bytes, 12, Order::Little).unwrap_or_default();
    let table = pages.checked_mul(PAGE).and_then(|end| bytes.get(..end));
    let Some(table) = table.filter(|table| !table.is_empty()) else {
        return Blobs::broken("has no whole table of slots");
    };
    let mut blobs = Blobs {
        headers: Vec::new(),
        problems: Vec::new(),
    };
    for slot in table.chunks_exact(BLOCK).skip(RESERVED) {
        let number = size_at(slot, 4, Order::Little).unwrap_or_default();
        if !slot.starts_with(SLOT) || number == 0 {
            continue;
        }
        match header(bytes, slot, number) {
            Some(header) => blobs.headers.push(Cow::Borrowed(header)),
            None => blobs
                .problems
                .push(format!("package {number} is not where its slot says")),
        }
    }
    blobs
}

fn header<'a>(bytes: &'a [u8], slot: &[u8], number: usize) -> Option<&'a [u8]> {
    let at = size_at(slot, 8, Order::Little)?.checked_mul(BLOCK)?;
    let blob = bytes.get(at..)?;
    let is_it = blob.starts_with(BLOB) && size_at(blob, 4, Order::Little)? == number;
    is_it.then_some(())?;
    let length = size_at(blob, 12, Order::Little)?;
    blob.get(BLOCK..BLOCK.checked_add(length)?)
}
