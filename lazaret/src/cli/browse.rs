//! Flags of the commands that look into a database.

use std::path::PathBuf;

use clap::Args;

use super::ListFormat;

/// Which database, and how it is told.
#[derive(Debug, Args)]
pub struct Look {
    /// The advisory database
    #[arg(long, value_name = "FILE", env = "LAZARET_DB")]
    pub db: Option<PathBuf>,
    /// How to write the answer
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: ListFormat,
}

/// `db show`.
#[derive(Debug, Args)]
pub struct Show {
    /// An identifier: CVE, GHSA, DSA, …
    pub id: String,
    #[command(flatten)]
    pub look: Look,
}

/// `db search`.
#[derive(Debug, Args)]
pub struct Search {
    /// A part of an identifier or of a package's name
    pub term: String,
    /// The most identifiers, and the most packages
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
    #[command(flatten)]
    pub look: Look,
}

/// `db diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The database before
    pub old: PathBuf,
    /// The database after
    pub new: PathBuf,
    /// The most identifiers of each kind of change of a source
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// How to write the answer
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: ListFormat,
}

/// `db verify`.
#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    pub look: Look,
}
