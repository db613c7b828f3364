//! `lazaret admin export`: all metadata as of one moment, and all blobs that it names.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use anyhow::Context;
use model::Digest;
use serde_json::json;
use server::App;
use store::{TABLES, Value};
use tar::{Builder, EntryType, Header};
use tempfile::NamedTempFile;

use super::transfer::{BLOB_TABLE, BLOBS, FORM, HEAD, METADATA, ROWS, line, named_blob, row};
use crate::cli;
use crate::progress::Progress;

/// Runs the command.
///
/// # Errors
///
/// Where the stores cannot be read or the file cannot be written.
pub fn run(flags: &cli::admin::Export) -> anyhow::Result<u8> {
    let app = super::open(&flags.stores)?;
    let missing = match flags.output.as_path() == Path::new("-") {
        true => write(&app, io::stdout().lock())?,
        false => {
            let path = &flags.output;
            let failed = || format!("cannot write to {}", path.display());
            let directory = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            // For its owner only, and under its name once it is whole.
            let file = NamedTempFile::new_in(directory.unwrap_or(Path::new(".")));
            let file = file.with_context(failed)?;
            let missing = write(&app, &file)?;
            file.as_file().sync_all().with_context(failed)?;
            file.persist(path).with_context(failed)?;
            missing
        }
    };
    for digest in &missing {
        eprintln!(
            "lazaret: {digest} is not in the export: it cannot be read; 'admin verify' tells more"
        );
    }
    eprintln!(
        "lazaret: access keys are sealed: give the new servers the same key file (--sealing-key)"
    );
    Ok(u8::from(!missing.is_empty()))
}

/// Writes the archive; the blobs that are named and not in it.
fn write(app: &App, out: impl Write) -> anyhow::Result<Vec<Digest>> {
    let mut archive = Builder::new(BufWriter::new(out));
    let head = json!({ "form": FORM }).to_string();
    append(&mut archive, HEAD, head.len() as u64, head.as_bytes())?;
    // Metadata first, blobs after: what is named then is there, unless somebody deletes it.
    let mut tables = spool(app)?;
    let named = tables.iter_mut().find(|(name, _)| *name == BLOB_TABLE);
    let (_, named) = named.context("there is no table of blobs")?;
    named.rewind()?;
    let missing = blobs(app, BufReader::new(named), &mut archive)?;
    for (name, file) in &mut tables {
        let length = file.seek(io::SeekFrom::End(0))?;
        file.rewind()?;
        let entry = format!("{METADATA}{name}{ROWS}");
        append(&mut archive, &entry, length, file)?;
    }
    archive.into_inner()?.flush()?;
    Ok(missing)
}

fn append(
    archive: &mut Builder<impl Write>,
    name: &str,
    length: u64,
    bytes: impl Read,
) -> anyhow::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_size(length);
    header.set_mode(0o600);
    header.set_mtime(0);
    archive.append_data(&mut header, name, bytes.take(length))?;
    Ok(())
}

/// Every table in a file that has no name.
fn spool(app: &App) -> anyhow::Result<Vec<(&'static str, File)>> {
    let mut tables = Vec::new();
    for table in TABLES {
        tables.push((table.name, BufWriter::new(tempfile::tempfile()?)));
    }
    app.store.metadata.dump(&mut |table, row: Vec<Value>| {
        let file = tables.iter_mut().find(|(name, _)| *name == table.name);
        let written = file.map(|(_, file)| writeln!(file, "{}", line(row)));
        written
            .unwrap_or(Ok(()))
            .map_err(|cause| store::StoreError::Io {
                action: "write a table beside the export".to_owned(),
                cause,
            })
    })?;
    let whole = |(name, file): (&'static str, BufWriter<File>)| Ok((name, file.into_inner()?));
    tables.into_iter().map(whole).collect()
}

/// Every blob that the exported table names; those that cannot be read.
fn blobs(
    app: &App,
    named: impl BufRead,
    archive: &mut Builder<impl Write>,
) -> anyhow::Result<Vec<Digest>> {
    let mut progress = Progress::new("written");
    let (mut missing, mut count, mut bytes) = (Vec::new(), 0, 0);
    for line in named.lines() {
        let Some(blob) = named_blob(&row(&line?)?)? else {
            continue;
        };
        match app.store.blobs.open(&blob.digest) {
            Ok(Some(content)) if !blob.is_damaged => {
                let length = content.length();
                append(archive, &format!("{BLOBS}{}", blob.digest), length, content)?;
                (count, bytes) = (count + 1, bytes + length);
                progress.show(count, bytes);
            }
            _ => missing.push(blob.digest),
        }
    }
    progress.clear();
    Ok(missing)
}

/// The lines of a reader, each no longer than a row can be.
pub fn lines(reader: impl Read) -> impl Iterator<Item = io::Result<String>> {
    BufReader::new(reader).lines()
}
