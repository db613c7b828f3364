//! A registry client of four calls, enough to push a small image over real HTTP.

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use model::Digest;
use server::auth::key::NewKey;
use tokio::net::TcpStream;

/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// A client of one server with one key.
pub struct Client {
    host: String,
    authorization: String,
}

/// What a server answered.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    location: Option<String>,
    /// The body.
    pub body: Bytes,
}

impl Client {
    /// A client for `host:port`.
    pub fn new(host: &str, key: &NewKey) -> Client {
        let credentials = STANDARD.encode(format!("{}:{}", key.id, key.secret));
        Client {
            host: host.to_owned(),
            authorization: format!("Basic {credentials}"),
        }
    }

    /// Pushes a blob: an upload is opened, then all bytes are sent at once.
    ///
    /// # Errors
    ///
    /// Where the server cannot be reached or refuses.
    pub async fn push_blob(&self, repository: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = format!("/v2/{repository}/blobs/uploads/");
        let opened = self.send(Method::POST, &path, None, Bytes::new()).await?;
        let location = opened
            .expect(StatusCode::ACCEPTED)?
            .location
            .context("no Location")?;
        let joint = if location.contains('?') { '&' } else { '?' };
        let path = format!("{location}{joint}digest={}", Digest::of(bytes));
        let octets = Some("application/octet-stream");
        let sent = self
            .send(Method::PUT, &path, octets, Bytes::copy_from_slice(bytes))
            .await?;
        sent.expect(StatusCode::CREATED).map(drop)
    }

    /// Pushes a manifest under a tag.
    ///
    /// # Errors
    ///
    /// Where the server cannot be reached or refuses.
    pub async fn push_manifest(
        &self,
        repository: &str,
        tag: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> anyhow::Result<()> {
        let path = format!("/v2/{repository}/manifests/{tag}");
        let body = Bytes::copy_from_slice(bytes);
        let sent = self
            .send(Method::PUT, &path, Some(media_type), body)
            .await?;
        sent.expect(StatusCode::CREATED).map(drop)
    }

    /// Asks for a path.
    ///
    /// # Errors
    ///
    /// Where the server cannot be reached.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.send(Method::GET, path, None, Bytes::new()).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Bytes,
    ) -> anyhow::Result<Answer> {
        let stream = TcpStream::connect(&self.host).await;
        let stream = stream.with_context(|| format!("cannot reach {}", self.host))?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        // A Location may be whole or a path; this server's own address is the only one we follow.
        let own = format!("http://{}", self.host);
        let path = path.strip_prefix(own.as_str()).unwrap_or(path);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.host)
            .header(AUTHORIZATION, &self.authorization);
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let response = sender.send_request(request.body(Full::new(body))?).await?;
        Answer::read(response).await
    }
}

impl Answer {
    async fn read(response: Response<hyper::body::Incoming>) -> anyhow::Result<Answer> {
        let (parts, body) = response.into_parts();
        let limited = http_body_util::Limited::new(body, MAX_ANSWER);
        let body = limited
            .collect()
            .await
            .map_err(|error| anyhow::anyhow!(error))?
            .to_bytes();
        let location = parts
            .headers
            .get(LOCATION)
            .and_then(|value| value.to_str().ok());
        Ok(Answer {
            status: parts.status,
            location: location.map(str::to_owned),
            body,
        })
    }

    fn expect(self, status: StatusCode) -> anyhow::Result<Answer> {
        if self.status == status {
            return Ok(self);
        }
        let body = String::from_utf8_lossy(&self.body).into_owned();
        bail!(
            "the server answered {} instead of {status}: {body}",
            self.status
        )
    }
}
