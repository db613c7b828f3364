//! Paths inside an image, as text.

/// A path without a leading slash, `.`, `..` or a trailing slash; `..` at the root stays there,
/// as in a container. The root itself is empty.
pub fn normalise(raw: &[u8]) -> String {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in raw.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    text(&parts.join(&b'/'))
}

/// Bytes as text: UTF-8 as it is, every other byte as `\xNN`, so that two names stay two.
pub fn text(raw: &[u8]) -> String {
    let mut text = String::with_capacity(raw.len());
    for chunk in raw.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// The directory that a path lies in, and its last part. The root is empty.
pub fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_the_root() {
        let cases: [(&[u8], &str); 11] = [
            (b"", ""),
            (b"/", ""),
            (b"./", ""),
            (b"./etc/passwd", "etc/passwd"),
            (b"//etc//passwd/", "etc/passwd"),
            (b"../../etc/passwd", "etc/passwd"),
            (b"a/../../etc/./passwd", "etc/passwd"),
            (b"a/..", ""),
            (b"...", "..."),
            (b"a\\..\\b", "a\\..\\b"),
            (b"caf\xc3\xa9/\xff\xfe", "caf\u{e9}/\\xff\\xfe"),
        ];
        for (raw, expected) in cases {
            assert_eq!(normalise(raw), expected);
        }
        assert_eq!(split("a/b/c"), ("a/b", "c"));
        assert_eq!(split("c"), ("", "c"));
    }
}
