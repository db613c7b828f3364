//! The list of findings, worst first: columns where there is room, paragraphs where there is not.

use std::io;

use model::{Finding, Severity, Status};

use super::paint::Painter;
use crate::COLUMNS_FROM;
use crate::text::{fold, length, plain, wrap};

/// Blanks between two columns.
const GUTTER: usize = 2;
const HEADINGS: [&str; 5] = ["SEVERITY", "ID", "PACKAGE", "INSTALLED", "FIXED IN"];

struct Row {
    severity: Severity,
    cells: [String; 5],
    has_fix: bool,
}

pub fn write(
    findings: &[Finding],
    width: usize,
    painter: Painter,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let sorted = crate::worst_first(findings);
    if width < COLUMNS_FROM {
        return sorted
            .into_iter()
            .try_for_each(|finding| write_paragraph(&row(finding), width, painter, out));
    }
    let mut widths = HEADINGS.map(length);
    for finding in &sorted {
        for (column, cell) in widths.iter_mut().zip(row(finding).cells) {
            *column = length(&cell).max(*column);
        }
    }
    shrink(&mut widths, width);
    write_line(
        &HEADINGS.map(str::to_owned),
        &widths,
        |cell| cell.to_owned(),
        out,
    )?;
    for finding in sorted {
        write_row(&row(finding), &widths, painter, out)?;
    }
    Ok(())
}

fn row(finding: &Finding) -> Row {
    let cells = [
        finding.severity.as_str().to_owned(),
        plain(&finding.id),
        plain(&finding.package.name),
        plain(&finding.package.version),
        plain(&remedy(finding)),
    ];
    Row {
        severity: finding.severity,
        cells,
        has_fix: !finding.fixed_in.is_empty(),
    }
}

/// The versions with a fix, and where the publisher says more than that, its word.
fn remedy(finding: &Finding) -> String {
    let versions = finding.fixed_in.join(", ");
    match (versions.is_empty(), finding.status) {
        (false, Status::Fixed) => versions,
        (true, status) => word(status).to_owned(),
        (false, status) => format!("{versions} ({})", word(status)),
    }
}

/// A publisher's word for people.
pub fn word(status: Status) -> &'static str {
    match status {
        Status::Fixed => "fixed",
        Status::Affected => "no fix yet",
        Status::WillNotFix => "will not fix",
        Status::EndOfLife => "end of life",
        Status::UnderInvestigation => "under investigation",
        Status::Deferred => "fix put off",
    }
}

/// Takes from the widest column, again and again, until the row fits.
fn shrink(widths: &mut [usize; 5], width: usize) {
    let room = width.saturating_sub(GUTTER * (widths.len() - 1));
    let mut over = widths.iter().sum::<usize>().saturating_sub(room);
    while over > 0 {
        let Some(widest) = widths.iter_mut().max() else {
            return;
        };
        *widest = widest.saturating_sub(1);
        over -= 1;
    }
}

fn write_row(
    row: &Row,
    widths: &[usize; 5],
    painter: Painter,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut folded: [std::vec::IntoIter<String>; 5] = std::array::from_fn(|at| {
        let cell = row.cells.get(at).map_or("", String::as_str);
        let column = widths.get(at).copied().unwrap_or_default();
        fold(cell, column).into_iter()
    });
    let lines = folded.iter().map(ExactSizeIterator::len).max();
    for _ in 0..lines.unwrap_or_default() {
        let cells = folded
            .each_mut()
            .map(|cell| cell.next().unwrap_or_default());
        write_line(
            &cells,
            widths,
            |cell| painter.severity(row.severity, cell),
            out,
        )?;
    }
    Ok(())
}

/// A line of cells, the first of them painted, without blanks at its end.
fn write_line(
    cells: &[String; 5],
    widths: &[usize; 5],
    paint: impl Fn(&str) -> String,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let [first, rest @ ..] = cells;
    let [first_width, rest_widths @ ..] = widths;
    let mut line = format!("{first:<first_width$}");
    for (cell, width) in rest.iter().zip(rest_widths) {
        line.push_str("  ");
        line.push_str(&format!("{cell:<width$}"));
    }
    let line = line.trim_end();
    match line.strip_prefix(first.as_str()) {
        Some(after) if !first.is_empty() => writeln!(out, "{}{after}", paint(first)),
        _ => writeln!(out, "{line}"),
    }
}

fn write_paragraph(
    row: &Row,
    width: usize,
    painter: Painter,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let [severity, id, package, installed, remedy] = &row.cells;
    writeln!(out, "{}  {id}", painter.severity(row.severity, severity))?;
    let fixed = match row.has_fix {
        true => format!("fixed in {remedy}"),
        false => remedy.clone(),
    };
    for text in [format!("{package} {installed}"), fixed] {
        for line in wrap(&text, width.saturating_sub(4)) {
            writeln!(out, "    {line}")?;
        }
    }
    Ok(())
}
