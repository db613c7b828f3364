//! Access keys and registry tokens: made from random bytes, told apart in constant time.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use model::Digest;
use store::StoreError;
use store::record::{AccessKey, Token as TokenRow};
use subtle::ConstantTimeEq;

use super::seal::{Seal, SealError};
use super::{Principal, Proof};
use crate::app::App;

/// How long a token of `GetAuthorizationToken` holds, as ECR's do.
pub const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(12);
/// How long a token that ran out is remembered. Until then its holder is told that it ran out, and
/// it does not count as wrong credentials: clients that renew late would lock their own address
/// out. A day is longer than the life of any token, so that a job that got one is at its end.
const EXPIRED_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// What every access key's identifier begins with, as AWS's do. No user's name does.
pub const KEY_PREFIX: &str = "AKIA";

/// An access key that was just made: the only time that its secret is known in the clear.
#[derive(Clone)]
pub struct NewKey {
    /// The public half.
    pub id: String,
    /// The secret half.
    pub secret: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl NewKey {
    /// The key as it is stored, for a user.
    ///
    /// # Errors
    ///
    /// As [`Seal::seal`].
    pub fn seal(
        &self,
        user: &str,
        seal: &Seal,
        random: &dyn crate::Random,
    ) -> Result<AccessKey, SealError> {
        Ok(AccessKey {
            id: self.id.clone(),
            user: user.to_owned(),
            sealed: seal.seal(&self.id, &self.secret, random)?,
            created_at: self.created_at,
        })
    }
}

/// A new access key in AWS's form: twenty characters, and forty that nobody can guess.
pub fn generate(app_random: &dyn crate::Random, now: Timestamp) -> NewKey {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut id_bytes, mut secret_bytes) = ([0; 16], [0; 30]);
    app_random.fill(&mut id_bytes);
    app_random.fill(&mut secret_bytes);
    let letter = |byte: &u8| {
        LETTERS
            .get(usize::from(byte % 32))
            .map_or('A', |byte| *byte as char)
    };
    let id = format!(
        "{KEY_PREFIX}{}",
        id_bytes.iter().map(letter).collect::<String>()
    );
    NewKey {
        id,
        secret: STANDARD_NO_PAD.encode(secret_bytes),
        created_at: now,
    }
}

/// Somebody's credentials could not be judged: no answer about them.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The store could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key's secret does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// An access key with its secret and whose it is.
pub struct OpenKey {
    /// The secret.
    pub secret: String,
    /// Whom it lets in.
    pub principal: Principal,
}

/// The access key of an identifier, opened.
///
/// # Errors
///
/// Where the store cannot be asked, or the secret does not open.
pub fn open(app: &App, id: &str) -> Result<Option<OpenKey>, KeyError> {
    let Some(key) = app.store.metadata.access_key(id)? else {
        return Ok(None);
    };
    let secret = app.seal.open(&key.id, &key.sealed)?;
    let principal = principal(app, &key.user, Some(key.id), Proof::Key)?;
    Ok(principal.map(|principal| OpenKey { secret, principal }))
}

/// Whom an identifier and a secret let in; `None` where they do not fit.
///
/// # Errors
///
/// As [`open`].
pub fn check_secret(app: &App, id: &str, secret: &str) -> Result<Option<Principal>, KeyError> {
    let Some(key) = open(app, id)? else {
        return Ok(None);
    };
    let fits: bool = key.secret.as_bytes().ct_eq(secret.as_bytes()).into();
    Ok(fits.then_some(key.principal))
}

/// A user as one who asks, with what the user may do at this moment.
fn principal(
    app: &App,
    user: &str,
    key_id: Option<String>,
    proof: Proof,
) -> Result<Option<Principal>, StoreError> {
    let user = app.store.metadata.user(user)?;
    Ok(user.map(|user| Principal {
        name: user.name,
        key_id,
        grants: user.grants,
        proof,
    }))
}

/// Makes a token for somebody, which holds for `life`, but not longer than the token that it was
/// asked for with: or one token could be drawn out for ever. Only its hash is stored.
///
/// # Errors
///
/// Where the store cannot keep it.
pub fn create_token(
    app: &App,
    asker: &Principal,
    life: SignedDuration,
) -> Result<(String, Timestamp), StoreError> {
    let mut bytes = [0; 48];
    app.random.fill(&mut bytes);
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let now = app.clock.now();
    let end = now.saturating_add(life).unwrap_or(now);
    let expires_at = match asker.proof {
        Proof::Token(until) => end.min(until),
        _ => end,
    };
    let forgotten = now.saturating_sub(EXPIRED_KEPT).unwrap_or(now);
    app.store.metadata.delete_expired_tokens(forgotten)?;
    app.store.metadata.create_token(&TokenRow {
        hash: Digest::of(token.as_bytes()),
        user: asker.name.clone(),
        key_id: asker.key_id.clone(),
        expires_at,
    })?;
    Ok((token, expires_at))
}

/// What a token is worth now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// Nobody's.
    Unknown,
    /// It was somebody's.
    Expired,
    /// It lets that one in.
    Of(Principal),
}

/// Looks a token up.
///
/// # Errors
///
/// Where the store cannot be asked.
pub fn check_token(app: &App, token: &str) -> Result<Token, StoreError> {
    let row = app.store.metadata.token(&Digest::of(token.as_bytes()))?;
    Ok(match row {
        None => Token::Unknown,
        Some(row) if row.expires_at <= app.clock.now() => Token::Expired,
        Some(row) => {
            let proof = Proof::Token(row.expires_at);
            let principal = principal(app, &row.user, row.key_id, proof)?;
            principal.map_or(Token::Unknown, Token::Of)
        }
    })
}
