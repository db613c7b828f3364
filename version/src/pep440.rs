//! Python's order, PEP 440 (now the "Version specifiers" of the Python packaging guide), as the
//! library `packaging` has it: `epoch!release`, then `a`, `b` or `rc`, `.post`, `.dev` and
//! `+local`, in any of the spellings that the specification normalises.
//!
//! A local version is above the public one that it is of. In a requirement (`<= 2.0.0`) it is
//! taken for that one instead, which is what [`crate::is_at_most`] does with the last version of a
//! range. Versions from before PEP 440 (`2004d`) have no order.

use std::cmp::Ordering;

use crate::{
    Reason, Scheme, Undecided, compare_digits, compare_ignoring_case, is_number, read_both,
    split_run,
};

struct Version<'a> {
    epoch: &'a [u8],
    release: &'a [u8],
    /// The place of the phase, `a` first, and its number.
    pre: Option<(u8, &'a [u8])>,
    post: Option<&'a [u8]>,
    dev: Option<&'a [u8]>,
    local: Option<&'a [u8]>,
}

/// The phases before a release, each with its spellings, longer ones before their beginnings.
const PHASES: &[(&[u8], u8)] = &[
    (b"alpha", 0),
    (b"a", 0),
    (b"beta", 1),
    (b"b", 1),
    (b"preview", 2),
    (b"pre", 2),
    (b"c", 2),
    (b"rc", 2),
];
const POST: &[(&[u8], u8)] = &[(b"post", 0), (b"rev", 0), (b"r", 0)];
const DEV: &[(&[u8], u8)] = &[(b"dev", 0)];

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is no version of PEP 440.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(Scheme::Pep440, a, b, read)?;
    Ok(order(&a, &b))
}

fn order(a: &Version<'_>, b: &Version<'_>) -> Ordering {
    compare_digits(a.epoch, b.epoch)
        .then_with(|| order_releases(a.release, b.release))
        .then_with(|| order_phases(a, b))
        .then_with(|| order_optional(a.post, b.post))
        .then_with(|| match (a.dev, b.dev) {
            (Some(a), Some(b)) => compare_digits(a, b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        })
        .then_with(|| match (a.local, b.local) {
            (Some(a), Some(b)) => order_locals(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        })
}

fn order_optional(a: Option<&[u8]>, b: Option<&[u8]>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => compare_digits(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

/// What is missing is zero.
fn order_releases(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (a.split(|byte| *byte == b'.'), b.split(|byte| *byte == b'.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) => compare_digits(a.unwrap_or_default(), b.unwrap_or_default()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// `1.0.dev1` is below `1.0a1`, which is below `1.0` and `1.0.post1`.
fn order_phases(a: &Version<'_>, b: &Version<'_>) -> Ordering {
    let phase = |version: &Version<'_>| match version.pre {
        Some((phase, _)) => phase + 1,
        None if version.post.is_none() && version.dev.is_some() => 0,
        None => u8::MAX,
    };
    let number = |pre: Option<(u8, _)>| pre.map_or(&[][..], |(_, number)| number);
    phase(a)
        .cmp(&phase(b))
        .then_with(|| compare_digits(number(a.pre), number(b.pre)))
}

/// From the left: words by their letters and below numbers, what is missing below all.
fn order_locals(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (a.split(is_separator), b.split(is_separator));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(a), Some(b)) => match (is_number(a), is_number(b)) {
                (true, true) => compare_digits(a, b),
                (false, false) => compare_ignoring_case(a, b),
                (number_a, number_b) => number_a.cmp(&number_b),
            },
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn read(text: &str) -> Result<Version<'_>, Reason> {
    let bytes = text.trim().as_bytes();
    let bytes = match bytes {
        [b'v' | b'V', rest @ ..] => rest,
        _ => bytes,
    };
    let (epoch, bytes) = match split_run(bytes, u8::is_ascii_digit) {
        (epoch @ [_, ..], [b'!', rest @ ..]) => (epoch, rest),
        _ => (&[][..], bytes),
    };
    let (release, rest) = read_release(bytes)?;
    let (pre, rest) = read_word(rest, PHASES);
    let (post, rest) = match rest {
        [b'-', after @ ..] if after.first().is_some_and(u8::is_ascii_digit) => {
            let (digits, rest) = split_run(after, u8::is_ascii_digit);
            (Some((0, digits)), rest)
        }
        _ => read_word(rest, POST),
    };
    let (dev, rest) = read_word(rest, DEV);
    let local = match rest {
        [] => None,
        [b'+', local @ ..] if local.split(is_separator).all(is_local) => Some(local),
        _ => return Err("something stands behind the release that PEP 440 does not know"),
    };
    Ok(Version {
        epoch,
        release,
        pre,
        post: post.map(|(_, number)| number),
        dev: dev.map(|(_, number)| number),
        local,
    })
}

/// Numbers with dots between them.
fn read_release(bytes: &[u8]) -> Result<(&[u8], &[u8]), Reason> {
    let (digits, mut rest) = split_run(bytes, u8::is_ascii_digit);
    if digits.is_empty() {
        return Err("it does not start with a number");
    }
    while let [b'.', after @ ..] = rest
        && let (digits, after) = split_run(after, u8::is_ascii_digit)
        && !digits.is_empty()
    {
        rest = after;
    }
    let release = bytes.get(..bytes.len() - rest.len()).unwrap_or(bytes);
    Ok((release, rest))
}

/// One of some words and its number, with a separator before each or not.
fn read_word<'a>(bytes: &'a [u8], words: &[(&[u8], u8)]) -> (Option<(u8, &'a [u8])>, &'a [u8]) {
    let bare = after_separator(bytes);
    for (word, place) in words {
        let Some((head, rest)) = bare.split_at_checked(word.len()) else {
            continue;
        };
        if head.eq_ignore_ascii_case(word) {
            // The separator belongs to the word, even without a number: `1.0a.` is `1.0a0`.
            let (digits, rest) = split_run(after_separator(rest), u8::is_ascii_digit);
            return (Some((*place, digits)), rest);
        }
    }
    (None, bytes)
}

fn after_separator(bytes: &[u8]) -> &[u8] {
    match bytes {
        [first, rest @ ..] if is_separator(first) => rest,
        _ => bytes,
    }
}

fn is_separator(byte: &u8) -> bool {
    matches!(byte, b'.' | b'-' | b'_')
}

fn is_local(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(u8::is_ascii_alphanumeric)
}
