//! Times and days as publishers write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// A time with or without a zone, or a day; without a zone it is UTC's. Times before 1970 are
/// placeholders and count as none.
pub fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let time = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| utc(text.parse().ok()?))
        .or_else(|| first_moment(text.parse().ok()?))?;
    (time.as_second() >= 0).then_some(time)
}

/// The first moment of the day that a text begins with: `2020-05-18`.
pub fn read_day(text: &str) -> Option<Timestamp> {
    first_moment(text.trim().get(..10)?.parse().ok()?)
}

/// The first moment of a day, UTC.
pub fn first_moment(day: Date) -> Option<Timestamp> {
    utc(day.to_datetime(Time::midnight()))
}

fn utc(civil: DateTime) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_forms_of_publishers() {
        for (text, expected) in [
            ("2023-09-12T15:15:24.327", Some("2023-09-12T15:15:24.327Z")),
            ("2024-10-03T17:05:33.461Z", Some("2024-10-03T17:05:33.461Z")),
            (
                "2024-08-01T16:27:57.727000+02:00",
                Some("2024-08-01T14:27:57.727Z"),
            ),
            ("2019-10-23", Some("2019-10-23T00:00:00Z")),
            ("2019-10-23 11:00:00", Some("2019-10-23T11:00:00Z")),
            ("0001-01-01T00:00:00Z", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(
                read(text).map(|time| time.to_string()).as_deref(),
                expected,
                "{text}"
            );
        }
    }

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
            assert_eq!(read_day(text), expected, "{text}");
        }
    }
}
