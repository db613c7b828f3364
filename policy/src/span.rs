//! Lengths of time in one unit: `12h`, `30d`, `2w`.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

/// The longest span, in hours: a hundred years.
const MOST_HOURS: i64 = 100 * 366 * 24;

/// A length of time in whole hours, days or weeks; a day has 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    hours: i64,
}

/// A text that is no length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no length of time: expected a number with h, d or w, such as 12h, 30d or 2w")]
pub struct InvalidSpan(String);

impl Span {
    /// No time at all.
    pub const NONE: Span = Span { hours: 0 };

    /// The time at which so much has passed since `begin`; `None` past the end of all times.
    pub fn after(self, begin: Timestamp) -> Option<Timestamp> {
        begin
            .checked_add(SignedDuration::from_hours(self.hours))
            .ok()
    }
}

impl FromStr for Span {
    type Err = InvalidSpan;

    fn from_str(text: &str) -> Result<Span, InvalidSpan> {
        let invalid = || InvalidSpan(text.chars().take(64).collect());
        let unit = text.chars().next_back().ok_or_else(invalid)?;
        let factor = match unit {
            'h' => 1,
            'd' => 24,
            'w' => 7 * 24,
            _ => return Err(invalid()),
        };
        let digits = text.strip_suffix(unit).unwrap_or_default();
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number: Option<i64> = digits.parse().ok().filter(|_| plain);
        let hours = number.and_then(|number| number.checked_mul(factor));
        let hours = hours.filter(|hours| *hours <= MOST_HOURS);
        hours.map(|hours| Span { hours }).ok_or_else(invalid)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match self.hours % 24 {
            0 => (self.hours / 24, "day"),
            _ => (self.hours, "hour"),
        };
        let many = if number == 1 { "" } else { "s" };
        write!(f, "{number} {unit}{many}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_said() {
        let said = |text: &str| text.parse::<Span>().map(|span| span.to_string());
        for (text, expected) in [
            ("1d", "1 day"),
            ("2w", "14 days"),
            ("12h", "12 hours"),
            ("48h", "2 days"),
            ("0d", "0 days"),
        ] {
            assert_eq!(said(text).as_deref(), Ok(expected), "{text}");
        }
        for text in [
            "", "d", "3", "-1d", "+1d", "1.5d", "1m", "9999999d", "1ä", "ä",
        ] {
            assert!(said(text).is_err(), "{text}");
        }
    }
}
