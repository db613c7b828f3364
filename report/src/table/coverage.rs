//! How much of the question was answered: loud where it is not the whole.

use std::io;

use model::coverage::Completeness;
use model::{Coverage, Gap, GapKind};

use super::paint::Painter;
use crate::text::{count, plain, wrap};

/// One line where the scan is complete; otherwise the gaps by kind, each kind with what to do.
pub fn write(
    coverage: &Coverage,
    width: usize,
    painter: Painter,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let gaps = count(coverage.gaps.len(), "gap");
    let (word, meaning) = match coverage.verdict {
        Completeness::Complete => {
            return writeln!(out, "Coverage  complete");
        }
        Completeness::Incomplete => (
            "INCOMPLETE",
            format!("{gaps}: what is not listed may be affected"),
        ),
        Completeness::Unsupported => ("UNSUPPORTED", format!("{gaps}: nothing could be looked at")),
    };
    writeln!(out)?;
    writeln!(out, "{}", painter.warning(&format!("*** {word} ***")))?;
    writeln!(out, "{meaning}")?;
    let mut gaps: Vec<&Gap> = coverage.gaps.iter().collect();
    gaps.sort();
    for of_kind in gaps.chunk_by(|a, b| a.kind == b.kind) {
        write_kind(of_kind, width, out)?;
    }
    Ok(())
}

fn write_kind(gaps: &[&Gap], width: usize, out: &mut dyn io::Write) -> io::Result<()> {
    let Some(first) = gaps.first() else {
        return Ok(());
    };
    writeln!(out, "  {}", first.kind)?;
    for gap in gaps {
        write_item("- ", &plain(&gap.detail), width, out)?;
    }
    write_item("> ", advice(first.kind), width, out)
}

fn write_item(mark: &str, text: &str, width: usize, out: &mut dyn io::Write) -> io::Result<()> {
    let mut mark = mark;
    for line in wrap(text, width.saturating_sub(6)) {
        writeln!(out, "    {mark}{line}")?;
        mark = "  ";
    }
    Ok(())
}

/// What a person can do about a gap.
fn advice(kind: GapKind) -> &'static str {
    match kind {
        GapKind::NoPackageDatabase => {
            "Keep the package manager's database in the image, or scan the stage that it was built from."
        }
        GapKind::UnknownDistro => "Keep /etc/os-release in the image, with its ID and VERSION_ID.",
        GapKind::EndOfLife => "Move to a release that still gets fixes.",
        GapKind::NoFeed => "Add the publisher's feed and run 'lazaret db build' again.",
        GapKind::PartialFeed => "Take the publisher's whole feed and run 'lazaret db build' again.",
        GapKind::StaleFeed => "Fetch the feed again and run 'lazaret db build' again.",
        GapKind::UndatedFeed => "Make sure by hand that the feed is recent enough.",
        GapKind::BrokenFeed => {
            "'lazaret db status' says what is wrong; fetch the feed again and run 'lazaret db build'."
        }
        GapKind::Unreadable => "Check that the file is whole, and build or pull the image again.",
        GapKind::Limit => "Raise the limit, or check what lies beyond it by hand.",
        GapKind::Unsupported => "Check this part by other means.",
        GapKind::Undecided => "Compare these versions by hand.",
        GapKind::FindingsBehind => "Ask again in a few seconds.",
    }
}
