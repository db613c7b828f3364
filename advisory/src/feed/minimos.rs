//! The security database of MinimOS, `packages.mini.dev/advisories/secdb/security.json`, read by
//! [`super::secdb`]: one file, since the distribution has no branches.

use super::{Feed, Remote, secdb};

const REMOTES: &[Remote] = &[Remote::file(
    "minimos",
    "security.json",
    "https://packages.mini.dev/advisories/secdb/security.json",
)];

/// The feed.
pub const FEED: Feed = Feed {
    name: "minimos-secdb",
    remotes: REMOTES,
    recognises: |source| source == "minimos" || source.starts_with("minimos-secdb"),
    wants: |_, path| secdb::is_security(path),
    parse: |file, limits| secdb::rolling(file, limits, "minimos"),
    publishes: &["minimos"],
    claims: |_, _, _| vec!["minimos:rolling".to_owned()],
    missing: |_| Vec::new(),
};
