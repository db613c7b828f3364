//! What one subscription is owed, told in order.
//!
//! A message is sent, and only when it was taken does the subscription move on: who is killed in
//! between sends it again, under the same identifier. A failure is waited out, never skipped.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use store::StoreError;
use store::record::{Outbox, Subscription};
use tokio::sync::watch;

use super::hub::Outlets;
use super::message::{Message, What};
use super::settings::EventSettings;
use super::shape::{self, Shape};
use super::subscriptions::{FILE, STDOUT};
use super::webhook::{Failure, Receiver};
use super::{digest, filter, local, signature};
use crate::app::App;
use crate::blocking::spawn_blocking;

/// How many events are read at once: one that lists many images has a quarter of a MiB.
const BATCH: usize = 16;
/// How much longer than one delivery a lease lasts, in seconds.
const MARGIN: i64 = 30;
/// How long a delivery under way may go on once the server is to stop.
const LAST: Duration = Duration::from_secs(3);

/// One move of a subscription.
struct Step {
    /// What is told; `None` where what happened does not concern it.
    message: Option<Message>,
    /// The place that it has come to then.
    to: u64,
    /// Up to when digests tell then.
    digested_at: Timestamp,
}

/// How sending ended.
enum Sent {
    Taken,
    Failed(Failure),
    /// The server is to stop, or another has the lease.
    Cut,
}

/// Whether there is something for a subscription, and this server can bring it.
pub fn is_due(app: &App, subscription: &Subscription, outbox: Outbox, now: Timestamp) -> bool {
    let progress = &subscription.progress;
    if progress.paused || progress.free_at > now || !reaches(app, &subscription.target) {
        return false;
    }
    match subscription.digest_minute {
        Some(minute) => {
            progress.digested_at < digest::due(minute, now) || progress.delivered < outbox.forgotten
        }
        None => progress.delivered < outbox.placed,
    }
}

/// Whether this server can send to a target.
fn reaches(app: &App, target: &str) -> bool {
    app.events.outlets().is_some_and(|outlets| match target {
        FILE => outlets.file.is_some(),
        STDOUT => outlets.stdout,
        _ => outlets.webhooks.is_some(),
    })
}

/// Brings a subscription what it is owed, until there is nothing more, something fails, or the
/// server stops. Nothing is done while another server has it.
///
/// # Errors
///
/// Where the store fails: the lease runs out by itself.
pub async fn deliver(
    app: Arc<App>,
    name: String,
    stop: watch::Receiver<bool>,
) -> Result<(), StoreError> {
    let lease = lease(&app.settings.events);
    let leased = blocking(&app, move |app| {
        let metadata = &app.store.metadata;
        metadata.lease_subscription(&name, app.clock.now(), lease)
    });
    let Some(mut subscription) = leased.await? else {
        return Ok(());
    };
    loop {
        let asked = subscription.clone();
        let steps = blocking(&app, move |app| next(app, &asked)).await?;
        if steps.is_empty() || *stop.borrow() {
            break;
        }
        for step in steps {
            match take(&app, &subscription, &step, &stop).await? {
                Sent::Taken => {}
                Sent::Failed(failure) => return fail(&app, subscription, failure).await,
                Sent::Cut => return release(&app, subscription).await,
            }
            let taken = step.message.is_some();
            if !advance(&app, &subscription, step.to, taken, step.digested_at).await? {
                return Ok(());
            }
            subscription.progress.delivered = step.to;
            subscription.progress.digested_at = step.digested_at;
            subscription.progress.attempts = 0;
        }
    }
    release(&app, subscription).await
}

