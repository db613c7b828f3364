//! rpm's oldest database, `Packages`: a hash table of Berkeley DB, `db_page.h` of its sources.
//!
//! Page 0 describes the table. Every page of a bucket holds pairs of a key and a value; a value
//! that does not fit lies on a chain of pages of its own. What is looked for is every value, so
//! pages are read in their order and no bucket is computed.

use super::Reading;

/// What page 0 holds at its twelfth byte, in the order of bytes of the machine that wrote it.
const MAGIC: u32 = 0x0006_1561;
/// A page of pairs as older versions wrote it, and a sorted one.
const PAIRS: [u8; 2] = [2, 13];
/// A page of a chain.
const CHAINED: u8 = 7;
/// What a page begins with.
const HEAD: usize = 26;
/// A value that stands on the page, and one that lies on a chain.
const HERE: u8 = 1;
const ELSEWHERE: u8 = 3;

struct Table<'a> {
    bytes: &'a [u8],
    page_size: usize,
    is_big: bool,
    /// Pages of chains that were followed: none belongs to two values.
    is_used: Vec<bool>,
    /// The value that was put together last.
    value: Vec<u8>,
}

/// Reads the values of a table: the headers of packages.
pub fn read(bytes: &[u8], reading: &mut Reading) {
    let mut table = match Table::new(bytes) {
        Ok(table) => table,
        Err(problem) => return reading.problem(problem),
    };
    if !bytes.len().is_multiple_of(table.page_size) {
        reading.problem("ends inside a page");
    }
    let pages = bytes.len() / table.page_size;
    // The table's last page, as it says itself. A page of pairs that is gone nobody misses.
    let last = table.long(bytes, 32).unwrap_or_default();
    if last >= pages {
        reading.problem(format!("ends before its page {last}"));
    }
    for number in 1..pages {
        let Some(page) = table.page(number) else {
            break;
        };
        if page.get(25).is_some_and(|kind| PAIRS.contains(kind)) {
            table.pairs(number, page, reading);
        }
    }
}

impl<'a> Table<'a> {
    fn new(bytes: &'a [u8]) -> Result<Table<'a>, &'static str> {
        let magic = bytes.get(12..16).and_then(|magic| magic.try_into().ok());
        let is_big = match magic.map(u32::from_le_bytes) {
            Some(MAGIC) => false,
            Some(other) if other.swap_bytes() == MAGIC => true,
            _ => return Err("is no hash table of Berkeley DB"),
        };
        let mut table = Table {
            bytes,
            page_size: 0,
            is_big,
            is_used: Vec::new(),
            value: Vec::new(),
        };
        table.page_size = table.long(bytes, 20).unwrap_or_default();
        if !table.page_size.is_power_of_two() || !(512..=65_536).contains(&table.page_size) {
            return Err("has pages of no size that Berkeley DB makes");
        }
        // An algorithm, or the flag of sums on pages, which move what is on them.
        if bytes.get(24) != Some(&0) || bytes.get(26).is_none_or(|flags| flags & 1 != 0) {
            return Err("is encrypted or has sums on its pages, which is not read");
        }
        table.is_used = vec![false; bytes.len() / table.page_size];
        Ok(table)
    }

