//! Deliveries over HTTP, signed.
//!
//! TLS is verified, no redirect is followed, no proxy is asked, and nothing is sent to addresses
//! of the link itself, where clouds answer whoever asks with the machine's credentials.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url, redirect};
use tokio::time::timeout;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use super::settings::EventSettings;
use super::shape::Document;
use super::signature;

/// The longest address of a receiver, in bytes.
pub const MAX_URL: usize = 2048;
/// Headers of an answer.
const MAX_HEADERS: usize = 64;
/// How long the rest of an answer may take after its head.
const REST: Duration = Duration::from_secs(1);
/// Characters of an answer that stand in an error.
const QUOTED: usize = 200;
/// AWS's metadata service in IPv6: not of the link by its number, but by what it is.
const METADATA: IpAddr = IpAddr::V6(std::net::Ipv6Addr::new(
    0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254,
));

/// The client of all deliveries.
#[derive(Clone)]
pub struct Webhooks {
    client: Client,
    answer_bytes: usize,
}

/// Where a document goes and what it is signed with.
pub struct Receiver<'a> {
    /// Its address.
    pub url: &'a str,
    /// What both sides know.
    pub secret: &'a str,
    /// The media type of what it is sent.
    pub content_type: &'static str,
}

/// Why a delivery failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// In words, for who made the subscription.
    pub error: String,
    /// Whether the receiver wants nothing any more.
    pub gone: bool,
    /// How long the receiver wants to be left alone.
    pub wait: Option<SignedDuration>,
}

impl Failure {
    /// One that may pass.
    pub fn new(error: impl Into<String>) -> Failure {
        Failure {
            error: error.into(),
            gone: false,
            wait: None,
        }
    }
}

/// An address that nothing may be sent to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// It is no address.
    #[error("expected http:// or https:// with a host, {MAX_URL} bytes at most")]
    Form,
    /// It holds credentials.
    #[error("an address must hold no user and no password: they would stand in the list")]
    Credentials,
    /// It is of the link.
    #[error("{0} is an address of the link or of a cloud's metadata: nothing is sent there")]
    Forbidden(IpAddr),
}

/// The address of a receiver.
///
/// # Errors
///
/// [`InvalidTarget`] where nothing may be sent to it. A name is looked up only when it is used.
pub fn target(text: &str) -> Result<Url, InvalidTarget> {
    let url: Url = text.parse().map_err(|_| InvalidTarget::Form)?;
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = host.ok_or(InvalidTarget::Form)?;
    if text.len() > MAX_URL || !matches!(url.scheme(), "http" | "https") {
        return Err(InvalidTarget::Form);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(InvalidTarget::Credentials);
    }
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) if is_forbidden(address) => Err(InvalidTarget::Forbidden(address)),
        _ => Ok(url),
    }
}

/// Whether an address is of the link (169.254.0.0/16, fe80::/10) or a cloud's metadata service.
fn is_forbidden(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address == METADATA
        || match address {
            IpAddr::V4(address) => address.is_link_local(),
            IpAddr::V6(address) => address.is_unicast_link_local(),
        }
}

/// Looks names up as the machine does, and refuses those that lead where nothing may be sent.
struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            Ok(Box::new(allowed(found)?.into_iter()) as Addrs)
        })
    }
}

