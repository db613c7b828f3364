//! Numbers as tar writes them.

/// A numeric field: base 256 where the first bit is set, else octal text between spaces and NULs.
/// `None` where it is neither or does not fit; it can be negative.
pub(super) fn numeric(field: &[u8]) -> Option<i64> {
    match field.first() {
        Some(first) if first & 0x80 != 0 => base_256(field, *first),
        _ => octal(field),
    }
}

fn base_256(field: &[u8], first: u8) -> Option<i64> {
    let is_negative = first & 0x40 != 0;
    let invert = if is_negative { 0xff } else { 0 };
    let mut value: u64 = 0;
    for (at, byte) in field.iter().enumerate() {
        let byte = byte ^ invert;
        let byte = if at == 0 { byte & 0x7f } else { byte };
        if value >> 56 != 0 {
            return None;
        }
        value = value << 8 | u64::from(byte);
    }
    let value = i64::try_from(value).ok()?;
    Some(if is_negative { !value } else { value })
}

/// Octal text, 0 where there is none.
pub(super) fn octal(field: &[u8]) -> Option<i64> {
    let is_digit = |byte: &u8| !matches!(byte, b' ' | 0);
    let Some(start) = field.iter().position(is_digit) else {
        return Some(0);
    };
    let end = field.iter().rposition(is_digit)? + 1;
    let digits = field.get(start..end)?.split(|byte| *byte == 0).next()?;
    let value = digits.iter().try_fold(0u64, |value, byte| match byte {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })?;
    i64::try_from(value).ok()
}

/// A decimal number with an optional sign, nothing else: Go's `ParseInt` with base 10.
pub(super) fn decimal(text: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match text.split_first() {
        Some((b'-', digits)) => (true, digits),
        Some((b'+', digits)) => (false, digits),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0i64, |value, byte| {
        let digit = i64::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
        let value = value.checked_mul(10)?;
        match is_negative {
            true => value.checked_sub(digit),
            false => value.checked_add(digit),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_octal_or_base_256() {
        let cases: [(&[u8], Option<i64>); 16] = [
            (b"", Some(0)),
            (b"\0\0", Some(0)),
            (b"  \0", Some(0)),
            (b"0000644\0", Some(0o644)),
            (b" 644 \0", Some(0o644)),
            (b"\x00644", Some(0o644)),
            (b"64\x004", Some(0o64)),
            (b"64 \x004", None),
            (b"64 4", None),
            (b"648", None),
            (b"-1", None),
            (b"\x80\x00\x00\x01\x02", Some(0x102)),
            (b"\xff\xff\xff\xff", Some(-1)),
            (b"\xff\xff\xff\x00", Some(-256)),
            (b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (
                b"\x80\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff",
                Some(i64::MAX),
            ),
        ];
        for (field, expected) in cases {
            assert_eq!(numeric(field), expected, "{field:?}");
        }
    }

    #[test]
    fn decimals_are_those_of_go() {
        let cases: [(&[u8], Option<i64>); 9] = [
            (b"0", Some(0)),
            (b"+7", Some(7)),
            (b"-7", Some(-7)),
            (b"9223372036854775807", Some(i64::MAX)),
            (b"-9223372036854775808", Some(i64::MIN)),
            (b"9223372036854775808", None),
            (b"", None),
            (b"-", None),
            (b"1_0", None),
        ];
        for (text, expected) in cases {
            assert_eq!(decimal(text), expected, "{text:?}");
        }
    }
}
