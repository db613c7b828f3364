//! The command line. `docs/cli.md` fixes every word of it; scripts rely on it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use policy::Threshold;

pub mod admin;
pub mod artifact;
pub mod browse;
pub mod events;
pub mod http;
pub mod remote;
pub mod store;
pub mod update;

/// A container registry that looks at everything before it goes ashore.
#[derive(Debug, Parser)]
#[command(name = "lazaret", version, about, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the registry, ECR's API and the pages
    Serve(Box<Serve>),
    /// Scan an image without a server
    Scan(Scan),
    /// Say which packages are in an image
    Packages(Packages),
    /// Say why a CVE, GHSA, DSA, … is reported of an image, or why it is not
    Explain(Explain),
    /// Make an advisory database, or say what is in one
    #[command(subcommand)]
    Db(Db),
    /// Keep house: check what is stored, remove what nobody uses, move it
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Manage who may log in, and what they may do
    #[command(subcommand)]
    User(remote::User),
    /// Manage access keys
    #[command(subcommand)]
    Key(remote::Key),
    /// Show who did what, and who was denied
    Audit(remote::Audit),
    /// Show the main job on this machine: push an image, see its findings
    Demo(Demo),
}

#[derive(Debug, Subcommand)]
pub enum Db {
    /// Make a database from a directory of feeds
    Build(Build),
    /// Fetch what publishers have changed, and make a database of it
    Update(update::Update),
    /// Say what is in a database
    Status(Status),
    /// Find identifiers and packages by a part of their names
    Search(browse::Search),
    /// Show everything that is said of a CVE, GHSA, DSA, …
    Show(browse::Show),
    /// Tell what two databases have each that the other has not
    Diff(browse::Diff),
    /// Compare every part of a database with its checksum
    Verify(browse::Verify),
    /// Make a key that signs databases
    Keygen(artifact::Keygen),
    /// Put a database into a registry or an archive, as what has changed since the last one
    Push(artifact::Push),
    /// Get a database from a registry or an archive, of which only what has changed is fetched
    Pull(artifact::Pull),
}

#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    pub stores: store::Stores,
    /// Address and port to listen on
    #[arg(
        long,
        value_name = "ADDR",
        default_value = "127.0.0.1:5000",
        env = "LAZARET_LISTEN"
    )]
    pub listen: SocketAddr,
    /// The advisory database; it is loaded again when the file is replaced
    #[arg(long, value_name = "FILE", env = "LAZARET_DB")]
    pub db: Option<PathBuf>,
    /// Hours after which the advisory database is brought up to date; 0 turns that off, and so
    /// does --db without --update-from
    #[arg(
        long,
        value_name = "HOURS",
        default_value_t = 6,
        env = "LAZARET_UPDATE_EVERY"
    )]
    pub update_every: u32,
    /// Where from: 'publishers' (docs/feeds.md names them all), or a database that 'db push' has
    /// put somewhere, HOST[:PORT]/NAME[:TAG] [default: publishers]
    #[arg(long, value_name = "FROM", env = "LAZARET_UPDATE_FROM")]
    pub update_from: Option<String>,
    /// A public key that signs databases, for --update-from HOST/NAME; may be given several times
    #[arg(
        long,
        value_name = "KEY",
        env = "LAZARET_DB_TRUST",
        value_delimiter = ','
    )]
    pub update_trust: Vec<String>,
    /// Switch authentication off; refused for any address that is not loopback
    #[arg(long)]
    pub dev: bool,
    /// The registry's id: twelve digits
    #[arg(long, value_name = "ID", default_value = "000000000000", env = "LAZARET_ACCOUNT",
          value_parser = account)]
    pub account: String,
    /// The region in names and answers
    #[arg(
        long,
        value_name = "REGION",
        default_value = "us-east-1",
        env = "LAZARET_REGION"
    )]
    pub region: String,
    /// Host and port under which clients reach the server [default: the listen address]
    #[arg(long, value_name = "HOST[:PORT]", env = "LAZARET_PUBLIC_HOST")]
    pub public_host: Option<String>,
    /// Hours for which what nobody uses is kept: an upload at rest, a blob that no manifest names
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..))]
    pub collect_after: u32,
    /// Minutes between two collections of garbage; 0 switches them off
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    pub collect_every: u32,
    /// Days for which the audit log is kept; 0 keeps it for ever
    #[arg(
        long,
        value_name = "DAYS",
        default_value_t = 0,
        env = "LAZARET_AUDIT_DAYS"
    )]
    pub audit_days: u32,
    /// Scan workers [default: one per processor]
    #[arg(long, value_name = "N", env = "LAZARET_WORKERS")]
    pub workers: Option<usize>,
    /// Seconds that a push waits for its scan; after that it is answered all the same and a worker
    /// ends the scan. 0 leaves every scan to the workers
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 10,
        env = "LAZARET_PUSH_WAIT"
    )]
    pub push_wait: u32,
    /// Days after which a source of the database counts as stale
    #[arg(long, value_name = "DAYS", default_value_t = advisory::AgeLimits::DEFAULT_DAYS)]
    pub max_feed_age: u32,
    /// Let the gate hear VEX documents that are attached to images: whoever may push an image can
    /// then take its findings out of account
    #[arg(long, env = "LAZARET_ATTACHED_VEX")]
    pub attached_vex: bool,
    #[command(flatten)]
    pub http: http::Http,
    #[command(flatten)]
    pub events: events::Events,
}

