//! The task that gives events their places, brings them to subscribers, and forgets old ones.
//!
//! Every server has one. Subscriptions are shared out by leases, so that each is told by one
//! server at a time; one that cannot be reached holds up no other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use store::StoreError;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{Id, JoinHandle, JoinSet};

use super::deliver::{blocking, deliver, is_due};
use super::hub::Outlets;
use super::subscriptions;
use crate::app::App;

/// How long the courier sleeps where nothing rings: what another server wrote rings no bell here.
const IDLE: Duration = Duration::from_secs(1);
/// How many events get their places in one transaction, or are removed in one.
const BATCH: usize = 1000;
/// How often old events are looked for.
const FORGET: Duration = Duration::from_secs(60 * 60);

/// A running courier.
pub struct Courier {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Courier {
    /// Starts one that sends where it may.
    pub fn start(app: &Arc<App>, outlets: Outlets, runtime: &Handle) -> Courier {
        app.events.open(outlets);
        let (stop, stopped) = watch::channel(false);
        let task = runtime.spawn(run(app.clone(), stopped));
        Courier { stop, task }
    }

    /// Lets what is under way end, for a moment, then returns. What was not taken is sent again
    /// after the next start.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        drop(self.task.await);
    }
}

async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut rings = app.bell.listen();
    let (mut tasks, mut running) = (JoinSet::new(), HashMap::<Id, String>::new());
    let mut forgot = None;
    let made = blocking(&app, subscriptions::make_local).await;
    log(made, "the outlets on this machine could not be prepared");
    while !*stop.borrow() {
        rings.mark_unchanged();
        let due = blocking(&app, due).await.unwrap_or_else(|error| {
            tracing::error!(%error, "events cannot be read; trying again");
            Vec::new()
        });
        for name in due {
            let free = running.len() < app.settings.events.at_once;
            if free && !running.values().any(|other| *other == name) {
                let task = tasks.spawn(deliver(app.clone(), name.clone(), stop.clone()));
                running.insert(task.id(), name);
            }
        }
        if forgot.is_none_or(|at| app.clock.elapsed().saturating_sub(at) >= FORGET) {
            forgot = Some(app.clock.elapsed());
            log(
                blocking(&app, forget).await,
                "old events could not be removed",
            );
        }
        tokio::select! {
            changed = stop.changed() => if changed.is_err() { break },
            _ = rings.changed() => {}
            () = tokio::time::sleep(IDLE) => {}
            Some(ended) = tasks.join_next_with_id() => {
                let id = match ended {
                    Ok((id, outcome)) => {
                        log(outcome, "a subscription could not be served");
                        id
                    }
                    Err(error) => error.id(),
                };
                running.remove(&id);
            }
        }
    }
    while tasks.join_next().await.is_some() {}
}

fn log(outcome: Result<(), StoreError>, what: &str) {
    if let Err(error) = outcome {
        tracing::error!(%error, "{what}");
    }
}

/// Gives events their places, tells those who listen, and answers which subscriptions are owed
/// something that this server can bring.
///
/// # Errors
///
/// Where the store fails.
pub fn due(app: &App) -> Result<Vec<String>, StoreError> {
    let metadata = &app.store.metadata;
    let outbox = loop {
        let before = app.events.placed();
        let outbox = metadata.place_events(BATCH)?;
        app.events.announce(outbox.placed);
        // Fewer than may get a place at once mean that there are no more.
        if outbox.placed.saturating_sub(before) < BATCH as u64 {
            break outbox;
        }
    };
    let (mut subscriptions, now) = (metadata.subscriptions()?, app.clock.now());
    let waits =
        |one: &&store::record::Subscription| !one.progress.paused && one.digest_minute.is_none();
    let lag = subscriptions.iter().filter(waits);
    let lag = lag.map(|one| outbox.placed.saturating_sub(one.progress.delivered));
    app.metrics.event_lag(lag.max().unwrap_or_default());
    subscriptions.retain(|one| is_due(app, one, outbox, now));
    // Who waits longest comes first where not all can be served at once.
    subscriptions.sort_by_key(|one| one.progress.free_at);
    Ok(subscriptions.into_iter().map(|one| one.name).collect())
}

/// Removes events that are too old.
fn forget(app: &App) -> Result<(), StoreError> {
    let kept = app.settings.events.kept;
    let before = app.clock.now().saturating_sub(kept);
    let before = before.unwrap_or(Timestamp::MIN);
    while app.store.metadata.forget_events(before, BATCH)? == BATCH as u64 {}
    Ok(())
}
