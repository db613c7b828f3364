//! SQLite's write-ahead log, `sqlite.org/fileformat2.html` section 4: pages that were committed,
//! but not yet written into the file.

use image::Limits;

use super::bytes::{Order, size_at, u32_at};

const HEADER: usize = 32;
const FRAME: usize = 24;

/// Puts the pages of every whole commit into the file.
///
/// # Errors
///
/// Where the log's header is not one.
pub fn apply(file: &mut Vec<u8>, log: &[u8], limits: &Limits) -> Result<(), String> {
    let broken = || "is no write-ahead log of SQLite".to_owned();
    let order = match u32_at(log, 0, Order::Big) {
        Some(0x377f_0682) => Order::Little,
        Some(0x377f_0683) => Order::Big,
        _ => return Err(broken()),
    };
    let size = size_at(log, 8, Order::Big).filter(|size| (512..=65_536).contains(size));
    let size = size.ok_or_else(broken)?;
    let mut sum = Sum {
        order,
        pair: (0, 0),
    };
    sum.add(log.get(..24).ok_or_else(broken)?);
    if !sum.is(log, 24) {
        return Err(broken());
    }
    let salts = log.get(16..24);
    let mut waiting: Vec<(usize, &[u8])> = Vec::new();
    let frames = log.get(HEADER..).unwrap_or_default();
    for frame in frames.chunks_exact(FRAME + size) {
        let (header, page) = frame.split_at(FRAME);
        sum.add(header.get(..8).unwrap_or_default());
        sum.add(page);
        // What follows is of an older log, or was not written to its end.
        if header.get(8..16) != salts || !sum.is(header, 16) {
            break;
        }
        let number = size_at(header, 0, Order::Big).unwrap_or_default();
        waiting.push((number, page));
        let pages = size_at(header, 4, Order::Big).unwrap_or_default();
        if pages == 0 {
            continue;
        }
        let length = pages.saturating_mul(size);
        if length as u64 > limits.captured_bytes {
            return Err(format!(
                "makes a file of {length} bytes, more than are read"
            ));
        }
        file.resize(length, 0);
        for (number, page) in waiting.drain(..) {
            let at = number.saturating_sub(1).saturating_mul(size);
            if let Some(place) = file.get_mut(at..at.saturating_add(size)) {
                place.copy_from_slice(page);
            }
        }
    }
    Ok(())
}

/// The checksum that goes on from frame to frame.
struct Sum {
    order: Order,
    pair: (u32, u32),
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        for eight in bytes.chunks_exact(8) {
            let word = |at| u32_at(eight, at, self.order).unwrap_or_default();
            let (mut one, mut other) = self.pair;
            one = one.wrapping_add(word(0)).wrapping_add(other);
            other = other.wrapping_add(word(4)).wrapping_add(one);
            self.pair = (one, other);
        }
    }

    fn is(&self, bytes: &[u8], at: usize) -> bool {
        let told = u32_at(bytes, at, Order::Big).zip(u32_at(bytes, at + 4, Order::Big));
        told == Some(self.pair)
    }
}
