//! What stands around the surfaces, in-process.

use crate::auth::key::NewKey;
use axum::body::Body;
use axum::http::Request;
use axum::http::request::Builder;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::serve::Peer;
use crate::testing::{Answered, Server};

const HOST: &str = "localhost:5000";

async fn send(server: &Server, request: Builder) -> Answered {
    let request = request.header("host", HOST);
    server.request(request.body(Body::empty()).unwrap()).await
}

fn basic(secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("AKIA:{secret}")))
}

fn with_key(change: impl FnOnce(&mut crate::Settings)) -> Server {
    let server = Server::with(change);
    let key = NewKey {
        id: "AKIA".to_owned(),
        secret: "secret".to_owned(),
        created_at: server.app.clock.now(),
    };
    server.admin(&key);
    server
}

#[tokio::test]
async fn every_answer_has_a_request_id() {
    let server = Server::with(|_| {});
    for (path, given, kept) in [
        ("/v2/", "build-7.a:b_c", true),
        ("/healthz", "one", true),
        ("/nothing", "two words", false),
        ("/", "a\"b", false),
        ("/", "", false),
    ] {
        let answered = send(&server, Request::get(path).header("x-request-id", given)).await;
        let id = answered.header("x-request-id");
        assert_eq!(id == given, kept, "{path} {given} {id}");
        assert!(kept || id.len() == 36, "{id}");
    }
    let long = "x".repeat(65);
    let answered = send(&server, Request::get("/").header("x-request-id", long)).await;
    assert_eq!(answered.header("x-request-id").len(), 36);
    let answered = send(&server, Request::post("/")).await;
    let id = answered.header("x-request-id");
    assert_eq!(answered.header("x-amzn-requestid"), id);
}

#[tokio::test]
async fn wrong_credentials_are_held_up_and_other_addresses_are_not() {
    let server = with_key(|_| {});
    let ask = async |address: &str, secret: &str| {
        let peer: std::net::SocketAddr = address.parse().unwrap();
        let request = Request::get("/v2/").extension(Peer(peer));
        send(&server, request.header("authorization", basic(secret))).await
    };
    for _ in 0..10 {
        assert_eq!(ask("192.0.2.1:1", "wrong").await.status, 401);
        // Right ones in between do not reset what is counted.
        assert_eq!(ask("192.0.2.2:1", "secret").await.status, 200);
    }
    let held = ask("192.0.2.1:2", "secret").await;
    assert_eq!(
        (held.status.as_u16(), held.header("retry-after")),
        (429, "1")
    );
    assert_eq!(held.json()["errors"][0]["code"], "TOOMANYREQUESTS");
    assert_eq!(ask("192.0.2.2:1", "secret").await.status, 200);
    server.pass(1);
    assert_eq!(ask("192.0.2.1:1", "secret").await.status, 200);
    // Without credentials nobody is held up: there is nothing to guess.
    for _ in 0..20 {
        assert_eq!(server.get("/v2/").await.status, 401);
    }
}

#[tokio::test]
async fn ecr_counts_wrong_credentials_too() {
    let server = with_key(|_| {});
    let signed = "AWS4-HMAC-SHA256 Credential=AKIAOTHER/20261124/us-east-1/ecr/aws4_request, \
                  SignedHeaders=host, Signature=00";
    let mut codes = Vec::new();
    for _ in 0..11 {
        let answered = send(&server, Request::post("/").header("authorization", signed)).await;
        assert_eq!(answered.status, 400);
        codes.push(answered.json()["__type"].as_str().unwrap().to_owned());
    }
    assert_eq!(codes[9], "UnrecognizedClientException");
    assert_eq!(codes[10], "ThrottlingException");
}

