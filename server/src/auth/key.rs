//! Access keys and registry tokens: made from random bytes, told apart in constant time.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use model::Digest;
use store::StoreError;
use store::record::AccessKey;
use subtle::ConstantTimeEq;

use crate::app::App;

/// How long a registry token holds, as ECR's do.
pub const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(12);

/// A new access key in AWS's form: twenty characters, and forty that nobody can guess.
pub fn generate(app_random: &dyn crate::Random, now: Timestamp) -> AccessKey {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut id_bytes, mut secret_bytes) = ([0; 16], [0; 30]);
    app_random.fill(&mut id_bytes);
    app_random.fill(&mut secret_bytes);
    let letter = |byte: &u8| {
        LETTERS
            .get(usize::from(byte % 32))
            .map_or('A', |byte| *byte as char)
    };
    let id = format!("AKIA{}", id_bytes.iter().map(letter).collect::<String>());
    AccessKey {
        id,
        secret: STANDARD_NO_PAD.encode(secret_bytes),
        created_at: now,
    }
}

/// The key of an identifier and a secret, where both fit.
///
/// # Errors
///
/// Where the store cannot be asked: that is no answer about the credentials.
pub fn check_secret(app: &App, id: &str, secret: &str) -> Result<bool, StoreError> {
    let Some(key) = app.store.metadata.access_key(id)? else {
        return Ok(false);
    };
    Ok(key.secret.as_bytes().ct_eq(secret.as_bytes()).into())
}

/// Makes a token for a key. Only its hash is stored.
///
/// # Errors
///
/// Where the store cannot keep it.
pub fn create_token(app: &App, key_id: &str) -> Result<(String, Timestamp), StoreError> {
    let mut bytes = [0; 48];
    app.random.fill(&mut bytes);
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let now = app.clock.now();
    let expires_at = now.saturating_add(TOKEN_LIFE).unwrap_or(now);
    app.store.metadata.delete_expired_tokens(now)?;
    app.store
        .metadata
        .create_token(&Digest::of(token.as_bytes()), key_id, expires_at)?;
    Ok((token, expires_at))
}

/// What a token is worth now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// Nobody's.
    Unknown,
    /// It was somebody's.
    Expired,
    /// That key's.
    Of(String),
}

/// Looks a token up.
///
/// # Errors
///
/// Where the store cannot be asked.
pub fn check_token(app: &App, token: &str) -> Result<Token, StoreError> {
    Ok(
        match app.store.metadata.token(&Digest::of(token.as_bytes()))? {
            None => Token::Unknown,
            Some((_, expires_at)) if expires_at <= app.clock.now() => Token::Expired,
            Some((key_id, _)) => Token::Of(key_id),
        },
    )
}
