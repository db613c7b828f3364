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

/// Where the database before lies, once another one was put in its place.
pub fn previous(path: &Path) -> PathBuf {
    beside(path, ".previous")
}

/// The file beside a database whose name goes on like that.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Opens a database file of which every byte is what was written.
///
/// # Errors
///
/// As [`open`], and where a part of it is damaged: the text names it.
fn open_whole(path: &Path) -> anyhow::Result<Database> {
    let database = open(path)?;
    let damaged = || format!("cannot use {}: fetch or build it again", path.display());
    database.verify().with_context(damaged)?;
    Ok(database)
}

/// Puts the database into use when a server starts, or the one before where it is damaged.
///
/// # Errors
///
/// Where neither can be used, or the store cannot take the job.
pub fn load_first(app: &App, path: &Path) -> anyhow::Result<()> {
    let before = previous(path);
    match load(app, path) {
        Err(error) if before.exists() => {
            tracing::error!(
                error = format!("{error:#}"),
                "the advisory database cannot be used: the one before it is"
            );
            load(app, &before).map_err(|_| error)
        }
        loaded => loaded,
    }
}

/// Puts the database into use and has what is stored matched with it.
///
/// # Errors
///
/// Where it cannot be opened or is damaged, or the store cannot take the job.
pub fn load(app: &App, path: &Path) -> anyhow::Result<()> {
    let database = Arc::new(open_whole(path)?);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::build;

    #[test]
    fn a_damaged_file_names_its_part_and_the_one_before_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.db");
        let mut builder = advisory::Builder::new(advisory::Limits::default());
        let file = advisory::FeedFile::plain(
            "osv-pypi",
            "a.json",
            br#"{"id": "PYSEC-1", "modified": "2021-08-27T03:22:49Z",
                "affected": [{"package": {"name": "a", "ecosystem": "PyPI"}}]}"#,
        );
        builder.add_file(&file).unwrap();
        let whole = builder.finish();
        let empty = advisory::Builder::new(advisory::Limits::default()).finish();
        build::replace(&path, &empty).unwrap();
        build::replace(&path, &whole).unwrap();
        assert_eq!(open_whole(&previous(&path)).unwrap().sources().len(), 0);
        assert_eq!(open_whole(&path).unwrap().sources().len(), 1);
        let mut damaged = whole.clone();
        let last = damaged.len() - 9;
        damaged[last] ^= 1;
        build::replace(&path, &damaged).unwrap();
        let error = format!("{:#}", open_whole(&path).unwrap_err());
        assert!(error.contains("the segment of source osv-pypi"), "{error}");
        assert_eq!(open_whole(&previous(&path)).unwrap().sources().len(), 1);
    }
}
