//! Content digests, as in the OCI image specification, `descriptor.md#digests`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::digest::common::hazmat::SerializableState;
use sha2::{Digest as _, Sha256, Sha512};

/// The algorithms that a registry must (sha256) and may (sha512) know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256, the one that everybody writes.
    Sha256,
    /// SHA-512, allowed by the specification.
    Sha512,
}

impl Algorithm {
    /// Every algorithm, in the order of their names.
    pub const ALL: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Sha512];

    /// The name before the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha512 => "sha512",
        }
    }

    fn hex_length(self) -> usize {
        match self {
            Algorithm::Sha256 => 64,
            Algorithm::Sha512 => 128,
        }
    }
}

/// `algorithm:hex`, always lower case and of the algorithm's length.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest {
    text: String,
    algorithm: Algorithm,
}

/// A string that is no digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no digest: expected sha256: or sha512: and lower-case hexadecimal digits")]
pub struct InvalidDigest(String);

impl Digest {
    /// The SHA-256 of bytes that are all in memory.
    pub fn of(bytes: &[u8]) -> Digest {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        hasher.update(bytes);
        hasher.finish()
    }

    /// Which hash it is.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The hexadecimal part alone.
    pub fn hex(&self) -> &str {
        self.text.split_once(':').map_or("", |(_, hex)| hex)
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Digest, InvalidDigest> {
        let invalid = || InvalidDigest(text.chars().take(160).collect());
        let (name, hex) = text.split_once(':').ok_or_else(invalid)?;
        let algorithm = match name {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            _ => return Err(invalid()),
        };
        let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if hex.len() != algorithm.hex_length() || !hex.bytes().all(lower) {
            return Err(invalid());
        }
        Ok(Digest {
            text: text.to_owned(),
            algorithm,
        })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for Digest {
    type Error = InvalidDigest;

    fn try_from(text: String) -> Result<Digest, InvalidDigest> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.text
    }
}

/// Hashes a stream piece by piece.
#[derive(Clone, Debug)]
pub enum Hasher {
    /// SHA-256 under way.
    Sha256(Sha256),
    /// SHA-512 under way.
    Sha512(Box<Sha512>),
}

impl Hasher {
    /// A hash of nothing yet.
    pub fn new(algorithm: Algorithm) -> Hasher {
        match algorithm {
            Algorithm::Sha256 => Hasher::Sha256(Sha256::new()),
            Algorithm::Sha512 => Hasher::Sha512(Box::new(Sha512::new())),
        }
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Sha256(hasher) => hasher.update(bytes),
            Hasher::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// What a SHA-256 knows of the bytes so far, to go on with it elsewhere; `None` for another
    /// algorithm. The bytes of its last, unfinished block are part of it.
    pub fn state(&self) -> Option<Vec<u8>> {
        match self {
            Hasher::Sha256(hasher) => Some(hasher.serialize().to_vec()),
            Hasher::Sha512(_) => None,
        }
    }

    /// The SHA-256 whose [`Hasher::state`] that is; `None` where the bytes are none.
    pub fn from_state(state: &[u8]) -> Option<Hasher> {
        let state = state.try_into().ok()?;
        Some(Hasher::Sha256(Sha256::deserialize(&state).ok()?))
    }

    /// The digest of all bytes so far.
    pub fn finish(self) -> Digest {
        let (algorithm, hash) = match self {
            Hasher::Sha256(hasher) => (Algorithm::Sha256, hasher.finalize().to_vec()),
            Hasher::Sha512(hasher) => (Algorithm::Sha512, hasher.finalize().to_vec()),
        };
        let mut text = String::with_capacity(7 + 2 * hash.len());
        text.push_str(algorithm.as_str());
        text.push(':');
        for byte in hash {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        Digest { text, algorithm }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_digest_is_the_well_known_one() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").as_str(), empty);
        assert_eq!(empty.parse::<Digest>().unwrap().hex().len(), 64);
        assert_eq!(Hasher::new(Algorithm::Sha512).finish().hex().len(), 128);
    }

    #[test]
    fn a_hash_goes_on_from_its_state() {
        let bytes: Vec<u8> = (0..=255).collect();
        for cut in [0, 1, 63, 64, 65, 200] {
            let mut hasher = Hasher::new(Algorithm::Sha256);
            hasher.update(&bytes[..cut]);
            let mut resumed = Hasher::from_state(&hasher.state().unwrap()).unwrap();
            resumed.update(&bytes[cut..]);
            assert_eq!(resumed.finish(), Digest::of(&bytes), "{cut}");
        }
        assert!(Hasher::new(Algorithm::Sha512).state().is_none());
        assert!(Hasher::from_state(b"short").is_none());
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        for text in [
            "",
            "sha256",
            "sha256:",
            "sha256:zz",
            "md5:d41d8cd98f00b204e9800998ecf8427e",
            "sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
            "sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "sha256:../../../../etc/passwd/0000000000000000000000000000000000000000",
        ] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }
}
