//! `lazaret db show | search | diff | verify`: what is in a database, for people and programs.

use std::io::Write;

use advisory::database::browse::{Entry, Found, SourceChange};
use advisory::{Database, End, OpenError, Range};
use serde_json::{Value, json};

use crate::cli::ListFormat;
use crate::cli::browse::{Diff, Search, Show, Verify};
use crate::{database, output};

/// The exit code where nothing was found.
const NOTHING: u8 = 1;
/// The exit code where something is damaged.
const DAMAGED: u8 = 5;
/// The columns that a text is broken to; names, versions and addresses stay whole.
const WIDTH: usize = 80;
/// What stands before the lines of a record.
const INDENT: &str = "  ";

/// Runs `db show`.
///
/// # Errors
///
/// Where the database cannot be read or the answer cannot be written.
pub fn show(flags: &Show) -> anyhow::Result<u8> {
    let database = database::open_required(flags.look.db.as_deref())?;
    let entries = database.records_of(&flags.id)?;
    let mut out = output::open(None)?;
    match flags.look.format {
        ListFormat::Json => {
            let known = database.exploitation(&flags.id)?;
            let document = json!({
                "id": flags.id,
                "known_exploited_since": known.known_since.map(|day| day.to_string()),
                "epss": known.epss.map(|epss| epss.to_string()),
                "records": entries.iter().map(entry_view).collect::<Vec<_>>(),
            });
            writeln!(out, "{document:#}")?;
        }
        ListFormat::Table => {
            for entry in &entries {
                write_entry(&mut out, entry)?;
            }
            exploited(&mut out, &database, &flags.id)?;
        }
    }
    out.flush()?;
    if entries.is_empty() {
        eprintln!(
            "lazaret: no source says anything of '{}'; try 'db search'",
            flags.id
        );
        return Ok(NOTHING);
    }
    Ok(0)
}

fn exploited(out: &mut dyn Write, database: &Database, id: &str) -> anyhow::Result<()> {
    let known = database.exploitation(id)?;
    if let Some(day) = known.known_since {
        writeln!(out, "{id} is known to be exploited; listed since {day}")?;
    }
    if let Some(epss) = known.epss {
        writeln!(
            out,
            "{id} is exploited within 30 days with a probability of {epss} (EPSS)"
        )?;
    }
    Ok(())
}

fn entry_view(entry: &Entry<'_>) -> Value {
    let advisory = &entry.advisory;
    let rows = entry.rows.iter().map(|(ecosystem, package, statement)| {
        json!({
            "ecosystem": ecosystem,
            "package": package,
            "state": state(statement.state),
            "severity": statement.severity.as_str(),
            "channel": statement.scope.channel,
            "module": statement.scope.module,
            "architectures": statement.scope.architectures,
            "ranges": statement.ranges.iter().map(range).collect::<Vec<_>>(),
            "versions": statement.versions,
        })
    });
    json!({
        "source": entry.source.name,
        "id": advisory.id,
        "weaknesses": advisory.weaknesses,
        "severity": advisory.severity.as_str(),
        "cvss": advisory.score.map(|score| score.base.to_string()),
        "published": advisory.published.map(|time| time.to_string()),
        "modified": advisory.modified.map(|time| time.to_string()),
        "withdrawn": advisory.withdrawn,
        "url": advisory.url,
        "description": advisory.description,
        "affected": rows.collect::<Vec<_>>(),
    })
}

