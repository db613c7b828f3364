//! How far fetching is, on a terminal; nothing in a pipe or a log.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::output;

/// How often the line is written anew.
const OFTEN: Duration = Duration::from_millis(200);
/// Letters of the bar.
const WIDTH: usize = 24;

/// A line with a bar, the files that are done and the bytes that came.
pub struct Bar {
    all: usize,
    done: AtomicUsize,
    bytes: AtomicU64,
    last: Mutex<Option<Instant>>,
    is_terminal: bool,
}

impl Bar {
    /// A bar for so many files.
    pub fn new(all: usize) -> Bar {
        Bar {
            all,
            done: AtomicUsize::new(0),
            bytes: AtomicU64::new(0),
            last: Mutex::new(None),
            is_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Says that a file is done.
    pub fn step(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.show();
    }

    /// Says that bytes have come.
    pub fn came(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.show();
    }

    fn show(&self) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_terminal || last.is_some_and(|last| last.elapsed() < OFTEN) {
            return;
        }
        *last = Some(Instant::now());
        let done = self.done.load(Ordering::Relaxed);
        let line = line(done, self.all, self.bytes.load(Ordering::Relaxed));
        let mut out = std::io::stderr().lock();
        drop(write!(out, "\r\x1b[K{line}").and(out.flush()));
    }

    /// Takes the line away, so that something else can be written.
    pub fn clear(&self) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_terminal && last.take().is_some() {
            let mut out = std::io::stderr().lock();
            drop(write!(out, "\r\x1b[K").and(out.flush()));
        }
    }
}

fn line(done: usize, all: usize, bytes: u64) -> String {
    let filled = (done * WIDTH).checked_div(all).unwrap_or(WIDTH).min(WIDTH);
    let (full, rest) = ("#".repeat(filled), "-".repeat(WIDTH - filled));
    format!(
        "[{full}{rest}] {done} of {all} files, {}",
        output::bytes(bytes)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_grows() {
        assert_eq!(line(0, 4, 0).find('#'), None);
        assert!(line(2, 4, 2048).starts_with("[############------------] 2 of 4 files, 2"));
        assert_eq!(line(9, 4, 0).find("#-"), None);
        assert_eq!(line(0, 0, 0).matches('#').count(), WIDTH);
    }
}
