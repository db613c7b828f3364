//! What a receiver answers, and over which connection.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::RootCertStore;

use crate::events::EventSettings;
use crate::events::shape::Document;
use crate::events::webhook::{Failure, Receiver, Webhooks};
use crate::tls::Tls;

async fn post(url: &str, roots: RootCertStore) -> Result<(), Failure> {
    let webhooks = Webhooks::new(roots, &EventSettings::default()).unwrap();
    let receiver = Receiver {
        url,
        secret: "whsec_AAAA",
        content_type: "application/json",
    };
    let document = Document {
        id: "1".to_owned(),
        body: "{}".to_owned(),
    };
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    webhooks.post(&receiver, &document, now).await
}

/// Reads a request to the end of its body, which is `{}`, then writes the answer.
async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str, again: usize) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n{}") {
        if stream.read_buf(&mut request).await.unwrap() == 0 {
            return;
        }
    }
    for _ in 0..again {
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
    drop(stream.shutdown().await);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) = (directory.path().join("c"), directory.path().join("k"));
    std::fs::write(&certificate, cert.pem()).unwrap();
    std::fs::write(&key, signing_key.serialize_pem()).unwrap();
    let acceptor = TlsAcceptor::from(Tls::open(&certificate, &key).unwrap().current());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                converse(stream, "HTTP/1.1 204 No Content\r\n\r\n", 1).await;
            }
        }
    });
    let url = format!("https://localhost:{port}/");
    let refused = post(&url, RootCertStore::empty()).await.unwrap_err();
    assert!(refused.error.contains("UnknownIssuer"), "{}", refused.error);
    assert!(
        !refused.error.contains(&port.to_string()),
        "{}",
        refused.error
    );
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    assert_eq!(post(&url, roots.clone()).await, Ok(()));
    let other = format!("https://127.0.0.1:{port}/");
    let refused = post(&other, roots).await.unwrap_err();
    assert!(
        refused.error.contains("not valid for name"),
        "{}",
        refused.error
    );
}

/// What becomes of a delivery that is answered so.
async fn answered(answer: &'static str, again: usize) -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        converse(stream, answer, again).await;
    });
    post(&url, RootCertStore::empty()).await
}

#[tokio::test]
async fn an_answer_is_taken_as_far_as_it_counts() {
    assert_eq!(
        answered("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", 1).await,
        Ok(())
    );
    let busy = "HTTP/1.1 429 Too Many\r\nretry-after: 77\r\ncontent-length: 0\r\n\r\n";
    let failure = answered(busy, 1).await.unwrap_err();
    assert_eq!(failure.wait.map(|wait| wait.as_secs()), Some(77));
    let gone = answered("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", 1).await;
    assert!(gone.unwrap_err().gone);
    let nonsense = answered("nonsense\r\n\r\n", 1).await.unwrap_err();
    assert!(
        nonsense.error.contains("invalid HTTP"),
        "{}",
        nonsense.error
    );
    let header = answered("HTTP/1.1 200 OK\r\nx: y\r\n", 1)
        .await
        .unwrap_err();
    assert!(!header.gone, "cut off within its head");
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    // Every repetition but the first is read as body.
    let endless = "HTTP/1.1 500 Sorry\r\nconnection: close\r\n\r\n";
    let failure = answered(endless, 1_000_000).await.unwrap_err();
    assert!(failure.error.len() < 300, "{}", failure.error);
    let flood = answered("x: y\r\n", 10_000_000).await;
    assert!(flood.is_err(), "no status line");
}