/// What is looked at.
#[derive(Debug, Args)]
pub struct Image {
    /// A path of an image or of its bill of materials (SBOM), or one with a scheme:
    /// docker-archive:, oci-archive:, oci-dir:, rootfs-archive:, dir:, sbom:; '-' is a bill on
    /// standard input
    pub target: String,
    /// The platform to take out of several, for example linux/arm64
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    pub platform: Option<String>,
}

impl Image {
    /// Opens it.
    ///
    /// # Errors
    ///
    /// As [`image::Source::open`].
    pub fn open(&self, limits: &image::Limits) -> Result<image::Source, image::TargetError> {
        image::Source::open(&self.target, self.platform.as_deref(), limits)
    }
}

#[derive(Debug, Args)]
pub struct Scan {
    #[command(flatten)]
    pub image: Image,
    /// The advisory database
    #[arg(long, value_name = "FILE", env = "LAZARET_DB")]
    pub db: Option<PathBuf>,
    /// How to write the answer
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = format)]
    pub format: &'static report::Format,
    /// Write to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Exit with 3 where a finding is at least this bad
    #[arg(long, value_name = "negligible|low|medium|high|critical|any", value_parser = threshold)]
    pub fail_on: Option<Threshold>,
    /// Exit with 4 where something could not be answered
    #[arg(long)]
    pub require_complete: bool,
    /// A VEX document (OpenVEX, CSAF, CycloneDX, or one of them in an attestation) that takes
    /// findings out of account; may be given several times
    #[arg(long, value_name = "FILE")]
    pub vex: Vec<PathBuf>,
    /// Do not hear VEX documents that are attached to the image
    #[arg(long)]
    pub no_attached_vex: bool,
    /// The file of ignore rules [default: lazaret.toml, where it is in the current directory]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Judge every age as of this time instead of now (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub now: Option<Timestamp>,
    /// Days after which a source of the database counts as stale
    #[arg(long, value_name = "DAYS", default_value_t = advisory::AgeLimits::DEFAULT_DAYS)]
    pub max_feed_age: u32,
}

#[derive(Debug, Args)]
pub struct Packages {
    #[command(flatten)]
    pub image: Image,
    /// How to write the answer
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: ListFormat,
    /// Write to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Explain {
    #[command(flatten)]
    pub image: Image,
    /// The identifier: CVE-2023-0464, GHSA-…, DSA-…
    pub id: String,
    /// The advisory database
    #[arg(long, value_name = "FILE", env = "LAZARET_DB")]
    pub db: Option<PathBuf>,
    /// How to write the answer
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: ListFormat,
    /// Write to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Build {
    /// The directory of feeds: one directory per source
    #[arg(long, value_name = "DIR")]
    pub from: PathBuf,
    /// The database to write; it is replaced in one step
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Go on when a source cannot be read at all; the database that is there keeps what it has of
    /// it, otherwise it is named in 'db status' and in every scan
    #[arg(long)]
    pub skip_broken: bool,
    #[command(flatten)]
    pub canary: update::Canary,
}

#[derive(Debug, Args)]
pub struct Status {
    /// The advisory database
    #[arg(long, value_name = "FILE", env = "LAZARET_DB")]
    pub db: Option<PathBuf>,
    /// How to write the answer
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people
    Table,
    /// For programs
    Json,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// End after the table instead of serving on
    #[arg(long)]
    pub once: bool,
}

/// A time, or a date that stands for its first moment in UTC.
fn time(text: &str) -> Result<Timestamp, String> {
    if let Ok(date) = text.parse::<jiff::civil::Date>()
        && text.len() == 10
    {
        let midnight = date.to_zoned_datetime(jiff::tz::TimeZone::UTC);
        return midnight
            .map(|time| time.timestamp())
            .map_err(|error| error.to_string());
    }
    text.parse()
        .map_err(|_| "expected a time like 2026-11-23T12:00:00Z, or a date".to_owned())
}

fn account(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("expected twelve digits".to_owned()),
    }
}

fn format(name: &str) -> Result<&'static report::Format, String> {
    let known = || {
        report::ALL
            .iter()
            .map(|format| format.name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let found = report::ALL.iter().find(|format| format.name == name);
    found.ok_or_else(|| format!("expected one of {}", known()))
}

fn threshold(word: &str) -> Result<Threshold, String> {
    word.parse()
        .map_err(|_| "expected one of negligible, low, medium, high, critical, any".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_are_dates_or_whole() {
        assert_eq!(time("2023-04-02"), time("2023-04-02T00:00:00Z"));
        assert!(time("yesterday").is_err());
        assert!(account("12345678901").is_err());
    }
}
