//! TLS: a certificate and its key from two files, exchanged while the server runs.
//!
//! rustls with ring: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN. A pair that cannot be used is
//! never put in the place of one that can.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, DEFAULT_VERSIONS, ServerConfig};

/// How often the server looks whether the files were replaced.
const POLL: Duration = Duration::from_secs(2);
/// The largest file that is read, in bytes: a chain has a few KiB.
const MAX_FILE: u64 = 1024 * 1024;

/// Why certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A file is not PEM, or holds nothing of the kind.
    #[error("{} holds no usable {what}: {cause}; it must be PEM", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// What the reader said.
        cause: pem::Error,
    },
    /// The two do not belong together, or are of a kind that is not served.
    #[error("certificate and key cannot be used together: {0}")]
    Pair(#[from] rustls::Error),
}

/// Which file it is: a replaced one differs, a file that was only read does not.
type Identity = Option<(u64, u64, u64, i64, i64)>;

/// The pair in use. Connections keep the one that they began with.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    seen: Mutex<[Identity; 2]>,
    current: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads a PEM chain, the server's own certificate first, and its key (PKCS#8, SEC1, PKCS#1).
    ///
    /// # Errors
    ///
    /// See [`TlsError`].
    pub fn open(certificate: &Path, key: &Path) -> Result<Tls, TlsError> {
        let seen = [identity(certificate), identity(key)];
        let current = load(certificate, key)?;
        Ok(Tls {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            seen: Mutex::new(seen),
            current: RwLock::new(Arc::new(current)),
        })
    }

    /// What a new connection is to use.
    pub fn current(&self) -> Arc<ServerConfig> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Puts a pair that was replaced into use; `false` where the files are those that were seen.
    ///
    /// # Errors
    ///
    /// Where the new pair cannot be used: the old one stays, and the new is not tried again before
    /// one of its files changes.
    pub fn refresh(&self) -> Result<bool, TlsError> {
        let now = [identity(&self.certificate), identity(&self.key)];
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if *seen == now {
                return Ok(false);
            }
            *seen = now;
        }
        let fresh = Arc::new(load(&self.certificate, &self.key)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(true)
    }
}

/// Looks for replaced files for as long as the server runs.
pub async fn watch(tls: Arc<Tls>) {
    loop {
        tokio::time::sleep(POLL).await;
        let tls = tls.clone();
        let refreshed = tokio::task::spawn_blocking(move || tls.refresh()).await;
        match refreshed {
            Ok(Ok(true)) => tracing::info!("the replaced TLS certificate is used from now on"),
            Ok(Err(error)) => {
                tracing::error!(%error, "the replaced TLS certificate is not used; the old one is");
            }
            Ok(Ok(false)) | Err(_) => {}
        }
    }
}

fn identity(path: &Path) -> Identity {
    let facts = std::fs::metadata(path).ok()?;
    Some((
        facts.dev(),
        facts.ino(),
        facts.len(),
        facts.mtime(),
        facts.mtime_nsec(),
    ))
}

fn load(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let chain = chain(certificate)?;
    let pem = read(key)?;
    let private = PrivateKeyDer::from_pem_slice(&pem).map_err(|cause| TlsError::Pem {
        path: key.to_owned(),
        what: "private key",
        cause,
    })?;
    let provider = Arc::new(ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(DEFAULT_VERSIONS)?
        .with_no_client_auth()
        .with_single_cert(chain, private)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unusable = |cause| TlsError::Pem {
        path: path.to_owned(),
        what: "certificate",
        cause,
    };
    let pem = read(path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(unusable(pem::Error::NoItemsFound)),
        Ok(chain) => Ok(chain),
        Err(cause) => Err(unusable(cause)),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes).map(drop));
    read.map(|()| bytes).map_err(|cause| TlsError::Read {
        path: path.to_owned(),
        cause,
    })
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey, generate_simple_self_signed};

    use super::*;

    fn write(directory: &Path, certificate: &str, key: &str) {
        // By rename, as tools that renew certificates do.
        for (name, text) in [("certificate.pem", certificate), ("key.pem", key)] {
            std::fs::write(directory.join("new"), text).unwrap();
            std::fs::rename(directory.join("new"), directory.join(name)).unwrap();
        }
    }

    fn pair() -> (String, String) {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (cert.pem(), signing_key.serialize_pem())
    }

    #[test]
    fn a_replaced_pair_is_used_and_a_broken_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = (
            directory.path().join("certificate.pem"),
            directory.path().join("key.pem"),
        );
        let (first, second) = (pair(), pair());
        write(directory.path(), &first.0, &first.1);
        let tls = Tls::open(&certificate, &key).unwrap();
        let begun = tls.current();
        assert!(!tls.refresh().unwrap());

        write(directory.path(), &second.0, &first.1);
        assert!(matches!(tls.refresh(), Err(TlsError::Pair(_))));
        write(directory.path(), "no certificate", &second.1);
        assert!(matches!(tls.refresh(), Err(TlsError::Pem { .. })));
        std::fs::remove_file(&certificate).unwrap();
        assert!(matches!(tls.refresh(), Err(TlsError::Read { .. })));
        assert!(Arc::ptr_eq(&begun, &tls.current()));

        write(directory.path(), &second.0, &second.1);
        assert!(tls.refresh().unwrap());
        assert!(!Arc::ptr_eq(&begun, &tls.current()));
    }

    #[test]
    fn what_cannot_be_used_is_told_before_the_start() {
        let directory = tempfile::tempdir().unwrap();
        let absent = directory.path().join("absent.pem");
        let error = Tls::open(&absent, &absent).err().unwrap().to_string();
        assert!(error.starts_with("cannot read "), "{error}");
    }
}
