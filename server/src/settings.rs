//! What the operator chose, with the defaults that are safe.

use std::time::Duration;

use ipnet::IpNet;
use jiff::SignedDuration;

use crate::events::EventSettings;
use crate::limits::Limits;

/// The settings of a server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The registry's id: twelve digits, as an AWS account has.
    pub account: String,
    /// The region in names and credentials.
    pub region: String,
    /// Host and port under which clients reach the server, for the names that it answers with.
    pub public_host: String,
    /// `http` or `https`, as clients see it.
    pub public_scheme: &'static str,
    /// No authentication. Refused for any address that is not loopback.
    pub dev: bool,
    /// How old a source of the database may be before a scan says so.
    pub age_limits: advisory::AgeLimits,
    /// How long what nobody uses is kept: an upload at rest, a blob that no manifest names.
    pub collect_after: SignedDuration,
    /// How long the PUT of a manifest waits for the catalogue of its layers. After that it is
    /// answered all the same, and a job ends the scan. Zero leaves every scan to a job.
    pub push_wait: Duration,
    /// How others are told what happened.
    pub events: EventSettings,
    /// How long entries of the audit log are kept; `None` for ever.
    pub audit_for: Option<SignedDuration>,
    /// Limits on everything that is read from an image.
    pub image_limits: image::Limits,
    /// Limits on everything at the door that a client controls.
    pub limits: Limits,
    /// Limits on what the gate goes by.
    pub gate: crate::gate::Limits,
    /// Whether the gate hears VEX documents that are attached to images. Who may push can attach
    /// one.
    pub attached_vex: bool,
    /// Proxies whose `X-Forwarded-For` is believed. They may hold any number of connections.
    pub trusted_proxies: Vec<IpNet>,
}

impl Settings {
    /// The defaults for a server that clients reach under `public_host`.
    pub fn new(public_host: impl Into<String>) -> Settings {
        Settings {
            account: "000000000000".to_owned(),
            region: "us-east-1".to_owned(),
            public_host: public_host.into(),
            public_scheme: "http",
            dev: false,
            age_limits: advisory::AgeLimits::default(),
            collect_after: SignedDuration::from_hours(24),
            push_wait: Duration::from_secs(10),
            events: EventSettings::default(),
            audit_for: None,
            image_limits: image::Limits::default(),
            limits: Limits::default(),
            gate: crate::gate::Limits::default(),
            attached_vex: false,
            trusted_proxies: Vec::new(),
        }
    }

    /// `http://host:port`, as clients see it.
    pub fn endpoint(&self) -> String {
        format!("{}://{}", self.public_scheme, self.public_host)
    }

    /// The Amazon resource name of a repository.
    pub fn repository_arn(&self, name: &str) -> String {
        format!(
            "arn:aws:ecr:{}:{}:repository/{name}",
            self.region, self.account
        )
    }

    /// The name under which clients push to a repository: host and name, no scheme.
    pub fn repository_uri(&self, name: &str) -> String {
        format!("{}/{name}", self.public_host)
    }
}
