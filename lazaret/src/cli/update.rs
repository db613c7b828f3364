//! Flags of what fetches feeds.

use std::path::PathBuf;

use clap::Args;

/// Where feeds are fetched from, and within which bounds.
#[derive(Clone, Debug, Args)]
pub struct Feeds {
    /// Fetch every file from here instead of from its publisher: an https or http address, or a
    /// directory; docs/feeds.md says what lies there under which names
    #[arg(long, value_name = "BASE", env = "LAZARET_MIRROR")]
    pub mirror: Option<String>,
    /// Fetch these sources only
    #[arg(
        long,
        value_name = "SOURCE",
        value_delimiter = ',',
        env = "LAZARET_SOURCES"
    )]
    pub only: Vec<String>,
    /// Leave these sources out
    #[arg(
        long,
        value_name = "SOURCE",
        value_delimiter = ',',
        conflicts_with = "only"
    )]
    pub without: Vec<String>,
    /// Trust the certificates of this file (PEM) instead of the system's
    #[arg(long, value_name = "FILE", env = "LAZARET_CA")]
    pub ca: Option<PathBuf>,
    /// Files that are fetched at once
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallel: u16,
    /// The largest file that is fetched, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048)]
    pub most: u64,
    /// Minutes that one file may take; what is there by then is gone on with next time
    #[arg(long, value_name = "MINUTES", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    pub patience: u64,
}

/// What a new database may have lost.
#[derive(Clone, Debug, Args)]
pub struct Canary {
    /// Hundredths of a source's records, or of a sample package's findings, that may be gone before
    /// a database is refused
    #[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=100))]
    pub canary: u64,
    /// Take the database although it has lost more than that
    #[arg(long)]
    pub accept_losses: bool,
}

/// `db update`.
#[derive(Debug, Args)]
pub struct Update {
    /// The directory that the feeds are kept in
    #[arg(long, value_name = "DIR", env = "LAZARET_FEEDS")]
    pub feeds: PathBuf,
    /// The advisory database to write; it is replaced in one step
    #[arg(long, value_name = "FILE", env = "LAZARET_DB")]
    pub out: PathBuf,
    /// Fetch, but build no database
    #[arg(long)]
    pub fetch_only: bool,
    #[command(flatten)]
    pub from: Feeds,
    #[command(flatten)]
    pub canary: Canary,
}
