//! Connections: a pool of them, over TLS where they leave the machine.

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{StoreError, tls};

/// How long to wait for a connection, a new one or one that another caller has.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a connection may be silent before it is asked whether the other side is still there.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
/// The pause between two such questions.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// How many of them go without an answer before the connection is given up.
const KEEPALIVE_RETRIES: u32 = 3;
/// How long what was sent may stay unacknowledged: a database whose machine is gone says nothing.
const UNACKNOWLEDGED: Duration = Duration::from_secs(60);
/// What is asked of every session. Small tables are read by index as well: a scan of a whole table
/// would make every transaction that reads it conflict with every one that writes it. A statement
/// that does not end, and a transaction whose server is gone, must not hold up others for ever.
const OPTIONS: &str = "-c enable_seqscan=off -c statement_timeout=60s \
                       -c idle_in_transaction_session_timeout=60s";
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
    let options = with_ours(config.get_options());
    config.options(options);
    give_up_on_the_dead(&mut config);
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
        _ => {
            let tls = MakeRustlsConnect::new(tls::client(tls::roots()?)?);
            Manager::from_config(config, tls, recycling)
        }
    };
    let _context = runtime.enter();
    let pool = Pool::builder(manager)
        .max_size(connections.max(1))
        .wait_timeout(Some(PATIENCE))
        .runtime(deadpool_postgres::Runtime::Tokio1)
        .build();
    pool.map_err(|error| StoreError::Database(error.to_string()))
}

/// Our options before the operator's: of two that set the same, PostgreSQL takes the last.
fn with_ours(given: Option<&str>) -> String {
    match given {
        Some(given) => format!("{OPTIONS} {given}"),
        None => OPTIONS.to_owned(),
    }
}

/// Ends connections whose other side is gone. What the URL says of this is kept.
fn give_up_on_the_dead(config: &mut Config) {
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNACKNOWLEDGED);
    }
    if config.get_keepalives_idle() == Config::new().get_keepalives_idle() {
        config.keepalives_idle(KEEPALIVE_IDLE);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(KEEPALIVE_INTERVAL);
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(KEEPALIVE_RETRIES);
    }
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
    fn the_operators_options_win() {
        assert_eq!(with_ours(None), OPTIONS);
        let both = with_ours(Some("-c statement_timeout=5s"));
        assert!(both.starts_with(OPTIONS), "{both}");
        assert!(both.ends_with(" -c statement_timeout=5s"), "{both}");
    }

    #[test]
    fn dead_connections_are_given_up_as_the_url_says_or_as_we_do() {
        let mut config: Config = "host=h keepalives_idle=5".parse().unwrap();
        give_up_on_the_dead(&mut config);
        assert!(config.get_keepalives());
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(5));
        assert_eq!(config.get_keepalives_interval(), Some(KEEPALIVE_INTERVAL));
        assert_eq!(config.get_keepalives_retries(), Some(KEEPALIVE_RETRIES));
        assert_eq!(config.get_tcp_user_timeout(), Some(&UNACKNOWLEDGED));
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
