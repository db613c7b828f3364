//! rpm's database on openSUSE and SLES, `Packages.db`: `lib/backend/ndb/rpmpkg.c` of rpm's sources.
//!
//! Little-endian numbers. A header of 32 bytes says how many pages of slots there are; each slot of
//! 16 bytes names a package's number and the blocks of 16 bytes in which its header lies.

use super::Reading;

/// What the file begins with.
pub const MAGIC: &[u8] = b"RpmP";
const PAGE: usize = 4096;
const SLOT: &[u8] = b"Slot";
const SLOT_SIZE: usize = 16;
const BLOB: &[u8] = b"BlbS";
const BLOB_HEAD: usize = 16;
const BLOCK: usize = 16;

/// Reads the headers of packages, in the order of their slots.
pub fn read(bytes: &[u8], reading: &mut Reading) {
    let pages = long(bytes, 12).filter(|_| bytes.starts_with(MAGIC) && long(bytes, 4) == Some(0));
    let Some(pages) = pages else {
        return reading.problem("is no package database of a version that is read");
    };
    let end = pages.saturating_mul(PAGE);
    if end > bytes.len() {
        reading.problem("ends among its slots");
    }
    let slots = bytes.get(2 * SLOT_SIZE..end.min(bytes.len()));
    let slots = slots.unwrap_or_default().chunks_exact(SLOT_SIZE);
    for (number, slot) in slots.enumerate() {
        if !slot.starts_with(SLOT) {
            return reading.problem(format!("slot {number} and what follows it is damaged"));
        }
        let index = long(slot, 4).unwrap_or_default();
        if index == 0 {
            continue;
        }
        match blob(bytes, slot, index) {
            Some(blob) => reading.header(format_args!("package {index}"), blob),
            None => reading.problem(format!("package {index} is not where its slot says")),
        }
    }
}

fn blob<'a>(bytes: &'a [u8], slot: &[u8], index: usize) -> Option<&'a [u8]> {
    let start = long(slot, 8)?.checked_mul(BLOCK)?;
    let blocks = long(slot, 12)?.checked_mul(BLOCK)?;
    let held = bytes.get(start..start.checked_add(blocks)?)?;
    let is_it = held.starts_with(BLOB) && long(held, 4) == Some(index);
    let length = long(held, 12).filter(|_| is_it)?;
    held.get(BLOB_HEAD..BLOB_HEAD.checked_add(length)?)
}

fn long(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(bytes)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpm::header::tests::small;
    use crate::rpm::tests::read_by;

    /// A database of one page of slots.
    fn database(values: &[Vec<u8>]) -> Vec<u8> {
        let numbers = |numbers: &[usize]| {
            let bytes = numbers
                .iter()
                .flat_map(|number| (*number as u32).to_le_bytes());
            bytes.collect::<Vec<u8>>()
        };
        let mut slots = [MAGIC, &numbers(&[0, 1, 1, values.len() + 1, 0, 0, 0])].concat();
        let mut held: Vec<u8> = Vec::new();
        for (number, value) in values.iter().enumerate() {
            let start = PAGE + held.len();
            let length = (BLOB_HEAD + value.len() + 12).next_multiple_of(BLOCK);
            slots.extend(SLOT);
            slots.extend(numbers(&[number + 1, start / BLOCK, length / BLOCK]));
            held.extend(BLOB);
            held.extend(numbers(&[number + 1, 1, value.len()]));
            held.extend(value);
            held.resize(start - PAGE + length - 12, 0);
            held.extend(numbers(&[0, value.len()]));
            held.extend(b"BlbE");
        }
        while slots.len() < PAGE {
            slots.extend(SLOT);
            slots.extend([0; 12]);
        }
        [slots, held].concat()
    }

    #[test]
    fn slots_lead_to_headers_and_damage_costs_what_it_covers() {
        let values = ["a", "b", "c"].map(|name| small(name, "1", "1"));
        let bytes = database(&values);
        assert_eq!(read_by(read, &bytes), "rpm a 1-1\nrpm b 1-1\nrpm c 1-1\n");
        let mut text = String::new();
        for (at, byte) in [(32, 0), (36, 0), (36, 9), (40, 9), (4, 1)] {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            text += &format!("{at}\n{}", read_by(read, &bytes));
        }
        text += &format!("cut\n{}", read_by(read, &bytes[..100]));
        expect_test::expect![[r#"
            32
            ! db: slot 0 and what follows it is damaged (malformed)
            36
            rpm b 1-1
            rpm c 1-1
            36
            rpm b 1-1
            rpm c 1-1
            ! db: package 9 is not where its slot says (malformed)
            40
            rpm b 1-1
            rpm c 1-1
            ! db: package 1 is not where its slot says (malformed)
            4
            ! db: is no package database of a version that is read (malformed)
            cut
            ! db: ends among its slots (malformed)
            ! db: package 1 is not where its slot says (malformed)
            ! db: package 2 is not where its slot says (malformed)
            ! db: package 3 is not where its slot says (malformed)
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn slots_that_share_a_header_are_not_worth_more_than_the_file() {
        let mut bytes = database(&[small("a", "1", "1")]);
        let first: Vec<u8> = bytes[32..48].to_vec();
        for slot in (0..250).map(|slot| 32 + 16 * slot) {
            bytes[slot..slot + 16].copy_from_slice(&first);
        }
        let text = read_by(read, &bytes);
        let count = text.matches("rpm a").count();
        assert!((10..100).contains(&count), "{count}");
        assert!(text.contains(
            "! db: holds more than its own size (malformed)
"
        ));
    }
}