    fn page(&self, number: usize) -> Option<&'a [u8]> {
        let start = number.checked_mul(self.page_size)?;
        self.bytes.get(start..start.checked_add(self.page_size)?)
    }

    fn short(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let bytes = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(usize::from(match self.is_big {
            true => u16::from_be_bytes(bytes),
            false => u16::from_le_bytes(bytes),
        }))
    }

    fn long(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let bytes = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        let number = match self.is_big {
            true => u32::from_be_bytes(bytes),
            false => u32::from_le_bytes(bytes),
        };
        usize::try_from(number).ok()
    }

    /// Reads the values of a page. Items stand from its end downwards, each up to where the one
    /// before begins; every second one is a value.
    fn pairs(&mut self, number: usize, page: &[u8], reading: &mut Reading) {
        let count = self.short(page, 20).unwrap_or_default();
        let mut end = self.page_size;
        let mut key: Option<&[u8]> = None;
        for item in 0..count {
            let start = self.short(page, HEAD + 2 * item).unwrap_or_default();
            let held = page.get(start..end).filter(|_| start > HEAD);
            let Some(held) = held else {
                return reading.problem(format!("page {number} holds an item that is not on it"));
            };
            end = start;
            match key.take() {
                None => key = Some(held),
                // The number 0 has no package: it counts the others.
                Some([_, 0, 0, 0, 0]) => {}
                Some(_) => self.value(number, held, reading),
            }
        }
    }

    fn value(&mut self, number: usize, value: &[u8], reading: &mut Reading) {
        match value.split_first() {
            Some((&HERE, value)) => reading.header(format_args!("page {number}"), value),
            Some((&ELSEWHERE, _)) => {
                let (first, length) = (self.long(value, 4), self.long(value, 8));
                let (first, length) = (first.unwrap_or_default(), length.unwrap_or_default());
                if self.chain(first, length).is_some() {
                    reading.header(format_args!("page {first}"), &self.value);
                } else {
                    let detail = format!("the value of {length} bytes from page {first} is cut");
                    reading.problem(detail);
                }
            }
            _ => {
                let detail = format!("page {number} holds a value of a kind that is not read");
                reading.problem(detail);
            }
        }
    }

    /// Puts a value together that lies on a chain of pages; `None` where it is not whole.
    fn chain(&mut self, first: usize, length: usize) -> Option<()> {
        self.value.clear();
        let mut next = first;
        while self.value.len() < length {
            let page = self
                .page(next)
                .filter(|page| page.get(25) == Some(&CHAINED))?;
            let is_used = self.is_used.get_mut(next)?;
            if std::mem::replace(is_used, true) {
                return None;
            }
            let held = page.get(HEAD..HEAD.checked_add(self.short(page, 22)?)?)?;
            self.value.extend_from_slice(held);
            next = self.long(page, 16)?;
        }
        self.value.truncate(length);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpm::header::tests::small;
    use crate::rpm::tests::read_by;

    /// A table of one page of pairs and a chain for each value, in little-endian order.
    fn table(values: &[Vec<u8>], page_size: usize) -> Vec<u8> {
        let page = || vec![0; page_size];
        let put = |page: &mut Vec<u8>, at: usize, bytes: &[u8]| {
            page[at..at + bytes.len()].copy_from_slice(bytes);
        };
        let (mut meta, mut pairs, mut chains) = (page(), page(), Vec::new());
        put(&mut meta, 12, &MAGIC.to_le_bytes());
        put(&mut meta, 20, &(page_size as u32).to_le_bytes());
        pairs[25] = 13;
        put(&mut pairs, 20, &(2 * values.len() as u16 + 2).to_le_bytes());
        let (mut end, mut slot) = (page_size, HEAD);
        let mut item = |bytes: &[u8]| {
            end -= bytes.len();
            put(&mut pairs, end, bytes);
            put(&mut pairs, slot, &(end as u16).to_le_bytes());
            slot += 2;
        };
        item(&[HERE, 0, 0, 0, 0]);
        item(&[HERE, 9, 0, 0, 0]);
        for (index, value) in values.iter().enumerate() {
            item(&[HERE, index as u8 + 1, 0, 0, 0]);
            let first = 2 + (chains.len() / page_size) as u32;
            let mut elsewhere = vec![ELSEWHERE, 0, 0, 0];
            elsewhere.extend(first.to_le_bytes());
            elsewhere.extend((value.len() as u32).to_le_bytes());
            item(&elsewhere);
            let pieces = value.chunks(page_size - HEAD);
            let last = first + pieces.len() as u32 - 1;
            for (number, piece) in (first..).zip(pieces) {
                let mut chained = page();
                chained[25] = CHAINED;
                put(&mut chained, 22, &(piece.len() as u16).to_le_bytes());
                let next = if number == last { 0 } else { number + 1 };
                put(&mut chained, 16, &next.to_le_bytes());
                put(&mut chained, HEAD, piece);
                chains.extend(chained);
            }
        }
        [meta, pairs, chains].concat()
    }

    #[test]
    fn values_are_put_together_and_damage_costs_what_it_covers() {
        let long = "1".repeat(900);
        let bytes = table(&[small("a", &long, "1"), small("b", "2", "1")], 512);
        let (a, b) = (format!("rpm a {long}-1\n"), "rpm b 2-1\n");
        assert_eq!(read_by(read, &bytes), format!("{a}{b}"));
        // The first chain leads back to its own start.
        let mut circle = bytes.clone();
        circle[1024 + 16] = 2;
        let said = "! db: the value of 961 bytes from page 2 is cut (malformed)\n";
        assert_eq!(read_by(read, &circle), format!("{b}{said}"));
        let cut = read_by(read, &bytes[..bytes.len() - 1]);
        let said = "! db: ends inside a page (malformed)\n\
                    ! db: the value of 62 bytes from page 4 is cut (malformed)\n";
        assert_eq!(cut, format!("{a}{said}"));
        for (at, byte) in [(12, 0), (21, 1), (24, 1), (26, 1)] {
            let mut odd = bytes.clone();
            odd[at] = byte;
            assert_eq!(read_by(read, &odd).lines().count(), 1);
        }
        assert_eq!(read_by(read, b"").lines().count(), 1);
        let mut short = bytes.clone();
        short[32] = 5;
        let said = "! db: ends before its page 5 (malformed)\n";
        assert_eq!(read_by(read, &short), format!("{a}{b}{said}"));
    }
}
