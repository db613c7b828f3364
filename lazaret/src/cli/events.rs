//! The flags of `lazaret serve` that say who is told what happened.

use std::path::PathBuf;

use clap::Args;
use jiff::SignedDuration;
use server::Settings;

#[derive(Debug, Args)]
pub struct Events {
    /// Send nothing to subscriptions: no call goes out
    #[arg(long, env = "LAZARET_NO_WEBHOOKS")]
    pub no_webhooks: bool,
    /// Append what happens to this file, as JSON lines
    #[arg(long, value_name = "FILE", env = "LAZARET_EVENTS_FILE")]
    pub events_file: Option<PathBuf>,
    /// Write what happens to standard output, as JSON lines
    #[arg(long)]
    pub events_stdout: bool,
    /// Days for which events are kept, delivered or not
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    pub events_kept: u32,
}

impl Events {
    /// Writes what was chosen into the settings.
    pub fn apply(&self, settings: &mut Settings) {
        settings.events.webhooks = !self.no_webhooks;
        settings.events.kept = SignedDuration::from_hours(24 * i64::from(self.events_kept));
    }
}
