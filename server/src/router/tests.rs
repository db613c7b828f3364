//! Who comes in: signatures, names that are bent, pages of others.

use crate::auth::key::NewKey;
use axum::body::Body;
use axum::http::{Method, Request};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use model::Digest;
use sha2::Sha256;

use super::is_loopback_name;
use crate::testing::{Answered, Server};

const TARGET: &str = "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories";
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

#[test]
fn loopback_has_few_names() {
    for host in [
        "localhost",
        "localhost:5000",
        "127.0.0.1:5000",
        "127.9.9.9",
        "[::1]:5000",
    ] {
        assert!(is_loopback_name(host), "{host}");
    }
    for host in [
        "",
        "example.org",
        "127.0.0.1.example.org",
        "10.0.0.1:5000",
        "[::2]",
    ] {
        assert!(!is_loopback_name(host), "{host}");
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Signs as "Create a signed AWS API request" of the IAM user guide says.
fn sign(id: &str, secret: &str, now: Timestamp, body: &str) -> (String, String) {
    let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let date = now.strftime("%Y%m%d").to_string();
    let names = "content-type;host;x-amz-date;x-amz-target";
    let canonical = format!(
        "POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:localhost:5000\nx-amz-date:{stamp}\n\
         x-amz-target:{TARGET}\n\n{names}\n{}",
        Digest::of(body.as_bytes()).hex()
    );
    let scope = format!("{date}/eu-central-1/ecr/aws4_request");
    let hash = Digest::of(canonical.as_bytes());
    let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hash.hex());
    let start = mac(format!("AWS4{secret}").as_bytes(), &date);
    let parts = ["eu-central-1", "ecr", "aws4_request"];
    let key = parts.into_iter().fold(start, |key, part| mac(&key, part));
    let signature = hex::encode(mac(&key, &text));
    let header = format!(
        "AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}"
    );
    (stamp, header)
}

async fn send(server: &Server, signed: Option<(String, String)>, body: &str) -> Answered {
    let mut request = Request::post("/")
        .header("host", "localhost:5000")
        .header("content-type", CONTENT_TYPE)
        .header("x-amz-target", TARGET);
    if let Some((stamp, authorization)) = signed {
        request = request
            .header("x-amz-date", stamp)
            .header("authorization", authorization);
    }
    server
        .request(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

#[tokio::test]
async fn ecr_lets_in_who_signed() {
    let server = Server::with(|_| {});
    let now = server.app.clock.now();
    let (id, secret) = ("AKIAEXAMPLE0000000AA".to_owned(), "secret".to_owned());
    let key = NewKey {
        id: id.clone(),
        secret: secret.clone(),
        created_at: now,
    };
    server.admin(&key);
    let good = send(&server, Some(sign(&id, &secret, now, "{}")), "{}").await;
    assert_eq!(
        (good.status.as_u16(), good.body.as_str()),
        (200, r#"{"repositories":[]}"#)
    );
    assert_eq!(good.header("content-type"), CONTENT_TYPE);
    assert!(!good.header("x-amzn-requestid").is_empty());
    let old = Timestamp::from_second(now.as_second() - 301).unwrap();
    for (signed, body, expected) in [
        (None, "{}", "MissingAuthenticationTokenException"),
        (
            Some(sign("AKIAOTHER", &secret, now, "{}")),
            "{}",
            "UnrecognizedClientException",
        ),
        (
            Some(sign(&id, "wrong", now, "{}")),
            "{}",
            "InvalidSignatureException",
        ),
        (
            Some(sign(&id, &secret, now, "{}")),
            "{ }",
            "InvalidSignatureException",
        ),
        (
            Some(sign(&id, &secret, old, "{}")),
            "{}",
            "InvalidSignatureException",
        ),
    ] {
        let refused = send(&server, signed, body).await;
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert_eq!(refused.json()["__type"], expected);
        assert!(!refused.body.contains(&secret), "{}", refused.body);
    }
}

async fn status(server: &Server, method: Method, headers: &[(&str, &str)]) -> u16 {
    let mut request = Request::builder()
        .method(method)
        .uri("/api/v1/repositories");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server
        .request(request.body(Body::empty()).unwrap())
        .await
        .status
        .as_u16()
}

#[tokio::test]
async fn without_authentication_only_this_machines_names_are_answered() {
    let server = Server::open();
    let get = async |host: &str| status(&server, Method::GET, &[("host", host)]).await;
    assert_eq!(get("localhost:5000").await, 200);
    assert_eq!(get("127.0.0.1").await, 200);
    assert_eq!(get("rebound.example:5000").await, 403);
    assert_eq!(get("127.0.0.1.rebound.example").await, 403);
    assert_eq!(status(&server, Method::GET, &[]).await, 403);
}

#[tokio::test]
async fn pages_of_others_change_nothing() {
    let server = Server::open();
    let post = async |origin: &str| {
        let headers = [("host", "localhost:5000"), ("origin", origin)];
        status(&server, Method::POST, &headers).await
    };
    for origin in [
        "http://evil.example",
        "null",
        "http://localhost:5001",
        "localhost:5001",
    ] {
        assert_eq!(post(origin).await, 403, "{origin}");
    }
    // The address answers GET only: the request came through.
    assert_eq!(post("http://localhost:5000").await, 405);
}

#[tokio::test]
async fn all_but_health_asks_for_credentials() {
    let server = Server::with(|_| {});
    let health = server.get("/healthz").await;
    assert_eq!(
        (health.status.as_u16(), health.body.as_str()),
        (200, "ok\n")
    );
    for path in [
        "/",
        "/v2/",
        "/v2/a1/tags/list",
        "/api/v1/repositories",
        "/style.css",
        "/none",
    ] {
        let answered = server.get(path).await;
        assert_eq!(answered.status, 401, "{path}");
        let challenge = answered.header("www-authenticate");
        assert!(
            challenge.starts_with("Basic realm=\"http://localhost:5000/\""),
            "{challenge}"
        );
        let registry = path.starts_with("/v2");
        let version = answered.header("docker-distribution-api-version");
        assert_eq!(version == "registry/2.0", registry, "{path}");
        assert_eq!(
            challenge.contains("service=\"ecr.amazonaws.com\""),
            registry,
            "{path}"
        );
    }
}
