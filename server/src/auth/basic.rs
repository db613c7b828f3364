//! HTTP Basic (RFC 7617): user `AWS` with a token of ECR's, or an access key and its secret.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Principal;
use super::key::{KeyError, Token, check_secret, check_token};
use crate::app::App;

/// The user name of ECR's tokens.
pub const TOKEN_USER: &str = "AWS";
/// The longest header that is looked at, in bytes.
const MAX_HEADER: usize = 8 * 1024;

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// No credentials came.
    #[error("credentials are needed: log in as AWS with a token, or with an access key")]
    Missing,
    /// Credentials came, but they are nobody's.
    #[error("these credentials are not valid here")]
    Wrong,
    /// A token that was good once.
    #[error("Your authorization token has expired. Reauthenticate and try again.")]
    Expired,
    /// The store could not be asked.
    #[error(transparent)]
    Store(#[from] KeyError),
}

/// Checks the `Authorization` header. Without authentication (`dev`) everybody comes in.
///
/// # Errors
///
/// See [`Refused`].
pub fn authenticate(app: &App, headers: &HeaderMap) -> Result<Principal, Refused> {
    if app.settings.dev {
        return Ok(Principal::anonymous());
    }
    let header = headers.get(AUTHORIZATION).ok_or(Refused::Missing)?;
    let (user, password) = decode(header.as_bytes()).ok_or(Refused::Wrong)?;
    if user == TOKEN_USER {
        return match check_token(app, &password).map_err(KeyError::from)? {
            Token::Of(principal) => Ok(principal),
            Token::Expired => Err(Refused::Expired),
            Token::Unknown => Err(Refused::Wrong),
        };
    }
    check_secret(app, &user, &password)?.ok_or(Refused::Wrong)
}

/// User and password of a `Basic` header.
fn decode(header: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(header.get(..header.len().min(MAX_HEADER))?).ok()?;
    let (scheme, encoded) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_the_rfc_has_them() {
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(decode(b"Basic QVdTOnRva2Vu"), pair("AWS", "token"));
        assert_eq!(decode(b"basic QVdTOmE6Yg=="), pair("AWS", "a:b"));
        for header in [
            "",
            "Basic",
            "Basic !",
            "Bearer QVdTOnRva2Vu",
            "Basic QVdT",
            "Basic /w==",
        ] {
            assert_eq!(decode(header.as_bytes()), None, "{header}");
        }
    }
}
