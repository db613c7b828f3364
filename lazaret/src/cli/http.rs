//! The flags of `lazaret serve` that are about HTTP: encryption, limits, what is told about it.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use server::{Limits, Settings};

#[derive(Debug, Args)]
pub struct Http {
    /// Serve TLS with this certificate chain (PEM); a replaced file is used within seconds
    #[arg(
        long,
        value_name = "FILE",
        env = "LAZARET_TLS_CERT",
        requires = "tls_key"
    )]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(
        long,
        value_name = "FILE",
        env = "LAZARET_TLS_KEY",
        requires = "tls_cert"
    )]
    pub tls_key: Option<PathBuf>,
    /// What clients see before the host [default: https with --tls-cert, otherwise http]
    #[arg(long, value_name = "http|https", env = "LAZARET_PUBLIC_SCHEME")]
    pub public_scheme: Option<Scheme>,
    /// A proxy whose X-Forwarded-For is believed: an address or a network; may be repeated
    #[arg(long, value_name = "ADDR[/BITS]", env = "LAZARET_TRUSTED_PROXY",
          value_delimiter = ',', value_parser = network)]
    pub trusted_proxy: Vec<IpNet>,
    /// Connections at one time; further ones wait
    #[arg(long, value_name = "N", default_value_t = Limits::default().connections)]
    pub max_connections: usize,
    /// Connections of one address at one time; further ones are closed
    #[arg(long, value_name = "N", default_value_t = Limits::default().connections_per_address)]
    pub max_connections_per_address: usize,
    /// Seconds after which a client that reads nothing of its answer is cut off
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::default().stall.as_secs(),
          value_parser = clap::value_parser!(u64).range(1..))]
    pub stall_timeout: u64,
    /// Bytes of one blob at most [default: any size]
    #[arg(long, value_name = "BYTES")]
    pub max_blob_size: Option<u64>,
    /// Requests per second of one principal [default: any number]
    #[arg(long, value_name = "N", env = "LAZARET_RATE_LIMIT")]
    pub rate_limit: Option<NonZeroU32>,
    /// Requests that a principal may send at once before --rate-limit counts
    #[arg(long, value_name = "N", default_value_t = Limits::default().burst)]
    pub rate_burst: NonZeroU32,
    /// One line per request on standard error
    #[arg(
        long,
        value_name = "FORM",
        default_value = "text",
        env = "LAZARET_ACCESS_LOG"
    )]
    pub access_log: AccessLog,
    /// Answer /metrics on this address too, in the clear and without credentials
    #[arg(long, value_name = "ADDR", env = "LAZARET_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
    /// Send traces to the collector at this address (OTLP over HTTP)
    #[cfg(feature = "otel")]
    #[arg(long, value_name = "URL", env = "LAZARET_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
    /// Seconds that requests under way have to end after SIGTERM
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::default().grace.as_secs(),
          env = "LAZARET_SHUTDOWN_GRACE")]
    pub shutdown_grace: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scheme {
    /// In the clear
    Http,
    /// TLS, here or in a proxy before the server
    Https,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AccessLog {
    /// None
    Off,
    /// For people
    Text,
    /// For programs: one JSON object a line
    Json,
}

impl Http {
    /// Writes what was chosen into the settings.
    pub fn apply(&self, settings: &mut Settings) {
        settings.public_scheme = match self.scheme() {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        settings.trusted_proxies.clone_from(&self.trusted_proxy);
        let limits = &mut settings.limits;
        limits.connections = self.max_connections;
        limits.connections_per_address = self.max_connections_per_address;
        limits.stall = Duration::from_secs(self.stall_timeout);
        limits.blob_bytes = self.max_blob_size;
        limits.rate = self.rate_limit;
        limits.burst = self.rate_burst;
        limits.grace = Duration::from_secs(self.shutdown_grace);
    }

    fn scheme(&self) -> Scheme {
        let own = match self.tls_cert {
            Some(_) => Scheme::Https,
            None => Scheme::Http,
        };
        self.public_scheme.unwrap_or(own)
    }

    /// What to warn of: credentials that anybody on the way can read.
    pub fn warning(&self, listen: SocketAddr) -> Option<String> {
        let clear = self.tls_cert.is_none() && self.scheme() == Scheme::Http;
        (clear && !listen.ip().is_loopback()).then(|| {
            format!(
                "HTTP in the clear on {listen}: whoever is on the way reads passwords and images. \
                 Name a certificate with --tls-cert and --tls-key; behind a proxy that speaks \
                 TLS, say so with --public-scheme https"
            )
        })
    }
}

/// An address, or a network in CIDR notation.
fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address
        .or_else(|_| text.parse())
        .map_err(|_| "expected an address like 10.0.0.1, or a network like 10.0.0.0/8".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn parse(line: &str) -> Result<Http, clap::Error> {
        let parsed = Cli::try_parse_from(format!("lazaret serve {line}").split_whitespace())?;
        match parsed.command {
            Command::Serve(flags) => Ok(flags.http),
            _ => unreachable!("the line says serve"),
        }
    }

    fn settings(line: &str) -> Settings {
        let mut settings = Settings::new("registry.example.org");
        parse(line).unwrap().apply(&mut settings);
        settings
    }

    #[test]
    fn flags_become_settings() {
        assert_eq!(settings("").public_scheme, "http");
        let tls = "--tls-cert a.pem --tls-key b.pem";
        assert_eq!(settings(tls).public_scheme, "https");
        let proxied = settings("--public-scheme https --trusted-proxy 10.0.0.0/8,192.0.2.1");
        assert_eq!(proxied.public_scheme, "https");
        assert_eq!(proxied.trusted_proxies.len(), 2);
        for wrong in [
            "--tls-cert a.pem",
            "--trusted-proxy somewhere",
            "--stall-timeout 0",
            "--rate-limit 0",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn credentials_in_the_clear_are_warned_of() {
        let (far, near) = ("0.0.0.0:5000", "127.0.0.1:5000");
        for (line, listen, warned) in [
            ("", near, false),
            ("", far, true),
            ("--public-scheme http", far, true),
            ("--public-scheme https", far, false),
            ("--tls-cert a.pem --tls-key b.pem", far, false),
        ] {
            let warning = parse(line).unwrap().warning(listen.parse().unwrap());
            assert_eq!(warning.is_some(), warned, "{line} {listen}");
            assert!(warning.is_none_or(|text| text.contains("--tls-cert")));
        }
    }
}
