//! Chainguard's security database, `packages.cgr.dev/chainguard/security.json`, read by
//! [`super::secdb`]: one file, since the distribution has no branches.

use super::{Feed, Remote, secdb};

const REMOTES: &[Remote] = &[Remote::file(
    "chainguard",
    "security.json",
    "https://packages.cgr.dev/chainguard/security.json",
)];

/// The feed.
pub const FEED: Feed = Feed {
    name: "chainguard-secdb",
    remotes: REMOTES,
    recognises: |source| source == "chainguard" || source.starts_with("chainguard-secdb"),
    wants: |_, path| secdb::is_security(path),
    parse: |file, limits| secdb::rolling(file, limits, "chainguard"),
    publishes: &["chainguard"],
    claims: |_, _, _| vec!["chainguard:rolling".to_owned()],
    missing: |_| Vec::new(),
};
