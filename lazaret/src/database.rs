//! The advisory database file: opened where it lies, loaded again when it is replaced.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use advisory::Database;
use anyhow::Context;
use server::App;

use crate::mmap;

/// How often the server looks whether the file was replaced.
const POLL: Duration = Duration::from_secs(2);
/// What a person can do who has no database.
const HOW_TO_GET_ONE: &str = "name an advisory database with --db FILE or LAZARET_DB; \
     'lazaret db build --from DIR --out FILE' makes one from a directory of feeds";

/// Opens the database that a command needs.
///
/// # Errors
///
/// Where none is named, or it cannot be opened; the text says how to get one.
pub fn open_required(path: Option<&Path>) -> anyhow::Result<Database> {
    let path = path.context(HOW_TO_GET_ONE)?;
    open(path)
}

/// Opens a database file.
///
/// # Errors
///
/// Where it is not there, or is not one.
pub fn open(path: &Path) -> anyhow::Result<Database> {
    let bytes = mmap::map(path).context(HOW_TO_GET_ONE)?;
    Database::open(bytes).with_context(|| format!("cannot use {}", path.display()))
}

/// Which file it is: a replaced one differs, a file that was only read does not.
type Identity = (u64, u64, u64, i64, i64);

fn identity(path: &Path) -> Option<Identity> {
    let facts = fs::metadata(path).ok()?;
    Some((
        facts.dev(),
        facts.ino(),
        facts.len(),
        facts.mtime(),
        facts.mtime_nsec(),
    ))
}

/// Puts the database into use and has what is stored matched with it.
///
/// # Errors
///
/// Where it cannot be opened, or the store cannot take the job.
pub fn load(app: &App, path: &Path) -> anyhow::Result<()> {
    let database = Arc::new(open(path)?);
    let revision = database.revision().to_owned();
    app.database.replace(database);
    server::matching::order(app)?;
    tracing::info!(%revision, "advisory database loaded");
    Ok(())
}

/// Loads the file again whenever it is replaced, for as long as the server runs. One that cannot
/// be opened is reported, and the database in use stays.
pub async fn watch(app: Arc<App>, path: PathBuf) {
    let mut known = identity(&path);
    loop {
        tokio::time::sleep(POLL).await;
        let now = identity(&path);
        if now.is_none() || now == known {
            continue;
        }
        known = now;
        let (app, path) = (app.clone(), path.clone());
        let loaded = tokio::task::spawn_blocking(move || load(&app, &path)).await;
        if let Ok(Err(error)) = loaded {
            tracing::error!(
                error = format!("{error:#}"),
                "the replaced database is not used"
            );
        }
    }
}
