//! What every request shares: the stores, the settings, the clock and the database in use.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::Duration;

use advisory::Database;
use jiff::Timestamp;
use store::record::Repository;
use store::{Store, StoreError};
use tokio::sync::watch;

use crate::analysis::Analyses;
use crate::audit;
use crate::auth::password::Passwords;
use crate::auth::seal::Seal;
use crate::events::Hub;
use crate::facts::{self, FactsCache};
use crate::gate::attached::Heard;
use crate::gate::book::Shelf;
use crate::limiter::{FailedLogins, PrincipalRate};
use crate::metrics::Metrics;
use crate::scanning::{self, Frequency};
use crate::settings::Settings;
use crate::updates::Updates;

/// Tells the time. An argument, so that a test can hold it still.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// The time since some moment, for rates and durations. It must never go back: a clock that
    /// is set an hour back would keep everybody waiting for an hour. What stands here is for a
    /// clock that nobody sets.
    fn elapsed(&self) -> Duration {
        let since = self.now().duration_since(Timestamp::UNIX_EPOCH);
        Duration::try_from(since).unwrap_or_default()
    }
}

/// Makes random bytes. An argument, so that a test knows what they are.
pub trait Random: Send + Sync {
    /// Fills a buffer with bytes that nobody can guess.
    fn fill(&self, buffer: &mut [u8]);
}

/// The advisory database in use, which can be exchanged while requests run.
#[derive(Default)]
pub struct DatabaseHandle {
    /// Those that were in use last, the current one at the end: what has changed since one of them
    /// can be told. They are mapped, not read into memory.
    recent: RwLock<Vec<Arc<Database>>>,
}

/// How many databases are kept open, the one in use among them.
const RECENT: usize = 3;

impl DatabaseHandle {
    /// The database in use; a scan keeps the one that it began with.
    pub fn current(&self) -> Option<Arc<Database>> {
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        recent.last().cloned()
    }

    /// The database of a judge ([`Database::judge`]), if it is the one in use or was lately.
    pub fn of_judge(&self, judge: &str) -> Option<Arc<Database>> {
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        let mut found = recent.iter().filter(|one| one.judge() == judge);
        found.next_back().cloned()
    }

    /// Puts another database in its place.
    pub fn replace(&self, database: Arc<Database>) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|one| one.revision() != database.revision());
        recent.push(database);
        let surplus = recent.len().saturating_sub(RECENT);
        recent.drain(..surplus);
    }
}

/// Wakes workers that wait for a job, threads and tasks.
#[derive(Default)]
pub struct Bell {
    rung: Mutex<u64>,
    changed: Condvar,
    heard: watch::Sender<()>,
}

impl Bell {
    /// Wakes every waiter.
    pub fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
        self.heard.send_replace(());
    }

    /// Hears every ring from now on, for a task that must not block.
    pub fn listen(&self) -> watch::Receiver<()> {
        self.heard.subscribe()
    }

    /// How often it was rung: to be read before looking for work, so that no ring is missed.
    pub fn count(&self) -> u64 {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it was rung more often than `seen`, or the time is up.
    pub fn wait(&self, seen: u64, at_most: Duration) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let still = |rung: &mut u64| *rung == seen;
        drop(self.changed.wait_timeout_while(rung, at_most, still));
    }
}

/// Everything that requests and workers share.
pub struct App {
    /// Blobs and metadata.
    pub store: Store,
    /// What the operator chose.
    pub settings: Settings,
    /// Opens the secrets of access keys.
    pub seal: Seal,
    /// Passwords that were right of late.
    pub passwords: Passwords,
    /// Held while users and keys are changed, so that two changes at once cannot take the last
    /// way in.
    pub accounts: Mutex<()>,
    /// The advisory database.
    pub database: DatabaseHandle,
    /// What pulls are judged by, as it was read last.
    pub shelf: Shelf,
    /// The VEX documents that were read from artifacts.
    pub heard: Heard,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// Wakes the scan workers.
    pub bell: Bell,
    /// Layers that are being read.
    pub analyses: Analyses,
    /// What is known of images that were asked for lately.
    pub facts: FactsCache,
    /// What the courier of events and those who listen share.
    pub events: Hub,
    /// Whether the server was asked to stop: it takes no new connections any more.
    pub stopping: AtomicBool,
    /// What is scanned in the whole registry, as it was last read.
    pub(crate) scanning: scanning::Cache,
    /// Deeds that wait to be written down.
    pub audit: audit::Log,
    /// How the advisory database is kept up to date.
    pub updates: Updates,
    /// What is counted.
    pub metrics: Metrics,
    /// Requests per second of each principal.
    pub(crate) principal_rate: PrincipalRate,
    /// Wrong credentials of each address.
    pub(crate) failed_logins: FailedLogins,
}

impl App {
    /// An application without an advisory database yet.
    pub fn new(
        store: Store,
        settings: Settings,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        seal: Seal,
    ) -> App {
        App {
            principal_rate: PrincipalRate::new(&settings.limits, clock.clone()),
            failed_logins: FailedLogins::new(&settings.limits, clock.clone()),
            events: Hub::new(&settings.events),
            store,
            settings,
            seal,
            passwords: Passwords::default(),
            accounts: Mutex::default(),
            database: DatabaseHandle::default(),
            shelf: Shelf::default(),
            heard: Heard::default(),
            clock,
            random,
            bell: Bell::default(),
            analyses: Analyses::new(processors()),
            facts: FactsCache::new(facts::MOST),
            stopping: AtomicBool::new(false),
            scanning: scanning::Cache::default(),
            audit: audit::Log::default(),
            updates: Updates::default(),
            metrics: Metrics::default(),
        }
    }

    /// Whether a push to that repository is scanned: yes, unless somebody said no. Another
    /// server's rules are seen within a second.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    pub fn scan_wanted(&self, repository: &Repository) -> Result<bool, StoreError> {
        let set = scanning::configuration(self)?;
        let effect = scanning::effect(set.as_deref(), repository);
        Ok(effect.frequency != Frequency::Manual)
    }

    /// Tells the workers that there is something to do.
    pub fn wake_worker(&self) {
        self.bell.ring();
    }

    /// Sixteen random bytes.
    pub fn random_16(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes);
        bytes
    }
}

/// How many threads can work at once here.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
