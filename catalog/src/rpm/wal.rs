//! SQLite's write-ahead log, `-wal`: pages that were written but are not in the database's file
//! yet; "SQLite Database File Format", "The Write-Ahead Log".

use image::Limits;

use super::sqlite::page_size;

/// What the file begins with; the last bit says how the sums are made.
const MAGIC: u32 = 0x377f_0682;
const VERSION: u32 = 3_007_000;
const HEAD: usize = 32;
const FRAME_HEAD: usize = 24;

/// Puts the pages of whole transactions into a database's bytes, as SQLite does when it opens it.
///
/// # Errors
///
/// What is wrong with the log, in words.
pub fn apply(file: &mut Vec<u8>, log: &[u8], limits: &Limits) -> Result<(), String> {
    let head = log.get(..HEAD).ok_or("ends inside its head")?;
    let numbers: Vec<u32> = head.chunks_exact(4).filter_map(number).collect();
    let [magic, version, size, _, salt @ .., one, two] = numbers.as_slice() else {
        return Err("ends inside its head".to_owned());
    };
    let mut sum = Sum {
        is_big: magic & 1 == 1,
        sums: (0, 0),
    };
    if magic & !1 != MAGIC || *version != VERSION {
        return Err("is no log of a version that is read".to_owned());
    }
    sum.add(head.get(..24).unwrap_or_default());
    if sum.sums != (*one, *two) {
        return Err("has a head whose sum is wrong".to_owned());
    }
    let size = *size as usize;
    if page_size(file).is_some_and(|of_file| of_file != size) || !(512..=65_536).contains(&size) {
        return Err(format!("has pages of {size} bytes, unlike its database"));
    }
    let mut pages: Vec<(u32, &[u8])> = Vec::new();
    for frame in log
        .get(HEAD..)
        .unwrap_or_default()
        .chunks_exact(FRAME_HEAD + size)
    {
        let Some((head, page)) = frame.split_at_checked(FRAME_HEAD) else {
            break;
        };
        let numbers: Vec<u32> = head.chunks_exact(4).filter_map(number).collect();
        let [place, count, first_salt, second_salt, one, two] = *numbers.as_slice() else {
            break;
        };
        sum.add(head.get(..8).unwrap_or_default());
        sum.add(page);
        // Frames of an earlier log, or one that was not written to its end: the log ends here.
        if [first_salt, second_salt] != *salt || sum.sums != (one, two) {
            break;
        }
        pages.push((place, page));
        if count > 0 {
            commit(file, pages.drain(..), count, limits)?;
        }
    }
    Ok(())
}

/// Writes the pages of a transaction; the database has so many pages then.
fn commit<'a>(
    file: &mut Vec<u8>,
    pages: impl Iterator<Item = (u32, &'a [u8])>,
    count: u32,
    limits: &Limits,
) -> Result<(), String> {
    for (number, page) in pages {
        if number > count {
            continue;
        }
        let start = (number as usize).checked_sub(1).ok_or("writes a page 0")?;
        let start = start * page.len();
        let end = start + page.len();
        if end as u64 > limits.captured_bytes {
            return Err(format!(
                "writes page {number}, which makes its database too large"
            ));
        }
        if file.len() < end {
            file.resize(end, 0);
        }
        if let Some(held) = file.get_mut(start..end) {
            held.copy_from_slice(page);
        }
    }
    Ok(())
}

/// A sum over all that was written before.
struct Sum {
    is_big: bool,
    sums: (u32, u32),
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        for pair in bytes.chunks_exact(8) {
            let mut numbers = pair.chunks_exact(4).filter_map(number);
            let mut next = || {
                let number = numbers.next().unwrap_or_default();
                if self.is_big {
                    number
                } else {
                    number.swap_bytes()
                }
            };
            let (first, second) = (next(), next());
            self.sums.0 = self.sums.0.wrapping_add(first).wrapping_add(self.sums.1);
            self.sums.1 = self.sums.1.wrapping_add(second).wrapping_add(self.sums.0);
        }
    }
}

fn number(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}
