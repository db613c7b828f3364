//! The first access key: made once, kept in the data directory for its owner only.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use server::{App, auth};
use store::record::AccessKey;

/// The file's name in the data directory.
const FILE: &str = "admin-key.json";

#[derive(Serialize, Deserialize)]
struct Written {
    access_key_id: String,
    secret_access_key: String,
    created_at: Timestamp,
}

/// Where the key lies.
pub fn path(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// Makes the first key, if none was ever made: `Some` then, to be shown once.
///
/// The file is written before the store knows the key, so that a crash between the two leaves a
/// key that is taken over at the next start. A file that its owner has taken away stays away.
///
/// # Errors
///
/// Where file or store cannot be read or written.
pub fn ensure(app: &App, data: &Path) -> anyhow::Result<Option<AccessKey>> {
    let path = path(data);
    if path.exists() {
        let key = read(&path)?;
        app.store.metadata.create_access_key(&key)?;
        return Ok(None);
    }
    if !app.store.metadata.access_keys()?.is_empty() {
        return Ok(None);
    }
    let key = auth::key::generate(app.random.as_ref(), app.clock.now());
    write(&path, &key)?;
    app.store.metadata.create_access_key(&key)?;
    Ok(Some(key))
}

fn read(path: &Path) -> anyhow::Result<AccessKey> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    let written: Written = serde_json::from_str(&text).with_context(|| {
        format!(
            "{} is damaged; take it away to go on without it",
            path.display()
        )
    })?;
    Ok(AccessKey {
        id: written.access_key_id,
        secret: written.secret_access_key,
        created_at: written.created_at,
    })
}

fn write(path: &Path, key: &AccessKey) -> anyhow::Result<()> {
    let written = Written {
        access_key_id: key.id.clone(),
        secret_access_key: key.secret.clone(),
        created_at: key.created_at,
    };
    let text = serde_json::to_string_pretty(&written)? + "\n";
    let temporary = path.with_extension("json.new");
    let failed = || format!("cannot write {}", temporary.display());
    drop(std::fs::remove_file(&temporary));
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .with_context(failed)?;
    file.write_all(text.as_bytes()).with_context(failed)?;
    file.sync_all().with_context(failed)?;
    std::fs::rename(&temporary, path).with_context(failed)?;
    let directory = path.parent().unwrap_or(Path::new("."));
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .with_context(failed)
}
