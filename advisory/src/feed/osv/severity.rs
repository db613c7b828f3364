//! Ratings: a publisher's word goes before a CVSS vector, a newer CVSS before an older one.

use model::Severity;

use super::schema;
use crate::Score;
use crate::feed::rating;

/// The rating in a list of them.
pub fn rated(list: &[schema::Severity]) -> Severity {
    let said = list
        .iter()
        .filter(|one| !one.kind.starts_with("CVSS"))
        .map(|one| one.score.as_str());
    let said = rating::first(said);
    if said != Severity::Unknown {
        return said;
    }
    scored(list).map_or(Severity::Unknown, rating::of_score)
}

/// The highest base score of the newest CVSS in a list of ratings.
pub fn scored(list: &[schema::Severity]) -> Option<Score> {
    let newest = list
        .iter()
        .filter(|one| one.kind.starts_with("CVSS"))
        .filter_map(|one| Some((one.kind.as_str(), rating::score(&one.score)?)))
        .max();
    newest.map(|(_, score)| score)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(list: &[(&str, &str)]) -> Vec<schema::Severity> {
        list.iter()
            .map(|(kind, score)| schema::Severity {
                kind: (*kind).to_owned(),
                score: (*score).to_owned(),
            })
            .collect()
    }

    fn of(list: &[(&str, &str)]) -> Severity {
        rated(&listed(list))
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
    fn the_highest_score_of_the_newest_version_counts() {
        let told = |list: &[(&str, &str)]| {
            let score = scored(&listed(list))?;
            Some(format!("{} {}", score.base, score.modern))
        };
        let old = ("CVSS_V2", "AV:N/AC:L/Au:N/C:C/I:C/A:C");
        let high = ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H");
        let low = ("CVSS_V3", "CVSS:3.0/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N");
        let newest = (
            "CVSS_V4",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
        );
        for (list, expected) in [
            (&[][..], None),
            (&[("Ubuntu", "high")], None),
            (&[("CVSS_V3", "CVSS:3.1/AV:N")], None),
            (&[old], Some("10.0 false")),
            (&[low, old, high], Some("7.5 true")),
            (&[high, newest, old], Some("9.3 true")),
        ] {
            assert_eq!(told(list).as_deref(), expected);
        }
    }

    #[test]
    fn what_is_no_rating_is_unknown() {
        let long = "CVSS:3.1/".repeat(1000);
        let cut = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H";
        let words = ["", "CVSS:3.1/", "CVSS:9.9/AV:N", "AV:N", "7.5", "é"];
        for score in words.into_iter().chain([long.as_str(), cut]) {
            assert_eq!(of(&[("CVSS_V3", score)]), Severity::Unknown, "{score}");
        }
    }
}
