//! Writing for people and programs: to a file or to standard output, also a closed one.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use anyhow::Context;
use jiff::Timestamp;

/// Where an answer goes.
///
/// # Errors
///
/// Where the file cannot be made.
pub fn open(path: Option<&Path>) -> anyhow::Result<Box<dyn Write>> {
    Ok(match path {
        None => Box::new(BufWriter::new(io::stdout().lock())),
        Some(path) => {
            let file = File::create(path);
            let file = file.with_context(|| format!("cannot write to {}", path.display()))?;
            Box::new(BufWriter::new(file))
        }
    })
}

/// Columns of the terminal; `None` in a pipe or a file.
fn terminal_width(path: Option<&Path>) -> Option<u16> {
    if path.is_some() || !io::stdout().is_terminal() {
        return None;
    }
    terminal_size::terminal_size().map(|(width, _)| width.0)
}

/// How a scan is written there: as wide as the terminal, and in colours if it is one. `NO_COLOR`
/// (no-color.org) switches them off.
pub fn options(now: Timestamp, path: Option<&Path>) -> report::Options {
    let width = terminal_width(path);
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    report::Options {
        now,
        width,
        color: width.is_some() && !plain,
    }
}

/// Whether the reader of our output went away, as `head` does: that is no failure.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io_errors = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>());
    io_errors
        .into_iter()
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// A count of bytes for people, in powers of 1024.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut size = count as f64 / 1024.0;
    let mut unit = UNITS.iter();
    let mut name = unit.next();
    while let Some(next) = unit.as_slice().first().filter(|_| size >= 1023.95) {
        size /= 1024.0;
        name = Some(next);
        unit.next();
    }
    format!("{size:.1} {}", name.unwrap_or(&"B"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        for (count, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (1024 * 1024 - 1, "1.0 MiB"),
            (5 << 30, "5.0 GiB"),
            (u64::MAX, "16384.0 PiB"),
        ] {
            assert_eq!(bytes(count), expected);
        }
    }
}
