//! A request's body on its way into an upload.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{EXPECT, HeaderMap};
use bytes::Bytes;
use http_body_util::BodyExt;
use store::{StoreError, Upload};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::Instrument;

use super::error::{Code, Failure};
use crate::analysis::Progress;
use crate::blocking::spawn_blocking;

/// How much is collected before it is hashed and written. A request holds two such batches at
/// most, one being written while the next one arrives. No thread waits for a slow client.
const BATCH: usize = 1 << 19;
/// How long a client may send nothing. Its upload stays and can be resumed.
const IDLE: Duration = Duration::from_secs(60);
/// How long a client that was refused may go on sending. Many look for the answer only then, and
/// would find a broken connection in its place.
const LINGER: Duration = Duration::from_secs(30);

/// Writes a body to the end of an upload of so many bytes at `most`. What arrived is kept, however
/// the body ends; whoever follows the upload is told how far it has come.
///
/// The work goes on in a task of its own: when a connection breaks, the server drops the request,
/// and the last bytes would be lost with it.
pub async fn receive(
    upload: Box<dyn Upload>,
    mut body: Body,
    most: Option<u64>,
    progress: Option<Arc<Progress>>,
) -> Result<Box<dyn Upload>, Failure> {
    let work = async move {
        let copied = copy(upload, &mut body, most, progress.as_ref()).await;
        if copied.is_err() {
            discard(body);
        }
        copied
    };
    let received = tokio::spawn(work.in_current_span()).await;
    received.unwrap_or_else(|error| Err(Failure::internal(&error)))
}

/// Answers an upload with a failure before its body was looked at.
pub fn refuse(headers: &HeaderMap, body: Body, failure: Failure) -> Failure {
    // One who asks first has sent nothing yet.
    if !headers.contains_key(EXPECT) {
        discard(body);
    }
    failure
}

/// Reads the rest of a body while the answer is on its way, and forgets it.
fn discard(mut body: Body) {
    tokio::spawn(timeout(LINGER, async move {
        while let Some(Ok(_)) = body.frame().await {}
    }));
}

type Written = (Box<dyn Upload>, Result<(), StoreError>);

async fn copy(
    upload: Box<dyn Upload>,
    body: &mut Body,
    most: Option<u64>,
    progress: Option<&Arc<Progress>>,
) -> Result<Box<dyn Upload>, Failure> {
    let mut room = most.map(|most| most.saturating_sub(upload.length()));
    let mut writing = write(upload, Vec::new(), progress);
    let mut batch = Vec::new();
    let mut size = 0;
    let ended = loop {
        let frame = match timeout(IDLE, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => break Ok(()),
            Ok(Some(Err(_))) => break Err(broken("the connection broke")),
            Err(_) => break Err(broken("nothing was sent for a minute")),
        };
        let Ok(bytes) = frame.into_data() else {
            continue;
        };
        if let Some(room) = &mut room {
            match room.checked_sub(bytes.len() as u64) {
                Some(left) => *room = left,
                None => break Err(too_large(most)),
            }
        }
        size += bytes.len();
        batch.push(bytes);
        if size >= BATCH {
            let upload = finished(writing).await?;
            writing = write(upload, std::mem::take(&mut batch), progress);
            size = 0;
        }
    };
    let upload = finished(writing).await?;
    let upload = finished(write(upload, batch, progress)).await?;
    ended.map(|()| upload)
}

fn write(
    mut upload: Box<dyn Upload>,
    batch: Vec<Bytes>,
    progress: Option<&Arc<Progress>>,
) -> JoinHandle<Written> {
    let progress = progress.cloned();
    spawn_blocking(move || {
        let written = batch.iter().try_for_each(|bytes| upload.write(bytes));
        if let Some(progress) = progress {
            progress.advance(upload.length());
        }
        (upload, written)
    })
}

async fn finished(writing: JoinHandle<Written>) -> Result<Box<dyn Upload>, Failure> {
    let (upload, written) = writing.await.map_err(|error| Failure::internal(&error))?;
    written?;
    Ok(upload)
}

fn too_large(most: Option<u64>) -> Failure {
    let message = format!(
        "a blob may have {} bytes here: its operator set that limit",
        most.unwrap_or_default()
    );
    Failure::new(Code::SizeInvalid, message).status(StatusCode::PAYLOAD_TOO_LARGE)
}

fn broken(how: &str) -> Failure {
    let message = format!("{how} before the end: ask how much is there and go on from that byte");
    Failure::new(Code::BlobUploadInvalid, message)
}
