//! In-toto attestations (Statement 0.1 and 1), their envelopes (DSSE 1.0) and bundles of Sigstore,
//! of which only the content is read: whose signature it is, who trusts a document must know.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use model::Digest;
use serde_json::Value;

use crate::reading::Reading;

const STATEMENT: &str = "https://in-toto.io/Statement/";
/// A bundle holds an envelope, that a statement.
const DEPTH: usize = 4;

/// The document in an attestation, and the digests of which that speaks; any other value as it
/// is. `None` where an attestation holds nothing that can be read.
pub fn unwrap(reading: &mut Reading<'_>, value: Value) -> Option<(Value, Vec<String>)> {
    let mut value = value;
    for _ in 0..DEPTH {
        let Some(table) = value.as_object_mut() else {
            return Some((value, Vec::new()));
        };
        if let Some(envelope) = table.remove("dsseEnvelope") {
            value = envelope;
        } else if table.contains_key("payloadType") {
            value = payload(reading, table.get("payload"))?;
        } else if is_statement(table.get("_type")) {
            let subjects = subjects(reading, table.get("subject"))?;
            let predicate = table.remove("predicate").map(predicate);
            return predicate.map(|one| (one, subjects)).or_else(|| {
                reading.malformed("predicate", "missing: the attestation says nothing");
                None
            });
        } else {
            return Some((value, Vec::new()));
        }
    }
    reading.malformed("document", "envelopes lie too deep inside each other");
    None
}

fn is_statement(kind: Option<&Value>) -> bool {
    let kind = kind.and_then(Value::as_str);
    kind.is_some_and(|kind| kind.starts_with(STATEMENT))
}

/// cosign puts what it was given beside a time of its own.
fn predicate(mut predicate: Value) -> Value {
    let data = predicate.get_mut("Data").map(Value::take);
    match data {
        Some(Value::String(text)) => serde_json::from_str(&text).unwrap_or(Value::Null),
        Some(data) => data,
        None => predicate,
    }
}

fn payload(reading: &mut Reading<'_>, payload: Option<&Value>) -> Option<Value> {
    let text = payload.and_then(Value::as_str).unwrap_or_default();
    let bytes = STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text));
    let value = bytes
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    if value.is_none() {
        reading.malformed("payload", "expected a statement in JSON, in base64");
    }
    value
}

/// The digests of the subjects. An attestation about nothing that can be known is refused: without
/// its subject it would speak of everything.
fn subjects(reading: &mut Reading<'_>, list: Option<&Value>) -> Option<Vec<String>> {
    let list = list.and_then(Value::as_array);
    let most = reading.limits.products;
    let each = list.into_iter().flatten().take(most);
    let found: Vec<String> = each
        .filter_map(|one| {
            let hex = one.get("digest")?.get("sha256")?.as_str()?;
            let text = format!("sha256:{}", hex.to_ascii_lowercase());
            text.parse::<Digest>().ok().map(|_| text)
        })
        .collect();
    if found.is_empty() {
        reading.malformed("subject", "expected a subject with a digest of sha256");
        return None;
    }
    Some(found)
}
