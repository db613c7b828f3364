//! Which uploads this process holds open.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::UploadId;

/// The uploads that are held, by name.
#[derive(Clone, Default)]
pub struct Holds(Arc<Shared>);

#[derive(Default)]
struct Shared {
    map: Mutex<HashMap<UploadId, Hold>>,
    changed: Condvar,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// A caller has it.
    Open,
    /// Its caller let go; what arrived is on its way to the bucket.
    Resting,
}

impl Holds {
    /// Takes hold of an upload; `None` while another caller has it. Waits for one on its way to
    /// rest, which ends by itself.
    pub fn take(&self, id: &UploadId) -> Option<Held> {
        let mut map = self.without_resting(id);
        if map.contains_key(id) {
            return None;
        }
        map.insert(id.clone(), Hold::Open);
        drop(map);
        Some(Held {
            holds: self.clone(),
            id: id.clone(),
        })
    }

    /// Waits until an upload that its caller let go is at rest.
    pub fn settle(&self, id: &UploadId) {
        drop(self.without_resting(id));
    }

    /// Waits until all uploads that were let go are at rest, or patience ends.
    pub fn settle_all(&self, patience: Duration) {
        let busy = |map: &mut HashMap<UploadId, Hold>| map.values().any(|h| *h == Hold::Resting);
        let waited = self
            .0
            .changed
            .wait_timeout_while(self.map(), patience, busy);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn map(&self) -> MutexGuard<'_, HashMap<UploadId, Hold>> {
        // Each change of the map is one call, so a panic elsewhere leaves it whole.
        self.0.map.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn without_resting(&self, id: &UploadId) -> MutexGuard<'_, HashMap<UploadId, Hold>> {
        let resting = |map: &mut HashMap<UploadId, Hold>| map.get(id) == Some(&Hold::Resting);
        let waited = self.0.changed.wait_while(self.map(), resting);
        waited.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives an upload free when it is dropped, whatever happened.
pub struct Held {
    holds: Holds,
    id: UploadId,
}

impl Held {
    /// From now on others wait for the upload instead of being turned away.
    pub fn let_go(&self) {
        self.holds.map().insert(self.id.clone(), Hold::Resting);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.holds.map().remove(&self.id);
        self.holds.0.changed.notify_all();
    }
}
