//! `lazaret admin import`: empty stores filled from an export.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, bail};
use model::Digest;
use server::App;
use store::{TABLES, UploadId, Value};
use tar::Archive;

use super::export::lines;
use super::transfer::{BLOB_TABLE, BLOBS, FORM, HEAD, METADATA, ROWS, named_blob, row};
use crate::cli;
use crate::progress::Progress;

/// How much of a blob is read at once, in bytes.
const PIECE: usize = 1 << 20;
/// How many rows are loaded in one transaction.
const ROWS_AT_ONCE: usize = 500;

/// Runs the command.
///
/// # Errors
///
/// Where the stores are not empty, or the file is damaged. What was loaded until then stays: the
/// import begins again with empty stores.
pub fn run(flags: &cli::admin::Import) -> anyhow::Result<u8> {
    let app = super::open(&flags.stores)?;
    let metadata = &app.store.metadata;
    if !metadata.repositories(None, 1)?.is_empty() || !metadata.users()?.is_empty() {
        bail!("these stores are not empty: an import needs a database that holds nothing yet");
    }
    let input: Box<dyn Read> = match flags.file.as_path() == Path::new("-") {
        true => Box::new(io::stdin().lock()),
        false => {
            let path = flags.file.display();
            Box::new(File::open(&flags.file).with_context(|| format!("cannot read {path}"))?)
        }
    };
    let missing = load(&app, input)?;
    for digest in &missing {
        eprintln!("lazaret: {digest} was not in the export: push it again");
    }
    Ok(u8::from(!missing.is_empty()))
}

/// Loads everything; the blobs that are named and did not come.
fn load(app: &App, input: impl Read) -> anyhow::Result<Vec<Digest>> {
    let mut missing = Vec::new();
    let mut archive = Archive::new(input);
    let mut entries = archive.entries()?;
    let head = entries.next().context("the export is empty")??;
    check_head(head)?;
    let mut progress = Progress::new("stored");
    let (mut blobs, mut bytes, mut tables) = (0, 0, 0);
    for entry in entries {
        let entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        if let Some(digest) = path.strip_prefix(BLOBS) {
            bytes += entry.size();
            blobs += 1;
            store_blob(app, &digest.parse()?, entry)?;
            progress.show(blobs, bytes);
        } else if let Some(name) = path
            .strip_prefix(METADATA)
            .and_then(|n| n.strip_suffix(ROWS))
        {
            missing.extend(load_table(app, name, entry)?);
            tables += 1;
        } else {
            bail!("the export holds {path}, which this program does not know");
        }
    }
    progress.clear();
    if tables != TABLES.len() {
        bail!(
            "the export ends early: it holds {tables} of {} tables",
            TABLES.len()
        );
    }
    let bytes = crate::output::bytes(bytes);
    eprintln!("lazaret: {blobs} blobs ({bytes}) and {tables} tables are stored");
    Ok(missing)
}

fn check_head(mut entry: impl Read) -> anyhow::Result<()> {
    let mut text = String::new();
    entry.by_ref().take(1024).read_to_string(&mut text)?;
    let form = serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .and_then(|head| head.get("form")?.as_u64());
    match form {
        Some(FORM) => Ok(()),
        Some(other) => bail!("the export has form {other}, this program reads {FORM}"),
        None => bail!("this is no export: {HEAD} is not its first entry"),
    }
}

/// Stores a blob; its digest is checked as that of every upload.
fn store_blob(app: &App, digest: &Digest, mut bytes: impl Read) -> anyhow::Result<()> {
    let (blobs, id) = (&app.store.blobs, UploadId::from_random(app.random_16()));
    blobs.create_upload(&id)?;
    let opened = blobs.open_upload(&id)?;
    let mut upload = opened.context("an upload that was just begun is gone")?;
    let mut buffer = vec![0; PIECE];
    loop {
        let read = bytes.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        upload.write(buffer.get(..read).unwrap_or_default())?;
    }
    upload.commit(digest)?;
    Ok(())
}

/// Loads a table; of that of blobs, those that did not come before it.
fn load_table(app: &App, name: &str, rows: impl Read) -> anyhow::Result<Vec<Digest>> {
    let table = TABLES.iter().find(|table| table.name == name);
    let table = table.with_context(|| format!("the export holds an unknown table '{name}'"))?;
    let mut waiting: Vec<Vec<Value>> = Vec::new();
    let mut missing = Vec::new();
    for line in lines(rows) {
        let columns = row(&line?)?;
        let (found, wanted) = (columns.len(), table.columns.len());
        if found != wanted {
            bail!("a row of '{name}' has {found} columns, not {wanted}");
        }
        if name == BLOB_TABLE
            && let Some(blob) = named_blob(&columns)?
            && app.store.blobs.length(&blob.digest)?.is_none()
        {
            missing.push(blob.digest);
        }
        waiting.push(columns);
        if waiting.len() == ROWS_AT_ONCE {
            let rows = std::mem::take(&mut waiting);
            app.store.metadata.load(table, &rows)?;
        }
    }
    app.store.metadata.load(table, &waiting)?;
    Ok(missing)
}
