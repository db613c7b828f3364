//! Who asks, and what they may do.
//!
//! [`login`] tells who asks by the `Authorization` header: Basic or Bearer for registry, API and
//! pages; [`sigv4`] by a signature for ECR's API. [`access`] decides what they may do.

pub mod access;
pub mod accounts;
pub mod basic;
pub mod challenge;
pub mod key;
pub mod login;
pub mod password;
pub mod seal;
pub mod sigv4;
pub mod token;

use jiff::Timestamp;
use model::Wildcard;
use store::record::{Grant, Role};

/// The user whose grants hold for requests without credentials.
pub const ANONYMOUS: &str = "anonymous";

/// Somebody whose credentials were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The user's name, or `anonymous` where there were no credentials or none are asked for.
    pub name: String,
    /// The access key that the credentials came from, if they did.
    pub key_id: Option<String>,
    /// What the user may do.
    pub grants: Vec<Grant>,
    /// How they showed who they are.
    pub proof: Proof,
}

/// How somebody showed who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Not at all: authentication is switched off.
    Off,
    /// Not at all: what `anonymous` may do is all that they may.
    Nothing,
    /// By an access key or a signature with it.
    Key,
    /// By a password.
    Password,
    /// By a token, which holds until then.
    Token(Timestamp),
}

impl Principal {
    /// The one who asks where authentication is switched off.
    pub fn anonymous() -> Principal {
        Principal {
            name: ANONYMOUS.to_owned(),
            key_id: None,
            grants: [Role::Admin, Role::BreakGlass]
                .map(|role| Grant {
                    role,
                    pattern: Wildcard::any(),
                })
                .to_vec(),
            proof: Proof::Off,
        }
    }

    /// Whether nobody knows who asks.
    pub fn is_anonymous(&self) -> bool {
        self.proof == Proof::Nothing
    }
}

#[cfg(test)]
mod tests;
