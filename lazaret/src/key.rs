//! The first access key, made once and kept in the data directory for its owner only, and the
//! file that holds the key under which all secrets are sealed.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jiff::Timestamp;
use model::Wildcard;
use serde::{Deserialize, Serialize};
use server::auth::key::NewKey;
use server::auth::seal::{KEY_LENGTH, Seal};
use server::{App, Random, auth};
use store::record::{Grant, Role, User};

use crate::client::Credentials;

/// The name of the file with the first key.
const FIRST: &str = "admin-key.json";
/// The name of the file with the key that secrets are sealed under.
const SEAL: &str = "secret.key";
/// The user whom the first key belongs to.
const ADMIN: &str = "admin";

#[derive(Serialize, Deserialize)]
struct Written {
    access_key_id: String,
    secret_access_key: String,
    created_at: Timestamp,
}

/// Where the first key lies.
pub fn path(data: &Path) -> PathBuf {
    data.join(FIRST)
}

/// Where the key that secrets are sealed under lies, unless another place is named.
pub fn seal_path(data: &Path) -> PathBuf {
    data.join(SEAL)
}

/// The key that secrets are sealed under, from its file, which is made where it is not there:
/// 64 hexadecimal digits, for its owner only.
///
/// # Errors
///
/// Where the file cannot be read or made, or holds something else.
pub fn seal(path: &Path, random: &dyn Random) -> anyhow::Result<Seal> {
    if !path.exists() {
        let mut key = [0; KEY_LENGTH];
        random.fill(&mut key);
        write(path, &(hex::encode(key) + "\n"))?;
    }
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("cannot read the key file {}", path.display()))?;
    let mut key = [0; KEY_LENGTH];
    match hex::decode_to_slice(text.trim(), &mut key) {
        Ok(()) => Ok(Seal::new(&key)?),
        Err(_) => bail!(
            "{} is no key file: expected 64 hexadecimal digits; put the right one back, since \
             stored secrets open with no other",
            path.display()
        ),
    }
}

/// Checks that the store's secrets open with that key file: with another one nobody could log in.
///
/// # Errors
///
/// Where they do not.
pub fn check(app: &App, path: &Path) -> anyhow::Result<()> {
    let Some(key) = app.store.metadata.access_keys()?.into_iter().next() else {
        return Ok(());
    };
    let opened = app.seal.open(&key.id, &key.sealed);
    opened
        .map(drop)
        .with_context(|| format!("{} is not the key file of this store", path.display()))
}

/// Seals the secrets that an earlier version kept in the clear.
///
/// # Errors
///
/// Where the store cannot be read or written.
pub fn seal_all(app: &App) -> anyhow::Result<()> {
    let metadata = &app.store.metadata;
    for (id, secret) in metadata.unsealed_access_keys()? {
        let sealed = app.seal.seal(&id, &secret, app.random.as_ref())?;
        metadata.seal_access_key(&id, &sealed)?;
    }
    Ok(())
}

/// Makes the first key, if none was ever made: `Some` then, to be shown once.
///
/// The file is written before the store knows the key, so that a crash between the two leaves a
/// key that is taken over at the next start. A file that its owner has taken away stays away.
///
/// # Errors
///
/// Where file or store cannot be read or written.
pub fn ensure(app: &App, data: &Path) -> anyhow::Result<Option<NewKey>> {
    let metadata = &app.store.metadata;
    let path = path(data);
    if path.exists() {
        // Revoked, it stays so, as long as anybody else can log in.
        let by_password = metadata.users()?.iter().any(|user| user.password.is_some());
        if !by_password && metadata.access_keys()?.is_empty() {
            keep(app, &read(&path)?)?;
        }
        return Ok(None);
    }
    if !metadata.users()?.is_empty() {
        return Ok(None);
    }
    let key = auth::key::generate(app.random.as_ref(), app.clock.now());
    write_first(&path, &key)?;
    keep(app, &key)?;
    Ok(Some(key))
}

/// Gives the store the administrator's first key.
fn keep(app: &App, key: &NewKey) -> anyhow::Result<()> {
    let metadata = &app.store.metadata;
    metadata.create_user(&User {
        name: ADMIN.to_owned(),
        password: None,
        grants: vec![Grant {
            role: Role::Admin,
            pattern: Wildcard::any(),
        }],
        created_at: key.created_at,
    })?;
    metadata.create_access_key(&key.seal(ADMIN, &app.seal, app.random.as_ref())?)?;
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<NewKey> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    let written: Written = serde_json::from_str(&text).with_context(|| {
        format!(
            "{} is damaged; take it away to go on without it",
            path.display()
        )
    })?;
    Ok(NewKey {
        id: written.access_key_id,
        secret: written.secret_access_key,
        created_at: written.created_at,
    })
}

/// An access key from a file like the first one's.
///
/// # Errors
///
/// Where the file cannot be read, or holds something else.
pub fn credentials(path: &Path) -> anyhow::Result<Credentials> {
    let key = read(path)?;
    Ok(Credentials {
        id: key.id,
        secret: key.secret,
    })
}

fn write_first(path: &Path, key: &NewKey) -> anyhow::Result<()> {
    let written = Written {
        access_key_id: key.id.clone(),
        secret_access_key: key.secret.clone(),
        created_at: key.created_at,
    };
    write(path, &(serde_json::to_string_pretty(&written)? + "\n"))
}

/// Writes a file for its owner only, whole or not at all.
///
/// # Errors
///
/// Where it cannot be written.
pub fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
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
    let directory = path
        .parent()
        .filter(|directory| !directory.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .with_context(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use server::Settings;

    /// The schema as the first version made it.
    const FIRST: &str = include_str!("../../store/src/sql/schema/0001_first.sql");
    const SECRET: &str = "AsecretInTheClear0123456789abcdefABCDEF/";

    fn holds(directory: &Path, text: &str) -> bool {
        std::fs::read_dir(directory).unwrap().any(|entry| {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => holds(&path, text),
                false => {
                    let bytes = std::fs::read(&path).unwrap();
                    let mut windows = bytes.windows(text.len());
                    windows.any(|window| window == text.as_bytes())
                }
            }
        })
    }

    #[test]
    fn a_key_of_the_first_version_still_logs_in_and_lies_nowhere_in_the_clear() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let old = rusqlite::Connection::open(data.join("metadata.sqlite")).unwrap();
        old.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))
            .unwrap();
        old.execute_batch(FIRST).unwrap();
        let insert = "INSERT INTO access_key (id, secret, created_at) VALUES ('AKIAOLD', ?1, 0)";
        old.execute(insert, [SECRET]).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        drop(old);
        assert!(holds(&data, SECRET), "the search finds what is there");
        let flags = crate::stores::embedded(&data);
        let app = crate::stores::open(&flags, Settings::new("localhost:5000")).unwrap();
        assert!(ensure(&app, &data).unwrap().is_none(), "a key is there");
        let principal = auth::key::check_secret(&app, "AKIAOLD", SECRET).unwrap();
        let principal = principal.unwrap();
        assert_eq!(principal.name, ADMIN);
        assert_eq!(principal.grants, ["admin".parse().unwrap()]);
        assert!(!holds(&data, SECRET), "while the server runs");
        drop(app);
        assert!(!holds(&data, SECRET), "after it has ended");
    }
}
