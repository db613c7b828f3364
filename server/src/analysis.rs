//! Catalogues blobs while they arrive.
//!
//! A thread reads an upload's file behind the one who writes it, so that nothing waits for it: when
//! the upload ends, little is left to do. What cannot be followed (a bucket has no file, too many
//! uploads at once) is read once it is a blob. The reports are kept under the blob's digest, so
//! that no layer is read twice, whichever repository it comes to.
//!
//! Nobody says of a blob whether it is a layer before a manifest does. One that begins neither as
//! an archive nor as something compressed is left alone.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use catalog::LayerReport;
use image::Limits;
use image::compression::Compression;
use model::{Digest, RepositoryName};
use store::{StoreError, Upload, UploadId};

use crate::app::App;
use crate::cache::{self, Cache};
use crate::scan::{self, ScanError};

mod follow;

use follow::Follower;
pub use follow::Progress;

/// The most uploads that are followed at once: each holds a thread and a decompressor.
const MOST_FOLLOWED: usize = 16;
/// How long an upload may rest before it is not followed any more.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many bytes the reports may take that are kept in memory.
const RECENT: usize = 64 << 20;

/// The analyses under way and those that ended lately.
pub struct Analyses {
    state: Mutex<State>,
    changed: Condvar,
    /// Reports that were made or asked for a moment ago: a push asks for them next.
    recent: Cache<LayerReport>,
    /// The most threads that read blobs.
    readers: usize,
}

struct State {
    followed: HashMap<UploadId, Arc<Progress>>,
    /// Which blobs followed uploads have become.
    ended: HashMap<UploadId, Digest>,
    /// Blobs whose report is on its way, from an upload that ended or from [`State::waiting`].
    running: HashSet<Digest>,
    waiting: VecDeque<Digest>,
    /// Blobs that a manifest has called a layer: they are read whatever they look like.
    wanted: HashSet<Digest>,
    readers: usize,
}