/// The addresses of a name, unless one of them is forbidden: who answers so means no good.
fn allowed(found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, InvalidTarget> {
    match found.iter().find(|found| is_forbidden(found.ip())) {
        Some(bad) => Err(InvalidTarget::Forbidden(bad.ip())),
        None => Ok(found),
    }
}

impl Webhooks {
    /// A client that trusts these certificates.
    ///
    /// # Errors
    ///
    /// Where TLS cannot be prepared.
    pub fn new(
        roots: RootCertStore,
        settings: &EventSettings,
    ) -> Result<Webhooks, Box<dyn Error + Send + Sync>> {
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(rustls::DEFAULT_VERSIONS)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = Client::builder()
            .user_agent(concat!("lazaret/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(config)
            .dns_resolver(Resolver)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .http1_only()
            .http1_max_headers(MAX_HEADERS)
            .timeout(settings.timeout)
            .build()?;
        Ok(Webhooks {
            client,
            answer_bytes: settings.answer_bytes,
        })
    }

    /// Sends a document; it is taken where the receiver answers with 2xx.
    ///
    /// # Errors
    ///
    /// [`Failure`] in every other case.
    pub async fn post(
        &self,
        receiver: &Receiver<'_>,
        document: &Document,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let url = target(receiver.url).map_err(|error| Failure::new(error.to_string()))?;
        let (id, second, body) = (&document.id, now.as_second(), &document.body);
        let signature = signature::sign(receiver.secret, id, second, body);
        let signature = signature.ok_or_else(|| Failure::new("the secret cannot sign"))?;
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, receiver.content_type)
            .header("webhook-id", id)
            .header("webhook-timestamp", second)
            .header("webhook-signature", signature)
            .body(body.clone());
        let answer = request.send().await;
        let answer = answer.map_err(|error| Failure::new(in_words(&error.without_url())))?;
        self.judge(answer).await
    }

    async fn judge(&self, mut answer: Response) -> Result<(), Failure> {
        let status = answer.status();
        let wait = answer.headers().get(RETRY_AFTER);
        let wait = wait.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        // Read to its end, so that the connection can be used again; who dawdles is not waited for.
        let mut text = Vec::new();
        let read = async {
            while let Ok(Some(piece)) = answer.chunk().await {
                let room = self.answer_bytes.saturating_sub(text.len());
                text.extend(piece.iter().take(room));
                if piece.len() > room {
                    break;
                }
            }
        };
        drop(timeout(REST, read).await);
        match status.is_success() {
            true => Ok(()),
            false => Err(Failure {
                error: format!("the receiver answered {status}{}", quote(&text)),
                gone: status == StatusCode::GONE,
                wait: wait.map(SignedDuration::from_secs),
            }),
        }
    }
}

/// The beginning of an answer, without what a terminal or a log would take for its own.
fn quote(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    let text: String = text.trim().chars().take(QUOTED).map(plain).collect();
    match text.is_empty() {
        true => text,
        false => format!(": {text}"),
    }
}

/// An error with its causes.
fn in_words(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_sent_to_the_link() {
        let allowed = [
            "http://127.0.0.1:8080/hook",
            "https://[::1]/",
            "http://10.0.0.1/",
            "https://hooks.example.org/a?b=c",
        ];
        for text in allowed {
            assert!(target(text).is_ok(), "{text}");
        }
        let forbidden = [
            "http://169.254.169.254/latest",
            "http://0xa9.254.43518/",
            "http://2852039166/",
            "http://[fe80::1]/",
            "http://[::ffff:169.254.169.254]/",
            "http://[fd00:ec2::254]/",
        ];
        for text in forbidden {
            let refused = matches!(target(text), Err(InvalidTarget::Forbidden(_)));
            assert!(refused, "{text}");
        }
        for text in ["", "hook", "ftp://a/", "file:///etc/passwd", "http://"] {
            assert_eq!(target(text), Err(InvalidTarget::Form), "{text}");
        }
        assert_eq!(target("http://a:b@c/"), Err(InvalidTarget::Credentials));
        let long = format!("http://a/{}", "b".repeat(MAX_URL));
        assert_eq!(target(&long), Err(InvalidTarget::Form));
    }

    #[test]
    fn a_name_that_leads_to_the_link_is_refused() {
        let found = |text: &[&str]| text.iter().map(|one| one.parse().unwrap()).collect();
        let good = found(&["10.0.0.1:0", "[::1]:0"]);
        assert_eq!(allowed(good).unwrap().len(), 2);
        assert!(allowed(found(&["10.0.0.1:0", "169.254.169.254:0"])).is_err());
    }

    #[test]
    fn an_answer_is_quoted_as_plain_text() {
        assert_eq!(quote(b"  no\x1b[31m\nthing "), ": no [31m thing");
        assert_eq!(quote(&[b'a'; 1000]).len(), QUOTED + 2);
        assert_eq!(quote(b""), "");
    }
}
