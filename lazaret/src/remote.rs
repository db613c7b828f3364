//! Commands that talk to a running server, and what they share: tables for people, JSON for
//! programs.

use std::io::Write;

use anyhow::Context;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::cli::ListFormat;

pub mod audit;
pub mod key;
pub mod user;

/// What stays as it is in a part of a path: RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A name as a part of a path.
fn segment(name: &str) -> String {
    utf8_percent_encode(name, RESERVED).to_string()
}

/// Writes rows below a heading, or the server's document as it is.
fn show(
    format: ListFormat,
    document: &Value,
    heading: &[&str],
    rows: Vec<Vec<String>>,
) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match format {
        ListFormat::Json => writeln!(out, "{}", serde_json::to_string_pretty(document)?)?,
        ListFormat::Table => {
            let heading = heading.iter().map(|word| (*word).to_owned()).collect();
            for line in lines(&[vec![heading], rows].concat()) {
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(out.flush()?)
}

/// Rows as lines, each column as wide as its widest cell.
fn lines(rows: &[Vec<String>]) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let padded: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// Says what was done, to people only.
fn say(format: ListFormat, document: &Value, line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match format {
        ListFormat::Json => writeln!(out, "{}", serde_json::to_string_pretty(document)?)?,
        ListFormat::Table => writeln!(out, "{line}")?,
    }
    Ok(out.flush()?)
}

/// A member of the server's answer as text that is fit for a terminal.
fn text(value: &Value, name: &str) -> String {
    report::text::plain(value.get(name).and_then(Value::as_str).unwrap_or_default())
}

/// A list of the server's answer.
fn list<'a>(value: &'a Value, name: &str) -> anyhow::Result<&'a Vec<Value>> {
    let list = value.get(name).and_then(Value::as_array);
    list.with_context(|| format!("the server's answer has no list '{name}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let rows = [row(["NAME", "GRANTS"]), row(["administrator", ""])];
        assert_eq!(lines(&rows), ["NAME           GRANTS", "administrator"]);
    }
}
