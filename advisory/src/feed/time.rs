//! Times as publishers write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// A time with or without a zone, or a day; without a zone it is UTC's. Times before 1970 are
/// placeholders and count as none.
pub fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let utc = |civil: DateTime| {
        civil
            .to_zoned_datetime(TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    };
    let time = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| utc(text.parse::<DateTime>().ok()?))
        .or_else(|| {
            utc(text
                .parse::<Date>()
                .ok()?
                .to_datetime(jiff::civil::Time::midnight()))
        })?;
    (time.as_second() >= 0).then_some(time)
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
}
