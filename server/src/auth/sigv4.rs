//! AWS Signature Version 4, the server's side, for signed `POST` requests.
//!
//! Follows "Create a signed AWS API request" of the IAM user guide. The body is always hashed
//! here: ECR's clients do not send `x-amz-content-sha256`, and one that does is checked.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use hmac::{Hmac, KeyInit, Mac};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::Digest;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// What stays as it is in a canonical request: RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How far a client's clock may be off.
pub const MAX_SKEW: SignedDuration = SignedDuration::from_mins(5);
/// Headers that must be under the signature when they are there: what they say decides.
const MUST_BE_SIGNED: [&str; 3] = ["host", "x-amz-date", "x-amz-target"];
/// The longest `Authorization` header that is looked at, in bytes.
const MAX_HEADER: usize = 8 * 1024;
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Why a signature does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is none.
    #[error("Missing Authentication Token")]
    Missing,
    /// It is not of the form.
    #[error("The request signature does not conform to AWS standards: {0}")]
    Incomplete(&'static str),
    /// The key is not known.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    /// The clocks are too far apart, or it is an old request sent again.
    #[error(
        "Signature expired: {signed} is not within 5 minutes of {now}. Check the client's clock."
    )]
    Expired {
        /// When the client signed.
        signed: String,
        /// The time here.
        now: Timestamp,
    },
    /// The signature is another one.
    #[error(
        "The request signature we calculated does not match the signature you provided. \
         Check your AWS Secret Access Key and signing method."
    )]
    Mismatch,
}

impl Refused {
    /// AWS's code for it.
    pub fn code(&self) -> &'static str {
        match self {
            Refused::Missing => "MissingAuthenticationTokenException",
            Refused::Incomplete(_) => "IncompleteSignatureException",
            Refused::UnknownKey => "UnrecognizedClientException",
            Refused::Expired { .. } | Refused::Mismatch => "InvalidSignatureException",
        }
    }
}

/// The pieces of an `Authorization` header.
#[derive(Debug, PartialEq, Eq)]
pub struct Authorization<'a> {
    /// The access key's identifier.
    pub key_id: &'a str,
    /// Date, region, service and terminator, as they were signed.
    scope: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// Where there is none, or it is not of the form.
    pub fn parse(headers: &'a HeaderMap) -> Result<Authorization<'a>, Refused> {
        let header = headers.get("authorization").ok_or(Refused::Missing)?;
        let text = header
            .to_str()
            .map_err(|_| Refused::Incomplete("not ASCII"))?;
        if text.len() > MAX_HEADER {
            return Err(Refused::Incomplete("the Authorization header is too long"));
        }
        let fields = text.strip_prefix(ALGORITHM).ok_or(Refused::Missing)?;
        let field = |name: &'static str| {
            let value = fields.split(',').find_map(|part| {
                let (key, value) = part.trim().split_once('=')?;
                (key == name).then_some(value)
            });
            value.ok_or(Refused::Incomplete(name))
        };
        let credential = field("Credential")?;
        let (key_id, scope) = credential
            .split_once('/')
            .ok_or(Refused::Incomplete("Credential"))?;
        Ok(Authorization {
            key_id,
            scope,
            signed_headers: field("SignedHeaders")?,
            signature: field("Signature")?,
        })
    }
}

