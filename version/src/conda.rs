//! Conda's order, its class `VersionOrder`: `epoch!version+local`, each of components between
//! dots and underscores, each of those of runs of digits and of others.
//!
//! Words are below numbers, `dev` below all words, `post` above all numbers; what is missing is 0,
//! and a component that starts with a word has a 0 before it (`1.1.a1` = `1.1.0a1`). An underscore
//! at the very end belongs to the last component (`1.0.1_` < `1.0.1a`, for OpenSSL).

use std::cmp::Ordering;

use crate::{Reason, Scheme, Undecided, compare_digits, is_number, read_both, split_run};

struct Version<'a> {
    epoch: &'a [u8],
    main: &'a [u8],
    local: &'a [u8],
}

#[derive(Clone, Copy)]
enum Atom<'a> {
    /// Its place among words, and the word.
    Word(u8, &'a [u8]),
    Number(&'a [u8]),
    Post,
}

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is no version of Conda's.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(Scheme::Conda, a, b, read)?;
    Ok(compare_digits(a.epoch, b.epoch)
        .then_with(|| order_components(main(a.main), main(b.main)))
        .then_with(|| order_components(local(a.local), local(b.local))))
}

fn order_components<'a>(
    mut a: impl Iterator<Item = &'a [u8]>,
    mut b: impl Iterator<Item = &'a [u8]>,
) -> Ordering {
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) => order_atoms(a.unwrap_or_default(), b.unwrap_or_default()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn order_atoms(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (atoms(a), atoms(b));
    let missing = Atom::Number(b"");
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) => match (a.unwrap_or(missing), b.unwrap_or(missing)) {
                (Atom::Number(a), Atom::Number(b)) => compare_digits(a, b),
                (Atom::Word(place_a, a), Atom::Word(place_b, b)) => {
                    place_a.cmp(&place_b).then_with(|| order_words(a, b))
                }
                (a, b) => a.kind().cmp(&b.kind()),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Without regard to case; a hyphen that stands within a word is an underscore.
fn order_words(a: &[u8], b: &[u8]) -> Ordering {
    let normal = |byte: &u8| match byte {
        b'-' => b'_',
        _ => byte.to_ascii_lowercase(),
    };
    a.iter().map(normal).cmp(b.iter().map(normal))
}

impl Atom<'_> {
    fn kind(&self) -> u8 {
        match self {
            Atom::Word(..) => 0,
            Atom::Number(_) => 1,
            Atom::Post => 2,
        }
    }
}

/// The runs of a component: digits, stars, others. Numbers and words alternate from a number on.
fn atoms(component: &[u8]) -> impl Iterator<Item = Atom<'_>> {
    let starts_with_word = component.first().is_some_and(|byte| !byte.is_ascii_digit());
    let zero = starts_with_word.then_some(Atom::Number(b""));
    let mut rest = component;
    let runs = std::iter::from_fn(move || {
        let first = *rest.first()?;
        let kind = |byte: u8| (byte.is_ascii_digit(), byte == b'*');
        let run;
        (run, rest) = split_run(rest, |byte| kind(*byte) == kind(first));
        Some(match run {
            _ if first.is_ascii_digit() => Atom::Number(run),
            _ if run.eq_ignore_ascii_case(b"post") => Atom::Post,
            // Conda sorts `dev` as if it were written in capitals: below `_` and letters only.
            _ if run.eq_ignore_ascii_case(b"dev") => Atom::Word(1, run),
            _ => Atom::Word(if first == b'*' { 0 } else { 2 }, run),
        })
    });
    zero.into_iter().chain(runs)
}

/// A hyphen is an underscore where there is no other.
fn is_separator(byte: &u8) -> bool {
    matches!(byte, b'.' | b'_' | b'-')
}

/// The components of a main version.
fn main(text: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let (body, _) = match text {
        [body @ .., b'_' | b'-'] => (body, true),
        _ => (text, false),
    };
    let count = body.split(is_separator).count();
    let last = body.len() - body.rsplit(is_separator).next().map_or(0, <[u8]>::len);
    let parts = body.split(is_separator).take(count - 1);
    parts.chain(text.get(last..))
}

fn local(text: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let parts = text.split(is_separator);
    parts.take(if text.is_empty() { 0 } else { usize::MAX })
}

fn read(text: &str) -> Result<Version<'_>, Reason> {
    let text = text.trim().as_bytes();
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"*.+!_-".contains(byte);
    if text.is_empty() || !text.iter().all(fits) {
        return Err("it is empty or has other characters than Conda's");
    }
    if text.contains(&b'-') && text.contains(&b'_') {
        return Err("it has both '-' and '_'");
    }
    let (epoch, rest) = match text.iter().position(|byte| *byte == b'!') {
        None => (&[][..], text),
        Some(at) => {
            let (epoch, rest) = text.split_at_checked(at).unwrap_or((text, &[]));
            (epoch, rest.get(1..).unwrap_or_default())
        }
    };
    if rest.contains(&b'!') || (rest.len() < text.len() && !is_number(epoch)) {
        return Err("the epoch before '!' is no number");
    }
    let (main_part, behind) = split_run(rest, |byte| *byte != b'+');
    let local_part = behind.strip_prefix(b"+");
    let no_component = |part: &[u8]| part.is_empty();
    if main_part.is_empty()
        || main(main_part).any(no_component)
        || local_part
            .is_some_and(|part| part.contains(&b'+') || part.split(is_separator).any(no_component))
    {
        return Err("a component is empty, or there is a second local version");
    }
    Ok(Version {
        epoch,
        main: main_part,
        local: local_part.unwrap_or_default(),
    })
}
