//! Where a bucket is, and how it is reached.

use std::fmt;
use std::io;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{HttpClient, HttpConnector};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use rustls::{ClientConfig, RootCertStore};

use crate::{StoreError, tls};

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a server may say nothing.
const SILENCE: Duration = Duration::from_secs(60);
/// How often a request is sent again, and how long after its begin at most.
const RETRIES: usize = 5;
const RETRY_TIME: Duration = Duration::from_secs(60);
/// The pauses between, which double.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A bucket of an S3-compatible server. Nothing is taken from the environment or from a cloud's
/// instance metadata.
#[derive(Clone)]
pub struct S3Settings {
    /// The server's URL; `None` for Amazon's own in the region.
    pub endpoint: Option<String>,
    /// The region that requests are signed for.
    pub region: String,
    /// The bucket, which must be there.
    pub bucket: String,
    /// What all names begin with; may be empty.
    pub prefix: String,
    /// The access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// The session token of temporary credentials.
    pub session_token: Option<String>,
    /// Whether the bucket stands in the URL's path and not in its host name. Most servers other
    /// than Amazon's need it.
    pub path_style: bool,
    /// Whether an endpoint without TLS may be used.
    pub allow_http: bool,
}

impl fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Settings")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .field("access_key_id", &self.access_key_id)
            .field("secret_access_key", &"(hidden)")
            .field(
                "session_token",
                &self.session_token.as_ref().map(|_| "(hidden)"),
            )
            .field("path_style", &self.path_style)
            .field("allow_http", &self.allow_http)
            .finish()
    }
}

/// The client of a bucket. Nothing is sent yet.
///
/// # Errors
///
/// [`StoreError::Io`] where the settings do not fit together, or no root certificates are found.
pub fn client(settings: &S3Settings) -> Result<AmazonS3, StoreError> {
    let endpoint = settings.endpoint.as_deref().unwrap_or("https://");
    let plain = !endpoint.starts_with("https://");
    if plain && !(settings.allow_http && endpoint.starts_with("http://")) {
        let advice = "the endpoint must begin with https://; http:// must be allowed explicitly";
        return Err(refused(advice));
    }
    let retries = RetryConfig {
        max_retries: RETRIES,
        retry_timeout: RETRY_TIME,
        backoff: BackoffConfig {
            init_backoff: FIRST_PAUSE,
            max_backoff: LONGEST_PAUSE,
            base: 2.0,
        },
    };
    let mut builder = AmazonS3Builder::new()
        .with_region(&settings.region)
        .with_bucket_name(&settings.bucket)
        .with_access_key_id(&settings.access_key_id)
        .with_secret_access_key(&settings.secret_access_key)
        .with_virtual_hosted_style_request(!settings.path_style)
        .with_allow_http(plain)
        // Not every server knows the request that removes many objects.
        .with_disable_bulk_delete(true)
        .with_retry(retries)
        .with_http_connector(Connector {
            client: http(plain)?,
        });
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    if let Some(token) = &settings.session_token {
        builder = builder.with_token(token);
    }
    builder.build().map_err(|cause| refused(&cause.to_string()))
}

/// Hands out the one HTTP client that was made for the bucket, whatever options are asked for:
/// those of the library bound the time of a whole download.
#[derive(Debug)]
struct Connector {
    client: reqwest::Client,
}

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.client.clone()))
    }
}

fn http(plain: bool) -> Result<reqwest::Client, StoreError> {
    let client = reqwest::Client::builder()
        .user_agent(concat!("lazaret/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(tls(plain)?)
        .https_only(!plain)
        .http1_only()
        .no_proxy()
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE);
    client.build().map_err(|cause| refused(&cause.to_string()))
}

fn tls(plain: bool) -> Result<ClientConfig, StoreError> {
    // Without TLS no root certificates are needed.
    let roots = if plain {
        RootCertStore::empty()
    } else {
        tls::roots()?
    };
    tls::client(roots)
}

fn refused(why: &str) -> StoreError {
    StoreError::Io {
        action: "make a client for the bucket".to_owned(),
        cause: io::Error::new(io::ErrorKind::InvalidInput, why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(endpoint: &str) -> S3Settings {
        S3Settings {
            endpoint: Some(endpoint.to_owned()),
            region: "us-east-1".to_owned(),
            bucket: "b".to_owned(),
            prefix: String::new(),
            access_key_id: "id".to_owned(),
            secret_access_key: "very-secret".to_owned(),
            session_token: Some("token-secret".to_owned()),
            path_style: true,
            allow_http: false,
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?}", settings("https://s3.example"));
        assert!(!shown.contains("-secret"), "{shown}");
        assert!(shown.contains("us-east-1"));
    }

    #[test]
    fn plain_http_must_be_allowed() {
        assert!(client(&settings("http://127.0.0.1:1")).is_err());
        assert!(client(&settings("ftp://127.0.0.1:1")).is_err());
        let mut allowed = settings("http://127.0.0.1:1");
        allowed.allow_http = true;
        assert!(client(&allowed).is_ok());
    }
}
