//! Secrets at rest: sealed under a key that lies in a file, never in the database.
//!
//! ChaCha20-Poly1305 (RFC 8439) with a random nonce. The name of what is sealed is bound in, so
//! that one row's secret cannot be put into another row.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::Random;

/// The length of the key, in bytes.
pub const KEY_LENGTH: usize = 32;
/// The form of what is sealed, its first byte.
const FORM: u8 = 1;

/// A text that could not be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It was sealed under another key, for another name, or is damaged.
    #[error(
        "a stored secret does not open with this key file: use the key file that the store was \
         made with, or make the access keys anew"
    )]
    Closed,
    /// The cipher refused, which only a text of impossible length makes it do.
    #[error("a secret could not be sealed")]
    Refused,
}

/// The key that secrets are sealed under.
pub struct Seal(LessSafeKey);

impl Seal {
    /// Seals under these bytes, which nobody else knows.
    ///
    /// # Errors
    ///
    /// [`SealError::Refused`], which a key of this length never is.
    pub fn new(key: &[u8; KEY_LENGTH]) -> Result<Seal, SealError> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, key).map_err(|_| SealError::Refused)?;
        Ok(Seal(LessSafeKey::new(key)))
    }

    /// Seals a secret for a name: the form, the nonce, the sealed text with its tag.
    ///
    /// # Errors
    ///
    /// [`SealError::Refused`] for a secret of more than some gigabytes.
    pub fn seal(
        &self,
        name: &str,
        secret: &str,
        random: &dyn Random,
    ) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce);
        let mut text = secret.as_bytes().to_vec();
        let number = Nonce::assume_unique_for_key(nonce);
        let sealed = self
            .0
            .seal_in_place_append_tag(number, Aad::from(name), &mut text);
        sealed.map_err(|_| SealError::Refused)?;
        Ok([&[FORM][..], &nonce, &text].concat())
    }

    /// The secret that was sealed for a name.
    ///
    /// # Errors
    ///
    /// [`SealError::Closed`] where it does not open.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<String, SealError> {
        let Some((&FORM, rest)) = sealed.split_first() else {
            return Err(SealError::Closed);
        };
        let (nonce, text) = rest.split_first_chunk().ok_or(SealError::Closed)?;
        let mut text = text.to_vec();
        let number = Nonce::assume_unique_for_key(*nonce);
        let opened = self.0.open_in_place(number, Aad::from(name), &mut text);
        let opened = opened.map_err(|_| SealError::Closed)?;
        String::from_utf8(opened.to_vec()).map_err(|_| SealError::Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Random for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    #[test]
    fn what_is_sealed_opens_for_its_name_alone() {
        let seal = Seal::new(&[1; KEY_LENGTH]).unwrap();
        let sealed = seal.seal("AKIA1", "secret", &Fixed).unwrap();
        assert_eq!(seal.open("AKIA1", &sealed).unwrap(), "secret");
        assert_eq!(seal.open("AKIA2", &sealed), Err(SealError::Closed));
        let other = Seal::new(&[2; KEY_LENGTH]).unwrap();
        assert_eq!(other.open("AKIA1", &sealed), Err(SealError::Closed));
        let text = String::from_utf8_lossy(&sealed);
        assert!(!text.contains("secret"));
    }

    #[test]
    fn damage_is_told() {
        let seal = Seal::new(&[1; KEY_LENGTH]).unwrap();
        let sealed = seal.seal("a", "secret", &Fixed).unwrap();
        for length in 0..sealed.len() {
            assert_eq!(seal.open("a", &sealed[..length]), Err(SealError::Closed));
        }
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(seal.open("a", &changed), Err(SealError::Closed));
        }
    }
}
