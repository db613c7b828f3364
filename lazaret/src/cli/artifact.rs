//! Flags of the commands that move databases.

use std::path::PathBuf;

use clap::Args;

/// How a registry is reached.
#[derive(Clone, Debug, Default, Args)]
pub struct Connection {
    /// A file with an access key [default: LAZARET_ACCESS_KEY_ID and LAZARET_SECRET_ACCESS_KEY]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Trust the certificates of this file (PEM) instead of the system's
    #[arg(long, value_name = "FILE", env = "LAZARET_CA")]
    pub ca: Option<PathBuf>,
    /// Speak to the registry without TLS; on this machine that is so without it
    #[arg(long)]
    pub plain_http: bool,
}

/// `db keygen`.
#[derive(Debug, Args)]
pub struct Keygen {
    /// The file to make, with the key that signs
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// `db push`.
#[derive(Debug, Args)]
pub struct Push {
    /// Where to: HOST[:PORT]/NAME[:TAG], or oci-archive:FILE
    pub reference: String,
    /// The advisory database
    #[arg(long, value_name = "FILE", env = "LAZARET_DB")]
    pub db: Option<PathBuf>,
    /// The key that signs it, as 'lazaret db keygen' makes it
    #[arg(long, value_name = "FILE", env = "LAZARET_DB_KEY")]
    pub sign: Option<PathBuf>,
    /// Do not sign it: nobody can tell then who made it
    #[arg(long, conflicts_with = "sign")]
    pub unsigned: bool,
    #[command(flatten)]
    pub connection: Connection,
}

/// `db pull`.
#[derive(Debug, Args)]
pub struct Pull {
    /// Where from: HOST[:PORT]/NAME[:TAG], or oci-archive:FILE
    pub reference: String,
    /// The advisory database to write; what is there already is not fetched again
    #[arg(long, value_name = "FILE", env = "LAZARET_DB")]
    pub out: PathBuf,
    /// A public key whose signature is trusted, or a file with one; may be given several times
    #[arg(
        long,
        value_name = "KEY",
        env = "LAZARET_DB_TRUST",
        value_delimiter = ','
    )]
    pub trust: Vec<String>,
    /// Take it without a signature
    #[arg(long, conflicts_with = "trust")]
    pub unsigned: bool,
    /// Take it although it is older than what was pulled last
    #[arg(long)]
    pub allow_older: bool,
    #[command(flatten)]
    pub connection: Connection,
}
