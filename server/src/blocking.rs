//! Work that waits for a disk, on threads made for it.

use tokio::task::JoinHandle;
use tracing::Span;

/// Runs what blocks on a thread made for it. Its log lines belong to the request that asked.
pub fn spawn_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let span = Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work))
}
