//! Percent-encoding, RFC 3986 section 2.1, and the query strings of it.

/// Encodes everything but unreserved characters, in upper-case hexadecimal.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(byte as char);
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// Undoes it; an escape that is none stays as it is, and what is not UTF-8 is replaced.
pub fn decode(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match (first, tail) {
            (b'%', [high, low, ..]) => hex::decode([*high, *low]).ok(),
            _ => None,
        };
        rest = match escaped {
            Some(byte) => {
                decoded.extend(byte);
                tail.get(2..).unwrap_or_default()
            }
            None => {
                decoded.push(*first);
                tail
            }
        };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The pairs of a query string, decoded, in their order.
pub fn query(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_comes_back() {
        assert_eq!(encode("a b/ü~"), "a%20b%2F%C3%BC~");
        assert_eq!(decode("a%20b%2f%C3%BC~"), "a b/ü~");
        for (text, decoded) in [("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("%FF", "\u{fffd}")] {
            assert_eq!(decode(text), decoded);
        }
    }

    #[test]
    fn queries_are_pairs() {
        let pairs = query("digest=sha256%3Aab&n=&&last");
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("digest", "sha256:ab"), ("n", ""), ("last", "")]);
    }
}
