//! Limits on everything at the door that a client controls. `docs/operations.md` has the table.

use std::num::NonZeroU32;
use std::time::Duration;

/// What a client may hold, send and take its time for.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections that are served at one time; further ones wait to be accepted.
    pub connections: usize,
    /// Connections of one address at one time (IPv6: of one /64); further ones are closed at
    /// once. Trusted proxies are exempt.
    pub connections_per_address: usize,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long a client may take to send a request's headers (HTTP/1.1).
    pub headers: Duration,
    /// How long a connection may stay open with no request on it.
    pub idle: Duration,
    /// How long a client may read nothing of an answer that is there for it: then its connection
    /// is closed. What stands in a socket's buffers counts as read.
    pub stall: Duration,
    /// Bytes of a request's headers, names and values together: 431 beyond.
    pub header_bytes: usize,
    /// Headers of a request: 431 beyond.
    pub header_count: usize,
    /// Bytes of path and query together: 414 beyond.
    pub uri_bytes: usize,
    /// Requests at one time on one HTTP/2 connection.
    pub streams: u32,
    /// Streams that a client opened and reset before they were taken up: the connection is closed
    /// beyond ("rapid reset", CVE-2023-44487).
    pub resets: usize,
    /// How often an HTTP/2 connection is asked whether somebody is there, and how long the answer
    /// may take.
    pub ping: Duration,
    /// Bytes of a body where no large one is expected, which is everywhere but in uploads,
    /// manifests and ECR's API: 413 beyond.
    pub body_bytes: u64,
    /// How long the body of such a request may take to arrive, and of a manifest's or ECR's. An
    /// upload may take any time, as long as something comes.
    pub body: Duration,
    /// Bytes of one blob; `None` for any size.
    pub blob_bytes: Option<u64>,
    /// Requests per second of one principal; `None` for any number.
    pub rate: Option<NonZeroU32>,
    /// Requests that a principal may send at once before [`Limits::rate`] counts.
    pub burst: NonZeroU32,
    /// Wrong credentials that one address may send at once; one more each second after that.
    pub failed_logins: u32,
    /// How long requests under way may take to end once the server is asked to stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 1024,
            connections_per_address: 256,
            handshake: Duration::from_secs(10),
            headers: Duration::from_secs(30),
            idle: Duration::from_secs(90),
            stall: Duration::from_secs(300),
            header_bytes: 32 * 1024,
            header_count: 100,
            uri_bytes: 8 * 1024,
            streams: 100,
            resets: 20,
            ping: Duration::from_secs(30),
            body_bytes: 1024 * 1024,
            body: Duration::from_secs(60),
            blob_bytes: None,
            rate: None,
            burst: NonZeroU32::MIN.saturating_add(99),
            failed_logins: 10,
            grace: Duration::from_secs(300),
        }
    }
}
