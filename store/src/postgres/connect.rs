//! Connections: a pool of them, over TLS where they leave the machine.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use rustls::RootCertStore;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::StoreError;

/// How long to wait for a connection, a new one or one that another caller has.
const PATIENCE: Duration = Duration::from_secs(30);
/// Threads that drive the connections; the work is the database's.
const THREADS: usize = 2;

pub fn runtime() -> Result<Runtime, StoreError> {
    let built = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("postgres")
        .enable_all()
        .build();
    built.map_err(|cause| StoreError::Io {
        action: "start threads for the database's connections".to_owned(),
        cause,
    })
}

/// The pool of a URL. Nothing is connected yet.
pub fn pool(url: &str, connections: usize, runtime: &Runtime) -> Result<Pool, StoreError> {
    let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
        // The text may hold a password and is not repeated.
        StoreError::Database(format!("the database's URL cannot be read: {error}"))
    })?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(PATIENCE);
    }
    if config.get_application_name().is_none() {
        config.application_name("lazaret");
    }
    // Small tables are read by index as well: a scan of a whole table would make every
    // transaction that reads it conflict with every one that writes it.
    let options = config.get_options().unwrap_or_default().to_owned();
    config.options(format!("{options} -c enable_seqscan=off"));
    if config.get_ssl_mode() == SslMode::Prefer {
        config.ssl_mode(match stays_here(&config) {
            true => SslMode::Disable,
            false => SslMode::Require,
        });
    }
    let recycling = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = match config.get_ssl_mode() {
        SslMode::Disable => Manager::from_config(config, NoTls, recycling),
        _ => Manager::from_config(config, tls()?, recycling),
    };
    let _context = runtime.enter();
    let pool = Pool::builder(manager)
        .max_size(connections.max(1))
        .wait_timeout(Some(PATIENCE))
        .runtime(deadpool_postgres::Runtime::Tokio1)
        .build();
    pool.map_err(|error| StoreError::Database(error.to_string()))
}

/// Whether no byte leaves this machine.
fn stays_here(config: &Config) -> bool {
    let is_here = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            let address: Option<std::net::IpAddr> = name.parse().ok();
            name == "localhost" || address.is_some_and(|address| address.is_loopback())
        }
    };
    config.get_hosts().iter().all(is_here)
}

fn tls() -> Result<MakeRustlsConnect, StoreError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Database(error.to_string()))?;
    let config = versions.with_root_certificates(roots).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_for_what_leaves_the_machine() {
        for (url, expected) in [
            ("postgresql://u@127.0.0.1/x", true),
            ("postgresql://u@localhost:5433/x", true),
            ("postgresql://u@[::1]/x", true),
            ("host=/run/postgresql user=u", true),
            ("postgresql://u@db.example/x", false),
            ("postgresql://u@127.0.0.1,10.0.0.1/x", false),
        ] {
            assert_eq!(stays_here(&url.parse().unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn a_url_that_is_none_is_not_repeated() {
        let runtime = runtime().unwrap();
        let error = pool("postgresql://u:secret@h/x?nonsense=1", 1, &runtime)
            .err()
            .unwrap();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
