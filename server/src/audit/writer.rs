//! The thread that writes what waits to be written, and removes what is too old.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{flush, forget};
use crate::app::App;

/// How long an entry waits at most before it is written: what a kill can take.
const EVERY: Duration = Duration::from_millis(200);
/// How often it is looked for entries that are too old.
const FORGET_EVERY: Duration = Duration::from_secs(3600);

/// A running writer.
pub struct Writer {
    app: Arc<App>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Writer {
    /// Starts it.
    pub fn start(app: &Arc<App>) -> Writer {
        let stop = Arc::new(AtomicBool::new(false));
        let (writer, stopped) = (app.clone(), stop.clone());
        Writer {
            app: app.clone(),
            stop,
            thread: std::thread::spawn(move || write(&writer, &stopped)),
        }
    }

    /// Writes what waits still, then returns. To be called when nobody is served any more.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.app.audit.bell.ring();
        drop(self.thread.join());
    }
}

fn write(app: &App, stop: &AtomicBool) {
    let mut forgotten_at = None;
    loop {
        let rings = app.audit.bell.count();
        let stopped = stop.load(Ordering::Relaxed);
        if let Err(error) = flush(app) {
            tracing::error!(%error, "the audit log cannot be written; trying again");
        }
        if stopped {
            return;
        }
        let now = app.clock.elapsed();
        if forgotten_at.is_none_or(|at| now.saturating_sub(at) >= FORGET_EVERY) {
            forgotten_at = Some(now);
            match forget(app) {
                Ok(0) => {}
                Ok(entries) => tracing::info!(entries, "old entries left the audit log"),
                Err(error) => tracing::error!(%error, "the audit log could not be shortened"),
            }
        }
        app.audit.bell.wait(rings, EVERY);
    }
}
