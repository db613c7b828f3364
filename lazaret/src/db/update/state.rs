//! What is remembered of each file that was fetched, so that the next time only what has changed
//! is: in `.lazaret/` of the directory of feeds, which is safe to delete.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::db::build;

/// The directory's name in the directory of feeds.
pub const DIRECTORY: &str = ".lazaret";
const FILE: &str = "fetched.json";

/// What is known of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Where it was fetched from.
    pub url: String,
    /// How its publisher calls this state of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub etag: String,
    /// When its publisher changed it last, in the publisher's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_modified: String,
    /// Its bytes.
    #[serde(default)]
    pub bytes: u64,
    /// For a list of changes: the last one that was followed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub followed: String,
}

/// What is known of all files, by their paths in the directory.
pub struct State {
    path: PathBuf,
    known: Mutex<BTreeMap<String, Known>>,
}

impl State {
    /// What was remembered last time; nothing where that cannot be read.
    ///
    /// # Errors
    ///
    /// Where the directory cannot be made.
    pub fn open(feeds: &Path) -> anyhow::Result<State> {
        let directory = feeds.join(DIRECTORY);
        fs::create_dir_all(&directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
        let path = directory.join(FILE);
        let known = fs::read(&path).ok();
        let known = known.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(State {
            path,
            known: Mutex::new(known.unwrap_or_default()),
        })
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a file, if it was fetched from there.
    pub fn of(&self, file: &str, url: &str) -> Known {
        let known = self.known().get(file).cloned().unwrap_or_default();
        match known.url == url {
            true => known,
            false => Known::default(),
        }
    }

    /// Remembers a file.
    pub fn remember(&self, file: &str, known: Known) {
        self.known().insert(file.to_owned(), known);
    }

    /// Writes everything down.
    ///
    /// # Errors
    ///
    /// Where that fails.
    pub fn save(&self) -> anyhow::Result<()> {
        let bytes = serde_json::to_vec_pretty(&*self.known())?;
        build::write(&self.path, &bytes)
    }
}
