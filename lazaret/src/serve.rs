//! `lazaret serve`: one process, embedded stores, nothing else to install.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::SignedDuration;
use server::audit::writer::Writer;
use server::auth::key::NewKey;
use server::events::Courier;
use server::events::hub::Outlets;
use server::events::webhook::Webhooks;
use server::housekeeping::Keeper;
use server::serve::Endpoint;
use server::tls::{self, Tls};
use server::worker::Workers;
use server::{App, Settings};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio_rustls::rustls::RootCertStore;

use crate::signals::Signals;
use crate::updater::{self, Updater};
use crate::{cli, client, database, key, log, stores};

/// How long what is being written may take to be written once nobody waits for it any more.
const LAST_WRITES: Duration = Duration::from_secs(1);

/// Runs the command.
///
/// # Errors
///
/// Where the server cannot start: the text says why.
pub fn run(flags: &cli::Serve) -> anyhow::Result<u8> {
    if flags.dev && !flags.listen.ip().is_loopback() {
        bail!(
            "--dev lets everybody in and is refused on {}: listen on 127.0.0.1 or [::1]",
            flags.listen
        );
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let served = {
        // Dropped while the runtime still runs: it sends what is left.
        let _traces = start_log(&flags.http, runtime.handle())?;
        runtime.block_on(serve(flags))
    };
    runtime.shutdown_timeout(LAST_WRITES);
    served.map(|()| 0)
}

/// The log, and traces where they are asked for.
#[cfg(feature = "otel")]
fn start_log(
    flags: &cli::http::Http,
    runtime: &tokio::runtime::Handle,
) -> anyhow::Result<Option<crate::traces::Traces>> {
    let endpoint = flags.otlp_endpoint.as_deref();
    let started = endpoint.map(|endpoint| crate::traces::Traces::start(endpoint, runtime));
    let (traces, part) = started.transpose()?.unzip();
    log::start(flags.access_log, part);
    Ok(traces)
}

/// The log.
#[cfg(not(feature = "otel"))]
fn start_log(flags: &cli::http::Http, _: &tokio::runtime::Handle) -> anyhow::Result<Option<()>> {
    log::start(flags.access_log, None);
    Ok(None)
}

async fn serve(flags: &cli::Serve) -> anyhow::Result<()> {
    let signals = Signals::listen()?;
    let tls = tls(&flags.http)?;
    let listener = TcpListener::bind(flags.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", flags.listen))?;
    let address = listener.local_addr()?;
    // Stores are blocking, and no thread that may wait for one may belong to the event loop.
    let (app, made) = tokio::task::block_in_place(|| prepare(flags, address))?;
    tokio::spawn(database::watch(app.clone(), updater::path(flags)));
    let updater = Updater::of(flags)?;
    greet(&app, flags, updater.as_ref(), made.as_ref())?;
    if let Some(updater) = updater {
        tokio::spawn(updater.run(app.clone()));
    }
    let count = flags.workers.unwrap_or_else(server::app::processors).max(1);
    let workers = Workers::start(&app, count);
    let writer = Writer::start(&app);
    let every = Duration::from_secs(60 * u64::from(flags.collect_every));
    let courier = Courier::start(&app, outlets(&app, flags)?, &Handle::current());
    let keeper = (flags.collect_every > 0).then(|| Keeper::start(&app, every));
    if let Some(warning) = flags.http.warning(address) {
        tracing::warn!("{warning}");
    }
    let router = server::router::router(app.clone());
    let endpoint = Endpoint {
        app: app.clone(),
        router,
        tls,
    };
    let (stop, cut) = (signals.clone().received(1), signals.clone().received(2));
    let serving = server::serve::serve(listener, endpoint, stop, cut);
    tokio::try_join!(
        async { Ok(serving.await?) },
        metrics(&app, &flags.http, &signals)
    )?;
    let scans = tokio::task::spawn_blocking(|| {
        if let Some(keeper) = keeper {
            keeper.stop();
        }
        workers.stop();
        writer.stop();
    });
    let all = async { tokio::join!(scans, courier.stop()).0 };
    tokio::select! {
        ended = all => Ok(ended?),
        () = signals.received(2) => Ok(()),
    }
}

/// Opens everything that a server needs, and makes the first key if there was none.
fn prepare(flags: &cli::Serve, address: SocketAddr) -> anyhow::Result<(Arc<App>, Option<NewKey>)> {
    let app = Arc::new(stores::open(&flags.stores, settings(flags, address))?);
    // An embedded store is this process's alone: what one that was killed had begun goes on now,
    // and not when its lease would have run out.
    if flags.stores.metadata.is_none() {
        app.store.metadata.end_leases(app.clock.now())?;
    }
    let path = updater::path(flags);
    if updater::has_file(flags, &path) {
        database::load_first(&app, &path)?;
    }
    let made = match flags.dev {
        true => None,
        false => key::ensure(&app, &flags.stores.data)?,
    };
    Ok((app, made))
}

/// Serves metrics on a listener of their own, where one is asked for.
async fn metrics(app: &Arc<App>, flags: &cli::http::Http, signals: &Signals) -> anyhow::Result<()> {
    let Some(address) = flags.metrics_listen else {
        return Ok(());
    };
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
    let endpoint = Endpoint {
        app: app.clone(),
        router: server::router::metrics_router(app.clone()),
        tls: None,
    };
    let (stop, cut) = (signals.clone().received(1), signals.clone().received(2));
    Ok(server::serve::serve(listener, endpoint, stop, cut).await?)
}

/// Certificate and key, watched from now on.
fn tls(flags: &cli::http::Http) -> anyhow::Result<Option<Arc<Tls>>> {
    let (Some(certificate), Some(key)) = (&flags.tls_cert, &flags.tls_key) else {
        return Ok(None);
    };
    let tls = Arc::new(Tls::open(certificate, key)?);
    tokio::spawn(tls::watch(tls.clone()));
    Ok(Some(tls))
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
    settings.attached_vex = flags.attached_vex;
    settings.push_wait = Duration::from_secs(flags.push_wait.into());
    settings.collect_after = SignedDuration::from_hours(flags.collect_after.into());
    settings.audit_for = (flags.audit_days > 0)
        .then(|| SignedDuration::from_hours(24 * i64::from(flags.audit_days)));
    settings.age_limits = advisory::AgeLimits::days(flags.max_feed_age);
    flags.http.apply(&mut settings);
    flags.events.apply(&mut settings);
    settings
}

/// Where events may go.
fn outlets(app: &App, flags: &cli::Serve) -> anyhow::Result<Outlets> {
    let settings = &app.settings.events;
    let webhooks = match settings.webhooks {
        false => None,
        true => {
            let roots = client::roots(None).unwrap_or_else(|_| {
                tracing::warn!(
                    "no root certificates were found: no subscription over https is served"
                );
                RootCertStore::empty()
            });
            let made = Webhooks::new(roots, settings).map_err(anyhow::Error::from_boxed);
            Some(made.context("cannot make a client for subscriptions")?)
        }
    };
    Ok(Outlets {
        webhooks,
        file: flags.events.events_file.clone(),
        stdout: flags.events.events_stdout,
    })
}

/// Says where the server is and, the one time that a key is made, how to log in with it.
fn greet(
    app: &App,
    flags: &cli::Serve,
    updater: Option<&Updater>,
    made: Option<&NewKey>,
) -> anyhow::Result<()> {
    let endpoint = app.settings.endpoint();
    // Where events go to standard output, nothing else does.
    let mut out: Box<dyn Write> = match flags.events.events_stdout {
        true => Box::new(std::io::stderr().lock()),
        false => Box::new(std::io::stdout().lock()),
    };
    writeln!(
        out,
        "Lazaret serves at {endpoint}, data in {}",
        flags.stores.data.display()
    )?;
    if flags.dev {
        writeln!(
            out,
            "Authentication is OFF (--dev): everybody on this machine may push."
        )?;
    }
    if app.database.current().is_none() {
        let rest = match updater {
            Some(_) => "One is being made from the publishers' feeds (--update-every).",
            None => "Name one with --db, or have it fetched: --update-from.",
        };
        writeln!(
            out,
            "No advisory database yet: images are catalogued, but nothing is found. {rest}"
        )?;
    }
    if let Some(key) = made {
        let (host, region) = (&app.settings.public_host, &app.settings.region);
        let kept = key::path(&flags.stores.data);
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
