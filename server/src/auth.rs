//! Who asks: Basic credentials for registry and pages, Signature Version 4 for ECR's API.

pub mod basic;
pub mod key;
pub mod sigv4;

/// Somebody whose credentials were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The access key's identifier, or `anonymous` where authentication is off.
    pub name: String,
}

impl Principal {
    /// The one who asks where authentication is switched off.
    pub fn anonymous() -> Principal {
        Principal {
            name: "anonymous".to_owned(),
        }
    }

    /// Whether a push may make the repository that it names. Every key is an administrator's in
    /// this version, so all may.
    pub fn may_create_repository(&self) -> bool {
        true
    }
}