/// Checks that the holder of `secret` signed this request for `service`, at about `now`.
///
/// # Errors
///
/// See [`Refused`].
pub fn verify(
    authorization: &Authorization<'_>,
    secret: &str,
    service: &str,
    parts: &Parts,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Refused> {
    let [date, region, scoped, "aws4_request"] = *authorization
        .scope
        .split('/')
        .collect::<Vec<_>>()
        .as_slice()
    else {
        return Err(Refused::Incomplete("Credential scope"));
    };
    if scoped != service {
        return Err(Refused::Incomplete(
            "the credential is scoped to another service",
        ));
    }
    let stamp = header(parts, "x-amz-date").ok_or(Refused::Incomplete("x-amz-date"))?;
    check_time(&stamp, date, now)?;
    let payload = Digest::of(body);
    if let Some(claimed) = header(parts, "x-amz-content-sha256")
        && claimed != "UNSIGNED-PAYLOAD"
        && claimed != payload.hex()
    {
        return Err(Refused::Mismatch);
    }
    let canonical = canonical_request(authorization, parts, payload.hex())?;
    let hashed = Digest::of(canonical.as_bytes());
    let to_sign = format!(
        "{ALGORITHM}\n{stamp}\n{}\n{}",
        authorization.scope,
        hashed.hex()
    );
    let key = [region, service, "aws4_request"].into_iter().fold(
        mac(format!("AWS4{secret}").as_bytes(), date),
        |key, part| mac(&key, part),
    );
    let expected = hex::encode(mac(&key, &to_sign));
    match expected
        .as_bytes()
        .ct_eq(authorization.signature.as_bytes())
        .into()
    {
        true => Ok(()),
        false => Err(Refused::Mismatch),
    }
}

fn check_time(stamp: &str, date: &str, now: Timestamp) -> Result<(), Refused> {
    let wrong = Refused::Incomplete("x-amz-date is not of the form 20060102T150405Z");
    let signed = DateTime::strptime("%Y%m%dT%H%M%SZ", stamp)
        .and_then(|civil| civil.to_zoned_datetime(TimeZone::UTC))
        .map_err(|_| wrong)?
        .timestamp();
    if !stamp.starts_with(date) {
        return Err(Refused::Incomplete(
            "x-amz-date and the credential's date differ",
        ));
    }
    match now.duration_since(signed).abs() > MAX_SKEW {
        true => Err(Refused::Expired {
            signed: stamp.to_owned(),
            now,
        }),
        false => Ok(()),
    }
}

fn canonical_request(
    authorization: &Authorization<'_>,
    parts: &Parts,
    payload: &str,
) -> Result<String, Refused> {
    let names: Vec<&str> = authorization.signed_headers.split(';').collect();
    let unsigned = |name: &&str| header(parts, name).is_some() && !names.contains(name);
    if MUST_BE_SIGNED.iter().any(unsigned) {
        return Err(Refused::Incomplete(
            "host, x-amz-date and x-amz-target must be signed",
        ));
    }
    let mut text = format!("{}\n{}\n", parts.method, canonical_path(parts.uri.path()));
    text.push_str(&canonical_query(parts.uri.query().unwrap_or_default()));
    text.push('\n');
    for name in &names {
        let value = header(parts, name).ok_or(Refused::Incomplete("a signed header is missing"))?;
        text.push_str(&format!("{name}:{value}\n"));
    }
    text.push_str(&format!("\n{}\n{payload}", authorization.signed_headers));
    Ok(text)
}

/// A header's value as it is signed: trimmed, runs of blanks as one, several joined by commas.
fn header(parts: &Parts, name: &str) -> Option<String> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let values: Vec<String> = parts
        .headers
        .get_all(&name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    match values.is_empty() {
        false => Some(values.join(",")),
        true if name == "host" => parts.uri.authority().map(|host| host.to_string()),
        true => None,
    }
}

/// Every service but S3 encodes the path as it was sent once more.
fn canonical_path(path: &str) -> String {
    path.split('/').map(encode).collect::<Vec<_>>().join("/")
}

fn canonical_query(text: &str) -> String {
    let mut pairs: Vec<(String, String)> = text
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encode_again(name), encode_again(value))
        })
        .collect();
    pairs.sort();
    let joined: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    joined.join("&")
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The one form of a text that may be encoded in several.
fn encode_again(text: &str) -> String {
    encode(&percent_decode_str(text).decode_utf8_lossy())
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes keys of any length (RFC 2104): the error cannot happen, and an empty key would
    // only make a signature that nobody has.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests;
