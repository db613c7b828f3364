//! The thread that collects garbage from time to time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::collect;
use crate::app::{App, Bell};

/// A running keeper.
pub struct Keeper {
    stop: Arc<(AtomicBool, Bell)>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// Collects garbage once every so often, the first time after that long.
    pub fn start(app: &Arc<App>, every: Duration) -> Keeper {
        let stop = Arc::new((AtomicBool::new(false), Bell::default()));
        let (app, stopped) = (app.clone(), stop.clone());
        let thread = std::thread::spawn(move || keep(&app, every, &stopped));
        Keeper { stop, thread }
    }

    /// Ends the thread once it has ended what it is doing.
    pub fn stop(self) {
        self.stop.0.store(true, Ordering::Relaxed);
        self.stop.1.ring();
        drop(self.thread.join());
    }
}

fn keep(app: &App, every: Duration, stop: &(AtomicBool, Bell)) {
    let (stopped, bell) = stop;
    loop {
        bell.wait(0, every);
        if stopped.load(Ordering::Relaxed) {
            return;
        }
        match collect(app) {
            Ok(Some(collected)) => tracing::info!(
                uploads = collected.uploads,
                links = collected.links,
                blobs = collected.blobs,
                bytes = collected.bytes,
                "garbage is collected"
            ),
            Ok(None) => tracing::info!("garbage is being collected elsewhere"),
            Err(error) => tracing::error!(%error, "garbage could not be collected"),
        }
    }
}
