//! A client of a running server's API: JSON in and out, with an access key, over HTTP or TLS.
//!
//! `Client::open(&flags.remote)?` finds the server and the credentials; `get`, `post`, `put` and
//! `delete` take a path below the server's address and answer the JSON, or an error with the
//! server's own words. [`run`] gives a command the runtime that it needs for that.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::rt::{Read, Write};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::cli::remote::Remote;
use crate::key;

/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
const AGENT: &str = concat!("lazaret/", env!("CARGO_PKG_VERSION"));

/// An access key as the one that asks.
#[derive(Clone)]
pub struct Credentials {
    /// The public half.
    pub id: String,
    /// The secret half.
    pub secret: String,
}

/// A client of one server, as one user.
pub struct Client {
    host: String,
    port: u16,
    /// Host and port as they stand in requests.
    authority: String,
    /// What stands before every path: a server may lie below one.
    base: String,
    tls: Option<TlsConnector>,
    credentials: Option<Credentials>,
}

/// Runs a command that talks to a server.
///
/// # Errors
///
/// Those of the command.
pub fn run(command: impl Future<Output = anyhow::Result<u8>>) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(command)
}

/// The same for a command that does several things at once.
///
/// # Errors
///
/// Those of the command.
pub fn run_wide<T>(command: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(command)
}

impl Client {
    /// A client as the flags say.
    ///
    /// # Errors
    ///
    /// Where the address or a file cannot be used, or a secret would travel in the clear.
    pub fn open(flags: &Remote) -> anyhow::Result<Client> {
        let client = Client::new(&flags.server, flags.ca.as_deref())?;
        let credentials = credentials(flags.key_file.as_deref(), Some(&flags.data))?;
        let exposed = client.tls.is_none() && !is_loopback(&client.host) && !flags.plain_http;
        if exposed && credentials.is_some() {
            bail!(
                "{} would get the access key unencrypted: use https://, or --plain-http where the \
                 network may be trusted",
                flags.server
            );
        }
        Ok(Client {
            credentials,
            ..client
        })
    }

    fn new(server: &str, ca: Option<&Path>) -> anyhow::Result<Client> {
        let wrong = || format!("'{server}' is no server's address: expected http(s)://HOST[:PORT]");
        let uri: Uri = server.parse().with_context(wrong)?;
        let authority = uri.authority().with_context(wrong)?;
        let (tls, port) = match uri.scheme_str() {
            Some("https") => (Some(connector(ca)?), 443),
            Some("http") => (None, 80),
            _ => bail!(wrong()),
        };
        let host = authority.host().trim_matches(['[', ']']);
        Ok(Client {
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(port),
            authority: authority.as_str().to_owned(),
            base: uri.path().trim_end_matches('/').to_owned(),
            tls,
            credentials: None,
        })
    }

    /// The same client as somebody else.
    pub fn with(self, credentials: Credentials) -> Client {
        Client {
            credentials: Some(credentials),
            ..self
        }
    }

    /// The identifier of the access key that this client asks with.
    pub fn key_id(&self) -> Option<&str> {
        self.credentials
            .as_ref()
            .map(|credentials| credentials.id.as_str())
    }

    /// Asks for a path.
    ///
    /// # Errors
    ///
    /// Where the server cannot be reached, or refuses: the text has its reason.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, None).await
    }

    /// Sends a document to be done something with.
    ///
    /// # Errors
    ///
    /// As [`Client::get`].
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Sends a document to be what stands at the path.
    ///
    /// # Errors
    ///
    /// As [`Client::get`].
    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::PUT, path, Some(body)).await
    }

    /// Removes what stands at the path.
    ///
    /// # Errors
    ///
    /// As [`Client::get`].
    pub async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::DELETE, path, None).await
    }

    /// Has something long done, and calls for each line of the answer as it comes.
    ///
    /// # Errors
    ///
    /// As [`Client::get`], and where the answer breaks off.
    pub async fn post_lines(
        &self,
        path: &str,
        mut line: impl FnMut(Value) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let response = self.exchange(Method::POST, path, None).await?;
        let (parts, mut body) = response.into_parts();
        if !parts.status.is_success() {
            let bytes = Limited::new(body, MAX_ANSWER).collect().await;
            let bytes = bytes.map_err(|error| anyhow::anyhow!(error))?.to_bytes();
            return document(parts.status, &bytes).map(drop);
        }
        let mut rest: Vec<u8> = Vec::new();
        while let Some(frame) = body.frame().await {
            rest.extend_from_slice(&frame?.into_data().unwrap_or_default());
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let whole: Vec<u8> = rest.drain(..=end).collect();
                line(serde_json::from_slice(&whole).context("the server's answer is no JSON")?)?;
            }
            if rest.len() > MAX_ANSWER {
                bail!("the server's answer has a line that does not end");
            }
        }
        Ok(())
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let (parts, body) = self.exchange(method, path, body).await?.into_parts();
        let bytes = Limited::new(body, MAX_ANSWER).collect().await;
        let bytes = bytes.map_err(|error| anyhow::anyhow!(error))?;
        document(parts.status, &bytes.to_bytes())
    }

    /// Sends a request over a connection of its own; the head of the answer is there.
    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Response<Incoming>> {
        let request = self.request(method, path, body)?;
        let unreached = || format!("cannot reach {}:{}", self.host, self.port);
        let stream = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .with_context(unreached)?;
        let response = match &self.tls {
            None => exchange(TokioIo::new(stream), request).await,
            Some(tls) => {
                let name = ServerName::try_from(self.host.clone())?;
                let stream = tls.connect(name, stream).await.with_context(|| {
                    format!("no trusted connection with {}; see --ca", self.authority)
                })?;
                exchange(TokioIo::new(stream), request).await
            }
        };
        response.with_context(unreached)
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(HOST, &self.authority)
            .header(USER_AGENT, AGENT);
        if let Some(credentials) = &self.credentials {
            let pair = STANDARD.encode(format!("{}:{}", credentials.id, credentials.secret));
            request = request.header(AUTHORIZATION, format!("Basic {pair}"));
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let bytes = body.map(|body| body.to_string().into()).unwrap_or_default();
        Ok(request.body(Full::new(bytes))?)
    }
}

