//! Who is told: made, shown, paused and removed by administrators.

use std::sync::Arc;

use jiff::Timestamp;
use store::StoreError;
use store::record::{EventFilter, Progress, Subscription};

use super::deliver::{blocking, prepare};
use super::message::{Message, What};
use super::webhook::{Failure, Receiver};
use super::{KINDS, digest, shape, signature, webhook};
use crate::app::App;
use crate::auth::access::{Action, Denial, Resource, require};
use crate::auth::seal::SealError;
use crate::auth::{Principal, Proof};

/// The subscription of `--events-file`, and its target.
pub const FILE: &str = "file";
/// The subscription of `--events-stdout`, and its target.
pub const STDOUT: &str = "stdout";
/// The longest name.
const MAX_NAME: usize = 64;
/// How many patterns of repositories a filter has at most: each is looked at with each event.
const MAX_PATTERNS: usize = 100;

/// Why a subscription was not made, changed or shown.
#[derive(Debug, thiserror::Error)]
pub enum SubscriptionError {
    /// There is none of that name.
    #[error("there is no subscription '{0}'")]
    Unknown(String),
    /// It cannot be what was asked for.
    #[error("{0}")]
    Invalid(String),
    /// It stands against what is there.
    #[error("{0}")]
    Conflict(String),
    /// Who asks may not.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The secret could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// A subscription that is asked for.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// Where events go.
    pub url: String,
    /// In which form.
    pub shape: Option<String>,
    /// Which.
    #[serde(default)]
    pub filter: EventFilter,
    /// `HH:MM` in UTC: one digest a day instead of single events.
    pub digest_at: Option<String>,
}

type Answer<T> = Result<T, SubscriptionError>;

/// All subscriptions, by name.
///
/// # Errors
///
/// Where the asker may not, or the store fails.
pub fn list(app: &App, asker: &Principal) -> Answer<Vec<Subscription>> {
    may_manage(asker)?;
    Ok(app.store.metadata.subscriptions()?)
}

/// The subscription of that name.
///
/// # Errors
///
/// Where the asker may not, there is none, or the store fails.
pub fn get(app: &App, asker: &Principal, name: &str) -> Answer<Subscription> {
    may_manage(asker)?;
    let found = app.store.metadata.subscription(name)?;
    found.ok_or_else(|| SubscriptionError::Unknown(name.to_owned()))
}

/// Makes a subscription to what happens from now on. Its secret is known this once.
///
/// # Errors
///
/// Where the asker may not, something cannot be, there are too many, or one of that name.
pub fn create(app: &App, asker: &Principal, wanted: Wanted) -> Answer<(Subscription, String)> {
    may_manage(asker)?;
    if let Proof::Token(_) = asker.proof {
        // A token that leaked must not become something that goes on when the token has ended.
        let message = "subscriptions are made with an access key or a password, not with a token";
        return Err(SubscriptionError::Conflict(message.to_owned()));
    }
    check(&wanted).map_err(SubscriptionError::Invalid)?;
    let digest_minute = match &wanted.digest_at {
        Some(text) => Some(minute(text)?),
        None => None,
    };
    let metadata = &app.store.metadata;
    let most = app.settings.events.subscriptions;
    if metadata.subscriptions()?.len() >= most {
        let message = format!("there are {most} subscriptions, which is all that there may be");
        return Err(SubscriptionError::Conflict(message));
    }
    let (random, now) = (app.random.as_ref(), app.clock.now());
    let secret = signature::secret(random);
    let sealed = app
        .seal
        .seal(&signature::seal_name(&wanted.name), &secret, random)?;
    let subscription = Subscription {
        made_at: now,
        target: wanted.url,
        shape: wanted
            .shape
            .unwrap_or_else(|| shape::DEFAULT.name.to_owned()),
        filter: wanted.filter,
        digest_minute,
        sealed: Some(sealed),
        progress: Progress::new(now),
        name: wanted.name,
    };
    if !metadata.create_subscription(&subscription)? {
        let message = format!("there is a subscription '{}' already", subscription.name);
        return Err(SubscriptionError::Conflict(message));
    }
    let name = &subscription.name;
    tracing::info!(subscription = %name, by = asker.name, "a subscription was made");
    Ok((get(app, asker, name)?, secret))
}

/// Removes a subscription.
///
/// # Errors
///
/// Where the asker may not, there is none, or the store fails.
pub fn delete(app: &App, asker: &Principal, name: &str) -> Answer<()> {
    may_manage(asker)?;
    match app.store.metadata.delete_subscription(name)? {
        true => tracing::info!(subscription = %name, by = asker.name, "a subscription was removed"),
        false => return Err(SubscriptionError::Unknown(name.to_owned())),
    }
    Ok(())
}

/// Pauses a subscription, or lets it go on at once.
///
/// # Errors
///
/// Where the asker may not, there is none, or the store fails.
pub fn pause(app: &App, asker: &Principal, name: &str, paused: bool) -> Answer<Subscription> {
    may_manage(asker)?;
    let metadata = &app.store.metadata;
    if !metadata.pause_subscription(name, paused, app.clock.now())? {
        return Err(SubscriptionError::Unknown(name.to_owned()));
    }
    tracing::info!(subscription = %name, by = asker.name, paused, "a subscription was set");
    app.bell.ring();
    get(app, asker, name)
}

