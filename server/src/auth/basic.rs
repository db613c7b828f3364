//! HTTP Basic (RFC 7617): a user's name and password, an access key and its secret, or `AWS` with
//! a token of ECR's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// User and password of what follows `Basic` in the header.
pub fn decode(encoded: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read_as_the_rfc_has_them() {
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(decode("QVdTOnRva2Vu"), pair("AWS", "token"));
        assert_eq!(decode("QVdTOmE6Yg=="), pair("AWS", "a:b"));
        for encoded in ["", "!", "QVdT", "/w=="] {
            assert_eq!(decode(encoded), None, "{encoded}");
        }
    }
}
