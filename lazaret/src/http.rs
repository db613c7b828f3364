//! The client of everything that is fetched from elsewhere: feeds and databases.
//!
//! TLS is verified against the system's certificates or those of a file; proxies are those of the
//! environment (`HTTPS_PROXY`, `NO_PROXY`). What is asked for is listed in `docs/network.md`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Client, Response, redirect};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{self, ClientConfig};

use crate::client;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(20);
/// How long an answer may stay silent.
const SILENCE: Duration = Duration::from_secs(60);
/// How long a connection is kept for another request. Servers keep theirs for longer, so that none
/// is used just as it is closed: a push may pack for minutes between two requests.
const KEPT: Duration = Duration::from_secs(10);
/// Redirects that are followed.
const REDIRECTS: usize = 5;

/// A client that trusts the certificates of a file, or the system's.
///
/// # Errors
///
/// Where there are none, or TLS cannot be prepared.
pub fn client(ca: Option<&Path>) -> anyhow::Result<Client> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(rustls::DEFAULT_VERSIONS)?
        .with_root_certificates(client::roots(ca)?)
        .with_no_client_auth();
    let client = Client::builder()
        .user_agent(concat!("lazaret/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(config)
        .redirect(redirect::Policy::limited(REDIRECTS))
        .connect_timeout(CONNECT)
        .pool_idle_timeout(KEPT)
        .read_timeout(SILENCE)
        .build()?;
    Ok(client)
}

/// The whole body of an answer, up to a limit.
///
/// # Errors
///
/// Where it breaks off or is longer.
pub async fn body(mut response: Response, limit: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.context("the answer broke off")? {
        if (bytes.len() + chunk.len()) as u64 > limit {
            bail!("the answer is longer than {limit} bytes");
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