#[tokio::test]
async fn a_principal_has_a_rate() {
    let server = Server::with(|settings| {
        settings.dev = true;
        settings.limits.rate = std::num::NonZeroU32::new(1);
        settings.limits.burst = std::num::NonZeroU32::new(2).unwrap();
    });
    assert_eq!(server.get("/v2/").await.status, 200);
    assert_eq!(server.get("/api/v1/repositories").await.status, 200);
    let refused = server.get("/v2/").await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("retry-after")),
        (429, "1")
    );
    let (status, body) = server
        .ecr("DescribeRepositories", serde_json::json!({}))
        .await;
    assert_eq!(
        (status, &body["__type"]),
        (400, &"ThrottlingException".into())
    );
    // Health has no principal.
    assert_eq!(server.get("/healthz").await.status, 200);
    server.pass(1);
    assert_eq!(server.get("/v2/").await.status, 200);
}

#[tokio::test]
async fn sizes_are_bounded() {
    let server = Server::with(|settings| {
        settings.dev = true;
        settings.limits.blob_bytes = Some(4);
    });
    let long = format!("/{}", "x".repeat(9_000));
    assert_eq!(server.get(&long).await.status, 414);
    let filled = Request::get("/v2/").header("x-filler", "x".repeat(33_000));
    assert_eq!(send(&server, filled).await.status, 431);
    let mut many = Request::get("/v2/");
    for number in 0..101 {
        many = many.header(format!("x-{number}"), "");
    }
    assert_eq!(send(&server, many).await.status, 431);
    let announced = Request::get("/v2/").header("content-length", "9999999");
    let refused = send(&server, announced).await;
    assert_eq!(refused.status, 413);
    assert_eq!(refused.json()["errors"][0]["code"], "SIZE_INVALID");

    let blob = |bytes: &'static str| {
        let digest = model::Digest::of(bytes.as_bytes());
        let request = Request::post(format!("/v2/a/blobs/uploads/?digest={digest}"));
        request
            .header("host", HOST)
            .body(Body::from(bytes))
            .unwrap()
    };
    assert_eq!(server.request(blob("1234")).await.status, 201);
    assert_eq!(server.request(blob("12345")).await.status, 413);
}

#[tokio::test]
async fn health_is_for_everybody_and_metrics_are_not() {
    let server = with_key(|_| {});
    assert_eq!(server.get("/healthz").await.body, "ok\n");
    assert_eq!(server.get("/readyz").await.body, "ready\n");
    assert_eq!(server.get("/metrics").await.status, 401);
    let asked = Request::get("/metrics").header("authorization", basic("secret"));
    let answered = send(&server, asked).await;
    assert!(
        answered
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    for line in [
        "lazaret_build_info{version=\"0.1.0\"} 1",
        "lazaret_requests_total{surface=\"operations\",method=\"GET\",status=\"4xx\"} 1",
        "lazaret_database_age_seconds NaN",
        "# EOF",
    ] {
        assert!(answered.body.contains(line), "{line}\n{}", answered.body);
    }
    server
        .app
        .stopping
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let stopping = server.get("/readyz").await;
    assert_eq!(
        (stopping.status.as_u16(), &*stopping.body),
        (503, "stopping\n")
    );
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_scan_that_comes_with_the_push_is_counted() {
    let server = Server::open();
    for tag in ["one", "two"] {
        server.push("app1", tag, crate::testing::ALPINE).await;
    }
    let text = server.get("/metrics").await.body;
    let line = "lazaret_scans_total{outcome=\"complete\"} 1";
    assert!(text.contains(line), "{line}\n{text}");
}

#[tokio::test]
async fn what_is_counted_has_no_names() {
    let server = Server::unhurried();
    server
        .push("team/app", "latest", crate::testing::ALPINE)
        .await;
    server.work();
    server
        .request(
            Request::builder()
                .method("PROPFIND")
                .uri("/v2/team/app/tags/list")
                .header("host", HOST)
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    let text = server.get("/metrics").await.body;
    assert!(!text.contains("team"), "{text}");
    assert!(!text.contains("PROPFIND"), "{text}");
    for line in [
        "lazaret_requests_total{surface=\"registry\",method=\"other\",status=\"4xx\"} 1",
        "lazaret_scans_total{outcome=\"complete\"} 1",
        "lazaret_uploads 0",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}
