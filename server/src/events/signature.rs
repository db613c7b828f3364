//! Signatures of deliveries, as Standard Webhooks 1.0 has them: an HMAC-SHA256 over identifier,
//! time and body, under a secret that only the receiver and this server know.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::Random;

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// The bytes of a secret.
const LENGTH: usize = 32;

/// A secret that nobody else knows, as its receiver is told it.
pub fn secret(random: &dyn Random) -> String {
    let mut bytes = [0; LENGTH];
    random.fill(&mut bytes);
    format!("{PREFIX}{}", STANDARD.encode(bytes))
}

/// The name under which a subscription's secret is sealed.
pub fn seal_name(subscription: &str) -> String {
    format!("subscription/{subscription}")
}

/// The value of `webhook-signature`; `None` for a secret that is none.
pub fn sign(secret: &str, id: &str, second: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{second}.").as_bytes());
    mac.update(body.as_bytes());
    Some(format!(
        "v1,{}",
        STANDARD.encode(mac.finalize().into_bytes())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification, spec/standard-webhooks.md, "Signature scheme".
    #[test]
    fn the_specifications_example_comes_out() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signed = sign(
            secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signed.as_deref(), Some(expected));
    }

    #[test]
    fn what_is_no_secret_signs_nothing() {
        assert_eq!(sign("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "1", 1, ""), None);
        assert_eq!(sign("whsec_?", "1", 1, ""), None);
    }
}
