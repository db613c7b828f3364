//! Over loopback sockets: TLS, both versions of HTTP, clients that do not behave, and the end.
//!
//! Nothing is asserted about how long something takes: a test waits for what must happen.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, Version};
use axum::routing::{get, post};
use http_body_util::BodyExt;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, DEFAULT_VERSIONS, RootCertStore};

use super::{Endpoint, serve};
use crate::surface::Surface;
use crate::testing::Server;
use crate::tls::Tls;

struct Running {
    server: Server,
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    cut: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

async fn start(
    change: impl FnOnce(&mut crate::Limits),
    router: Option<Router>,
    tls: Option<Arc<Tls>>,
) -> Running {
    let server = Server::with(|settings| {
        settings.dev = true;
        change(&mut settings.limits);
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = server.app.clone();
    let router = router.unwrap_or_else(|| crate::router::router(app.clone()));
    let endpoint = Endpoint { app, router, tls };
    let ((stop, stopped), (cut, is_cut)) = (oneshot::channel(), oneshot::channel());
    let until = |asked: oneshot::Receiver<()>| async { asked.await.unwrap() };
    let serving = serve(listener, endpoint, until(stopped), until(is_cut));
    Running {
        server,
        address,
        stop,
        cut,
        ended: tokio::spawn(serving),
    }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn http1(&self) -> http1::SendRequest<Body> {
        let io = TokioIo::new(self.connect().await);
        let (sender, connection) = http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    async fn stopped(self) {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap().unwrap();
    }
}

fn request(path: &str) -> Request<Body> {
    let request = Request::get(path).header("host", "localhost");
    request.body(Body::empty()).unwrap()
}

struct Authority {
    directory: tempfile::TempDir,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn new() -> Authority {
        let directory = tempfile::tempdir().unwrap();
        let certificate = Authority::renew(&directory);
        Authority {
            directory,
            certificate,
        }
    }

    fn renew(directory: &tempfile::TempDir) -> CertificateDer<'static> {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        for (name, text) in [
            ("certificate.pem", cert.pem()),
            ("key.pem", signing_key.serialize_pem()),
        ] {
            let new = directory.path().join("new");
            std::fs::write(&new, text).unwrap();
            std::fs::rename(new, directory.path().join(name)).unwrap();
        }
        cert.der().clone()
    }

    fn tls(&self) -> Arc<Tls> {
        let file = |name: &str| self.directory.path().join(name);
        Arc::new(Tls::open(&file("certificate.pem"), &file("key.pem")).unwrap())
    }
}

async fn handshake(
    running: &Running,
    trusted: &CertificateDer<'static>,
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(DEFAULT_VERSIONS)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, running.connect().await).await
}

#[tokio::test]
async fn tls_speaks_both_versions_and_takes_a_new_certificate() {
    let authority = Authority::new();
    let tls = authority.tls();
    let running = start(|_| {}, None, Some(tls.clone())).await;

    let stream = handshake(&running, &authority.certificate, "http/1.1")
        .await
        .unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let answered = sender.send_request(request("/healthz")).await.unwrap();
    assert_eq!(answered.version(), Version::HTTP_11);

    let stream = handshake(&running, &authority.certificate, "h2")
        .await
        .unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let io = TokioIo::new(stream);
    let (mut second, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let uri = "https://localhost/healthz";
    let asked = Request::get(uri).body(Body::empty()).unwrap();
    let answered = second.send_request(asked).await.unwrap();
    assert_eq!(
        (answered.version(), answered.status()),
        (Version::HTTP_2, StatusCode::OK)
    );

    let renewed = Authority::renew(&authority.directory);
    assert!(tls.refresh().unwrap());
    assert!(
        handshake(&running, &authority.certificate, "h2")
            .await
            .is_err()
    );
    assert!(handshake(&running, &renewed, "h2").await.is_ok());
    // The connections of before go on.
    assert!(
        second
            .send_request(Request::get(uri).body(Body::empty()).unwrap())
            .await
            .is_ok()
    );
    running.stopped().await;
}

#[tokio::test]
async fn who_says_nothing_is_sent_away() {
    let short = |limits: &mut crate::Limits| {
        limits.headers = Duration::from_millis(50);
        limits.handshake = Duration::from_millis(50);
        limits.idle = Duration::from_millis(50);
    };
    let authority = Authority::new();
    for tls in [None, Some(authority.tls())] {
        let running = start(short, None, tls.clone()).await;
        // Nothing at all; half of a preface; half of a request.
        for begun in ["", "PRI * HT", "GET / HTTP/1.1\r\nhost: loc"] {
            let mut stream = running.connect().await;
            stream.write_all(begun.as_bytes()).await.unwrap();
            let mut answered = Vec::new();
            drop(stream.read_to_end(&mut answered).await);
            assert!(!answered.starts_with(b"HTTP/1.1 200"), "{begun}");
        }
        running.stopped().await;
    }
}

#[tokio::test]
async fn a_connection_that_nobody_uses_is_closed() {
    let short = |limits: &mut crate::Limits| limits.idle = Duration::from_millis(50);
    let running = start(short, None, None).await;
    let mut sender = running.http1().await;
    sender.send_request(request("/healthz")).await.unwrap();
    while sender.ready().await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.stopped().await;
}

#[tokio::test]
async fn who_takes_nothing_is_cut_off() {
    let endless = || async {
        let piece = bytes::Bytes::from(vec![0; 1 << 20]);
        let pieces =
            futures_util::stream::repeat_with(move || Ok::<_, std::io::Error>(piece.clone()));
        Body::from_stream(pieces)
    };
    let router = Router::new().route("/endless", get(endless));
    let short = |limits: &mut crate::Limits| limits.stall = Duration::from_millis(100);
    let running = start(short, Some(router), None).await;

    // HTTP/1.1: the socket fills up. The server's end shows as a reset or an end that comes early.
    let mut stream = running.connect().await;
    stream
        .write_all(b"GET /endless HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    // The server took it, or has ended it already.
    drop(stream.read_exact(&mut [0; 1]).await);
    while running.server.app.metrics.connections.get() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(stream);

    // HTTP/2: flow control holds the stream back, while the socket is free.
    let io = TokioIo::new(running.connect().await);
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let connection = tokio::spawn(connection);
    let uri = "http://localhost/endless";
    let asked = Request::get(uri).body(Body::empty()).unwrap();
    let held = sender.send_request(asked).await;
    drop(connection.await.unwrap());
    drop(held);
    running.stopped().await;
}

#[tokio::test]
async fn an_address_has_a_number_of_connections() {
    let few = |limits: &mut crate::Limits| limits.connections_per_address = 1;
    let running = start(few, None, None).await;
    let mut first = running.http1().await;
    first.send_request(request("/healthz")).await.unwrap();
    let mut second = running.connect().await;
    assert_eq!(second.read(&mut [0; 1]).await.unwrap_or_default(), 0);
    drop(first);
    // Its place is free once the server has seen the end.
    loop {
        let mut third = running.http1().await;
        if third.send_request(request("/healthz")).await.is_ok() {
            break;
        }
    }
    running.stopped().await;
}

#[tokio::test]
async fn the_end_lets_an_upload_end_and_closes_what_is_idle() {
    let begun = Arc::new(tokio::sync::Notify::new());
    let begins = begun.clone();
    let taken = async move |body: Body| {
        begins.notify_one();
        body.collect().await.unwrap().to_bytes().len().to_string()
    };
    let router = Router::new()
        .route("/", get(async || "here"))
        .route("/upload", post(taken));
    let running = start(|_| {}, Some(router), None).await;
    let mut idle = running.http1().await;
    idle.send_request(request("/")).await.unwrap();

    let mut upload = running.connect().await;
    let head = b"POST /upload HTTP/1.1\r\nhost: localhost\r\ncontent-length: 8\r\n\r\n1234";
    upload.write_all(head).await.unwrap();
    begun.notified().await;
    running.stop.send(()).unwrap();
    while idle.ready().await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!running.ended.is_finished());
    assert!(
        running
            .server
            .app
            .stopping
            .load(std::sync::atomic::Ordering::Relaxed)
    );
    assert!(TcpStream::connect(running.address).await.is_err());
    upload.write_all(b"5678").await.unwrap();
    let mut answered = String::new();
    upload.read_to_string(&mut answered).await.unwrap();
    assert!(
        answered.starts_with("HTTP/1.1 200") && answered.ends_with("\r\n\r\n8"),
        "{answered}"
    );
    running.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_second_signal_ends_at_once_and_the_upload_can_be_resumed() {
    let running = start(|_| {}, None, None).await;
    running.server.repository("a", None);
    let mut sender = running.http1().await;
    let begin = Request::post("/v2/a/blobs/uploads/").header("host", "localhost");
    let begun = sender
        .send_request(begin.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let place = begun.headers()["location"].to_str().unwrap().to_owned();

    let mut upload = running.connect().await;
    let head =
        format!("PATCH {place} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 8\r\n\r\n1234");
    upload.write_all(head.as_bytes()).await.unwrap();
    while running.server.app.metrics.received(Surface::Registry) < 4 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.stop.send(()).unwrap();
    running.cut.send(()).unwrap();
    running.ended.await.unwrap().unwrap();
    // The router stands for the server of after the next start: it has the same stores. The
    // first four bytes are there as soon as the request that was cut off has written them.
    loop {
        let status = running.server.get(&place).await;
        assert_eq!(status.status, StatusCode::NO_CONTENT);
        if status.header("range") == "0-3" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let digest = model::Digest::of(b"12345678");
    let last = Request::put(format!("{place}?digest={digest}")).header("host", "localhost");
    let done = running
        .server
        .request(last.body(Body::from("5678")).unwrap())
        .await;
    assert_eq!(done.status, StatusCode::CREATED, "{}", done.body);
}
