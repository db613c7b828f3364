//! Perl's order, `version->parse` of version 0.9929: one dot makes a decimal number, of which three
//! digits behind the dot are one place (`1.1` is `1.100`, above `1.09`); two dots, or a `v` in
//! front, make a row of numbers (`v1.2` = `1.002`). A missing place is zero, and underscores do not
//! count.

use std::cmp::Ordering;

use crate::{Reason, Scheme, Undecided, compare_digits, read_both};

/// Orders two versions.
///
/// # Errors
///
/// [`Undecided`] where one of them is neither such a number nor such a row.
pub fn compare(a: &str, b: &str) -> Result<Ordering, Undecided> {
    let (a, b) = read_both(Scheme::Perl, a, b, read)?;
    for at in 0..a.len().max(b.len()) {
        let place = |of: &[String]| of.get(at).cloned().unwrap_or_default();
        let order = compare_digits(place(&a).as_bytes(), place(&b).as_bytes());
        if order.is_ne() {
            return Ok(order);
        }
    }
    Ok(Ordering::Equal)
}

/// The places of a version, as digits.
fn read(text: &str) -> Result<Vec<String>, Reason> {
    const REASON: Reason = "it is neither a decimal number nor a row of numbers";
    let (bare, has_sign) = match text.strip_prefix('v') {
        Some(bare) => (bare, true),
        None => (text, false),
    };
    // An underscore stands before the last digits only.
    let (bare, tried) = match bare.split_once('_') {
        Some((bare, tried)) => (bare, Some(tried)),
        None => (bare, None),
    };
    let parts: Vec<&str> = bare.split('.').collect();
    let are_digits = parts.iter().chain(&tried).all(|part| is_digits(part));
    if !are_digits || tried.is_some_and(str::is_empty) {
        return Err(REASON);
    }
    let join = |last: &str| format!("{last}{}", tried.unwrap_or_default());
    match (has_sign, parts.as_slice()) {
        (true, [whole]) | (false, [whole] | [whole, ""])
            if tried.is_none() && !whole.is_empty() =>
        {
            Ok(vec![(*whole).to_owned()])
        }
        (false, [whole, decimals]) if !decimals.is_empty() => Ok(decimal(whole, &join(decimals))),
        (has_sign, [first, middle @ .., last])
            if (has_sign || !middle.is_empty())
                && !(has_sign && first.is_empty())
                && middle.iter().chain([last]).all(|part| !part.is_empty()) =>
        {
            let rest = middle.iter().map(|part| (*part).to_owned());
            let first = std::iter::once((*first).to_owned());
            Ok(first.chain(rest).chain([join(last)]).collect())
        }
        _ => Err(REASON),
    }
}

/// A number, and three digits for each place behind its dot.
fn decimal(whole: &str, decimals: &str) -> Vec<String> {
    let places = decimals.as_bytes().chunks(3).map(|chunk| {
        let place = String::from_utf8_lossy(chunk);
        format!("{place:0<3}")
    });
    std::iter::once(whole.to_owned()).chain(places).collect()
}

fn is_digits(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_digit())
}
