//! Who asks: Basic credentials for registry and pages, Signature Version 4 for ECR's API.

pub mod basic;
pub mod key;
pub mod seal;
pub mod sigv4;

use model::Wildcard;
use store::record::{Grant, Role};

/// Somebody whose credentials were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The user's name, or `anonymous` where authentication is off.
    pub name: String,
    /// The access key that the credentials came from, if they did.
    pub key_id: Option<String>,
    /// What the user may do.
    pub grants: Vec<Grant>,
}

impl Principal {
    /// The one who asks where authentication is switched off.
    pub fn anonymous() -> Principal {
        Principal {
            name: "anonymous".to_owned(),
            key_id: None,
            grants: vec![Grant {
                role: Role::Admin,
                pattern: Wildcard::any(),
            }],
        }
    }

    /// Whether a push may make the repository that it names. Every key is an administrator's in
    /// this version, so all may.
    pub fn may_create_repository(&self) -> bool {
        true
    }
}
