//! What the courier and those who listen share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::watch;

use super::settings::EventSettings;
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
    seats: Arc<Seats>,
}

/// Who listens, with how many streams each.
struct Seats {
    taken: Mutex<BTreeMap<String, usize>>,
    most: usize,
    most_each: usize,
}

/// A place among those who listen, for as long as it is held.
pub struct Seat {
    seats: Arc<Seats>,
    name: String,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let taken = self.seats.taken.lock();
        let mut taken = taken.unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.name) {
            *count = count.saturating_sub(1);
        }
        taken.retain(|_, count| *count > 0);
    }
}

impl Hub {
    /// One to which as many clients may listen at one time as the settings say.
    pub fn new(settings: &EventSettings) -> Hub {
        Hub {
            placed: watch::Sender::new(0),
            outlets: OnceLock::new(),
            seats: Arc::new(Seats {
                taken: Mutex::default(),
                most: settings.streams,
                most_each: settings.streams_each,
            }),
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

    /// How far the outbox has come, as it was announced.
    pub fn placed(&self) -> u64 {
        *self.placed.borrow()
    }

    /// A place among those who listen; `None` where there is none left, or none left for somebody
    /// of that name: nobody takes all.
    pub fn join(&self, name: &str) -> Option<Seat> {
        let taken = self.seats.taken.lock();
        let mut taken = taken.unwrap_or_else(PoisonError::into_inner);
        let own = taken.get(name).copied().unwrap_or_default();
        if own >= self.seats.most_each || taken.values().sum::<usize>() >= self.seats.most {
            return None;
        }
        taken.insert(name.to_owned(), own + 1);
        Some(Seat {
            seats: self.seats.clone(),
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_every_place() {
        let hub = Hub::new(&EventSettings {
            streams: 3,
            streams_each: 2,
            ..EventSettings::default()
        });
        let (one, two) = (hub.join("a"), hub.join("a"));
        assert!(one.is_some() && two.is_some());
        assert!(hub.join("a").is_none());
        let other = hub.join("b");
        assert!(other.is_some());
        assert!(hub.join("c").is_none());
        drop(one);
        assert!(hub.join("c").is_some(), "given back at once");
        let again = hub.join("a");
        assert!(again.is_some() && hub.join("a").is_none());
    }
}
