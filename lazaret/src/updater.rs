//! Brings a running server's advisory database up to date: on a schedule, and when somebody asks.
//!
//! Each update is a process of its own (`db update` or `db pull`), so that its memory is given back
//! and whatever goes wrong in it leaves the server alone. The server notices the replaced file.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::Timestamp;
use server::App;
use server::updates::{Ended, Schedule};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::cli;

/// The word for feeds from where they are published.
const PUBLISHERS: &str = "publishers";
/// How soon a failed update is tried again.
const AGAIN: Duration = Duration::from_secs(15 * 60);

/// What is run, and when.
pub struct Updater {
    arguments: Vec<String>,
    every: Duration,
    from: String,
    out: PathBuf,
}

impl Updater {
    /// The updater that the flags ask for; `None` where they ask for none.
    ///
    /// # Errors
    ///
    /// Where they contradict each other.
    pub fn of(flags: &cli::Serve) -> anyhow::Result<Option<Updater>> {
        let own = flags.update_from.as_deref();
        // A file that somebody names is theirs, and several servers must not each make their own.
        let shared = flags.stores.metadata.is_some();
        if flags.update_every == 0 || (own.is_none() && (flags.db.is_some() || shared)) {
            return Ok(None);
        }
        let out = path(flags);
        let file = out.to_string_lossy().into_owned();
        let from = own.unwrap_or(PUBLISHERS);
        let mut arguments = vec!["db".to_owned()];
        if from == PUBLISHERS {
            let feeds = flags
                .stores
                .data
                .join("feeds")
                .to_string_lossy()
                .into_owned();
            arguments.extend(["update", "--out", &file, "--feeds", &feeds].map(str::to_owned));
        } else {
            arguments.extend(["pull", from, "--out", &file].map(str::to_owned));
            if flags.update_trust.is_empty() {
                bail!("name the key that databases from {from} are signed with: --update-trust");
            }
            for key in &flags.update_trust {
                arguments.extend(["--trust".to_owned(), key.clone()]);
            }
        }
        Ok(Some(Updater {
            arguments,
            every: Duration::from_secs(3600 * u64::from(flags.update_every)),
            from: match from {
                PUBLISHERS => "their publishers".to_owned(),
                other => other.to_owned(),
            },
            out,
        }))
    }

    /// Keeps the database up to date for as long as the server runs.
    pub async fn run(self, app: Arc<App>) {
        tracing::info!(
            from = self.from,
            every_hours = self.every.as_secs() / 3600,
            file = %self.out.display(),
            "the advisory database is kept up to date; --update-every 0 turns this off"
        );
        app.updates.begin(Schedule {
            every: self.every,
            from: self.from.clone(),
        });
        let mut wait = self.due(app.clock.now());
        loop {
            app.updates.wait(wait).await;
            app.updates.started();
            let failure = self.update().await.err().map(|error| format!("{error:#}"));
            wait = match &failure {
                None => self.every,
                Some(error) => {
                    tracing::warn!(
                        error,
                        "the advisory database could not be updated: it stays as it was"
                    );
                    AGAIN.min(self.every)
                }
            };
            let at = app.clock.now();
            app.updates.ended(Ended { at, failure });
        }
    }

    /// How long the file that is there will do.
    fn due(&self, now: Timestamp) -> Duration {
        let written = std::fs::metadata(&self.out).and_then(|facts| facts.modified());
        let written = written.ok().and_then(|time| Timestamp::try_from(time).ok());
        let age = written.and_then(|written| Duration::try_from(now.duration_since(written)).ok());
        age.map_or(Duration::ZERO, |age| self.every.saturating_sub(age))
    }

    async fn update(&self) -> anyhow::Result<()> {
        let program = std::env::current_exe().context("this program cannot be found")?;
        let mut child = Command::new(program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("an update cannot be started")?;
        let mut last = String::new();
        if let Some(said) = child.stderr.take() {
            let mut lines = BufReader::new(said).lines();
            while let Some(line) = lines.next_line().await? {
                let line = line.strip_prefix("lazaret: ").unwrap_or(&line).to_owned();
                tracing::info!("update: {line}");
                last = line;
            }
        }
        match child.wait().await?.success() {
            true => Ok(()),
            false => bail!(last),
        }
    }
}

/// The database file of a server.
pub fn path(flags: &cli::Serve) -> PathBuf {
    let own = || flags.stores.data.join("advisories.db");
    flags.db.clone().unwrap_or_else(own)
}

/// Whether a server has a database file to look at: one that was named, or one of its own.
pub fn has_file(flags: &cli::Serve, path: &Path) -> bool {
    flags.db.is_some() || path.exists()
}
