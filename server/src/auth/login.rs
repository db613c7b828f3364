//! Who asks, by the `Authorization` header: `Basic`, `Bearer`, or nobody.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use store::StoreError;

use super::key::{KEY_PREFIX, KeyError, Token, check_secret, check_token};
use super::{ANONYMOUS, Principal, Proof, basic, password, token};
use crate::app::App;

/// The user name of ECR's tokens.
pub const TOKEN_USER: &str = "AWS";
/// The longest header that is looked at, in bytes.
const MAX_HEADER: usize = 8 * 1024;

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// No credentials came.
    #[error(
        "credentials are needed: log in with a user's name and password, with an access key, or \
         as AWS with a token"
    )]
    Missing,
    /// Credentials came, but they are nobody's.
    #[error("these credentials are not valid here")]
    Wrong,
    /// A token that was good once.
    #[error("Your authorization token has expired. Reauthenticate and try again.")]
    Expired,
    /// More passwords came at once than are checked at once.
    #[error("too many logins at once: try again in a moment")]
    Busy,
    /// The store could not be asked.
    #[error(transparent)]
    Store(#[from] KeyError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Refused {
        Refused::Store(error.into())
    }
}

/// Checks the `Authorization` header. Without one, whoever asks is `anonymous`, where that user
/// is there and may do anything. Without authentication (`dev`) everybody comes in.
///
/// # Errors
///
/// See [`Refused`].
pub fn authenticate(app: &App, headers: &HeaderMap) -> Result<Principal, Refused> {
    if app.settings.dev {
        return Ok(Principal::anonymous());
    }
    let Some(header) = headers.get(AUTHORIZATION) else {
        return anonymous(app)?.ok_or(Refused::Missing);
    };
    let text = header.to_str().map_err(|_| Refused::Wrong)?;
    let fits = text.len() <= MAX_HEADER;
    let (scheme, rest) = text
        .split_once(' ')
        .filter(|_| fits)
        .ok_or(Refused::Wrong)?;
    match scheme.to_ascii_lowercase().as_str() {
        "basic" => {
            let (user, password) = basic::decode(rest).ok_or(Refused::Wrong)?;
            match user.is_empty() && password.is_empty() {
                // So containers/image says that it has none.
                true => anonymous(app)?.ok_or(Refused::Missing),
                false => by_pair(app, &user, &password),
            }
        }
        "bearer" if rest.trim() == token::ANONYMOUS_TOKEN => {
            anonymous(app)?.ok_or(Refused::Expired)
        }
        "bearer" => by_token(app, rest.trim()),
        _ => Err(Refused::Wrong),
    }
}

/// Whom a name and what goes with it let in: `AWS` with a token, an access key with its secret, a
/// user with the password. No user's name begins as a key's does.
///
/// # Errors
///
/// See [`Refused`].
pub fn by_pair(app: &App, name: &str, secret: &str) -> Result<Principal, Refused> {
    if name == TOKEN_USER {
        return by_token(app, secret);
    }
    let found = match name.starts_with(KEY_PREFIX) {
        true => check_secret(app, name, secret)?,
        false => password::check(app, name, secret)?,
    };
    found.ok_or(Refused::Wrong)
}

/// Whom a token lets in.
///
/// # Errors
///
/// See [`Refused`].
pub fn by_token(app: &App, token: &str) -> Result<Principal, Refused> {
    match check_token(app, token)? {
        Token::Of(principal) => Ok(principal),
        Token::Expired => Err(Refused::Expired),
        Token::Unknown => Err(Refused::Wrong),
    }
}

/// Who asks without credentials: nobody, unless an administrator has given `anonymous` grants.
///
/// # Errors
///
/// Where the store cannot be asked.
pub fn anonymous(app: &App) -> Result<Option<Principal>, StoreError> {
    let user = app.store.metadata.user(ANONYMOUS)?;
    let user = user.filter(|user| !user.grants.is_empty());
    Ok(user.map(|user| Principal {
        name: user.name,
        key_id: None,
        grants: user.grants,
        proof: Proof::Nothing,
    }))
}
