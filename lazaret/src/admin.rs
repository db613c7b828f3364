//! `lazaret admin`: housekeeping on stores that no server has open, or that servers share.

use std::io::Write;

use jiff::SignedDuration;
use serde_json::Value;
use server::api::admin::{collected_view, trouble_view, usage_view, verified_view};
use server::housekeeping::{self, Collected};
use server::{App, Settings};

use crate::cli::admin::{Admin, Form};
use crate::cli::store::Stores;
use crate::progress::Progress;
use crate::{cli, output, stores};

mod export;
mod import;
mod transfer;

/// `admin verify` found something that is wrong.
const TROUBLE: u8 = 5;
/// Repositories that are read at once.
const PAGE: usize = 500;

/// Runs the command.
///
/// # Errors
///
/// Where the stores cannot be opened, or fail.
pub fn run(command: &Admin) -> anyhow::Result<u8> {
    match command {
        Admin::Verify(flags) => verify(flags),
        Admin::Collect(flags) => collect(flags),
        Admin::Usage(flags) => usage(flags),
        Admin::Export(flags) => export::run(flags),
        Admin::Import(flags) => import::run(flags),
    }
}

fn open(flags: &Stores) -> anyhow::Result<App> {
    stores::open(flags, Settings::new("localhost"))
}

fn verify(flags: &cli::admin::Verify) -> anyhow::Result<u8> {
    let app = open(&flags.stores)?;
    let mut out = output::open(None)?;
    let mut progress = Progress::new("read");
    let mut written = Ok(());
    let verified = housekeeping::verify(&app, |seen, trouble| {
        progress.show(seen.blobs, seen.bytes);
        let Some(trouble) = trouble else { return };
        let line = match flags.format {
            Form::Text => trouble.to_string(),
            Form::Json => trouble_view(trouble).to_string(),
        };
        progress.clear();
        written = writeln!(out, "{line}").and(out.flush());
    })?;
    progress.clear();
    written?;
    match flags.format {
        Form::Json => writeln!(out, "{}", verified_view(&verified))?,
        Form::Text => {
            let (blobs, bytes) = (verified.blobs, output::bytes(verified.bytes));
            let (manifests, orphans) = (verified.manifests, verified.orphans);
            let outcome = match verified.troubles {
                0 => "all is well".to_owned(),
                count => format!("{count} wrong"),
            };
            writeln!(
                out,
                "{blobs} blobs ({bytes}) and {manifests} manifests were read: {outcome}"
            )?;
            if orphans > 0 {
                writeln!(
                    out,
                    "{orphans} blobs are left over from a crash; 'admin collect' removes them"
                )?;
            }
        }
    }
    out.flush()?;
    Ok(if verified.troubles == 0 { 0 } else { TROUBLE })
}

fn collect(flags: &cli::admin::Collect) -> anyhow::Result<u8> {
    let mut app = open(&flags.stores)?;
    app.settings.collect_after = SignedDuration::from_hours(flags.collect_after.into());
    let collected = match flags.dry_run {
        true => Some(housekeeping::collect::preview(&app)?),
        false => housekeeping::collect(&app)?,
    };
    let Some(collected) = collected else {
        anyhow::bail!("a collection is under way already: look again later");
    };
    let mut out = output::open(None)?;
    match flags.format {
        Form::Json => writeln!(out, "{}", collected_view(&collected, flags.dry_run))?,
        Form::Text => writeln!(out, "{}", in_words(&collected, flags.dry_run))?,
    }
    out.flush()?;
    Ok(0)
}

fn in_words(collected: &Collected, dry_run: bool) -> String {
    let (verb, bytes) = match dry_run {
        true => ("would be removed", output::bytes(collected.bytes)),
        false => ("were removed", output::bytes(collected.bytes)),
    };
    format!(
        "{} blobs ({bytes}), {} links of repositories and {} uploads {verb}",
        collected.blobs, collected.links, collected.uploads
    )
}

fn usage(flags: &cli::admin::Usage) -> anyhow::Result<u8> {
    let app = open(&flags.stores)?;
    let metadata = &app.store.metadata;
    let mut repositories = Vec::new();
    loop {
        let after = repositories
            .last()
            .map(|usage: &store::record::RepositoryUsage| &usage.name);
        let page = metadata.repository_usage(after, PAGE)?;
        let is_last = page.len() < PAGE;
        repositories.extend(page);
        if is_last {
            break;
        }
    }
    let view = usage_view(&metadata.store_usage()?, &repositories);
    let mut out = output::open(None)?;
    match flags.format {
        Form::Json => writeln!(out, "{view}")?,
        Form::Text => usage_table(&view, &mut out)?,
    }
    out.flush()?;
    Ok(0)
}

/// The same that the API answers, for people.
fn usage_table(view: &Value, out: &mut dyn Write) -> std::io::Result<()> {
    let number = |shape: &Value, name: &str| shape.get(name).and_then(Value::as_u64).unwrap_or(0);
    let size = |shape: &Value, name: &str| output::bytes(number(shape, name));
    writeln!(
        out,
        "Stored       {} in {} blobs",
        size(view, "bytes"),
        number(view, "blobs")
    )?;
    writeln!(
        out,
        "Unshared     {} if repositories shared nothing",
        size(view, "bytes_unshared")
    )?;
    writeln!(
        out,
        "Held by none {} in {} blobs; 'admin collect' removes them in time",
        size(view, "unheld_bytes"),
        number(view, "unheld_blobs")
    )?;
    writeln!(out, "Uploads      {} under way\n", number(view, "uploads"))?;
    let rows = view.get("by_repository").and_then(Value::as_array);
    writeln!(
        out,
        "{:>10}  {:>7}  {:>9}  REPOSITORY",
        "BYTES", "BLOBS", "MANIFESTS"
    )?;
    for row in rows.into_iter().flatten() {
        let name = row.get("name").and_then(Value::as_str).unwrap_or_default();
        writeln!(
            out,
            "{:>10}  {:>7}  {:>9}  {name}",
            size(row, "bytes"),
            number(row, "blobs"),
            number(row, "manifests")
        )?;
    }
    Ok(())
}
