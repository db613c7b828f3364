//! `lazaret db update`: fetches what publishers have changed, and makes a database of it.
//!
//! The directory of feeds is what `db build` reads. A file that cannot be fetched stays as it was;
//! a source that cannot be read any more stays as the database before has it. What is fetched is
//! listed in `docs/feeds.md`; nothing else is asked.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use advisory::feed::{self, Remote};
use anyhow::{Context, bail};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::cli::update::{Feeds, Update};
use crate::db::build;
use crate::{client, http, output};

mod bar;
mod fetch;
pub mod kinds;
mod place;
mod state;

use bar::Bar;
use fetch::{Fetcher, Outcome};
use state::State;

/// Runs the command.
///
/// # Errors
///
/// Where the directory cannot be written to, nothing at all could be fetched, or the database
/// cannot be made or has lost too much: then the one before stays.
pub fn run(flags: &Update) -> anyhow::Result<u8> {
    let failed = client::run_wide(fetch(flags))?;
    if flags.fetch_only {
        return Ok(u8::from(!failed.is_empty()));
    }
    let order = build::Order {
        from: &flags.feeds,
        out: &flags.out,
        skip_broken: true,
        canary: &flags.canary,
        failed: &failed,
    };
    build::build(&order)?;
    Ok(0)
}

/// Fetches what has changed; the answer are the sources that could not be fetched, and why.
///
/// # Errors
///
/// Where the directory cannot be written to, or nothing at all could be fetched.
async fn fetch(flags: &Update) -> anyhow::Result<BTreeMap<String, String>> {
    let remotes = wanted(&flags.from)?;
    let state = State::open(&flags.feeds)?;
    let fetcher = Arc::new(Fetcher {
        client: http::client(flags.from.ca.as_deref())?,
        mirror: flags
            .from
            .mirror
            .as_deref()
            .map(place::Mirror::parse)
            .transpose()?,
        directory: flags.feeds.clone(),
        most: flags.from.most.saturating_mul(1 << 20),
        patience: Duration::from_secs(flags.from.patience * 60),
        state,
        bar: Bar::new(remotes.len()),
    });
    eprintln!(
        "lazaret: {} files of {} sources are looked at, from {}",
        remotes.len(),
        sources(&remotes),
        match &flags.from.mirror {
            Some(mirror) => mirror.as_str(),
            None => "their publishers",
        }
    );
    let room = Arc::new(Semaphore::new(usize::from(flags.from.parallel)));
    let mut running = JoinSet::new();
    for remote in remotes {
        let (fetcher, room) = (fetcher.clone(), room.clone());
        running.spawn(async move {
            // The semaphore is never closed.
            let _place = room.acquire_owned().await;
            (remote, kinds::fetch(&fetcher, remote).await)
        });
    }
    let mut told = Told::default();
    while let Some(done) = running.join_next().await {
        let (remote, outcome) = done.context("a fetch broke down")?;
        fetcher.bar.step();
        told.hear(remote, outcome, &fetcher.bar);
    }
    fetcher.bar.clear();
    fetcher.state.save()?;
    told.end()
}

/// What came of all fetches.
#[derive(Default)]
struct Told {
    fetched: u64,
    bytes: u64,
    unchanged: u64,
    failed: BTreeMap<String, String>,
}

impl Told {
    fn hear(&mut self, remote: &Remote, outcome: anyhow::Result<Outcome>, bar: &Bar) {
        match outcome {
            Ok(Outcome::Unchanged) => self.unchanged += 1,
            Ok(Outcome::Fetched(bytes)) => {
                self.fetched += 1;
                self.bytes += bytes;
            }
            Err(error) => {
                bar.clear();
                let words = report::text::plain(&format!("{error:#}")).to_owned();
                eprintln!("lazaret: {}/{}: {words}", remote.source, remote.path);
                let why = format!("{}: {words}", remote.path);
                self.failed.entry(remote.source.to_owned()).or_insert(why);
            }
        }
    }

    fn end(self) -> anyhow::Result<BTreeMap<String, String>> {
        eprintln!(
            "lazaret: {} files fetched ({}), {} as they were, {} sources with failures",
            self.fetched,
            output::bytes(self.bytes),
            self.unchanged,
            self.failed.len()
        );
        if self.fetched + self.unchanged == 0 && !self.failed.is_empty() {
            bail!("nothing could be fetched: see the lines above; what is there stays as it was");
        }
        Ok(self.failed)
    }
}

/// What the flags ask for.
fn wanted(flags: &Feeds) -> anyhow::Result<Vec<&'static Remote>> {
    let all: Vec<&'static Remote> = feed::ALL.iter().flat_map(|feed| feed.remotes).collect();
    for name in flags.only.iter().chain(&flags.without) {
        if !all.iter().any(|remote| remote.source == name) {
            let mut known: Vec<&str> = all.iter().map(|remote| remote.source).collect();
            known.dedup();
            bail!(
                "no source is called '{name}'; known are {}",
                known.join(", ")
            );
        }
    }
    let named = |list: &[String], remote: &Remote| list.iter().any(|name| name == remote.source);
    let is_wanted = |remote: &&Remote| {
        (flags.only.is_empty() || named(&flags.only, remote)) && !named(&flags.without, remote)
    };
    Ok(all.into_iter().filter(is_wanted).collect())
}

fn sources(remotes: &[&Remote]) -> usize {
    let names: std::collections::BTreeSet<&str> =
        remotes.iter().map(|remote| remote.source).collect();
    names.len()
}

/// Where a remote's files lie.
fn target(directory: &Path, remote: &Remote) -> std::path::PathBuf {
    directory.join(remote.source).join(remote.path)
}

#[cfg(test)]
mod tests;
