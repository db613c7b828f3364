//! Ranges of bytes: of a download (RFC 9110, section 14) and of an upload's chunk.

/// What a `Range` header asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Everything: there is no range, or none that is served.
    All,
    /// The bytes from the first to before the second.
    Part(u64, u64),
    /// Nothing that is there.
    Unsatisfiable,
}

/// Reads a `Range` header against a length. Of several ranges none is served: the whole is, as
/// the RFC allows.
pub fn wanted(header: Option<&str>, length: u64) -> Wanted {
    let Some(spec) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else {
        return Wanted::All;
    };
    let Some((first, last)) = spec.trim().split_once('-') else {
        return Wanted::All;
    };
    let number = |text: &str| text.parse::<u64>().ok();
    let (begin, end) = match (first, last) {
        ("", suffix) => match number(suffix) {
            Some(0) => return Wanted::Unsatisfiable,
            Some(suffix) => (length.saturating_sub(suffix), length),
            None => return Wanted::All,
        },
        (first, "") => match number(first) {
            Some(first) => (first, length),
            None => return Wanted::All,
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => {
                (first, last.saturating_add(1).min(length))
            }
            _ => return Wanted::All,
        },
    };
    if begin >= length {
        Wanted::Unsatisfiable
    } else {
        Wanted::Part(begin, end)
    }
}

/// Where a chunk begins by its `Content-Range` (`first-last`, as the specification has it, also
/// with `bytes ` in front); `None` where it is not of that form.
pub fn chunk_begin(header: &str) -> Option<(u64, u64)> {
    let spec = header
        .trim()
        .trim_start_matches("bytes")
        .trim_start_matches(['=', ' ']);
    let spec = spec.split('/').next()?;
    let (first, last) = spec.split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_the_rfc() {
        let cases = [
            (None, Wanted::All),
            (Some("bytes=0-0"), Wanted::Part(0, 1)),
            (Some("bytes=2-"), Wanted::Part(2, 10)),
            (Some("bytes=-3"), Wanted::Part(7, 10)),
            (Some("bytes=-30"), Wanted::Part(0, 10)),
            (Some("bytes=5-99"), Wanted::Part(5, 10)),
            (Some("bytes=10-"), Wanted::Unsatisfiable),
            (Some("bytes=-0"), Wanted::Unsatisfiable),
            (Some("bytes=3-2"), Wanted::All),
            (Some("bytes=0-1,3-4"), Wanted::All),
            (Some("items=0-1"), Wanted::All),
            (Some("bytes=x-"), Wanted::All),
            (Some("bytes=0-18446744073709551615"), Wanted::Part(0, 10)),
        ];
        for (header, expected) in cases {
            assert_eq!(wanted(header, 10), expected, "{header:?}");
        }
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Unsatisfiable);
    }

    #[test]
    fn chunks_say_where_they_begin() {
        assert_eq!(chunk_begin("0-9"), Some((0, 9)));
        assert_eq!(chunk_begin("bytes 5-9/10"), Some((5, 9)));
        for header in ["", "5", "9-5", "a-b", "-5"] {
            assert_eq!(chunk_begin(header), None, "{header}");
        }
    }
}
