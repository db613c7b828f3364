//! What does not count and why, and what VEX documents say of what does.

use std::io;

use model::Scan;

use super::paint::Painter;
use crate::text::{plain, wrap};

/// Blanks before a finding.
const NAME_INDENT: usize = 2;
/// Blanks before what belongs to the line above.
const INDENT: usize = 4;

pub fn write(
    scan: &Scan,
    width: usize,
    painter: Painter,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    if !scan.suppressed.is_empty() {
        writeln!(out, "Suppressed")?;
        for one in crate::suppressed_worst_first(&scan.suppressed) {
            let finding = &one.finding;
            let package = &finding.package;
            let severity = finding.severity.as_str();
            let text = format!(
                "{severity} {} {} {}",
                finding.id, package.name, package.version
            );
            for line in wrap(&plain(&text), width.saturating_sub(NAME_INDENT)) {
                match line.strip_prefix(severity) {
                    Some(rest) => {
                        let severity = painter.severity(finding.severity, severity);
                        writeln!(out, "{:NAME_INDENT$}{severity}{rest}", "")?;
                    }
                    None => writeln!(out, "{:NAME_INDENT$}  {line}", "")?,
                }
            }
            write_indented(&one.by.to_string(), width, out)?;
        }
        writeln!(out)?;
    }
    if !scan.stated.is_empty() {
        writeln!(out, "VEX statements on findings that count")?;
        for one in &scan.stated {
            let text = format!("{} {} {}", one.id, one.package, one.version);
            for line in wrap(&plain(&text), width.saturating_sub(NAME_INDENT)) {
                writeln!(out, "{:NAME_INDENT$}{line}", "")?;
            }
            write_indented(&one.statement.to_string(), width, out)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn write_indented(text: &str, width: usize, out: &mut dyn io::Write) -> io::Result<()> {
    for line in wrap(&plain(text), width.saturating_sub(INDENT)) {
        writeln!(out, "{:INDENT$}{line}", "")?;
    }
    Ok(())
}