fn write_entry(out: &mut dyn Write, entry: &Entry<'_>) -> std::io::Result<()> {
    let advisory = &entry.advisory;
    let plain = report::text::plain;
    let day = |time: Option<jiff::Timestamp>| {
        time.map_or("-".to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
    };
    write!(out, "{}  {}", plain(advisory.id), entry.source.name)?;
    if advisory.withdrawn {
        write!(out, "  WITHDRAWN")?;
    }
    writeln!(out)?;
    let score = advisory
        .score
        .map_or("-".to_owned(), |score| score.base.to_string());
    writeln!(
        out,
        "  severity {}, CVSS {score}, published {}, changed {}",
        advisory.severity,
        day(advisory.published),
        day(advisory.modified)
    )?;
    for names in &advisory.weaknesses {
        if names.as_slice() != [advisory.id] {
            writeln!(out, "  weakness {}", plain(&names.join(", ")))?;
        }
    }
    if !advisory.description.is_empty() {
        for line in report::text::wrap(&plain(advisory.description), WIDTH - INDENT.len()) {
            writeln!(out, "{INDENT}{line}")?;
        }
    }
    if !advisory.url.is_empty() {
        writeln!(out, "{INDENT}{}", plain(advisory.url))?;
    }
    for (ecosystem, package, statement) in &entry.rows {
        let ranges: Vec<String> = statement.ranges.iter().map(range).collect();
        let versions = match statement.versions.len() {
            0 => String::new(),
            count => format!("{count} versions listed"),
        };
        let scope = &statement.scope;
        let scope = [scope.channel, scope.module].join(" ");
        let words = [ranges.join(" "), versions, scope.trim().to_owned()];
        let words: Vec<&str> = words
            .iter()
            .map(String::as_str)
            .filter(|word| !word.is_empty())
            .collect();
        let line = format!(
            "{ecosystem}  {package}  {}  {}",
            state(statement.state),
            words.join("  ")
        );
        writeln!(out, "    {}", plain(line.trim_end()))?;
    }
    writeln!(out)
}

fn state(state: advisory::State) -> &'static str {
    state.status().map_or("not_affected", model::Status::as_str)
}

/// `[1.0, 1.2)`, `[, 3]`.
fn range(range: &Range<&str>) -> String {
    let from = range.introduced.unwrap_or("");
    match range.end {
        End::Never => format!("[{from}, )"),
        End::Fixed(end) | End::Limit(end) => format!("[{from}, {end})"),
        End::Last(end) => format!("[{from}, {end}]"),
    }
}

/// Runs `db search`.
///
/// # Errors
///
/// Where the database cannot be read or the answer cannot be written.
pub fn search(flags: &Search) -> anyhow::Result<u8> {
    let database = database::open_required(flags.look.db.as_deref())?;
    let found = database.search(&flags.term, flags.limit)?;
    let mut out = output::open(None)?;
    match flags.look.format {
        ListFormat::Json => writeln!(out, "{:#}", found_view(&found))?,
        ListFormat::Table => {
            for (name, sources) in &found.identifiers {
                let line = format!("{name}  {}", sources.join(", "));
                writeln!(out, "{}", report::text::plain(&line))?;
            }
            for ((ecosystem, package), statements) in &found.packages {
                let noun = if *statements == 1 {
                    "statement"
                } else {
                    "statements"
                };
                let line = format!("{ecosystem}  {package}  {statements} {noun}");
                writeln!(out, "{}", report::text::plain(&line))?;
            }
        }
    }
    out.flush()?;
    if found.more {
        eprintln!(
            "lazaret: there are more than {} of a kind: see --limit",
            flags.limit
        );
    }
    let nothing = found.identifiers.is_empty() && found.packages.is_empty();
    if nothing {
        eprintln!("lazaret: nothing is called '{}'", flags.term);
    }
    Ok(if nothing { NOTHING } else { 0 })
}

fn found_view(found: &Found) -> Value {
    let identifiers = found
        .identifiers
        .iter()
        .map(|(name, sources)| json!({ "id": name, "sources": sources }));
    let packages = found.packages.iter().map(|((ecosystem, package), statements)| {
        json!({ "ecosystem": ecosystem, "package": package, "statements": statements })
    });
    json!({
        "identifiers": identifiers.collect::<Vec<_>>(),
        "packages": packages.collect::<Vec<_>>(),
        "more": found.more,
    })
}