impl Analyses {
    /// None yet; up to so many threads will read blobs that could not be followed.
    pub fn new(readers: usize) -> Analyses {
        Analyses {
            state: Mutex::new(State {
                followed: HashMap::new(),
                ended: HashMap::new(),
                running: HashSet::new(),
                waiting: VecDeque::new(),
                wanted: HashSet::new(),
                readers: 0,
            }),
            recent: Cache::new(RECENT),
            changed: Condvar::new(),
            readers,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A report that is in memory still.
    pub fn recent(&self, layer: &Digest) -> Option<Arc<LayerReport>> {
        self.recent.get(layer)
    }

    /// Keeps a report in memory for a while.
    pub fn keep(&self, layer: &Digest, report: Arc<LayerReport>) {
        let weight = weigh(&report);
        self.recent.put(layer, report, weight);
    }

    /// Waits until no analysis of that blob is under way, or the time is up; `false` where it was.
    pub fn wait(&self, layer: &Digest, until: Instant) -> bool {
        let mut state = self.state();
        while state.running.contains(layer) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// The blob that an upload has become.
    fn blob_of(&self, id: &UploadId) -> Option<Digest> {
        self.state().ended.get(id).cloned()
    }

    /// Says that nobody follows an upload any more.
    fn let_go(&self, id: &UploadId) {
        let mut state = self.state();
        state.followed.remove(id);
        if let Some(blob) = state.ended.remove(id) {
            state.running.remove(&blob);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// The next blob to be read; without one the reader ends.
    fn next(&self) -> Option<Digest> {
        let mut state = self.state();
        let next = state.waiting.pop_front();
        if next.is_none() {
            state.readers -= 1;
        }
        next
    }

    /// Says that the report of a blob is there, or never will be.
    fn ended(&self, blob: &Digest) {
        let mut state = self.state();
        state.running.remove(blob);
        state.wanted.remove(blob);
        drop(state);
        self.changed.notify_all();
    }
}

/// Follows an upload from now on, if it is not followed yet. The answer is to be told how far the
/// upload has come; `None` where it cannot be followed, or nobody wants its repository scanned.
///
/// # Errors
///
/// Where the store fails.
pub fn follow(
    app: &Arc<App>,
    repository: &RepositoryName,
    id: &UploadId,
    upload: &dyn Upload,
) -> Result<Option<Arc<Progress>>, StoreError> {
    let known = app.analyses.state().followed.get(id).cloned();
    if known.is_some() || !is_wanted(app, repository)? {
        return Ok(known);
    }
    Ok(begin(app, id, upload))
}

/// Whether what is pushed to a repository is scanned at once.
fn is_wanted(app: &App, repository: &RepositoryName) -> Result<bool, StoreError> {
    if app.settings.push_wait.is_zero() {
        return Ok(false);
    }
    let row = app.store.metadata.repository(repository)?;
    row.map_or(Ok(false), |row| app.scan_wanted(&row))
}

fn begin(app: &Arc<App>, id: &UploadId, upload: &dyn Upload) -> Option<Arc<Progress>> {
    let mut state = app.analyses.state();
    if state.followed.len() >= MOST_FOLLOWED {
        return None;
    }
    let file = upload.file()?;
    let progress = Arc::new(Progress::default());
    progress.advance(upload.length());
    let reader = Follower::new(file, progress.clone(), PATIENCE);
    // A client that sends nothing more must not keep the stores open when the server has ended.
    let (worker, name) = (Arc::downgrade(app), id.clone());
    let limits = app.settings.image_limits.clone();
    let started = thread("follow", move || {
        read_upload(&worker, &name, reader, &limits)
    });
    started.ok()?;
    state.followed.insert(id.clone(), progress.clone());
    Some(progress)
}

/// Says that an upload has become that blob: its report is on its way from now on.
///
/// # Errors
///
/// Where the store fails.
pub fn committed(
    app: &Arc<App>,
    repository: &RepositoryName,
    id: &UploadId,
    blob: &Digest,
) -> Result<(), StoreError> {
    let followed = {
        let mut state = app.analyses.state();
        let followed = state.followed.get(id).cloned();
        let followed = followed.filter(|progress| progress.is_open());
        if followed.is_some() {
            state.running.insert(blob.clone());
            state.ended.insert(id.clone(), blob.clone());
        }
        followed
    };
    match followed {
        Some(progress) => progress.complete(),
        None if is_wanted(app, repository)? => start(app, blob),
        None => {}
    }
    Ok(())
}

/// Says that an upload will be no blob, or is one already.
pub fn lost(app: &App, id: &UploadId) {
    let followed = app.analyses.state().followed.get(id).cloned();
    if let Some(progress) = followed {
        progress.abandon();
    }
}

/// Has a blob read before all others, since somebody waits for it, unless its report is on its way
/// already.
pub fn read_soon(app: &Arc<App>, blob: &Digest) {
    let mut state = app.analyses.state();
    if let Some(at) = state.waiting.iter().position(|waiting| waiting == blob) {
        state.waiting.remove(at);
    } else if !state.running.insert(blob.clone()) {
        return;
    }
    state.waiting.push_front(blob.clone());
    state.wanted.insert(blob.clone());
    add_reader(app, &mut state);
}

/// Has a blob read, if no report is on its way.
fn start(app: &Arc<App>, blob: &Digest) {
    let mut state = app.analyses.state();
    if state.running.insert(blob.clone()) {
        state.waiting.push_back(blob.clone());
        add_reader(app, &mut state);
    }
}

fn add_reader(app: &Arc<App>, state: &mut State) {
    if state.readers < app.analyses.readers {
        let worker = app.clone();
        if thread("analyse", move || read_blobs(&worker)).is_ok() {
            state.readers += 1;
        }
    }
}

/// A thread whose name tells what it does.
fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let named = std::thread::Builder::new().name(name.to_owned());
    named.spawn(work).map(drop)
}

/// Lets go of an upload however its analysis ends, so that nobody waits for one that panicked.
struct Followed<'a>(&'a Weak<App>, &'a UploadId);

impl Drop for Followed<'_> {
    fn drop(&mut self) {
        if let Some(app) = self.0.upgrade() {
            app.analyses.let_go(self.1);
        }
    }
}

fn read_upload(app: &Weak<App>, id: &UploadId, mut reader: Follower, limits: &Limits) {
    let _followed = Followed(app, id);
    let mut first = Vec::new();
    let begun = reader.by_ref().take(FIRST).read_to_end(&mut first);
    if begun.is_err() || !is_worth_reading(&first) {
        return;
    }
    let whole = io::Cursor::new(first).chain(reader);
    // An error says that the upload was lost: nothing is known then.
    if let Ok(report) = catalog::catalogue(whole, limits)
        && let Some(app) = app.upgrade()
        && let Some(blob) = app.analyses.blob_of(id)
    {
        let report = Arc::new(report);
        app.analyses.keep(&blob, report.clone());
        // Whoever waits for it need not wait until it is stored.
        app.analyses.ended(&blob);
        store(&app, &blob, &report);
    }
}

/// Says of a blob that nobody reads it any more, however that ends.
struct Reading<'a>(&'a Analyses, &'a Digest);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.ended(self.1);
    }
}

fn read_blobs(app: &App) {
    while let Some(blob) = app.analyses.next() {
        let _reading = Reading(&app.analyses, &blob);
        // A reader must outlive what it stumbles over: others wait in the queue behind it.
        let read = catch_unwind(AssertUnwindSafe(|| read_blob(app, &blob)));
        match read {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, %blob, "a blob was not catalogued"),
            Err(_) => tracing::error!(%blob, "cataloguing a blob broke down"),
        }
    }
}

