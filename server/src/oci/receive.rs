//! A request's body on its way into an upload.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use store::{StoreError, Upload};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use super::error::{Code, Failure};

/// How much is collected before it is hashed and written. A request holds two such batches at
/// most, one being written while the next one arrives. No thread waits for a slow client.
const BATCH: usize = 1 << 20;
/// How long a client may send nothing. Its upload stays and can be resumed.
const IDLE: Duration = Duration::from_secs(60);

/// Writes a body to the end of an upload. What arrived is kept, however the body ends.
///
/// The work goes on in a task of its own: when a connection breaks, the server drops the request,
/// and the last bytes would be lost with it.
pub async fn receive(upload: Box<dyn Upload>, body: Body) -> Result<Box<dyn Upload>, Failure> {
    let received = tokio::spawn(copy(upload, body)).await;
    received.unwrap_or_else(|error| Err(Failure::internal(&error)))
}

type Written = (Box<dyn Upload>, Result<(), StoreError>);

async fn copy(upload: Box<dyn Upload>, mut body: Body) -> Result<Box<dyn Upload>, Failure> {
    let mut writing = write(upload, Vec::new());
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
        size += bytes.len();
        batch.push(bytes);
        if size >= BATCH {
            let upload = finished(writing).await?;
            writing = write(upload, std::mem::take(&mut batch));
            size = 0;
        }
    };
    let upload = finished(writing).await?;
    let upload = finished(write(upload, batch)).await?;
    ended.map(|()| upload)
}

fn write(mut upload: Box<dyn Upload>, batch: Vec<Bytes>) -> JoinHandle<Written> {
    spawn_blocking(move || {
        let written = batch.iter().try_for_each(|bytes| upload.write(bytes));
        (upload, written)
    })
}

async fn finished(writing: JoinHandle<Written>) -> Result<Box<dyn Upload>, Failure> {
    let (upload, written) = writing.await.map_err(|error| Failure::internal(&error))?;
    written?;
    Ok(upload)
}

fn broken(how: &str) -> Failure {
    let message = format!("{how} before the end: ask how much is there and go on from that byte");
    Failure::new(Code::BlobUploadInvalid, message)
}
