//! The flags of `lazaret admin`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::store::Stores;

/// Keeping house: through a running server with --server, otherwise on the stores themselves, of
/// which an embedded one must not be served at that time.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Read and hash every stored byte again, and say what is wrong
    Verify(Verify),
    /// Remove what nobody uses, as the server does from time to time
    Collect(Collect),
    /// Say what the stores hold
    Usage(Usage),
    /// Write everything that is stored into one file
    Export(Export),
    /// Fill empty stores from such a file
    Import(Import),
}

/// The running server that is asked, if one is.
#[derive(Debug, Args)]
pub struct Running {
    /// Ask the server at this address, with the key of LAZARET_ACCESS_KEY_ID and
    /// LAZARET_SECRET_ACCESS_KEY or of DATA/admin-key.json
    #[arg(long, value_name = "URL", env = "LAZARET_SERVER")]
    pub server: Option<String>,
    /// Trust the certificates of this file (PEM) instead of the system's
    #[arg(long, value_name = "FILE", env = "LAZARET_CA", requires = "server")]
    pub ca: Option<PathBuf>,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people
    Text,
    /// For programs
    Json,
}

#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    pub running: Running,
    #[command(flatten)]
    pub stores: Stores,
    /// How to write the answer
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Form,
}

#[derive(Debug, Args)]
pub struct Collect {
    #[command(flatten)]
    pub running: Running,
    #[command(flatten)]
    pub stores: Stores,
    /// Only say what would be removed
    #[arg(long)]
    pub dry_run: bool,
    /// Hours for which what nobody uses is kept; a server has its own
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    pub collect_after: u32,
    /// How to write the answer
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Form,
}

#[derive(Debug, Args)]
pub struct Usage {
    #[command(flatten)]
    pub running: Running,
    #[command(flatten)]
    pub stores: Stores,
    /// How to write the answer
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Form,
}

#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    pub stores: Stores,
    /// The file to write; '-' for standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
}

#[derive(Debug, Args)]
pub struct Import {
    /// The file that 'admin export' wrote; '-' for standard input
    pub file: PathBuf,
    #[command(flatten)]
    pub stores: Stores,
}
