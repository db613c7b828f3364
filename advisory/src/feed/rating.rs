//! Ratings: a publisher's words, and CVSS vectors.

use model::{Cvss, Severity};

use crate::Score;

/// The word of a publisher, in the words used here.
pub fn word(text: &str) -> Severity {
    match text.to_ascii_lowercase().as_str() {
        "important" => Severity::High,
        "moderate" => Severity::Medium,
        "unimportant" => Severity::Negligible,
        "minor" => Severity::Low,
        other => Severity::from_word(other).unwrap_or(Severity::Unknown),
    }
}

/// The first of several words that rates.
pub fn first<'a>(words: impl IntoIterator<Item = &'a str>) -> Severity {
    words
        .into_iter()
        .map(word)
        .find(|severity| *severity != Severity::Unknown)
        .unwrap_or(Severity::Unknown)
}

/// The base score of a vector of CVSS 2.0, 3.0, 3.1 or 4.0, with or without brackets.
pub fn score(vector: &str) -> Option<Score> {
    let tenths = (base(vector)? * 10.0).round();
    let fits = (0.0..=100.0).contains(&tenths);
    Some(Score {
        modern: vector.starts_with("CVSS:"),
        base: Cvss::from_tenths(fits.then_some(tenths as u8)?)?,
    })
}

/// The base score of a vector of CVSS 2.0, 3.0, 3.1 or 4.0.
fn base(vector: &str) -> Option<f64> {
    if vector.len() > 512 || !is_whole(vector) {
        return None;
    }
    match vector.starts_with("CVSS:") {
        true => Some(vector.parse::<cvss::Cvss>().ok()?.score()),
        false => {
            let bare = vector.trim_matches(['(', ')']);
            Some(bare.parse::<cvss::v2::Vector>().ok()?.score().value())
        }
    }
}

/// The metrics without which there is no base score, by how a vector begins.
const MANDATORY: [(&str, &[&str]); 3] = [
    ("CVSS:3", &["AV", "AC", "PR", "UI", "S", "C", "I", "A"]),
    (
        "CVSS:4",
        &[
            "AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA",
        ],
    ),
    ("", &["AV", "AC", "Au", "C", "I", "A"]),
];

/// Whether a vector has every metric that its base score needs: the library takes what is missing
/// for harmless.
fn is_whole(vector: &str) -> bool {
    let names: Vec<_> = vector
        .trim_matches(['(', ')'])
        .split('/')
        .filter_map(|metric| Some(metric.split_once(':')?.0))
        .collect();
    let row = MANDATORY
        .iter()
        .find(|(start, _)| vector.starts_with(start));
    row.is_some_and(|(_, all)| all.iter().all(|name| names.contains(name)))
}

/// The rating that belongs to a score.
pub fn of_score(score: Score) -> Severity {
    Severity::from_cvss_score(score.base.score())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_publishers() {
        for (text, severity) in [
            ("MODERATE", Severity::Medium),
            ("Important", Severity::High),
            ("unimportant", Severity::Negligible),
            ("Minor", Severity::Low),
            ("not yet assigned", Severity::Unknown),
            ("", Severity::Unknown),
        ] {
            assert_eq!(word(text), severity, "{text}");
        }
        assert_eq!(first(["", "Low", "high"]), Severity::Low);
    }
}
