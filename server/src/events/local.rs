//! Events as JSON lines, in a file or on standard output.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Appends a line to a file, which is made where it is not there, and waits until the medium has
/// it. A line that a crash cut off is ended first, so that it spoils no other.
///
/// # Errors
///
/// Those of the system.
pub fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    let mut text = format!("{line}\n");
    if file.seek(SeekFrom::End(0))? > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            text.insert(0, '\n');
        }
    }
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

/// Writes a line to standard output.
///
/// # Errors
///
/// Those of the system.
pub fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_off_is_ended() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events");
        append(&path, "one").unwrap();
        append(&path, "two").unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"thr").unwrap();
        append(&path, "three").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "one\ntwo\nthr\nthree\n");
    }
}
