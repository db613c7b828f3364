//! `lazaret audit`: who did or wanted what.

use std::fmt::Display;
use std::io::Write;

use jiff::Timestamp;
use serde_json::Value;

use super::{lines, list, segment, text};
use crate::cli::ListFormat;
use crate::cli::remote::Audit;
use crate::client::{Client, run as with_runtime};

/// Entries of one request.
const PAGE: usize = 1000;
const HEADING: [&str; 8] = [
    "TIME",
    "ACTOR",
    "CLIENT",
    "ACTION",
    "REPOSITORY",
    "OBJECT",
    "OUTCOME",
    "REASON",
];

/// Runs the command. What is read is written page by page: a log may be long.
///
/// # Errors
///
/// Where the server cannot be reached or refuses.
pub fn run(flags: &Audit) -> anyhow::Result<u8> {
    with_runtime(async {
        let client = Client::open(&flags.remote)?;
        let query = query(flags, Timestamp::now());
        let mut out = std::io::stdout().lock();
        let mut after: Option<u64> = None;
        loop {
            let from = after.map(|after| format!("&after={after}"));
            let path = format!("/api/v1/audit?{query}{}", from.unwrap_or_default());
            let document = client.get(&path).await?;
            let entries = list(&document, "entries")?;
            write(&mut out, flags.remote.format, entries, after.is_none())?;
            let last = entries.last().and_then(|entry| entry.get("sequence"));
            after = last.and_then(Value::as_u64);
            if entries.len() < PAGE || after.is_none() {
                return Ok(0);
            }
        }
    })
}

/// What is asked for, as the parameters of the address.
fn query(flags: &Audit, now: Timestamp) -> String {
    let time = |moment: &Option<Moment>| moment.map(|moment| moment.at(now).to_string());
    let denied = flags.denied.then(|| "denied".to_owned());
    let given = [
        ("since", time(&Some(flags.since))),
        ("until", time(&flags.until)),
        ("actor", flags.actor.clone()),
        ("action", flags.action.clone()),
        ("repository", flags.repository.clone()),
        ("outcome", denied),
    ];
    let words = given.into_iter().filter_map(|(name, value)| {
        let value = value?;
        Some(format!("{name}={}", segment(&value)))
    });
    let mut words: Vec<String> = words.collect();
    words.push(format!("limit={PAGE}"));
    words.join("&")
}

/// A page: rows in columns, or each entry as a line of JSON.
fn write(
    out: &mut dyn Write,
    format: ListFormat,
    entries: &[Value],
    first: bool,
) -> anyhow::Result<()> {
    match format {
        ListFormat::Json => {
            for entry in entries {
                writeln!(out, "{entry}")?;
            }
        }
        ListFormat::Table => {
            let heading = first.then(|| HEADING.map(str::to_owned).to_vec());
            let rows: Vec<Vec<String>> =
                heading.into_iter().chain(entries.iter().map(row)).collect();
            for line in lines(&rows) {
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(out.flush()?)
}

fn row(entry: &Value) -> Vec<String> {
    let columns = [
        "time",
        "actor",
        "client",
        "action",
        "repository",
        "object",
        "outcome",
        "reason",
    ];
    let cell = |name: &str| match text(entry, name) {
        empty if empty.is_empty() => "-".to_owned(),
        filled => filled,
    };
    columns.map(cell).to_vec()
}

/// A time, or how long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// That time.
    At(Timestamp),
    /// So many seconds before now.
    Ago(i64),
}

impl Moment {
    /// The time that is meant.
    pub fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Moment::At(time) => time,
            Moment::Ago(seconds) => {
                let ago = jiff::SignedDuration::from_secs(seconds);
                now.checked_sub(ago).unwrap_or(Timestamp::MIN)
            }
        }
    }
}

impl std::str::FromStr for Moment {
    type Err = String;

    /// RFC 3339, or a number with one of `s`, `m`, `h`, `d`, `w`.
    fn from_str(text: &str) -> Result<Moment, String> {
        let wrong = |cause: &dyn Display| {
            format!("expected a time such as 2026-11-24T00:00:00Z, or 30m, 24h, 7d: {cause}")
        };
        let last = text.chars().next_back().unwrap_or_default();
        let seconds: i64 = match last {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => {
                let time: Result<Timestamp, _> = text.parse();
                return time.map(Moment::At).map_err(|error| wrong(&error));
            }
        };
        let number = text.strip_suffix(last).unwrap_or_default();
        let count: u32 = number.parse().map_err(|error| wrong(&error))?;
        Ok(Moment::Ago(i64::from(count) * seconds))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_moment_is_a_time_or_how_long_ago() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let cases = [
            ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z"),
            ("2026-11-01T02:00:00+02:00", "2026-11-01T00:00:00Z"),
            ("30m", "2026-11-24T11:30:00Z"),
            ("24h", "2026-11-23T12:00:00Z"),
            ("7d", "2026-11-17T12:00:00Z"),
            ("0s", "2026-11-24T12:00:00Z"),
        ];
        for (text, expected) in cases {
            let moment: Moment = text.parse().unwrap();
            assert_eq!(moment.at(now).to_string(), expected, "{text}");
        }
        for text in ["", "h", "1y", "-1h", "hh", "yesterday", "2026-11-01", "1hh"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }

    #[test]
    fn entries_are_rows_or_lines() {
        let entries = [json!({
            "sequence": 1, "time": "2026-11-24T12:00:00Z", "actor": "bob\u{1b}", "client": "::1",
            "action": "ecr:PutImage", "repository": null, "object": "v1", "outcome": "denied",
            "reason": "the grant is missing",
        })];
        let written = |format| {
            let mut out = Vec::new();
            write(&mut out, format, &entries, true).unwrap();
            String::from_utf8(out).unwrap()
        };
        let table = written(ListFormat::Table);
        let mut rows = table.lines();
        assert!(rows.next().unwrap().starts_with("TIME "));
        let row = rows.next().unwrap();
        assert!(!row.contains('\u{1b}') && row.contains(" -  "), "{row}");
        let line: Value = serde_json::from_str(&written(ListFormat::Json)).unwrap();
        assert_eq!(line, entries[0]);
    }
}
