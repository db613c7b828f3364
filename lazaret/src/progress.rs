//! How far a long work is, on a terminal's standard error; nothing in a pipe or a log.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::output;

/// How often the line is written anew.
const OFTEN: Duration = Duration::from_millis(200);

/// A line that says how far a work is.
pub struct Progress {
    verb: &'static str,
    last: Option<Instant>,
    is_terminal: bool,
}

impl Progress {
    /// A line for a work; `verb` is what was done with the things that are counted.
    pub fn new(verb: &'static str) -> Progress {
        Progress {
            verb,
            last: None,
            is_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Shows how many blobs and bytes there were so far, if it is time.
    pub fn show(&mut self, blobs: u64, bytes: u64) {
        let is_early = self.last.is_some_and(|last| last.elapsed() < OFTEN);
        if !self.is_terminal || is_early {
            return;
        }
        self.last = Some(Instant::now());
        let bytes = output::bytes(bytes);
        let mut out = std::io::stderr().lock();
        drop(write!(out, "\r\x1b[K{blobs} blobs, {bytes} {}", self.verb).and(out.flush()));
    }

    /// Takes the line away, so that something else can be written.
    pub fn clear(&mut self) {
        if self.is_terminal && self.last.take().is_some() {
            let mut out = std::io::stderr().lock();
            drop(write!(out, "\r\x1b[K").and(out.flush()));
        }
    }
}
