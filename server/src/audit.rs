//! The audit log: who did or wanted what, and how it ended.
//!
//! No operation writes here itself. A surface puts into its answer's extensions what was asked of
//! it ([`Deed`]), in one place each, and [`crate::middleware::audit`] makes an entry of that, the
//! request and the answer. What is kept follows from the [`Action`]: so an operation that is
//! added is in the log without anybody thinking of it.
//!
//! Deeds and denials are written and synced before the answer goes out ([`record`]). Pulls, which
//! must not wait for a disk, are gathered and written in batches ([`note`], [`writer`]).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{Extensions, Method};
use model::RepositoryName;
use serde_json::{Map, Value};
use store::StoreError;
use store::record::{Entry, Outcome};

use crate::app::{App, Bell};
use crate::auth::access::{Action, Denial, Weight};
use crate::blocking::spawn_blocking;

pub mod writer;

/// The word for the proof of who one is.
pub const LOGIN: &str = "lazaret:Login";
/// Entries that are written in one transaction.
const BATCH: usize = 500;
/// Entries that may wait to be written. What comes beyond is written at once, by its request.
const MOST: usize = 10_000;
/// The longest text of an entry, in characters.
const MAX_TEXT: usize = 1024;
/// Wrong credentials of all addresses together that are written at once; one a second after that.
const WRONG: Duration = Duration::from_secs(600);
/// Bytes of an input that are kept.
const MAX_INPUT: usize = 4096;

/// What was asked of a surface: put into its answer's extensions, allowed or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    /// The action.
    pub action: Action,
    /// The repository, as it was named.
    pub repository: Option<String>,
    /// A tag, a digest, a name.
    pub object: String,
    /// What else is worth keeping: a JSON object, or nothing. Never a secret.
    pub details: Value,
}

impl Deed {
    /// A deed without an object.
    pub fn new(action: Action, repository: Option<&RepositoryName>) -> Deed {
        Deed {
            action,
            repository: repository.map(RepositoryName::to_string),
            object: String::new(),
            details: Value::Null,
        }
    }

    /// The same, done to something.
    pub fn to(self, object: impl Into<String>) -> Deed {
        Deed {
            object: object.into(),
            ..self
        }
    }
}

impl From<&Denial> for Deed {
    fn from(denial: &Denial) -> Deed {
        Deed::new(denial.action(), denial.repository())
    }
}

/// What whoever judged a deed has to say of it: put into its answer's extensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    /// Further members of the details.
    pub details: Map<String, Value>,
    /// Whether this makes it a deed that is recorded, where it would only be noted.
    pub grave: bool,
}

/// Why an answer is an error, in words: put into its extensions.
#[derive(Clone, Debug)]
pub struct Reason(pub String);

/// Tells of a denial in an answer's extensions.
pub fn tell_denial(denial: &Denial, extensions: &mut Extensions) {
    extensions.insert(Reason(denial.to_string()));
    extensions.insert(denial.clone());
}

/// How an entry is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Not at all.
    No,
    /// Gathered, and written soon.
    Noted,
    /// Written before the answer.
    Recorded,
}

/// How a deed is kept: whatever changes something and whatever was denied is recorded, what hands
/// out bytes or tokens is noted, and a look is nobody's business.
pub fn kept(action: Action, method: &Method, outcome: Outcome) -> Kept {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let done = outcome == Outcome::Allowed;
    match action.weight() {
        _ if outcome == Outcome::Denied => Kept::Recorded,
        Weight::Hands if done && *method != Method::HEAD => Kept::Noted,
        // The parts of an image are noted; it is there once its manifest is.
        Weight::Brings if done && !reads => Kept::Noted,
        Weight::Changes if !reads => Kept::Recorded,
        Weight::Looks | Weight::Hands | Weight::Brings | Weight::Changes => Kept::No,
    }
}

/// Entries that wait to be written, and how many wrong credentials were of late.
#[derive(Default)]
pub struct Log {
    waiting: Mutex<Vec<Entry>>,
    /// Held while entries are written, so that who empties the log has all of it.
    writing: Mutex<()>,
    bell: Bell,
    wrong: Mutex<Wrong>,
}

/// A bucket that each wrong login fills by a second: while it is full, they are only counted.
#[derive(Default)]
struct Wrong {
    empty_at: Duration,
    passed_over: u64,
}