/// The next moves; none where there is nothing to tell now.
fn next(app: &App, subscription: &Subscription) -> Result<Vec<Step>, StoreError> {
    let (metadata, now) = (&app.store.metadata, app.clock.now());
    let outbox = metadata.outbox()?;
    let progress = &subscription.progress;
    if progress.delivered < outbox.forgotten {
        let gap = Message::gap(progress.delivered, outbox.forgotten, now);
        return Ok(vec![Step {
            message: Some(gap),
            to: outbox.forgotten,
            digested_at: progress.digested_at,
        }]);
    }
    if let Some(minute) = subscription.digest_minute {
        return next_digest(app, subscription, digest::due(minute, now));
    }
    let mut steps: Vec<Step> = Vec::new();
    for event in metadata.events(progress.delivered, BATCH)? {
        let to = event.sequence;
        let (id, at) = (event.sequence.to_string(), event.at);
        let happening = filter::narrow(&subscription.filter, event.what);
        let what = happening.map(What::Event);
        let message = what.map(|what| Message { id, at, what });
        // What does not concern it is passed over together.
        match steps.last_mut() {
            Some(last) if last.message.is_none() && message.is_none() => last.to = to,
            _ => steps.push(Step {
                message,
                to,
                digested_at: progress.digested_at,
            }),
        }
    }
    Ok(steps)
}

fn next_digest(
    app: &App,
    subscription: &Subscription,
    due: Timestamp,
) -> Result<Vec<Step>, StoreError> {
    let progress = &subscription.progress;
    if progress.digested_at >= due {
        return Ok(Vec::new());
    }
    let metadata = app.store.metadata.as_ref();
    let period = (progress.digested_at, due);
    let (filter, after) = (&subscription.filter, progress.delivered);
    // It holds the lease, which a long day would outlast.
    let hold = || hold(app, subscription, after, false, progress.digested_at);
    let Some((digest, to)) = digest::collect(metadata, filter, after, period, hold)? else {
        return Ok(Vec::new());
    };
    let message = Message {
        id: format!("digest-{}-{due}", subscription.name),
        at: due,
        what: What::Digest(digest),
    };
    Ok(vec![Step {
        message: Some(message),
        to,
        digested_at: due,
    }])
}

/// Sends what a move tells, unless the server is to stop.
async fn take(
    app: &Arc<App>,
    subscription: &Subscription,
    step: &Step,
    stop: &watch::Receiver<bool>,
) -> Result<Sent, StoreError> {
    if *stop.borrow() {
        return Ok(Sent::Cut);
    }
    let Some(message) = &step.message else {
        return Ok(Sent::Taken);
    };
    let mut stop = stop.clone();
    let ending = async {
        drop(stop.wait_for(|stop| *stop).await);
        tokio::time::sleep(LAST).await;
    };
    tokio::select! {
        sent = send(app, subscription, message) => {
            match sent {
                Ok(Sent::Taken) => app.metrics.event("delivered"),
                Ok(Sent::Failed(_)) => app.metrics.event("failed"),
                Ok(Sent::Cut) | Err(_) => {}
            }
            sent
        }
        () = ending => Ok(Sent::Cut),
    }
}

async fn send(
    app: &Arc<App>,
    subscription: &Subscription,
    message: &Message,
) -> Result<Sent, StoreError> {
    let no_outlet = || Sent::Failed(Failure::new("this server cannot send there"));
    let Some(outlets) = app.events.outlets() else {
        return Ok(no_outlet());
    };
    let target = subscription.target.as_str();
    if matches!(target, FILE | STDOUT) {
        return write(app, target, message).await;
    }
    let Outlets {
        webhooks: Some(webhooks),
        ..
    } = outlets
    else {
        return Ok(no_outlet());
    };
    let (secret, shape) = match prepare(app, subscription) {
        Ok(prepared) => prepared,
        Err(failure) => return Ok(Sent::Failed(failure)),
    };
    let receiver = Receiver {
        url: target,
        secret: &secret,
        content_type: shape.content_type,
    };
    let documents = (shape.write)(&app.settings, message);
    for (number, document) in documents.iter().enumerate() {
        let progress = &subscription.progress;
        let (to, digested_at) = (progress.delivered, progress.digested_at);
        if number > 0 && !advance(app, subscription, to, false, digested_at).await? {
            return Ok(Sent::Cut);
        }
        let sent = webhooks.post(&receiver, document, app.clock.now());
        if let Err(failure) = sent.await {
            return Ok(Sent::Failed(failure));
        }
    }
    Ok(Sent::Taken)
}