/// Sends something that tells nothing, out of order, and answers what became of it.
///
/// # Errors
///
/// Where the asker may not, there is none, or this server sends nothing there.
pub async fn test(app: &Arc<App>, asker: &Principal, name: String) -> Answer<Result<(), Failure>> {
    may_manage(asker)?;
    let asked = name.clone();
    let found = blocking(app, move |app| app.store.metadata.subscription(&asked));
    let subscription = found.await?.ok_or(SubscriptionError::Unknown(name))?;
    let webhooks = app
        .events
        .outlets()
        .and_then(|outlets| outlets.webhooks.as_ref());
    let webhooks = match subscription.target.as_str() {
        FILE | STDOUT => None,
        _ => webhooks,
    };
    let Some(webhooks) = webhooks else {
        let message = "this server sends nothing there: it is on this machine, or the server runs \
                       with --no-webhooks";
        return Err(SubscriptionError::Conflict(message.to_owned()));
    };
    let (secret, shape) = match prepare(app, &subscription) {
        Ok(prepared) => prepared,
        Err(failure) => return Ok(Err(failure)),
    };
    let now = app.clock.now();
    let message = Message {
        id: format!("test-{}", hex::encode(app.random_16())),
        at: now,
        what: What::Test {
            subscription: subscription.name.clone(),
        },
    };
    let receiver = Receiver {
        url: &subscription.target,
        secret: &secret,
        content_type: shape.content_type,
    };
    for document in (shape.write)(&app.settings, &message) {
        if let Err(failure) = webhooks.post(&receiver, &document, now).await {
            return Ok(Err(failure));
        }
    }
    Ok(Ok(()))
}

/// Makes the subscriptions of the outlets on this machine, from now on, where they are not there.
///
/// # Errors
///
/// Where the store fails.
pub fn make_local(app: &App) -> Result<(), StoreError> {
    let Some(outlets) = app.events.outlets() else {
        return Ok(());
    };
    let now = app.clock.now();
    for (name, wanted) in [(FILE, outlets.file.is_some()), (STDOUT, outlets.stdout)] {
        if wanted {
            app.store.metadata.create_subscription(&local(name, now))?;
        }
    }
    Ok(())
}

fn local(name: &str, now: Timestamp) -> Subscription {
    Subscription {
        name: name.to_owned(),
        made_at: now,
        target: name.to_owned(),
        shape: shape::DEFAULT.name.to_owned(),
        filter: EventFilter::default(),
        digest_minute: None,
        sealed: None,
        progress: Progress::new(now),
    }
}

fn may_manage(asker: &Principal) -> Result<(), Denial> {
    require(asker, Action::ManageSettings, Resource::Registry)
}

fn check(wanted: &Wanted) -> Result<(), String> {
    check_name(&wanted.name)?;
    webhook::target(&wanted.url).map_err(|error| format!("url: {error}"))?;
    if let Some(name) = &wanted.shape
        && shape::named(name).is_none()
    {
        let names: Vec<&str> = shape::ALL.iter().map(|shape| shape.name).collect();
        return Err(format!("shape: expected one of {}", names.join(", ")));
    }
    check_filter(&wanted.filter)
}

fn check_name(name: &str) -> Result<(), String> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(allowed);
    match fits && ![FILE, STDOUT].contains(&name) {
        true => Ok(()),
        false => Err(format!(
            "name: expected 1 to {MAX_NAME} lower-case letters, digits and '-', and neither \
             '{FILE}' nor '{STDOUT}'"
        )),
    }
}

/// Whether a filter can be one.
///
/// # Errors
///
/// What is wrong with it, in words.
pub fn check_filter(filter: &EventFilter) -> Result<(), String> {
    if !filter
        .kinds
        .iter()
        .all(|kind| KINDS.contains(&kind.as_str()))
    {
        return Err(format!("kinds: expected some of {}", KINDS.join(", ")));
    }
    let lists = [
        filter.kinds.len(),
        filter.repositories.len(),
        filter.changes.len(),
    ];
    match lists.iter().all(|length| *length <= MAX_PATTERNS) {
        true => Ok(()),
        false => Err(format!(
            "a list of a filter has at most {MAX_PATTERNS} entries"
        )),
    }
}

/// The minute of the day that `HH:MM` names.
fn minute(text: &str) -> Answer<u32> {
    let time: Option<jiff::civil::Time> = match text.len() {
        5 => jiff::civil::Time::strptime("%H:%M", text).ok(),
        _ => None,
    };
    let minute =
        time.map(|time| u32::try_from(60 * i32::from(time.hour()) + i32::from(time.minute())));
    match minute {
        Some(Ok(minute)) => Ok(minute),
        _ => Err(SubscriptionError::Invalid(
            "digest_at: expected a time of day in UTC, HH:MM".to_owned(),
        )),
    }
}

/// When the next digest is due, for who looks.
pub fn next_digest(subscription: &Subscription, now: Timestamp) -> Option<Timestamp> {
    let minute = subscription.digest_minute?;
    let due = digest::due(minute, now);
    match subscription.progress.digested_at < due {
        true => Some(due),
        false => due.checked_add(jiff::SignedDuration::from_hours(24)).ok(),
    }
}
