//! `lazaret serve`: one process, embedded stores, nothing else to install.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use server::auth::key::NewKey;
use server::worker::Workers;
use server::{App, Settings};
use store::Store;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::system::{SystemClock, SystemRandom};
use crate::{cli, database, key};

/// Runs the command.
///
/// # Errors
///
/// Where the server cannot start: the text says why.
pub fn run(flags: &cli::Serve) -> anyhow::Result<u8> {
    start_log();
    if flags.dev && !flags.listen.ip().is_loopback() {
        bail!(
            "--dev lets everybody in and is refused on {}: listen on 127.0.0.1 or [::1]",
            flags.listen
        );
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(flags))?;
    Ok(0)
}

async fn serve(flags: &cli::Serve) -> anyhow::Result<()> {
    let listener = TcpListener::bind(flags.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", flags.listen))?;
    let address = listener.local_addr()?;
    let app = Arc::new(open(&flags.data, settings(flags, address))?);
    if let Some(path) = &flags.db {
        database::load(&app, path)?;
        tokio::spawn(database::watch(app.clone(), path.clone()));
    }
    let made = if flags.dev {
        None
    } else {
        key::ensure(&app, &flags.data)?
    };
    greet(&app, flags, made.as_ref())?;
    let count = flags.workers.unwrap_or_else(processors).max(1);
    let workers = Workers::start(&app, count);
    server::serve::serve(listener, server::router::router(app), stop()).await?;
    tokio::task::spawn_blocking(|| workers.stop()).await?;
    Ok(())
}

fn settings(flags: &cli::Serve, address: SocketAddr) -> Settings {
    let host = flags
        .public_host
        .clone()
        .unwrap_or_else(|| address.to_string());
    let mut settings = Settings::new(host);
    settings.account = flags.account.clone();
    settings.region = flags.region.clone();
    settings.dev = flags.dev;
    settings.age_limits = advisory::AgeLimits::days(flags.max_feed_age);
    settings
}

/// Opens the embedded stores below a data directory. The blob store makes it and holds its lock:
/// two servers on one embedded store would each believe that they are alone.
///
/// # Errors
///
/// Where they cannot be opened.
pub fn open(data: &Path, settings: Settings) -> anyhow::Result<App> {
    let store = Store::embedded(data)?;
    let seal = key::seal(&key::seal_path(data), &SystemRandom)?;
    Ok(App::new(
        store,
        settings,
        Arc::new(SystemClock),
        Arc::new(SystemRandom),
        seal,
    ))
}

/// Says where the server is and, the one time that a key is made, how to log in with it.
fn greet(app: &App, flags: &cli::Serve, made: Option<&NewKey>) -> anyhow::Result<()> {
    let endpoint = app.settings.endpoint();
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "Lazaret serves at {endpoint}, data in {}",
        flags.data.display()
    )?;
    if flags.dev {
        writeln!(
            out,
            "Authentication is OFF (--dev): everybody on this machine may push."
        )?;
    }
    if flags.db.is_none() {
        writeln!(
            out,
            "No advisory database (--db): images are catalogued, but nothing is found."
        )?;
    }
    if let Some(key) = made {
        let (host, region) = (&app.settings.public_host, &app.settings.region);
        let kept = key::path(&flags.data);
        writeln!(
            out,
            "\nAn access key was made. It is shown this once and kept in {}.\n\n\
             Log in with docker (and on the pages, with the same pair):\n  \
             echo {secret} | docker login --username {id} --password-stdin {host}\n\n\
             Use AWS's tools:\n  \
             export AWS_ACCESS_KEY_ID={id}\n  \
             export AWS_SECRET_ACCESS_KEY={secret}\n  \
             export AWS_DEFAULT_REGION={region}\n  \
             export AWS_ENDPOINT_URL_ECR={endpoint}\n",
            kept.display(),
            id = key.id,
            secret = key.secret,
        )?;
    }
    Ok(out.flush()?)
}

/// Ready when the process is asked to end.
pub async fn stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(interrupt.await),
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Log lines go to standard error; `LAZARET_LOG` says which (`info` if not set).
fn start_log() {
    let filter = EnvFilter::try_from_env("LAZARET_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let colors = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt()
        .with_ansi(colors)
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first log.
    drop(log.try_init());
}
