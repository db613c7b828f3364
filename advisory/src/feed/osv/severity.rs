//! Ratings: a publisher's word goes before a CVSS vector, a newer CVSS before an older one.

use model::Severity;

use super::schema;

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

/// The rating in a list of them.
pub fn rated(list: &[schema::Severity]) -> Severity {
    let said = list
        .iter()
        .filter(|one| !one.kind.starts_with("CVSS"))
        .map(|one| one.score.as_str());
    let said = first(said);
    if said != Severity::Unknown {
        return said;
    }
    let newest = list
        .iter()
        .filter(|one| one.kind.starts_with("CVSS"))
        .filter_map(|one| Some((one.kind.as_str(), score(&one.score)?)))
        .max_by(|a, b| a.0.cmp(b.0).then(a.1.total_cmp(&b.1)));
    newest.map_or(Severity::Unknown, |(_, score)| {
        Severity::from_cvss_score(score)
    })
}

/// The base score of a vector of CVSS 2.0, 3.0, 3.1 or 4.0.
fn score(vector: &str) -> Option<f64> {
    if vector.len() > 512 {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(list: &[(&str, &str)]) -> Severity {
        let list: Vec<_> = list
            .iter()
            .map(|(kind, score)| schema::Severity {
                kind: (*kind).to_owned(),
                score: (*score).to_owned(),
            })
            .collect();
        rated(&list)
    }

    #[test]
    fn vectors_are_scored() {
        let critical = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
        let low = "CVSS:4.0/AV:L/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N";
        assert_eq!(of(&[("CVSS_V3", critical)]), Severity::Critical);
        assert_eq!(
            of(&[("CVSS_V3", critical), ("CVSS_V4", low)]),
            Severity::Low
        );
        assert_eq!(
            of(&[("CVSS_V2", "AV:N/AC:L/Au:N/C:P/I:P/A:P")]),
            Severity::High
        );
        assert_eq!(
            of(&[("Ubuntu", "negligible"), ("CVSS_V3", critical)]),
            Severity::Negligible
        );
    }

    #[test]
    fn what_is_no_rating_is_unknown() {
        let long = "CVSS:3.1/".repeat(1000);
        for score in ["", "CVSS:3.1/", "CVSS:9.9/AV:N", "7.5", "é", long.as_str()] {
            assert_eq!(of(&[("CVSS_V3", score)]), Severity::Unknown, "{score}");
        }
        assert_eq!(word("MODERATE"), Severity::Medium);
        assert_eq!(word("not yet assigned"), Severity::Unknown);
    }
}
