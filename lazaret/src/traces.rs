//! Traces, sent to a collector by OTLP over HTTP: the cargo feature `otel`.
//!
//! Spans are those of the server: a request, a scan and its steps. They hold what the log holds,
//! and no names that a client chose but the request's.

use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tokio_rustls::rustls::crypto::ring;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;

use crate::log::Part;

/// How long the collector may take to take a batch.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long the last batch may take at the end.
const LAST_BATCH: Duration = Duration::from_secs(2);

/// Sends spans for as long as it lives.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Starts to send to a collector: `http://host:4318`, or `https` with the system's
    /// authorities. Returns what reads the spans, too.
    ///
    /// # Errors
    ///
    /// Where the address is none, or the system has no authorities.
    pub fn start(endpoint: &str, runtime: &Handle) -> anyhow::Result<(Traces, Part)> {
        let client = Client {
            inner: client()?,
            runtime: runtime.clone(),
        };
        let address = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(address)
            .with_timeout(TIMEOUT)
            .build()
            .with_context(|| format!("cannot send traces to {endpoint}"))?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(Resource::builder().with_service_name("lazaret").build())
            .build();
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("lazaret"))
            .with_filter(Targets::new().with_target("server", tracing::Level::INFO));
        Ok((Traces(provider), layer.boxed()))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST_BATCH) {
            eprintln!("lazaret: the last traces were not sent: {error}");
        }
    }
}

fn client() -> anyhow::Result<HyperClient<HttpsConnector<HttpConnector>>> {
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(ring::default_provider())
        .context("the system has no certificate authorities")?
        .https_or_http()
        .enable_http1()
        .build();
    Ok(HyperClient::new(connector, TIMEOUT, None))
}

/// Batches are sent from a thread of their own, and hyper needs the runtime.
#[derive(Debug)]
struct Client {
    inner: HyperClient<HttpsConnector<HttpConnector>>,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.inner.clone();
        let sent = self
            .runtime
            .spawn(async move { client.send_bytes(request).await });
        sent.await?
    }
}
