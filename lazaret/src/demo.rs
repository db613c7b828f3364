//! `lazaret demo`: the main job on any machine in one command, with no network and no root.
//!
//! A server on a free loopback port in a fresh directory, two small images with well-known
//! vulnerable packages, pushed over real HTTP; then the findings, and what to try next.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use hyper::StatusCode;
use image::fixture::Fixture;
use image::manifest::media_type::OCI_MANIFEST;
use model::Digest;
use server::audit::writer::Writer;
use server::auth::key::NewKey;
use server::serve::Endpoint;
use server::worker::Workers;
use server::{App, Settings};
use tokio::net::TcpListener;

use crate::signals::Signals;
use crate::{cli, database, db, key, output, stores};

mod client;
mod starter;

use client::Client;

const IMAGES: &str = include_str!("demo/images.txt");
/// How long the scan of one small image may take before something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long to wait between two looks at the scan.
const POLL: Duration = Duration::from_millis(2);

/// Runs the command.
///
/// # Errors
///
/// Where the server cannot start, or refuses what is pushed.
pub fn run(flags: &cli::Demo) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(demo(flags.once))?;
    Ok(0)
}

async fn demo(once: bool) -> anyhow::Result<()> {
    let directory = tempfile::Builder::new().prefix("lazaret-demo-").tempdir()?;
    let data = directory.path().join("data");
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let host = listener.local_addr()?.to_string();
    let app = Arc::new(stores::open(
        &stores::embedded(&data),
        Settings::new(&host),
    )?);
    let file = directory.path().join("starter.db");
    db::build::write(&file, &starter::database()?)?;
    database::load(&app, &file)?;
    let key = key::ensure(&app, &data)?.context("a fresh directory has no key yet")?;
    let workers = Workers::start(&app, 1);
    let writer = Writer::start(&app);
    let router = server::router::router(app.clone());
    let endpoint = Endpoint {
        app: app.clone(),
        router,
        tls: None,
    };
    let signals = Signals::listen()?;
    let cut = signals.clone().received(2);
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let until = async { drop(ended.await) };
    let serving = tokio::spawn(server::serve::serve(listener, endpoint, until, cut));

    say(&format!(
        "Lazaret serves at http://{host}, data in {}",
        data.display()
    ))?;
    let client = Client::new(&host, &key);
    for (repository, text) in images() {
        show(&app, &client, repository, text).await?;
    }
    say(&next_steps(&host, &key, once))?;
    if !once {
        signals.received(1).await;
    }
    drop(end);
    serving.await??;
    let stop = || {
        workers.stop();
        writer.stop();
    };
    tokio::task::spawn_blocking(stop).await?;
    Ok(())
}

/// The demo's images: a repository's name and the image's text.
fn images() -> impl Iterator<Item = (&'static str, &'static str)> {
    IMAGES
        .split("=== ")
        .filter_map(|part| part.split_once('\n'))
}

/// Pushes an image, waits for its findings and prints both.
async fn show(app: &Arc<App>, client: &Client, repository: &str, text: &str) -> anyhow::Result<()> {
    let fixture = Fixture::parse(text)?;
    let digest = Digest::of(&fixture.manifest);
    let begun = Instant::now();
    let mut sent = fixture.manifest.len() + fixture.config.len();
    for layer in &fixture.layers {
        client.push_blob(repository, &layer.blob).await?;
        sent += layer.blob.len();
    }
    client.push_blob(repository, &fixture.config).await?;
    let manifest = &fixture.manifest;
    client
        .push_manifest(repository, "latest", OCI_MANIFEST, manifest)
        .await?;
    let pushed = begun.elapsed();
    wait(client, &digest).await?;
    let found = begun.elapsed().saturating_sub(pushed);
    say(&format!(
        "\nPushed {repository}:latest, {sent} bytes in {} ms; findings {} ms after the push.\n",
        pushed.as_millis(),
        found.as_millis(),
    ))?;
    let app = app.clone();
    let name = format!("{repository}:latest");
    let table = tokio::task::spawn_blocking(move || -> anyhow::Result<Vec<u8>> {
        let mut scan = server::scan::read(&app, &digest)?;
        scan.target.name = name;
        let options = output::options(app.clock.now(), None);
        let mut bytes = Vec::new();
        report::table::write(&scan, &options, &mut bytes)?;
        Ok(bytes)
    });
    Ok(std::io::stdout().write_all(&table.await??)?)
}

/// Asks the API until the scan has ended.
async fn wait(client: &Client, digest: &Digest) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let path = format!("/api/v1/scans/{digest}");
    loop {
        let answer = client.get(&path).await?;
        match answer.status {
            StatusCode::OK => return Ok(()),
            StatusCode::ACCEPTED if Instant::now() < deadline => tokio::time::sleep(POLL).await,
            status => bail!("the scan did not end well: {status} {:?}", answer.body),
        }
    }
}

fn next_steps(host: &str, key: &NewKey, once: bool) -> String {
    let (id, secret) = (&key.id, &key.secret);
    let mut text =
        "\nThe starter set holds ten advisories; that is why coverage is incomplete. Real \
         feeds: lazaret db build (see docs/feeds.md).\n"
            .to_owned();
    if !once {
        text.push_str(&format!(
            "\nTry next, while this serves on (Ctrl-C ends it and removes its data):\n  \
             echo {secret} | docker login --username {id} --password-stdin {host}\n  \
             docker tag alpine {host}/mine/alpine && docker push {host}/mine/alpine\n  \
             open http://{host}/ and log in as {id} with the same secret\n",
        ));
    }
    text
}

fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
