//! A hash table of Berkeley DB, as its `dbinc/db_page.h` lays it out: pages of metadata, of keys
//! and values in turn, and of values that are too long for one.

use std::borrow::Cow;

use super::Blobs;
use super::bytes::{Order, size_at, u16_at, u32_at};

const HASH_MAGIC: u32 = 0x0006_1561;
const PAGE_HEADER: usize = 26;
/// Page types: keys and values, unsorted and sorted; the rest of a value.
const UNSORTED: u8 = 2;
const SORTED: u8 = 13;
const OVERFLOW: u8 = 7;
/// Kinds of value: in the page, or on pages of its own.
const HERE: u8 = 1;
const ELSEWHERE: u8 = 3;
/// The value under the first key is no header but the number of the next package.
const NUMBER: usize = 4;

/// Every value that may be a header.
pub fn blobs(bytes: &[u8]) -> Blobs<'_> {
    let order = [Order::Little, Order::Big];
    let is_it = |order: &Order| u32_at(bytes, 12, *order) == Some(HASH_MAGIC);
    let Some(order) = order.into_iter().find(is_it) else {
        return Blobs::broken("is no hash table of Berkeley DB");
    };
    let size = size_at(bytes, 20, order).filter(|size| (512..=65_536).contains(size));
    let Some(size) = size else {
        return Blobs::broken("has pages of an impossible size");
    };
    let database = Database { bytes, size, order };
    let mut blobs = Blobs {
        headers: Vec::new(),
        problems: Vec::new(),
    };
    let pages = bytes.chunks(size).enumerate().skip(1);
    for (number, page) in pages.filter(|(_, page)| is_of_values(page)) {
        if database.page_values(page, &mut blobs.headers).is_none() {
            blobs
                .problems
                .push(format!("page {number} cannot be read to its end"));
        }
    }
    let told = size_at(bytes, 32, order).unwrap_or_default();
    if told >= bytes.len().div_ceil(size) {
        let have = bytes.len() / size;
        blobs
            .problems
            .push(format!("is cut: {have} of {} pages are there", told + 1));
    }
    blobs
}

fn is_of_values(page: &[u8]) -> bool {
    page.get(25)
        .is_some_and(|kind| matches!(*kind, UNSORTED | SORTED))
}

struct Database<'a> {
    bytes: &'a [u8],
    size: usize,
    order: Order,
}

impl<'a> Database<'a> {
    /// The values of a page; `None` where one is not there.
    fn page_values(&self, page: &'a [u8], found: &mut Vec<Cow<'a, [u8]>>) -> Option<()> {
        let entries = usize::from(u16_at(page, 20, self.order)?);
        let place = |entry: usize| {
            let at = u16_at(page, PAGE_HEADER + 2 * entry, self.order)?;
            Some(usize::from(at))
        };
        let mut whole = Some(());
        // Keys and values follow each other, from the page's end downwards.
        for entry in (1..entries).step_by(2) {
            let value = place(entry).zip(place(entry - 1)).and_then(|(at, end)| {
                let value = page.get(at..)?;
                match *value.first()? {
                    HERE => Some(Cow::Borrowed(page.get(at + 1..end)?)),
                    ELSEWHERE => self.long(value).map(Cow::Owned),
                    _ => None,
                }
            });
            match value {
                Some(value) if value.len() > NUMBER => found.push(value),
                Some(_) => {}
                None => whole = None,
            }
        }
        whole
    }

    /// A value on pages of its own, each of which names the next.
    fn long(&self, value: &[u8]) -> Option<Vec<u8>> {
        let mut number = size_at(value, 4, self.order)?;
        let length = size_at(value, 8, self.order).filter(|length| *length <= self.bytes.len())?;
        let mut whole = Vec::with_capacity(length);
        while whole.len() < length {
            let at = number.checked_mul(self.size)?;
            let page = self.bytes.get(at..at.checked_add(self.size)?)?;
            if number == 0 || *page.get(25)? != OVERFLOW {
                return None;
            }
            let here = usize::from(u16_at(page, 22, self.order)?);
            let part = page.get(PAGE_HEADER..PAGE_HEADER.checked_add(here)?)?;
            if part.is_empty() {
                return None;
            }
            whole.extend_from_slice(part);
            number = size_at(page, 16, self.order)?;
        }
        whole.truncate(length);
        Some(whole)
    }
}
