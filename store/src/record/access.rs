//! Users, what they may do, and what they prove themselves with.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use model::{Digest, Wildcard};

/// What somebody may do in the repositories of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Everything; on `*` also users, keys, housekeeping and settings.
    Admin,
    /// Push, pull, delete tags and manifests, and read scans.
    Push,
    /// Pull, and read scans.
    Pull,
    /// Read scans and lists, but no bytes of an image.
    ScanReader,
    /// Give leave to pull what policies deny, and nothing else: no other role holds it.
    BreakGlass,
}

impl Role {
    /// Every role, the mightiest first, and at the end the one that stands beside them.
    pub const ALL: [Role; 5] = [
        Role::Admin,
        Role::Push,
        Role::Pull,
        Role::ScanReader,
        Role::BreakGlass,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::Push => "push",
            Role::Pull => "pull",
            Role::ScanReader => "scan-reader",
            Role::BreakGlass => "break-glass",
        }
    }

    /// The role of that word.
    pub fn from_word(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// A role in the repositories that a pattern fits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Grant {
    /// What may be done.
    pub role: Role,
    /// Where.
    pub pattern: Wildcard,
}

/// A text that is no grant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no grant: expected ROLE or ROLE:PATTERN, where ROLE is admin, push, pull, \
     scan-reader or break-glass and PATTERN fits repositories, for example push:team/*"
)]
pub struct InvalidGrant(String);

impl FromStr for Grant {
    type Err = InvalidGrant;

    /// `ROLE` for all repositories, or `ROLE:PATTERN`.
    fn from_str(text: &str) -> Result<Grant, InvalidGrant> {
        let invalid = || InvalidGrant(text.chars().take(160).collect());
        let (role, pattern) = text.split_once(':').unwrap_or((text, "*"));
        Ok(Grant {
            role: Role::from_word(role).ok_or_else(invalid)?,
            pattern: pattern.parse().map_err(|_| invalid())?,
        })
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.role.as_str(), self.pattern)
    }
}

/// Somebody who may log in: a person, or a program.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The name, unique.
    pub name: String,
    /// The hash of the password, in PHC form; `None`: no login by password.
    pub password: Option<String>,
    /// What the user may do, sorted.
    pub grants: Vec<Grant>,
    /// When the user was made.
    pub created_at: Timestamp,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("name", &self.name)
            .field("grants", &self.grants)
            .finish_non_exhaustive()
    }
}

/// An access key. It may do what its user may.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// The public half, `AKIA…`-like.
    pub id: String,
    /// Whose key it is.
    pub user: String,
    /// The secret half, sealed under the server's key file. Never the secret itself: Signature
    /// Version 4 needs it back, so that a hash will not do.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey")
            .field("id", &self.id)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// A registry token. Only its hash is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The SHA-256 of the token.
    pub hash: Digest,
    /// Whose it is.
    pub user: String,
    /// The access key that it was asked for with; it ends with that key.
    pub key_id: Option<String>,
    /// Until when it holds.
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_a_role_and_a_pattern() {
        let shown = |text: &str| text.parse::<Grant>().map(|grant| grant.to_string());
        assert_eq!(shown("push:team/*").unwrap(), "push:team/*");
        assert_eq!(shown("scan-reader").unwrap(), "scan-reader:*");
        for text in ["", "root", "push:", "push:a b", ":a", "PUSH"] {
            assert!(shown(text).is_err(), "{text}");
        }
    }
}
