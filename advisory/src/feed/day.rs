//! Days, where publishers name no time.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// The first moment of a day, UTC.
pub fn first_moment(day: Date) -> Option<Timestamp> {
    let time = day.to_datetime(Time::midnight());
    TimeZone::UTC.to_timestamp(time).ok()
}

/// The first moment of the day that a text begins with: `2020-05-18`.
pub fn read(text: &str) -> Option<Timestamp> {
    let day: Date = text.trim().get(..10)?.parse().ok()?;
    first_moment(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight() {
        for (text, expected) in [
            ("2020-05-18", Some("2020-05-18T00:00:00Z")),
            (" 2020-05-18 08:00:00", Some("2020-05-18T00:00:00Z")),
            ("2020-02-30", None),
            ("2020-5-1", None),
            ("May 26, 2007", None),
            ("", None),
            ("ééééééé", None),
        ] {
            let expected = expected.and_then(|text| text.parse().ok());
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
