//! Counts for Prometheus, in OpenMetrics' text. `docs/operations.md` has the table.
//!
//! Labels come from short lists: no name, path or address, which a client could make many of.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::app::App;
use crate::blocking::spawn_blocking;
use crate::surface::Surface;

/// The media type of OpenMetrics 1.0.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Seconds of a request: a page to a large upload.
const REQUEST_SECONDS: [f64; 10] = [
    0.005, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 60.0, 300.0, 1_800.0,
];
/// Seconds of a scan.
const SCAN_SECONDS: [f64; 9] = [0.01, 0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 1_800.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    surface: &'static str,
    method: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SurfaceLabels {
    surface: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct VerdictLabels {
    verdict: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

type Seconds = Family<SurfaceLabels, Histogram, fn() -> Histogram>;

/// What is counted, from the start of the process.
pub struct Metrics {
    registry: Registry,
    /// Connections that are open.
    pub connections: Gauge,
    /// Requests under way that bring a blob's bytes.
    pub uploads: Gauge,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Seconds,
    received: Family<SurfaceLabels, Counter>,
    sent: Family<SurfaceLabels, Counter>,
    refused: Family<ReasonLabels, Counter>,
    judged: Family<VerdictLabels, Counter>,
    scans: Family<OutcomeLabels, Counter>,
    scan_seconds: Histogram,
    database_age: Gauge<f64, AtomicU64>,
    jobs: Gauge,
    events: Family<OutcomeLabels, Counter>,
    event_lag: Gauge,
}

impl Default for Metrics {
    fn default() -> Metrics {
        let request_seconds: fn() -> Histogram = || Histogram::new(REQUEST_SECONDS);
        let mut metrics = Metrics {
            registry: Registry::with_prefix("lazaret"),
            connections: Gauge::default(),
            uploads: Gauge::default(),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(request_seconds),
            received: Family::default(),
            sent: Family::default(),
            refused: Family::default(),
            judged: Family::default(),
            scans: Family::default(),
            scan_seconds: Histogram::new(SCAN_SECONDS),
            database_age: Gauge::default(),
            jobs: Gauge::default(),
            events: Family::default(),
            event_lag: Gauge::default(),
        };
        metrics.register_events();
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        let (registry, seconds, bytes) = (&mut self.registry, Unit::Seconds, Unit::Bytes);
        registry.register("build", "What is running", build);
        registry.register("connections", "Open connections", self.connections.clone());
        let help = "Requests under way that bring a blob's bytes";
        registry.register("uploads", help, self.uploads.clone());
        registry.register("requests", "Requests that ended", self.requests.clone());
        let help = "From a request's head to the end of its answer";
        registry.register_with_unit(
            "request_duration",
            help,
            seconds.clone(),
            self.request_seconds.clone(),
        );
        let help = "Bytes of requests' bodies";
        registry.register_with_unit("received", help, bytes.clone(), self.received.clone());
        registry.register_with_unit("sent", "Bytes of answers' bodies", bytes, self.sent.clone());
        let help = "Requests that a rate refused";
        registry.register("refused", help, self.refused.clone());
        let help = "Pulls of images that policies were asked about";
        registry.register("judged_pulls", help, self.judged.clone());
        registry.register("scans", "Scans that ended", self.scans.clone());
        let help = "From a scan's start to its end";
        registry.register_with_unit(
            "scan_duration",
            help,
            seconds.clone(),
            self.scan_seconds.clone(),
        );
        let help = "Jobs that wait or are being done, of all servers of this store";
        registry.register("jobs", help, self.jobs.clone());
        let help = "Since the advisory database was built; NaN without one";
        registry.register_with_unit("database_age", help, seconds, self.database_age.clone());
    }

    fn register_events(&mut self) {
        let help = "Deliveries of events to subscribers that ended";
        self.registry.register("events", help, self.events.clone());
        let help = "Events that the subscription furthest behind has yet to be told";
        self.registry
            .register("event_lag", help, self.event_lag.clone());
    }

    /// Counts a delivery that ended: `delivered` or `failed`.
    pub fn event(&self, outcome: &'static str) {
        self.events.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Says how many events the subscription furthest behind has yet to be told.
    pub fn event_lag(&self, events: u64) {
        self.event_lag
            .set(i64::try_from(events).unwrap_or(i64::MAX));
    }

    /// Counts bytes of requests' bodies as they arrive.
    pub fn receive(&self, surface: Surface, bytes: u64) {
        self.received.get_or_create(&labels(surface)).inc_by(bytes);
    }

    /// Bytes of requests' bodies that arrived so far.
    pub fn received(&self, surface: Surface) -> u64 {
        self.received.get_or_create(&labels(surface)).get()
    }

    /// Counts bytes of answers' bodies as they are handed to connections.
    pub fn send(&self, surface: Surface, bytes: u64) {
        self.sent.get_or_create(&labels(surface)).inc_by(bytes);
    }

    /// Counts a request that ended. A status of 0 stands for one that was never answered.
    pub fn request(&self, surface: Surface, method: &Method, status: u16, took: Duration) {
        let request = RequestLabels {
            surface: surface.as_str(),
            method: method_word(method),
            status: status_class(status),
        };
        self.requests.get_or_create(&request).inc();
        let seconds = self.request_seconds.get_or_create(&labels(surface));
        seconds.observe(took.as_secs_f64());
    }

    /// Counts a pull that policies were asked about, by what became of it.
    pub fn judge(&self, verdict: &'static str) {
        self.judged.get_or_create(&VerdictLabels { verdict }).inc();
    }

    /// Counts a request that was refused: the principal's `rate`, or `login`.
    pub fn refuse(&self, reason: &'static str) {
        self.refused.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// Counts a scan that ended: `complete`, `unscannable` or `error`.
    pub fn scan(&self, outcome: &'static str, took: Duration) {
        self.scans.get_or_create(&OutcomeLabels { outcome }).inc();
        self.scan_seconds.observe(took.as_secs_f64());
    }

    /// Everything as OpenMetrics' text, with what is looked up only now. Asks the store.
    ///
    /// # Errors
    ///
    /// Where the text cannot be written.
    pub fn text(&self, app: &App) -> Result<String, std::fmt::Error> {
        let built = app.database.current().and_then(|database| database.built());
        let age = built.map(|built| app.clock.now().duration_since(built).as_secs_f64());
        self.database_age.set(age.unwrap_or(f64::NAN));
        match app.store.metadata.job_count() {
            Ok(jobs) => drop(self.jobs.set(i64::try_from(jobs).unwrap_or(i64::MAX))),
            Err(error) => tracing::error!(%error, "jobs could not be counted"),
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// `/metrics`.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/metrics", get(show))
}

async fn show(State(app): State<Arc<App>>) -> Response<Body> {
    match spawn_blocking(move || app.metrics.text(&app)).await {
        Ok(Ok(text)) => {
            let content_type = HeaderValue::from_static(OPEN_METRICS);
            ([(CONTENT_TYPE, content_type)], text).into_response()
        }
        Ok(Err(_)) | Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn labels(surface: Surface) -> SurfaceLabels {
    let surface = surface.as_str();
    SurfaceLabels { surface }
}

fn method_word(method: &Method) -> &'static str {
    const KNOWN: [Method; 6] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    const WORDS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
    let place = KNOWN.iter().position(|known| known == method);
    place.and_then(|place| WORDS.get(place)).unwrap_or(&"other")
}

fn status_class(status: u16) -> &'static str {
    match status / 100 {
        0 => "cut",
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
