//! A blob on its way to a client.
//!
//! Pieces are read into buffers that are used again once the connection has let go of them: to
//! take new ones for each piece would make the allocator hold many times what is on its way.

use std::collections::VecDeque;
use std::io::{self, Read};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use store::Blob;
use tokio::task::JoinHandle;

use super::error::Failure;
use crate::blocking::spawn_blocking;

/// How much is read at once, in bytes. A download holds three such pieces at most: one that the
/// connection still has a part of, one on its way, and one being read. No thread waits for a slow
/// client.
const PIECE: usize = 1 << 19;

/// A download of which the first piece is read.
pub struct Download {
    first: Bytes,
    rest: Rest,
}

/// What is left of a blob.
struct Rest {
    blob: Box<dyn Blob>,
    left: u64,
    /// Pieces that were handed out, the oldest first.
    given: VecDeque<Bytes>,
}

/// Reads the first piece of so many bytes; a small blob is then ready as a whole.
pub fn start(blob: Box<dyn Blob>, count: u64) -> Result<Download, Failure> {
    let mut rest = Rest {
        blob,
        left: count,
        given: VecDeque::new(),
    };
    let first = rest.read().map_err(|error| Failure::internal(&error))?;
    Ok(Download { first, rest })
}

impl Download {
    /// The bytes as a body, the next piece read while one is sent.
    pub fn into_body(self) -> Body {
        if self.rest.left == 0 {
            return Body::from(self.first);
        }
        let state = (Some(self.first), next(self.rest));
        Body::from_stream(stream::unfold(state, async |(ready, reading)| {
            if let Some(ready) = ready {
                return Some((Ok(ready), (None, reading)));
            }
            match reading?.await {
                Ok(Ok((piece, rest))) => Some((Ok(piece), (None, next(rest)))),
                Ok(Err(error)) => Some((Err(failed(error)), (None, None))),
                Err(error) => Some((Err(failed(io::Error::other(error))), (None, None))),
            }
        }))
    }
}

type Reading = JoinHandle<io::Result<(Bytes, Rest)>>;

/// Begins to read the next piece; `None` at the end.
fn next(mut rest: Rest) -> Option<Reading> {
    (rest.left > 0).then(|| {
        spawn_blocking(move || {
            let piece = rest.read()?;
            Ok((piece, rest))
        })
    })
}

impl Rest {
    /// The next piece. A blob that ends before its length is an error, never a short answer.
    fn read(&mut self) -> io::Result<Bytes> {
        let wanted = usize::try_from(self.left).map_or(PIECE, |left| left.min(PIECE));
        let mut buffer = self.buffer();
        buffer.resize(wanted, 0);
        self.blob.read_exact(&mut buffer)?;
        self.left -= wanted as u64;
        let piece = buffer.freeze();
        // What is ready as a whole needs no buffer after it.
        if self.left > 0 {
            self.given.push_back(piece.clone());
        }
        Ok(piece)
    }

    /// The oldest buffer that nobody looks at any more, or a new one.
    fn buffer(&mut self) -> BytesMut {
        let free = self.given.iter().position(Bytes::is_unique);
        let free = free.and_then(|place| self.given.remove(place));
        let free = free.and_then(|piece| piece.try_into_mut().ok());
        free.unwrap_or_default()
    }
}

fn failed(error: io::Error) -> io::Error {
    tracing::error!(%error, "a blob could not be read to its end");
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    struct Memory(Cursor<Vec<u8>>);

    impl Read for Memory {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl std::io::Seek for Memory {
        fn seek(&mut self, to: std::io::SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    impl Blob for Memory {
        fn length(&self) -> u64 {
            self.0.get_ref().len() as u64
        }
    }

    fn rest(bytes: Vec<u8>, left: u64) -> Rest {
        Rest {
            blob: Box::new(Memory(Cursor::new(bytes))),
            left,
            given: VecDeque::new(),
        }
    }

    #[test]
    fn buffers_are_used_again_once_nobody_looks_at_them() {
        let bytes: Vec<u8> = (0..5 * PIECE + 7).map(|at| (at / 1000) as u8).collect();
        let mut rest = rest(bytes.clone(), bytes.len() as u64);
        let (mut whole, mut places) = (Vec::new(), Vec::new());
        let mut held = None;
        while rest.left > 0 {
            let piece = rest.read().unwrap();
            whole.extend_from_slice(&piece);
            places.push(piece.as_ptr());
            // The connection still holds the piece before while this one is read.
            held = Some(piece);
        }
        assert!(held.is_some());
        assert_eq!(whole, bytes);
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 2, "two buffers served six pieces");
    }

    #[test]
    fn a_blob_that_ends_early_is_an_error() {
        assert!(rest(vec![1, 2, 3], 4).read().is_err());
    }
}
