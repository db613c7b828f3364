//! Each operation as a request and the whole answer, in-process over a store in a temporary
//! directory. Shapes follow the OCI distribution specification 1.1, endpoints end-1 to end-13.

mod blobs;
mod conditions;
mod lists;
mod manifests;
mod uploads;

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use jiff::Timestamp;
use model::Digest;
use store::Store;
use tempfile::TempDir;

use super::handle;
use crate::app::{App, Clock, Random};
use crate::auth::Principal;
use crate::settings::Settings;

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        "2026-11-24T00:00:00Z".parse().unwrap()
    }
}

/// Counts: the first upload is 01010101-…, the second 02020202-….
#[derive(Default)]
struct Counting(AtomicU8);

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0.fetch_add(1, Ordering::Relaxed) + 1);
    }
}

const FIRST: &str = "01010101-0101-4101-8101-010101010101";

/// A registry in a directory of its own.
struct Registry {
    app: Arc<App>,
    dir: TempDir,
}

impl Registry {
    fn new() -> Registry {
        Registry::with(Settings::new("localhost:5000"))
    }

    fn with(settings: Settings) -> Registry {
        let dir = tempfile::tempdir().unwrap();
        let app = Registry::app(&dir, settings);
        Registry { app, dir }
    }

    fn app(dir: &TempDir, settings: Settings) -> Arc<App> {
        let store = Store::embedded(&dir.path().join("data")).unwrap();
        Arc::new(App::new(
            store,
            settings,
            Arc::new(Still),
            Arc::new(Counting::default()),
            crate::testing::seal(),
        ))
    }

    /// The same directory after the process has ended and begun again.
    fn restarted(self) -> Registry {
        let Registry { app, dir } = self;
        let settings = app.settings.clone();
        drop(app);
        let app = Registry::app(&dir, settings);
        Registry { app, dir }
    }

    /// The answer to a request whose first line and headers are given as text.
    async fn answer(&self, head: &str, body: impl Into<Body>) -> axum::http::Response<Body> {
        let mut lines = head.lines().map(str::trim).filter(|line| !line.is_empty());
        let (method, uri) = lines.next().unwrap().split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(uri);
        for line in lines {
            let (name, value) = line.split_once(':').unwrap();
            request = request.header(name, value.trim());
        }
        let request = request.body(body.into()).unwrap();
        handle(&self.app, &Principal::anonymous(), request).await
    }

    /// The whole answer as text, headers sorted.
    async fn call(&self, head: &str, body: impl Into<Body>) -> String {
        let (parts, body) = self.answer(head, body).await.into_parts();
        let mut text = format!("{}\n", parts.status.as_u16());
        let version = "docker-distribution-api-version";
        assert_eq!(parts.headers.get(version).unwrap(), "registry/2.0");
        let mut headers: Vec<_> = parts
            .headers
            .iter()
            .filter(|(name, _)| *name != version)
            .collect();
        headers.sort_by_key(|(name, _)| name.as_str());
        for (name, value) in headers {
            writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
        }
        let body = body.collect().await.unwrap().to_bytes();
        if !body.is_empty() {
            writeln!(text, "\n{}", String::from_utf8_lossy(&body)).unwrap();
        }
        text
    }

    /// Only the status of the answer.
    async fn status(&self, head: &str, body: impl Into<Body>) -> u16 {
        self.answer(head, body).await.status().as_u16()
    }

    /// Pushes a blob in one request.
    async fn push_blob(&self, name: &str, bytes: &str) -> Digest {
        let digest = Digest::of(bytes.as_bytes());
        let head = format!("POST /v2/{name}/blobs/uploads/?digest={digest}");
        assert_eq!(self.status(&head, bytes.to_owned()).await, 201);
        digest
    }

    /// Pushes an image of one layer whose configuration is that text.
    async fn push_image(&self, name: &str, tag: &str, config: &str) -> Digest {
        for blob in [config, "layer"] {
            self.push_blob(name, blob).await;
        }
        let manifest = image(config);
        let head = format!("PUT /v2/{name}/manifests/{tag}\nContent-Type: {MANIFEST}");
        assert_eq!(self.status(&head, manifest.clone()).await, 201);
        Digest::of(manifest.as_bytes())
    }
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A manifest whose configuration is that text and whose layer is `layer`.
fn image(config: &str) -> String {
    let descriptor = |media_type: &str, bytes: &str| {
        let digest = Digest::of(bytes.as_bytes());
        let size = bytes.len();
        serde_json::json!({ "mediaType": media_type, "digest": digest, "size": size })
    };
    serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", "layer")],
    })
    .to_string()
}

/// A body that sends pieces and then breaks.
fn broken(pieces: &[&'static str]) -> Body {
    let mut items: Vec<Result<&'static str, std::io::Error>> =
        pieces.iter().map(|piece| Ok(*piece)).collect();
    items.push(Err(std::io::ErrorKind::ConnectionReset.into()));
    Body::from_stream(futures_util::stream::iter(items))
}

#[tokio::test]
async fn the_base_answers_that_the_api_is_here() {
    let registry = Registry::new();
    expect_test::expect![[r#"
        200
        content-type: application/json

        {}
    "#]]
    .assert_eq(&registry.call("GET /v2/", "").await);
    expect_test::expect![[r#"
        404
        content-type: application/json

        {"errors":[{"code":"UNSUPPORTED","detail":null,"message":"no endpoint of the OCI distribution specification has this address"}]}
    "#]].assert_eq(&registry.call("GET /v2/a/unheard/of", "").await);
    expect_test::expect![[r#"
        405
        allow: GET, HEAD
        content-type: application/json

        {"errors":[{"code":"UNSUPPORTED","detail":null,"message":"PUT is not among the methods that this address answers"}]}
    "#]].assert_eq(&registry.call("PUT /v2/a/tags/list", "").await);
    expect_test::expect![[r#"
        400
        content-type: application/json

        {"errors":[{"code":"NAME_INVALID","detail":{"name":"UPPER"},"message":"'UPPER' is no repository name: components of a-z and 0-9, joined by '.', '_', '__' or '-', split by '/', 255 characters at most"}]}
    "#]].assert_eq(&registry.call("GET /v2/UPPER/tags/list", "").await);
}
