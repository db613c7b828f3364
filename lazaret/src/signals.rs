//! SIGINT and SIGTERM, counted: the first asks the server to end, the second to end at once.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How many signals came.
#[derive(Clone)]
pub struct Signals(watch::Receiver<usize>);

impl Signals {
    /// Begins to count.
    ///
    /// # Errors
    ///
    /// Where the system does not let the process hear them.
    pub fn listen() -> io::Result<Signals> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let (sender, receiver) = watch::channel(0);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                sender.send_modify(|count| *count += 1);
            }
        });
        Ok(Signals(receiver))
    }

    /// Ready when so many came.
    pub async fn received(mut self, wanted: usize) {
        if self.0.wait_for(|count| *count >= wanted).await.is_err() {
            // The counting task lives as long as the runtime; without it nothing is ever counted.
            std::future::pending().await
        }
    }
}
