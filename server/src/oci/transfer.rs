//! Bytes between the network and the disk: bounded channels, and threads that may wait.
//!
//! Neither direction holds more than a few pieces in memory, whatever the blob's size.

use std::io::{Read, Seek, SeekFrom};

use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt;
use store::{Blob, StoreError, Upload};
use tokio::sync::mpsc;

use super::{Code, OciError};

/// Pieces that wait between network and disk.
const PIECES: usize = 8;
/// Bytes that are read from a blob at a time.
const PIECE: usize = 256 * 1024;

/// Writes a request's body to the end of an upload. Where the connection breaks or the disk is
/// full, what was written is kept, for the client to go on from there.
///
/// # Errors
///
/// Where the connection breaks, or the store fails.
pub async fn receive(mut upload: Box<dyn Upload>, body: Body) -> Result<Box<dyn Upload>, OciError> {
    let (sender, mut receiver) = mpsc::channel::<Bytes>(PIECES);
    let writer = tokio::task::spawn_blocking(move || -> Result<Box<dyn Upload>, StoreError> {
        while let Some(bytes) = receiver.blocking_recv() {
            upload.write(&bytes)?;
        }
        Ok(upload)
    });
    let mut stream = body.into_data_stream();
    let mut broken = false;
    while let Some(piece) = stream.next().await {
        match piece {
            // The writer ends early only with an error of its own, which is found below.
            Ok(bytes) if sender.send(bytes).await.is_err() => break,
            Ok(_) => {}
            Err(_) => {
                broken = true;
                break;
            }
        }
    }
    drop(sender);
    let written = writer.await.map_err(|_| cut_off())?;
    let upload = written?;
    match broken {
        true => Err(cut_off()),
        false => Ok(upload),
    }
}

fn cut_off() -> OciError {
    let message = "the connection broke; what arrived is kept, ask for its length and go on";
    OciError::new(Code::BlobUploadInvalid, message)
}

/// The bytes of a blob from `begin` to before `end`, as a body that is read while it is sent.
///
/// # Errors
///
/// Where the blob cannot be read at `begin`.
pub fn send(mut blob: Box<dyn Blob>, begin: u64, end: u64) -> Result<Body, StoreError> {
    let failed = |cause| StoreError::Io {
        action: "read a blob".to_owned(),
        cause,
    };
    blob.seek(SeekFrom::Start(begin)).map_err(failed)?;
    let (sender, receiver) = mpsc::channel::<std::io::Result<Bytes>>(PIECES);
    let mut rest = blob.take(end.saturating_sub(begin));
    tokio::task::spawn_blocking(move || {
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            let read = rest.by_ref().take(PIECE as u64).read_to_end(&mut piece);
            let message = match read {
                Ok(0) => return,
                Ok(_) => Ok(Bytes::from(piece)),
                Err(error) => Err(error),
            };
            let failed = message.is_err();
            // A client that went away takes no more: there is nobody to tell.
            if sender.blocking_send(message).is_err() || failed {
                return;
            }
        }
    });
    let next = async |mut receiver: mpsc::Receiver<_>| {
        let message = receiver.recv().await?;
        Some((message, receiver))
    };
    Ok(Body::from_stream(futures_util::stream::unfold(
        receiver, next,
    )))
}
