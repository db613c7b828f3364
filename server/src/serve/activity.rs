//! What goes on on one connection: whether it is idle, and whether its client takes what it is
//! given.
//!
//! A body that handed over a piece and is not asked for the next one waits for its client,
//! whatever the reason: a full socket, or a stream that HTTP/2's flow control holds back. So
//! pieces are small, and a client that reads at all is seen to read.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;

use crate::limits::Limits;

/// The largest piece that is handed over at once, in bytes.
const PIECE: usize = 64 * 1024;

/// Requests and answers of one connection.
pub struct Activity {
    state: Mutex<State>,
}

struct State {
    /// Requests that are not answered to the end.
    requests: usize,
    /// Whether there was one ever.
    used: bool,
    /// When the last one began or ended.
    since: Instant,
    /// Bodies that wait for the client, and since when.
    waiting: BTreeMap<u64, Instant>,
    next: u64,
}

/// What to do with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Fine,
    /// Nobody has asked for anything for too long.
    Idle,
    /// Its client takes nothing.
    Stalled,
}

impl Activity {
    /// A connection that was just made.
    pub fn new() -> Arc<Activity> {
        let state = State {
            requests: 0,
            used: false,
            since: Instant::now(),
            waiting: BTreeMap::new(),
            next: 0,
        };
        Arc::new(Activity {
            state: Mutex::new(state),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request that lasts until the guard is dropped.
    pub fn begin(self: &Arc<Activity>) -> Active {
        let mut state = self.state();
        state.requests += 1;
        state.used = true;
        state.since = Instant::now();
        state.next += 1;
        Active {
            activity: self.clone(),
            number: state.next,
        }
    }

    /// How often to look, so that no limit is overstepped by more than a quarter.
    pub fn period(limits: &Limits) -> Duration {
        let shortest = limits.stall.min(limits.idle).min(limits.headers);
        (shortest / 4).max(Duration::from_millis(10))
    }

    /// What to do with the connection now.
    pub fn verdict(&self, limits: &Limits) -> Verdict {
        let (state, now) = (self.state(), Instant::now());
        let quiet = now.duration_since(state.since);
        let patience = match state.used {
            true => limits.idle,
            false => limits.headers,
        };
        let stalled = |since: &Instant| now.duration_since(*since) > limits.stall;
        if state.waiting.values().any(stalled) {
            return Verdict::Stalled;
        }
        match state.requests == 0 && quiet > patience {
            true => Verdict::Idle,
            false => Verdict::Fine,
        }
    }
}

/// A request under way.
pub struct Active {
    activity: Arc<Activity>,
    number: u64,
}

impl Active {
    fn waits(&self, waits: bool) {
        let mut state = self.activity.state();
        match waits {
            true => state.waiting.insert(self.number, Instant::now()),
            false => state.waiting.remove(&self.number),
        };
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        let mut state = self.activity.state();
        state.waiting.remove(&self.number);
        state.requests -= 1;
        state.since = Instant::now();
    }
}

/// An answer's body in small pieces, watched.
pub struct Watched {
    inner: Body,
    left: Bytes,
    active: Active,
}

impl Watched {
    /// The body of the answer to a request.
    pub fn new(inner: Body, active: Active) -> Watched {
        Watched {
            inner,
            left: Bytes::new(),
            active,
        }
    }

    fn piece(&mut self) -> Frame<Bytes> {
        let piece = self.left.split_to(self.left.len().min(PIECE));
        self.active.waits(true);
        Frame::data(piece)
    }
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.active.waits(false);
        if !self.left.is_empty() {
            return Poll::Ready(Some(Ok(self.piece())));
        }
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(bytes) => {
                    self.left = bytes;
                    Poll::Ready(Some(Ok(self.piece())))
                }
                Err(other) => Poll::Ready(Some(Ok(other))),
            },
            other => other,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, left) = (self.inner.size_hint(), self.left.len() as u64);
        let mut hint = SizeHint::new();
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + left);
        }
        hint.set_lower(inner.lower() + left);
        hint
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_told_from_who_has_nothing_to_take() {
        let limits = Limits::default();
        let activity = Activity::new();
        advance(limits.headers + limits.stall).await;
        assert_eq!(activity.verdict(&limits), Verdict::Idle, "no request came");

        let (sender, mut receiver) = tokio::sync::mpsc::channel::<Bytes>(1);
        let stream = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
        let stream = futures_util::StreamExt::map(stream, Ok::<_, std::io::Error>);
        let mut body = Watched::new(Body::from_stream(stream), activity.begin());
        let asked = tokio::time::timeout(limits.stall * 2, body.frame()).await;
        assert!(asked.is_err());
        assert_eq!(
            activity.verdict(&limits),
            Verdict::Fine,
            "the store is slow"
        );

        sender.send(Bytes::from(vec![0; PIECE + 1])).await.unwrap();
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(first.len(), PIECE);
        advance(limits.stall * 2).await;
        assert_eq!(activity.verdict(&limits), Verdict::Stalled);
        let second = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(second.len(), 1);
        assert_eq!(activity.verdict(&limits), Verdict::Fine, "it goes on");

        drop(body);
        assert_eq!(activity.verdict(&limits), Verdict::Fine);
        advance(limits.idle * 2).await;
        assert_eq!(activity.verdict(&limits), Verdict::Idle);
    }
}
