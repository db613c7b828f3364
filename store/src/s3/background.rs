//! The event loop that requests to the bucket run on, apart from the caller's.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// How many threads drive connections; the bytes are handled on the callers' threads.
const THREADS: usize = 2;

/// An event loop of its own. The threads of callers wait for it.
pub struct Background {
    handle: Handle,
    /// Taken when the loop ends.
    runtime: Option<Runtime>,
}

impl Background {
    /// Starts the loop.
    pub fn start() -> io::Result<Background> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("lazaret-s3")
            .enable_all()
            .build()?;
        Ok(Background {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    /// Waits for work on this thread, which must be none of an event loop.
    pub fn wait<F: Future>(&self, work: F) -> F::Output {
        self.handle.block_on(work)
    }

    /// Lets work go on without waiting for it.
    pub fn spawn<F: Future<Output = ()> + Send + 'static>(&self, work: F) {
        self.handle.spawn(work);
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // The last owner may live on an event loop, where a runtime must not wait for its end.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
