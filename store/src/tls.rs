//! TLS to the servers that hold shared stores: rustls with ring, and the machine's certificates.

use std::io;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use crate::StoreError;

/// The certificates that this machine trusts, or those of the file that `SSL_CERT_FILE` names.
///
/// # Errors
///
/// [`StoreError::Io`] where there are none.
pub fn roots() -> Result<RootCertStore, StoreError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        let advice = "no root certificates were found on this machine: install them (most systems \
                      call the package ca-certificates)";
        return Err(failed(io::Error::new(io::ErrorKind::NotFound, advice)));
    }
    Ok(roots)
}

/// A client that trusts these. Nothing is installed for the whole process.
///
/// # Errors
///
/// [`StoreError::Io`] where the library does not have what it was built with.
pub fn client(roots: RootCertStore) -> Result<ClientConfig, StoreError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|cause| failed(io::Error::other(cause)))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn failed(cause: io::Error) -> StoreError {
    let action = "prepare TLS".to_owned();
    StoreError::Io { action, cause }
}
