//! A blob on its way to a client.

use std::io::{self, Read};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use store::Blob;
use tokio::task::JoinHandle;

use super::error::Failure;
use crate::blocking::spawn_blocking;

/// How much is read at once. A download holds two such pieces at most: one on its way, and one
/// being read. No thread waits for a slow client.
const PIECE: u64 = 1 << 20;

/// A download of which the first piece is read.
pub struct Download {
    first: Bytes,
    blob: Box<dyn Blob>,
    left: u64,
}

/// Reads the first piece of so many bytes; a small blob is then ready as a whole.
pub fn start(mut blob: Box<dyn Blob>, count: u64) -> Result<Download, Failure> {
    let first = read(&mut *blob, count).map_err(|error| Failure::internal(&error))?;
    let left = count - first.len() as u64;
    Ok(Download { first, blob, left })
}

impl Download {
    /// The bytes as a body, the next piece read while one is sent.
    pub fn into_body(self) -> Body {
        if self.left == 0 {
            return Body::from(self.first);
        }
        let state = (Some(self.first), next(self.blob, self.left));
        Body::from_stream(stream::unfold(state, async |(ready, reading)| {
            if let Some(ready) = ready {
                return Some((Ok(ready), (None, reading)));
            }
            match reading?.await {
                Ok(Ok((piece, blob, left))) => Some((Ok(piece), (None, next(blob, left)))),
                Ok(Err(error)) => Some((Err(failed(error)), (None, None))),
                Err(error) => Some((Err(failed(io::Error::other(error))), (None, None))),
            }
        }))
    }
}

type Reading = JoinHandle<io::Result<(Bytes, Box<dyn Blob>, u64)>>;

/// Begins to read the next piece; `None` at the end.
fn next(mut blob: Box<dyn Blob>, left: u64) -> Option<Reading> {
    (left > 0).then(|| {
        spawn_blocking(move || {
            let piece = read(&mut *blob, left)?;
            let left = left - piece.len() as u64;
            Ok((piece, blob, left))
        })
    })
}

/// The next piece. A blob that ends before its length is an error, never a short answer.
fn read(blob: &mut dyn Blob, left: u64) -> io::Result<Bytes> {
    let wanted = left.min(PIECE);
    let mut piece = Vec::with_capacity(usize::try_from(wanted).unwrap_or_default());
    let read = blob.take(wanted).read_to_end(&mut piece)?;
    match read as u64 == wanted {
        true => Ok(Bytes::from(piece)),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn failed(error: io::Error) -> io::Error {
    tracing::error!(%error, "a blob could not be read to its end");
    error
}
