//! The log, on standard error: what the server has to say, and a line for each request.

use std::io::{self, IsTerminal};

use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use crate::cli::http::AccessLog;

/// The target of the lines that tell of a request. `docs/operations.md` has their fields.
const ACCESS: &str = "access";

/// One reader of what happens.
pub type Part = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts the log; `LAZARET_LOG` says what is told (`info` if not set). `more` reads along.
pub fn start(access_log: AccessLog, more: Option<Part>) {
    let mut parts: Vec<Part> = vec![messages()];
    parts.extend(more);
    parts.extend(access(access_log, io::stderr));
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

fn access<W>(form: AccessLog, writer: W) -> Option<Part>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let only = Targets::new().with_target(ACCESS, tracing::Level::INFO);
    match form {
        AccessLog::Off => None,
        AccessLog::Text => {
            let layer = fmt::layer().with_ansi(false).with_writer(writer);
            Some(layer.with_filter(only).boxed())
        }
        AccessLog::Json => {
            let layer = fmt::layer().json().flatten_event(true);
            let layer = layer.with_current_span(false).with_span_list(false);
            Some(layer.with_writer(writer).with_filter(only).boxed())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(form: AccessLog) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let parts: Vec<Part> = access(form, move || writer.clone()).into_iter().collect();
        let log = tracing_subscriber::registry().with(parts);
        tracing::subscriber::with_default(log, || {
            let agent = "a\" status=200\r\n\u{1b}[31m\u{9b}\u{202e}".to_owned();
            tracing::info!(target: "access", agent, status = 401);
            tracing::info!("no request");
        });
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_a_client_writes_stays_one_value_of_one_line() {
        for form in [AccessLog::Text, AccessLog::Json] {
            let text = written(form);
            let line = text.strip_suffix('\n').unwrap();
            assert!(!line.contains(['\n', '\r', '\u{1b}']), "{line:?}");
            assert!(line.contains(r#"a\" status=200\r\n"#), "{line:?}");
        }
        let value: serde_json::Value = serde_json::from_str(&written(AccessLog::Json)).unwrap();
        assert_eq!(value["status"], 401);
        assert_eq!(written(AccessLog::Off), "");
    }
}
