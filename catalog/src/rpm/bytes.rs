//! Numbers out of bytes that nobody vouches for.

/// The byte order of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Lowest byte first.
    Little,
    /// Highest byte first.
    Big,
}

/// Four bytes at a place.
pub fn u32_at(bytes: &[u8], at: usize, order: Order) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(match order {
        Order::Little => u32::from_le_bytes(four),
        Order::Big => u32::from_be_bytes(four),
    })
}

/// Two bytes at a place.
pub fn u16_at(bytes: &[u8], at: usize, order: Order) -> Option<u16> {
    let two = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(match order {
        Order::Little => u16::from_le_bytes(two),
        Order::Big => u16::from_be_bytes(two),
    })
}

/// Four bytes at a place, as a place or a length.
pub fn size_at(bytes: &[u8], at: usize, order: Order) -> Option<usize> {
    usize::try_from(u32_at(bytes, at, order)?).ok()
}
