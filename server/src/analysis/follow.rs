//! Reading an upload's file behind the one who writes it.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How far an upload has come.
#[derive(Default)]
pub struct Progress {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    written: u64,
    end: End,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum End {
    #[default]
    Open,
    /// What is written is all.
    Whole,
    /// It will never be a blob, or nobody follows it any more.
    Lost,
}

impl Progress {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that the upload's file holds so many bytes that nothing will change any more.
    pub fn advance(&self, written: u64) {
        self.state().written = written;
        self.changed.notify_all();
    }

    /// Says that what is written is a whole blob.
    pub fn complete(&self) {
        self.end(End::Whole);
    }

    /// Says that the upload has no future.
    pub fn abandon(&self) {
        self.end(End::Lost);
    }

    fn end(&self, end: End) {
        let mut state = self.state();
        if state.end == End::Open {
            state.end = end;
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Whether the reader may go on.
    pub fn is_open(&self) -> bool {
        self.state().end != End::Lost
    }
}

/// A reader of an upload that waits for bytes that are not written yet.
pub struct Follower {
    file: File,
    progress: Arc<Progress>,
    at: u64,
    /// How long nothing may come before the upload counts as lost: a client that went away must
    /// not hold a thread.
    patience: Duration,
}

impl Follower {
    /// A reader from the first byte on.
    pub fn new(file: File, progress: Arc<Progress>, patience: Duration) -> Follower {
        Follower {
            file,
            progress,
            at: 0,
            patience,
        }
    }

    /// How many bytes can be read now; 0 at the end.
    fn ready(&self) -> io::Result<u64> {
        let waits = |state: &mut State| state.written <= self.at && state.end == End::Open;
        let state = self.progress.state();
        let waited = self
            .progress
            .changed
            .wait_timeout_while(state, self.patience, waits);
        let (mut state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() && state.end == End::Open {
            state.end = End::Lost;
        }
        match state.end {
            End::Lost => Err(io::Error::other("the upload went no further")),
            End::Open | End::Whole => Ok(state.written.saturating_sub(self.at)),
        }
    }
}

impl Read for Follower {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ready = usize::try_from(self.ready()?).unwrap_or(usize::MAX);
        let length = buffer.len().min(ready);
        let Some(part) = buffer.get_mut(..length).filter(|part| !part.is_empty()) else {
            return Ok(0);
        };
        let read = self.file.read_at(part, self.at)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn follow(patience: Duration) -> (File, Arc<Progress>, Follower) {
        let file = tempfile::tempfile().unwrap();
        let progress = Arc::new(Progress::default());
        let reader = Follower::new(file.try_clone().unwrap(), progress.clone(), patience);
        (file, progress, reader)
    }

    #[test]
    fn bytes_are_read_as_they_are_written_and_no_sooner() {
        let (mut file, progress, mut reader) = follow(Duration::from_secs(30));
        let reading = std::thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).map(|_| all)
        });
        // What is in the file but was not promised is not looked at.
        file.write_all(b"abcXXX").unwrap();
        progress.advance(3);
        file.write_all_at(b"def", 3).unwrap();
        progress.advance(6);
        progress.complete();
        assert_eq!(reading.join().unwrap().unwrap(), b"abcdef");
    }

    #[test]
    fn an_upload_that_is_lost_is_an_error_and_never_an_end() {
        let (mut file, progress, mut reader) = follow(Duration::from_secs(30));
        file.write_all(b"abc").unwrap();
        progress.advance(3);
        progress.abandon();
        progress.complete();
        assert!(reader.read_to_end(&mut Vec::new()).is_err());
    }

    #[test]
    fn nobody_waits_for_ever() {
        let (_file, progress, mut reader) = follow(Duration::from_millis(1));
        assert!(reader.read_to_end(&mut Vec::new()).is_err());
        assert!(!progress.is_open());
    }
}