impl Log {
    /// Whether wrong credentials are written down now: then with how many were passed over since
    /// the last time. Else somebody without any could fill the disk.
    pub fn admit_wrong(&self, now: Duration) -> Option<u64> {
        let second = Duration::from_secs(1);
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let left = wrong.empty_at.saturating_sub(now);
        if left + second > WRONG {
            wrong.passed_over += 1;
            return None;
        }
        wrong.empty_at = wrong.empty_at.max(now) + second;
        Some(std::mem::take(&mut wrong.passed_over))
    }

    /// Takes an entry to be written soon; gives it back where as many wait as may.
    fn add(&self, entry: Entry) -> Option<Entry> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MOST {
            return Some(entry);
        }
        waiting.push(entry);
        if waiting.len() == BATCH {
            self.bell.ring();
        }
        None
    }
}

/// Writes an entry, synced. Where the disk is full it waits in memory until there is room, as far
/// as may wait: who deletes to make that room must not be refused for it.
///
/// # Errors
///
/// Where the store fails; or the work was cut off, which counts as a failure of it.
pub async fn record(app: &Arc<App>, entry: Entry) -> Result<(), StoreError> {
    let writer = app.clone();
    let entry = bounded(entry);
    let work = move || match writer
        .store
        .metadata
        .record_audit(std::slice::from_ref(&entry))
    {
        Err(StoreError::Full(why)) => match writer.audit.add(entry) {
            None => Ok(()),
            Some(_) => Err(StoreError::Full(why)),
        },
        written => written,
    };
    let cut = |_| Err(StoreError::Busy("the entry was cut off".to_owned()));
    spawn_blocking(work).await.unwrap_or_else(cut)
}

/// Takes an entry to be written soon. Where as many wait as may, it is written at once: none is
/// ever left out.
///
/// # Errors
///
/// As [`record`], where it is written at once.
pub async fn note(app: &Arc<App>, entry: Entry) -> Result<(), StoreError> {
    match app.audit.add(bounded(entry)) {
        None => Ok(()),
        Some(entry) => record(app, entry).await,
    }
}

/// Writes what waits by now. What cannot be written goes on to wait.
///
/// # Errors
///
/// Where the store fails.
pub fn flush(app: &App) -> Result<(), StoreError> {
    let log = &app.audit;
    let _held = log.writing.lock().unwrap_or_else(PoisonError::into_inner);
    let waiting = || log.waiting.lock().unwrap_or_else(PoisonError::into_inner);
    let mut left = waiting().len();
    while left > 0 {
        let batch: Vec<Entry> = waiting().iter().take(BATCH.min(left)).cloned().collect();
        app.store.metadata.record_audit(&batch)?;
        // Only whoever holds the writing takes away, so that these are still the first.
        drop(waiting().drain(..batch.len()));
        left -= batch.len();
    }
    Ok(())
}

/// Removes entries that are older than the operator wants to keep them; by default none are.
///
/// # Errors
///
/// Where the store fails.
pub fn forget(app: &App) -> Result<u64, StoreError> {
    let Some(age) = app.settings.audit_for else {
        return Ok(0);
    };
    let Ok(before) = app.clock.now().checked_sub(age) else {
        return Ok(0);
    };
    let mut forgotten = 0;
    loop {
        let some = app.store.metadata.forget_audit(before, BATCH)?;
        forgotten += some;
        if some < BATCH as u64 {
            return Ok(forgotten);
        }
    }
}

/// An input as details: whole where it is short, otherwise its length.
pub fn input(body: &[u8]) -> Value {
    let short = body.len() <= MAX_INPUT;
    let parsed = short.then(|| serde_json::from_slice::<Value>(body).ok());
    match parsed.flatten() {
        Some(Value::Object(members)) if members.is_empty() => Value::Null,
        Some(input) => serde_json::json!({ "input": input }),
        None if body.is_empty() => Value::Null,
        None => serde_json::json!({ "input_bytes": body.len() }),
    }
}

/// The entry with texts that clients chose cut to what is kept of them.
fn bounded(entry: Entry) -> Entry {
    let cut = |text: String| match text.len() > MAX_TEXT {
        true => text.chars().take(MAX_TEXT).collect(),
        false => text,
    };
    Entry {
        actor: cut(entry.actor),
        repository: entry.repository.map(cut),
        object: cut(entry.object),
        reason: cut(entry.reason),
        ..entry
    }
}

#[cfg(test)]
mod tests;
