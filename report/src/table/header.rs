//! The first lines: what was looked at, and with what.

use std::io;

use jiff::{Timestamp, tz::TimeZone};
use model::{DatabaseFacts, Digest, Distro, Scan};

use crate::text::{count, plain, wrap};

/// One `label  value` line each. Words are kept whole, for a digest is there to be copied.
pub fn write(scan: &Scan, now: Timestamp, width: usize, out: &mut dyn io::Write) -> io::Result<()> {
    let target = &scan.target;
    let unknown = || "unknown".to_owned();
    let platform = target.platform.as_ref().map(ToString::to_string);
    let digest = target.digest.as_ref().map(Digest::to_string);
    let distro = scan.inventory.distro.as_ref();
    let lines = [
        ("Target", target.name.clone()),
        ("Digest", digest.unwrap_or_else(|| "none".to_owned())),
        ("Platform", platform.unwrap_or_else(unknown)),
        (
            "Distro",
            distro.map_or_else(unknown, |distro| of_distro(distro, now)),
        ),
        ("Packages", scan.inventory.packages.len().to_string()),
        ("Database", of_database(&scan.database, now)),
    ];
    for (label, value) in lines {
        let mut label = label;
        for line in wrap(&plain(&value), width.saturating_sub(10)) {
            writeln!(out, "{label:<9} {line}")?;
            label = "";
        }
    }
    Ok(())
}

fn of_distro(distro: &Distro, now: Timestamp) -> String {
    let name = match distro.pretty.is_empty() {
        true => format!("{} {}", distro.id, distro.version),
        false => distro.pretty.clone(),
    };
    let today = TimeZone::UTC.to_datetime(now).date();
    match distro.end_of_life() {
        Some(end) if end < today => format!("{name}, end of life since {end}"),
        _ => name,
    }
}

fn of_database(database: &DatabaseFacts, now: Timestamp) -> String {
    let sources = count(database.sources.len(), "source");
    let Some(built) = database.built else {
        return format!("undated, {sources}");
    };
    let date = TimeZone::UTC.to_datetime(built).date();
    let age = usize::try_from(now.duration_since(built).as_hours() / 24).unwrap_or(0);
    format!("{date}, {} old, {sources}", count(age, "day"))
}
