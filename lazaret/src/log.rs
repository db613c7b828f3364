//! The log, on standard error: what the server has to say, and a line for each request.

use std::io::{self, IsTerminal};

use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use crate::cli::http::AccessLog;

/// The target of the lines that tell of a request. `docs/operations.md` has their fields.
const ACCESS: &str = "access";

type Part = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts the log; `LAZARET_LOG` says what is told (`info` if not set).
pub fn start(access_log: AccessLog) {
    let mut parts: Vec<Part> = vec![messages()];
    parts.extend(access(access_log));
    // A second start in one process (tests) keeps the first log.
    drop(tracing_subscriber::registry().with(parts).try_init());
}

/// Everything but the lines of requests.
fn messages() -> Part {
    let filter = EnvFilter::try_from_env("LAZARET_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let others = filter_fn(|metadata| metadata.target() != ACCESS);
    fmt::layer()
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .with_filter(filter.and(others))
        .boxed()
}

fn access(form: AccessLog) -> Option<Part> {
    let only = Targets::new().with_target(ACCESS, tracing::Level::INFO);
    match form {
        AccessLog::Off => None,
        AccessLog::Text => {
            let layer = fmt::layer().with_ansi(false).with_writer(io::stderr);
            Some(layer.with_filter(only).boxed())
        }
        AccessLog::Json => {
            let layer = fmt::layer().json().flatten_event(true);
            let layer = layer.with_current_span(false).with_span_list(false);
            Some(layer.with_writer(io::stderr).with_filter(only).boxed())
        }
    }
}