/// Runs `db diff`.
///
/// # Errors
///
/// Where a database cannot be read or the answer cannot be written.
pub fn diff(flags: &Diff) -> anyhow::Result<u8> {
    let (old, new) = (database::open(&flags.old)?, database::open(&flags.new)?);
    let changes = Database::compare(&old, &new, flags.limit)?;
    let mut out = output::open(None)?;
    match flags.format {
        ListFormat::Json => {
            let document = json!({
                "before": old.revision(),
                "after": new.revision(),
                "sources": changes.iter().map(change_view).collect::<Vec<_>>(),
            });
            writeln!(out, "{document:#}")?;
        }
        ListFormat::Table => {
            for change in changes.iter().filter(|change| is_change(change)) {
                write_change(&mut out, change)?;
            }
            if !changes.iter().any(is_change) {
                writeln!(out, "The two say the same.")?;
            }
        }
    }
    out.flush()?;
    Ok(0)
}

fn is_change(change: &SourceChange) -> bool {
    change.totals != (0, 0, 0) || change.counts.0 != change.counts.1
}

fn change_view(change: &SourceChange) -> Value {
    json!({
        "name": change.name,
        "before": change.counts.0,
        "after": change.counts.1,
        "added": { "count": change.totals.0, "first": change.added },
        "removed": { "count": change.totals.1, "first": change.removed },
        "changed": { "count": change.totals.2, "first": change.changed },
    })
}

fn write_change(out: &mut dyn Write, change: &SourceChange) -> std::io::Result<()> {
    let records = |count: Option<u64>| match count {
        None => "not there".to_owned(),
        Some(1) => "1 record".to_owned(),
        Some(count) => format!("{count} records"),
    };
    let (before, after) = (records(change.counts.0), records(change.counts.1));
    writeln!(out, "{}: {before} before, {after} now", change.name)?;
    for (word, total, names) in [
        ("added", change.totals.0, &change.added),
        ("removed", change.totals.1, &change.removed),
        ("changed", change.totals.2, &change.changed),
    ] {
        if total == 0 {
            continue;
        }
        let more = match total - names.len() {
            more if more == 0 || names.is_empty() => String::new(),
            more => format!(" and {more} more"),
        };
        let colon = if names.is_empty() { "" } else { ": " };
        let line = format!("{total} {word}{colon}{}{more}", names.join(", "));
        let lines = report::text::wrap(&report::text::plain(&line), WIDTH - 2 * INDENT.len());
        for (number, line) in lines.iter().enumerate() {
            let further = if number == 0 { "" } else { INDENT };
            writeln!(out, "{INDENT}{further}{line}")?;
        }
    }
    Ok(())
}

/// Runs `db verify`.
///
/// # Errors
///
/// Where there is no database, or the answer cannot be written.
pub fn verify(flags: &Verify) -> anyhow::Result<u8> {
    let opened = database::open_required(flags.look.db.as_deref());
    let (revision, damages) = examined(opened)?;
    let mut out = output::open(None)?;
    match (flags.look.format, revision) {
        (ListFormat::Json, revision) => {
            let document = json!({ "revision": revision, "damages": damages });
            writeln!(out, "{document:#}")?;
        }
        (ListFormat::Table, Some(revision)) if damages.is_empty() => {
            writeln!(
                out,
                "Every part of revision {revision} is what was written."
            )?;
        }
        (ListFormat::Table, _) => {
            for damage in &damages {
                writeln!(out, "{damage}")?;
            }
        }
    }
    out.flush()?;
    Ok(if damages.is_empty() { 0 } else { DAMAGED })
}

/// The revision of a database, if it can be opened, and all that is damaged. A file that is cut off
/// or whose header is damaged cannot be opened, and is damaged all the same.
///
/// # Errors
///
/// Where there is no file, or it is no database that this program reads.
fn examined(opened: anyhow::Result<Database>) -> anyhow::Result<(Option<String>, Vec<String>)> {
    let error = match opened {
        Ok(database) => {
            let damages = database.damages();
            let damages = damages.map(|damage| damage.to_string()).collect();
            return Ok((Some(database.revision().to_owned()), damages));
        }
        Err(error) => error,
    };
    match error.downcast_ref::<OpenError>() {
        Some(damage @ (OpenError::Damaged(_) | OpenError::Length { .. })) => {
            Ok((None, vec![damage.to_string()]))
        }
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests;
