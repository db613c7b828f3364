//! Keys that sign databases: Ed25519 (RFC 8032), as one line of text each.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use server::Random;

use crate::cli::artifact::Keygen;
use crate::system::SystemRandom;

/// Runs `lazaret db keygen`: the key that signs goes to a file, the one that is trusted to standard
/// output.
///
/// # Errors
///
/// Where the file is there already or cannot be made.
pub fn run(flags: &Keygen) -> anyhow::Result<u8> {
    let key = SigningKey::make(&flags.out, &SystemRandom)?;
    println!("{}", key.public());
    eprintln!(
        "lazaret: {} signs databases ('db push --sign'): keep it secret. The line above is what \
         others trust ('db pull --trust')",
        flags.out.display()
    );
    Ok(0)
}

/// What stands before a key that signs.
const SECRET: &str = "lazaret-signing-key:";
/// What stands before a key that is trusted.
const PUBLIC: &str = "lazaret-public-key:";
/// The length of a seed and of a public key, in bytes.
const LENGTH: usize = 32;

/// A key that signs.
pub struct SigningKey(Ed25519KeyPair);

/// A key whose signatures are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

impl SigningKey {
    /// A new key, written to a file for its owner only, which must not be there.
    ///
    /// # Errors
    ///
    /// Where the file cannot be made.
    pub fn make(path: &Path, random: &dyn Random) -> anyhow::Result<SigningKey> {
        let mut seed = [0; LENGTH];
        random.fill(&mut seed);
        let key = SigningKey::of_seed(&seed)?;
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path);
        let failed = || format!("cannot make the key file {}", path.display());
        let mut file = file.with_context(failed)?;
        writeln!(file, "{SECRET}{}", STANDARD.encode(seed)).with_context(failed)?;
        file.sync_all().with_context(failed)?;
        Ok(key)
    }

    fn of_seed(seed: &[u8]) -> anyhow::Result<SigningKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        let pair = pair.map_err(|_| anyhow::anyhow!("expected a key of {LENGTH} bytes"))?;
        Ok(SigningKey(pair))
    }

    /// The key of a file.
    ///
    /// # Errors
    ///
    /// Where it cannot be read or holds something else.
    pub fn open(path: &Path) -> anyhow::Result<SigningKey> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the key file {}", path.display()))?;
        let seed = decoded(&text, SECRET);
        seed.and_then(|seed| SigningKey::of_seed(&seed).ok())
            .with_context(|| {
                format!(
                    "{} is no signing key: 'lazaret db keygen' makes one",
                    path.display()
                )
            })
    }

    /// The key that trusts what this one signs.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key().as_ref().to_vec())
    }

    /// The signature of a document, as text.
    pub fn sign(&self, document: &[u8]) -> String {
        STANDARD.encode(self.0.sign(document).as_ref())
    }
}

impl PublicKey {
    /// A key from what somebody wrote: the key itself, or a file that holds it.
    ///
    /// # Errors
    ///
    /// Where it is neither.
    pub fn named(text: &str) -> anyhow::Result<PublicKey> {
        if let Some(key) = PublicKey::parse(text) {
            return Ok(key);
        }
        let wrong = || {
            format!(
                "'{text}' is no public key and no file with one: expected {PUBLIC}… as \
                 'lazaret db keygen' prints it"
            )
        };
        let content = std::fs::read_to_string(text).with_context(wrong)?;
        match PublicKey::parse(&content) {
            Some(key) => Ok(key),
            None => bail!(wrong()),
        }
    }

    fn parse(text: &str) -> Option<PublicKey> {
        decoded(text, PUBLIC).map(PublicKey)
    }

    /// Whether a signature of a document is this key's.
    pub fn has_signed(&self, document: &[u8], signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else {
            return false;
        };
        let key = UnparsedPublicKey::new(&ED25519, &self.0);
        key.verify(document, &signature).is_ok()
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{PUBLIC}{}", STANDARD.encode(&self.0))
    }
}

fn decoded(text: &str, prefix: &str) -> Option<Vec<u8>> {
    let text = text.trim().strip_prefix(prefix)?;
    let bytes = STANDARD.decode(text).ok()?;
    (bytes.len() == LENGTH).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;

    impl Random for Sevens {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    #[test]
    fn what_a_key_signs_its_public_half_trusts_and_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        let key = SigningKey::make(&path, &Sevens).unwrap();
        assert!(SigningKey::make(&path, &Sevens).is_err(), "never replaced");
        let again = SigningKey::open(&path).unwrap();
        assert_eq!(key.public(), again.public());
        let public = PublicKey::named(&key.public().to_string()).unwrap();
        let other = SigningKey::of_seed(&[8; LENGTH]).unwrap().public();
        let signature = again.sign(b"document");
        assert!(public.has_signed(b"document", &signature));
        assert!(!public.has_signed(b"documenT", &signature));
        assert!(!other.has_signed(b"document", &signature));
        for broken in ["", "AAAA", "no base64!"] {
            assert!(!public.has_signed(b"document", broken));
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        for text in ["", "lazaret-signing-key:", "lazaret-public-key:AAAA", "x"] {
            std::fs::write(&path, text).unwrap();
            assert!(SigningKey::open(&path).is_err(), "{text}");
            assert!(PublicKey::named(text).is_err(), "{text}");
            assert!(PublicKey::named(path.to_str().unwrap()).is_err(), "{text}");
        }
    }
}
