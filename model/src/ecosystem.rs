//! The spaces in which a package's name is unique: a distribution's stream, or a language's index.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::PackageType;

/// One release line of one distribution, `debian:10`, `alpine:edge`, `wolfi:rolling`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stream {
    /// The distribution's `ID`.
    pub distro: String,
    /// The release line, as the distribution's rule cuts it.
    pub release: String,
}

impl Stream {
    /// A stream of a distribution.
    pub fn new(distro: impl Into<String>, release: impl Into<String>) -> Stream {
        Stream {
            distro: distro.into(),
            release: release.into(),
        }
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.distro, self.release)
    }
}

/// A space of package names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Ecosystem {
    /// A distribution's stream.
    Distro(Stream),
    /// A language's index, named by its package type.
    Language(PackageType),
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ecosystem::Distro(stream) => stream.fmt(f),
            Ecosystem::Language(kind) => kind.fmt(f),
        }
    }
}

/// A text that is no ecosystem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no ecosystem: expected distro:release or a package type")]
pub struct UnknownEcosystem(String);

impl FromStr for Ecosystem {
    type Err = UnknownEcosystem;

    fn from_str(text: &str) -> Result<Ecosystem, UnknownEcosystem> {
        if let Some((distro, release)) = text.split_once(':') {
            return Ok(Ecosystem::Distro(Stream::new(distro, release)));
        }
        let kind = text
            .parse()
            .map_err(|_| UnknownEcosystem(text.chars().take(64).collect()))?;
        Ok(Ecosystem::Language(kind))
    }
}