/// The secret of a subscription, opened, and its form.
pub fn prepare(
    app: &App,
    subscription: &Subscription,
) -> Result<(String, &'static Shape), Failure> {
    let sealed = subscription.sealed.as_deref().unwrap_or_default();
    let secret = app
        .seal
        .open(&signature::seal_name(&subscription.name), sealed);
    let secret = secret.map_err(|error| Failure::new(error.to_string()))?;
    let shape = shape::named(&subscription.shape);
    let unknown = || Failure::new(format!("'{}' is no form of events", subscription.shape));
    Ok((secret, shape.ok_or_else(unknown)?))
}

/// Writes a line on this machine.
async fn write(app: &Arc<App>, target: &str, message: &Message) -> Result<Sent, StoreError> {
    let line = shape::cloud_event(&app.settings, message).to_string();
    let to_file = target == FILE;
    let written = blocking(app, move |app| {
        let file = app
            .events
            .outlets()
            .and_then(|outlets| outlets.file.as_ref());
        Ok(match (to_file, file) {
            (true, Some(path)) => local::append(path, &line),
            (true, None) => Err(std::io::Error::other("no file is named")),
            (false, _) => local::print(&line),
        })
    });
    Ok(match written.await? {
        Ok(()) => Sent::Taken,
        Err(error) => Sent::Failed(Failure::new(error.to_string())),
    })
}

async fn advance(
    app: &Arc<App>,
    subscription: &Subscription,
    to: u64,
    taken: bool,
    digested_at: Timestamp,
) -> Result<bool, StoreError> {
    let subscription = subscription.clone();
    blocking(app, move |app| {
        hold(app, &subscription, to, taken, digested_at)
    })
    .await
}

/// Moves a subscription on and holds its lease; `false` where another has it.
fn hold(
    app: &App,
    subscription: &Subscription,
    to: u64,
    taken: bool,
    digested_at: Timestamp,
) -> Result<bool, StoreError> {
    let (metadata, now) = (&app.store.metadata, app.clock.now());
    let lease = lease(&app.settings.events);
    metadata.advance_subscription(subscription, to, taken, digested_at, now, lease)
}

async fn fail(
    app: &Arc<App>,
    subscription: Subscription,
    failure: Failure,
) -> Result<(), StoreError> {
    let settings = &app.settings.events;
    let attempts = subscription.progress.attempts.saturating_add(1);
    let wait = settings.wait(attempts);
    let wait = failure.wait.map_or(wait, |asked| asked.max(wait));
    let wait = wait.min(settings.longest_wait);
    let (name, error) = (&subscription.name, &failure.error);
    tracing::warn!(subscription = %name, attempts, paused = failure.gone, %error, "not delivered");
    blocking(app, move |app| {
        let now = app.clock.now();
        let not_before = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        let (metadata, Failure { error, gone, .. }) = (&app.store.metadata, failure);
        metadata
            .fail_subscription(&subscription, &error, gone, not_before)
            .map(drop)
    })
    .await
}

async fn release(app: &Arc<App>, subscription: Subscription) -> Result<(), StoreError> {
    blocking(app, move |app| {
        let metadata = &app.store.metadata;
        metadata.release_subscription(&subscription, app.clock.now())
    })
    .await
}

/// A lease outlasts one delivery.
fn lease(settings: &EventSettings) -> SignedDuration {
    let timeout = SignedDuration::try_from(settings.timeout).unwrap_or(SignedDuration::MAX);
    timeout.saturating_add(SignedDuration::from_secs(MARGIN))
}

/// Asks the store on a thread that may wait for it.
pub async fn blocking<T: Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce(&App) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let app = app.clone();
    let broken = |_| StoreError::Database("the thread that asked it broke down".to_owned());
    spawn_blocking(move || work(&app)).await.map_err(broken)?
}