fn read_blob(app: &App, blob: &Digest) -> Result<(), ScanError> {
    if app.analyses.state().wanted.contains(blob) {
        return scan::read_layer(app, blob).map(drop);
    }
    let mut opened = scan::open_blob(app, blob)?;
    let mut first = Vec::new();
    let begun = opened.by_ref().take(FIRST).read_to_end(&mut first);
    drop(opened);
    match begun {
        Ok(_) if is_worth_reading(&first) => scan::read_layer(app, blob).map(drop),
        _ => Ok(()),
    }
}

/// Keeps a report for every later push.
pub fn store(app: &App, blob: &Digest, report: &LayerReport) {
    let metadata = &app.store.metadata;
    if let Err(error) = metadata.put_layer_report(blob, catalog::REVISION, &report.to_bytes()) {
        tracing::warn!(%error, %blob, "a layer's report was not kept: it will be read again");
    }
}

/// How many bytes tell what a blob is: a header of an archive.
const FIRST: u64 = 512;

/// Whether a blob may be a layer: packed, or an archive of POSIX's form. One of an older form is
/// read once a manifest calls it a layer.
fn is_worth_reading(first: &[u8]) -> bool {
    match Compression::of(first) {
        Compression::Gzip | Compression::Zstd => true,
        Compression::Plain => first.get(257..262) == Some(b"ustar"),
        Compression::Unsupported(_) => false,
    }
}
/// About how many bytes a report takes. Its paths are many, and only looked at.
fn weigh(report: &LayerReport) -> usize {
    let contents = &report.contents;
    let text = |text: &String| 32 + text.len();
    let links = contents.symlinks.iter();
    let names = [
        &contents.touched,
        &contents.directories,
        &contents.removed,
        &contents.opaque,
    ];
    let names = names.into_iter().flatten().map(text).sum::<usize>();
    let links = links.map(|(from, to)| text(from) + text(to)).sum::<usize>();
    names + links + cache::weigh(&(&contents.found, &contents.problems))
}
