//! Request bodies that nobody read to their end, as those of refused requests.
//!
//! A connection cannot go on behind an unread body, and hyper closes it without a word: a client
//! that sends its next request meanwhile sees its connection break. So the rest is read and thrown
//! away, if it is not much; otherwise the answer says that it is the connection's last.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Error;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::{CONNECTION, EXPECT};
use axum::http::{HeaderValue, Response, Version};
use axum::middleware::Next;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use tokio::time::timeout;

/// How much is thrown away at most: more than the largest manifest, which is answered with 413.
const MOST: u64 = 8 << 20;
/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reads what is left of a request's body once its answer is known.
pub async fn finish(request: Request, next: Next) -> Response<Body> {
    if request.body().is_end_stream() || request.version() == Version::HTTP_2 {
        return next.run(request).await;
    }
    let waits_for_leave = request.headers().contains_key(EXPECT);
    let left = Arc::new(Mutex::new(None));
    let request = request.map(|body| {
        Body::new(Watched {
            body,
            state: State::Untouched,
            left: left.clone(),
        })
    });
    let mut response = next.run(request).await;
    let rest = left.lock().unwrap_or_else(PoisonError::into_inner).take();
    let ended = match rest {
        None => true,
        // The client waits to be told whether it shall send at all: the answer says that.
        Some((_, State::Untouched)) if waits_for_leave => false,
        Some((body, _)) => throw_away(body).await,
    };
    if !ended {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    response
}

/// Whether the body came to its end.
async fn throw_away(mut body: Body) -> bool {
    if body.size_hint().lower() > MOST {
        return false;
    }
    let reading = async {
        let mut size = 0;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                return false;
            };
            size += frame.data_ref().map_or(0, |data| data.len() as u64);
            if size > MOST {
                return false;
            }
        }
        true
    };
    timeout(PATIENCE, reading).await.unwrap_or(false)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Untouched,
    Begun,
    Ended,
}

type Rest = Arc<Mutex<Option<(Body, State)>>>;

/// A body that is kept when it is dropped before its end.
struct Watched {
    body: Body,
    state: State,
    left: Rest,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.state == State::Untouched {
            self.state = State::Begun;
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) || self.body.is_end_stream() {
            self.state = State::Ended;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.state != State::Ended {
            let rest = (std::mem::take(&mut self.body), self.state);
            *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::middleware::from_fn;
    use axum::routing::post;
    use tower::ServiceExt;

    use super::*;

    /// A body of pieces of which nobody knows how many come, and how many were read.
    fn pieces(count: usize) -> (Body, Arc<Mutex<usize>>) {
        let read = Arc::new(Mutex::new(0));
        let counted = read.clone();
        let items = (0..count).map(move |_| {
            *counted.lock().unwrap() += 1;
            Ok::<_, std::io::Error>(Bytes::from_static(&[0; 1 << 20]))
        });
        (Body::from_stream(futures_util::stream::iter(items)), read)
    }

    async fn answer(request: Request) -> Response<Body> {
        let router = Router::new()
            .route("/refuse", post(async || StatusCode::UNAUTHORIZED))
            .route("/read", post(async |body: Bytes| body.len().to_string()))
            .layer(from_fn(finish));
        router.oneshot(request).await.unwrap()
    }

    fn closes(response: &Response<Body>) -> bool {
        response.headers().contains_key(CONNECTION)
    }

    #[tokio::test]
    async fn what_a_refused_client_sends_is_read_if_it_is_not_much() {
        for (sent, read, closed) in [(0, 0, false), (1, 1, false), (8, 8, false), (20, 9, true)] {
            let (body, counted) = pieces(sent);
            let response = answer(Request::post("/refuse").body(body).unwrap()).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(closes(&response), closed, "{sent}");
            assert_eq!(*counted.lock().unwrap(), read, "{sent}");
        }
        let long = Body::from(vec![0; (8 << 20) + 1]);
        assert!(closes(
            &answer(Request::post("/refuse").body(long).unwrap()).await
        ));
    }

    #[tokio::test]
    async fn who_waits_to_be_asked_is_not_waited_for() {
        let (body, counted) = pieces(1);
        let request = Request::post("/refuse").header(EXPECT, "100-continue");
        let response = answer(request.body(body).unwrap()).await;
        assert!(closes(&response));
        assert_eq!(*counted.lock().unwrap(), 0);
    }

    #[tokio::test]
    async fn what_was_read_and_what_broke_is_left_alone() {
        let (body, _) = pieces(1);
        assert!(!closes(
            &answer(Request::post("/read").body(body).unwrap()).await
        ));
        let request = Request::post("/read").header(EXPECT, "100-continue");
        assert!(!closes(
            &answer(request.body(Body::from("x")).unwrap()).await
        ));
        let broken = [Err::<Bytes, _>(std::io::Error::other("broken"))];
        let body = Body::from_stream(futures_util::stream::iter(broken));
        assert!(closes(
            &answer(Request::post("/refuse").body(body).unwrap()).await
        ));
    }
}
