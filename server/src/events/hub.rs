//! What the courier and those who listen share.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::webhook::Webhooks;

/// Where events can go.
#[derive(Default)]
pub struct Outlets {
    /// The network; `None` where that is switched off.
    pub webhooks: Option<Webhooks>,
    /// A file, a line each.
    pub file: Option<PathBuf>,
    /// Standard output, a line each.
    pub stdout: bool,
}

/// One per server.
pub struct Hub {
    placed: watch::Sender<u64>,
    outlets: OnceLock<Outlets>,
    streams: Arc<Semaphore>,
}

impl Hub {
    /// One to which so many clients may listen at one time.
    pub fn new(streams: usize) -> Hub {
        Hub {
            placed: watch::Sender::new(0),
            outlets: OnceLock::new(),
            streams: Arc::new(Semaphore::new(streams.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// Says where events go; the first word holds.
    pub fn open(&self, outlets: Outlets) {
        drop(self.outlets.set(outlets));
    }

    /// Where events go, once that was said.
    pub fn outlets(&self) -> Option<&Outlets> {
        self.outlets.get()
    }

    /// Tells those who listen how far the outbox has come.
    pub fn announce(&self, placed: u64) {
        self.placed.send_if_modified(|before| {
            let later = placed > *before;
            *before = placed.max(*before);
            later
        });
    }

    /// How far the outbox has come, from now on.
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.placed.subscribe()
    }

    /// A place among those who listen, for as long as it is held; `None` where there is none left.
    pub fn join(&self) -> Option<OwnedSemaphorePermit> {
        self.streams.clone().try_acquire_owned().ok()
    }
}