/// One request over a fresh connection.
async fn exchange(
    stream: impl Read + Write + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<Response<Incoming>> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

/// The answer's JSON, `null` where it is empty; the server's own words where it refuses.
fn document(status: StatusCode, bytes: &[u8]) -> anyhow::Result<Value> {
    if status.is_success() {
        return match bytes.is_empty() {
            true => Ok(Value::Null),
            false => serde_json::from_slice(bytes).context("the server's answer is no JSON"),
        };
    }
    let text = String::from_utf8_lossy(bytes);
    let value: Option<Value> = serde_json::from_slice(bytes).ok();
    let words = value
        .as_ref()
        .and_then(|value| value.get("error")?.as_str());
    let words = report::text::plain(words.unwrap_or(text.trim()));
    match status {
        StatusCode::UNAUTHORIZED => bail!(
            "{words} (an access key is read from --key-file, LAZARET_ACCESS_KEY_ID and \
             LAZARET_SECRET_ACCESS_KEY, or DATA/admin-key.json)"
        ),
        _ if words.is_empty() => bail!("the server answered {status}"),
        _ => bail!("{words}"),
    }
}

/// The access key to ask with: the named file, the environment, or the first key of a server whose
/// data directory is here. None of them is there where a server asks for no credentials.
///
/// # Errors
///
/// Where a file cannot be read, or half of the environment's pair is missing.
pub fn credentials(
    file: Option<&Path>,
    data: Option<&Path>,
) -> anyhow::Result<Option<Credentials>> {
    if let Some(path) = file {
        return key::credentials(path).map(Some);
    }
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let pair = (
        variable("LAZARET_ACCESS_KEY_ID"),
        variable("LAZARET_SECRET_ACCESS_KEY"),
    );
    match pair {
        (Some(id), Some(secret)) => return Ok(Some(Credentials { id, secret })),
        (None, None) => {}
        _ => bail!("LAZARET_ACCESS_KEY_ID and LAZARET_SECRET_ACCESS_KEY belong together"),
    }
    let first = data.map(key::path).filter(|first| first.exists());
    first.map(|first| key::credentials(&first)).transpose()
}

/// The certificates to trust servers by: those of a file, or the system's.
///
/// # Errors
///
/// Where there are none.
pub fn roots(ca: Option<&Path>) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            let failed = || format!("cannot read certificates from {}", path.display());
            for certificate in CertificateDer::pem_file_iter(path).with_context(failed)? {
                roots.add(certificate.with_context(failed)?)?;
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
        }
    }
    if roots.is_empty() {
        bail!("there is no certificate to trust a server by: name a file of them with --ca");
    }
    Ok(roots)
}

fn connector(ca: Option<&Path>) -> anyhow::Result<TlsConnector> {
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(ca)?)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Whether a host is this machine: by its name, or by an address without brackets.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let parts = |server: &str| {
            let client = Client::new(server, None).unwrap();
            (client.host, client.port, client.base)
        };
        let of = |host: &str, port, base: &str| (host.to_owned(), port, base.to_owned());
        assert_eq!(parts("http://127.0.0.1:5000"), of("127.0.0.1", 5000, ""));
        assert_eq!(parts("http://[::1]:5000/"), of("::1", 5000, ""));
        assert_eq!(parts("http://host/lazaret/"), of("host", 80, "/lazaret"));
        for server in ["", "host:5000", "ftp://host", "http://"] {
            assert!(Client::new(server, None).is_err(), "{server}");
        }
    }

    #[test]
    fn refusals_have_the_servers_words() {
        let words = |status: u16, body: &str| {
            let status = StatusCode::from_u16(status).unwrap();
            document(status, body.as_bytes()).unwrap_err().to_string()
        };
        assert_eq!(
            words(409, r#"{"error":"the last way in"}"#),
            "the last way in"
        );
        assert_eq!(
            words(500, ""),
            "the server answered 500 Internal Server Error"
        );
        assert!(words(401, "who?\n").starts_with("who? (an access key is read from"));
        assert_eq!(document(StatusCode::NO_CONTENT, b"").unwrap(), Value::Null);
    }
}
