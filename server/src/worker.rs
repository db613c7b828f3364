//! The scan workers: threads that lease jobs and do them, one at a time each.
//!
//! A lease is short and renewed while its job runs, so that a job whose process was killed is
//! free again after [`LEASE`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::SignedDuration;
use model::Digest;
use store::StoreError;
use store::record::{Job, JobKind};

use crate::app::{App, Bell};
use crate::matching::{self, Brought};
use crate::scan::{self, ScanError};
use crate::scanning::sweep;

/// How long a job stays with a worker that says nothing.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How often a lease is renewed while the job runs.
const RENEWAL: Duration = Duration::from_secs(10);
/// How long a worker sleeps when nothing rings: a lease that ran out rings no bell.
const IDLE: Duration = Duration::from_secs(2);
/// How often a job is tried before it counts as failed.
const MAX_ATTEMPTS: u32 = 5;

/// Running workers.
pub struct Workers {
    app: Arc<App>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts as many workers as asked.
    pub fn start(app: &Arc<App>, count: usize) -> Workers {
        let stop = Arc::new(AtomicBool::new(false));
        let start = |_| {
            let (app, stop) = (app.clone(), stop.clone());
            std::thread::spawn(move || work(&app, &stop))
        };
        Workers {
            threads: (0..count).map(start).collect(),
            app: app.clone(),
            stop,
        }
    }

    /// Lets every worker end the job that it has, then returns.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.app.bell.ring();
        for thread in self.threads {
            drop(thread.join());
        }
    }
}

fn work(app: &App, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let rings = app.bell.count();
        match run_next(app) {
            Ok(true) => {}
            Ok(false) => app.bell.wait(rings, IDLE),
            Err(error) => {
                tracing::error!(%error, "the job queue cannot be read; trying again");
                app.bell.wait(rings, IDLE);
            }
        }
    }
}

/// Does the oldest free job; `false` where there is none.
///
/// # Errors
///
/// Where the queue cannot be read or written.
pub fn run_next(app: &App) -> Result<bool, StoreError> {
    let judge = app.database.current().map(|database| database.judge());
    let metadata = &app.store.metadata;
    let Some(job) = metadata.lease_job(judge.as_deref(), app.clock.now(), LEASE)? else {
        return Ok(false);
    };
    let outcome = hold(app, &job, || {
        catch_unwind(AssertUnwindSafe(|| run(app, &job)))
    });
    match outcome {
        Ok(Ok(Outcome::Done)) => {
            metadata.finish_job(&job)?;
            if let JobKind::Match { judge } = &job.kind {
                matching::look_again(app, judge)?;
            }
        }
        Ok(Ok(Outcome::Later)) => give_back(app, &job)?,
        Ok(Err(error)) => retry(app, &job, &error.to_string())?,
        Err(_) => retry(
            app,
            &job,
            "the worker broke down; the server's log says where",
        )?,
    }
    Ok(true)
}

/// Does something while a job's lease is renewed.
pub fn hold<T>(app: &App, job: &Job, work: impl FnOnce() -> T) -> T {
    /// Ends the renewals, also where the work panics.
    struct Renewals<'a>(&'a AtomicBool, &'a Bell);
    impl Drop for Renewals<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
            self.1.ring();
        }
    }
    let done = AtomicBool::new(false);
    let bell = Bell::default();
    std::thread::scope(|scope| {
        scope.spawn(|| renew(app, job, &done, &bell));
        let _renewals = Renewals(&done, &bell);
        work()
    })
}

fn renew(app: &App, job: &Job, done: &AtomicBool, bell: &Bell) {
    loop {
        bell.wait(0, RENEWAL);
        if done.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = app.store.metadata.renew_job(job, app.clock.now(), LEASE) {
            tracing::warn!(%error, job = job.id, "a lease could not be renewed");
        }
    }
}

/// What becomes of a job that did not fail.
enum Outcome {
    Done,
    /// It can be done in a moment, here or elsewhere.
    Later,
}

fn run(app: &App, job: &Job) -> Result<Outcome, StoreError> {
    match &job.kind {
        JobKind::Scan { image } => scan_image(app, image).map(|()| Outcome::Done),
        JobKind::Match { judge } => bring(app, job, judge),
        JobKind::Sweep { .. } => sweep::run(app).map(|()| Outcome::Done),
        // Left by a collector that died: the next collection goes on with what it began.
        JobKind::Collect => Ok(Outcome::Done),
    }
}

/// Brings findings to a database.
fn bring(app: &App, job: &Job, judge: &str) -> Result<Outcome, StoreError> {
    let started = app.clock.elapsed();
    let brought = matching::bring(app, job, judge)?;
    let took = app.clock.elapsed().saturating_sub(started);
    match brought {
        Brought::Done => {
            tracing::info!(%judge, milliseconds = took.as_millis(), "findings follow the database");
            Ok(Outcome::Done)
        }
        Brought::Again => Ok(Outcome::Later),
    }
}

/// Catalogues and matches one image.
fn scan_image(app: &App, image: &Digest) -> Result<(), StoreError> {
    let started = app.clock.elapsed();
    let span = tracing::info_span!("scan", %image);
    let outcome = span.in_scope(|| scan_steps(app, image));
    let took = app.clock.elapsed().saturating_sub(started);
    let word = match &outcome {
        Ok(word) => word,
        Err(_) => "error",
    };
    app.metrics.scan(word, took);
    if outcome.is_ok() {
        tracing::info!(%image, milliseconds = took.as_millis(), "scanned");
    }
    outcome.map(drop)
}

/// What became of it: `complete` or `unscannable`.
fn scan_steps(app: &App, image: &Digest) -> Result<&'static str, StoreError> {
    app.store.metadata.begin_scan(image)?;
    let catalogued = tracing::info_span!("catalogue").in_scope(|| scan::catalogue(app, image));
    match catalogued {
        Ok(inventory) => {
            tracing::info_span!("match").in_scope(|| scan::store_result(app, image, inventory))?;
            Ok("complete")
        }
        Err(ScanError::Unscannable(detail)) => {
            tracing::warn!(%image, %detail, "an image cannot be scanned");
            app.store
                .metadata
                .fail_scan(&scan::failed(app, image, detail))?;
            Ok("unscannable")
        }
        Err(ScanError::Store(error)) => Err(error),
    }
}

/// Gives a job back, to be tried again later each time.
fn give_back(app: &App, job: &Job) -> Result<(), StoreError> {
    let now = app.clock.now();
    let wait = SignedDuration::from_secs(1 << job.attempts.min(6));
    let later = now.saturating_add(wait).unwrap_or(now);
    app.store.metadata.retry_job(job, later)
}

/// Gives a job that failed back, or gives it up.
fn retry(app: &App, job: &Job, error: &str) -> Result<(), StoreError> {
    tracing::error!(job = job.id, attempts = job.attempts, %error, "a job failed");
    // Findings that stay behind the database are a false clean: that is never given up.
    if job.attempts < MAX_ATTEMPTS || matches!(job.kind, JobKind::Match { .. }) {
        return give_back(app, job);
    }
    if let JobKind::Scan { image } = &job.kind {
        let detail = format!("the scan was tried {MAX_ATTEMPTS} times: {error}");
        let failed = scan::failed(app, image, detail);
        app.store.metadata.fail_scan(&failed)?;
    }
    app.store.metadata.finish_job(job)
}

#[cfg(test)]
mod tests;
