//! Reads numbers and strings out of bytes that nobody vouches for.

use super::pieces::Region;

/// A place in a region. Every read is checked; past the end, and in a piece that is not what was
/// written, there is nothing.
#[derive(Clone, Copy)]
pub struct Cursor<'a> {
    region: Region<'a>,
    at: usize,
    /// Up to where everything from here on is compared.
    sound: usize,
}

impl<'a> Cursor<'a> {
    /// A place in bytes that nobody has to compare any more.
    pub fn new(bytes: &'a [u8], at: usize) -> Cursor<'a> {
        Cursor {
            region: Region::checked(bytes),
            at,
            sound: usize::MAX,
        }
    }

    /// A place in a region.
    pub fn of(region: Region<'a>, at: usize) -> Cursor<'a> {
        Cursor {
            region,
            at,
            sound: 0,
        }
    }

    /// Has everything compared up to a place.
    fn reach(&mut self, end: usize) -> Option<()> {
        if end > self.sound {
            self.sound = self.region.touch(self.at, end)?;
        }
        Some(())
    }

    /// Where the next read begins.
    pub fn place(&self) -> usize {
        self.at
    }

    /// The next byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.reach(self.at.checked_add(1)?)?;
        let byte = *self.region.bytes().get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// The next LEB128 number, of at most 64 bits.
    pub fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// The next number, as a place or a count.
    pub fn size(&mut self) -> Option<usize> {
        usize::try_from(self.varint()?).ok()
    }

    /// The next so many bytes.
    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let bytes = self.region.bytes().get(self.at..end)?;
        self.reach(end)?;
        self.at = end;
        Some(bytes)
    }
}

/// A little-endian number at a place.
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let end = at.checked_add(4)?;
    Some(u32::from_le_bytes(bytes.get(at..end)?.try_into().ok()?))
}

/// A little-endian number at a place.
pub fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let end = at.checked_add(8)?;
    Some(u64::from_le_bytes(bytes.get(at..end)?.try_into().ok()?))
}

/// The part of `bytes` at an offset.
pub fn part(bytes: &[u8], offset: u64, length: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = usize::try_from(offset.checked_add(length)?).ok()?;
    bytes.get(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_end_where_the_bytes_end() {
        let mut cursor = Cursor::new(&[0xac, 0x02, 0x05], 0);
        assert_eq!(
            (cursor.varint(), cursor.byte(), cursor.byte()),
            (Some(300), Some(5), None)
        );
        assert_eq!(Cursor::new(&[0x80; 20], 0).varint(), None);
        assert_eq!(Cursor::new(&[1], 9).byte(), None);
        assert_eq!(Cursor::new(&[1], 0).take(usize::MAX), None);
        assert_eq!(part(&[1, 2, 3], u64::MAX, 2), None);
        assert_eq!(part(&[1, 2, 3], 1, 2), Some(&[2, 3][..]));
        assert_eq!(
            (u32_at(&[1, 0, 0], 0), u64_at(&[0; 8], usize::MAX)),
            (None, None)
        );
    }
}
