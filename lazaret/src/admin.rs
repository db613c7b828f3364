//! `lazaret admin`: housekeeping through a running server, or on stores that no server has open
//! or that servers share. Either way the answers are the API's, and written alike.

use std::io::Write;

use anyhow::{Context, bail};
use jiff::SignedDuration;
use serde_json::Value;
use server::api::admin::{collected_view, trouble_view, usage_view, verified_view};
use server::housekeeping;
use server::{App, Settings};
use store::record::RepositoryUsage;

use crate::cli::ListFormat;
use crate::cli::admin::{Admin, Form, Running};
use crate::cli::remote::Remote;
use crate::cli::store::Stores;
use crate::client::{self, Client};
use crate::progress::Progress;
use crate::{cli, output, stores};

mod export;
mod import;
mod transfer;
mod words;

/// `admin verify` found something that is wrong.
const TROUBLE: u8 = 5;
/// Rows that are read at once.
const PAGE: usize = 500;

/// Runs the command.
///
/// # Errors
///
/// Where the server cannot be asked, or the stores cannot be opened or fail.
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

/// The client of the server that is named, if one is.
fn remote(running: &Running, stores: &Stores) -> anyhow::Result<Option<Client>> {
    let Some(server) = running.server.as_ref().filter(|server| !server.is_empty()) else {
        return Ok(None);
    };
    let remote = Remote {
        server: server.clone(),
        key_file: None,
        data: stores.data.clone(),
        ca: running.ca.clone(),
        plain_http: false,
        format: ListFormat::Json,
    };
    Client::open(&remote).map(Some)
}

/// Writes documents as they come, and keeps the last.
struct Writer<'a> {
    form: Form,
    in_words: &'a dyn Fn(&Value) -> String,
    last: Value,
}

impl Writer<'_> {
    fn write(&mut self, document: Value) -> anyhow::Result<()> {
        if let Some(error) = document.get("error").and_then(Value::as_str) {
            bail!("{error}");
        }
        if document.get("progress").is_some() && self.form == Form::Text {
            return Ok(());
        }
        let mut out = output::open(None)?;
        match self.form {
            Form::Json => writeln!(out, "{document}")?,
            Form::Text => writeln!(out, "{}", (self.in_words)(&document))?,
        }
        out.flush()?;
        self.last = document;
        Ok(())
    }

    /// The last document, which says how it ended.
    fn end(self) -> anyhow::Result<Value> {
        match self.last {
            Value::Null => bail!("the answer broke off: look at the server's log, and try again"),
            last => Ok(last),
        }
    }
}

fn writer(form: Form, in_words: &dyn Fn(&Value) -> String) -> Writer<'_> {
    Writer {
        form,
        in_words,
        last: Value::Null,
    }
}

fn verify(flags: &cli::admin::Verify) -> anyhow::Result<u8> {
    let mut writer = writer(flags.format, &words::verify);
    match remote(&flags.running, &flags.stores)? {
        Some(client) => {
            client::run(async {
                let path = "/api/v1/admin/verify";
                client.post_lines(path, |line| writer.write(line)).await?;
                Ok(0)
            })?;
        }
        None => verify_here(&open(&flags.stores)?, &mut writer)?,
    }
    let troubles = writer.end()?.get("troubles").and_then(Value::as_u64);
    match troubles.context("the answer broke off")? {
        0 => Ok(0),
        _ => Ok(TROUBLE),
    }
}

fn verify_here(app: &App, writer: &mut Writer<'_>) -> anyhow::Result<()> {
    let mut progress = Progress::new("read");
    let mut written = Ok(());
    let verified = housekeeping::verify(app, |seen, trouble| {
        progress.show(seen.blobs, seen.bytes);
        if let Some(trouble) = trouble.filter(|_| written.is_ok()) {
            progress.clear();
            written = writer.write(trouble_view(trouble));
        }
    })?;
    progress.clear();
    written?;
    writer.write(verified_view(&verified))
}

fn collect(flags: &cli::admin::Collect) -> anyhow::Result<u8> {
    let mut writer = writer(flags.format, &words::collect);
    match remote(&flags.running, &flags.stores)? {
        Some(client) => {
            client::run(async {
                let path = format!("/api/v1/admin/collect?dry_run={}", flags.dry_run);
                client.post_lines(&path, |line| writer.write(line)).await?;
                Ok(0)
            })?;
        }
        None => collect_here(flags, &mut writer)?,
    }
    writer.end().map(|_| 0)
}

fn collect_here(flags: &cli::admin::Collect, writer: &mut Writer<'_>) -> anyhow::Result<()> {
    let mut app = open(&flags.stores)?;
    app.settings.collect_after = SignedDuration::from_hours(flags.collect_after.into());
    let collected = match flags.dry_run {
        true => Some(housekeeping::collect::preview(&app)?),
        false => housekeeping::collect(&app)?,
    };
    let collected = collected.context("a collection is under way already: look again later")?;
    writer.write(collected_view(&collected, flags.dry_run))
}

fn usage(flags: &cli::admin::Usage) -> anyhow::Result<u8> {
    let mut writer = writer(flags.format, &words::usage);
    match remote(&flags.running, &flags.stores)? {
        Some(client) => {
            client::run(async {
                writer.write(usage_there(&client).await?)?;
                Ok(0)
            })?;
        }
        None => writer.write(usage_here(&open(&flags.stores)?)?)?,
    }
    Ok(0)
}

fn usage_here(app: &App) -> anyhow::Result<Value> {
    let metadata = &app.store.metadata;
    let mut all: Vec<RepositoryUsage> = Vec::new();
    loop {
        let page = metadata.repository_usage(all.last().map(|usage| &usage.name), PAGE)?;
        let is_last = page.len() < PAGE;
        all.extend(page);
        if is_last {
            return Ok(usage_view(&metadata.store_usage()?, &all));
        }
    }
}

/// All pages of a server's answer as one.
async fn usage_there(client: &Client) -> anyhow::Result<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let name = |row: &Value| {
            row.get("name")?
                .as_str()
                .map(|name| format!("&after={name}"))
        };
        let after = all.last().and_then(name).unwrap_or_default();
        let mut page = client
            .get(&format!("/api/v1/admin/usage?limit={PAGE}{after}"))
            .await?;
        let rows = page.get_mut("by_repository").map(Value::take);
        let rows: Vec<Value> = serde_json::from_value(rows.unwrap_or_default())?;
        let is_last = rows.len() < PAGE;
        all.extend(rows);
        if let Some(place) = page.get_mut("by_repository").filter(|_| is_last) {
            *place = Value::Array(all);
            return Ok(page);
        }
    }
}
