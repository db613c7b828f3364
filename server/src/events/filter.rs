//! Which events somebody is told, and how much of each.

use model::{RepositoryName, Severity, Wildcard};
use store::record::{EventFilter, Happening, ImagePlace, ScanEnded, VulnerabilityChange};

use crate::auth::Principal;
use crate::auth::access::{Action, Resource, allows};

/// What a filter lets through of an event: of several images those in its repositories. `None`
/// where that is nothing.
///
/// A list of images that was cut off may lack those in the filter's repositories: such an event
/// passes without images rather than being kept back, and says `complete: false`.
pub fn narrow(filter: &EventFilter, happening: Happening) -> Option<Happening> {
    let kinds = &filter.kinds;
    if !kinds.is_empty() && !kinds.iter().any(|kind| kind == happening.kind()) {
        return None;
    }
    if !is_wanted(filter, &happening) {
        return None;
    }
    if filter.repositories.is_empty() {
        return Some(happening);
    }
    let fits = |name: &RepositoryName| {
        let fits = |pattern: &Wildcard| pattern.matches(name.as_str());
        filter.repositories.iter().any(fits)
    };
    in_repositories(happening, fits, Unsure::Tell)
}

/// What somebody may see of an event: of several images those whose scans they may read.
pub fn visible(principal: &Principal, happening: Happening) -> Option<Happening> {
    let action = Action::DescribeImageScanFindings;
    if allows(principal, action, Resource::Registry) {
        return Some(happening);
    }
    in_repositories(
        happening,
        |name| allows(principal, action, name),
        Unsure::Hide,
    )
}

/// Whether severity, fixes and changes are those that are asked for. Of what has none of them,
/// nothing is asked.
fn is_wanted(filter: &EventFilter, happening: &Happening) -> bool {
    let bad_enough =
        |severity: Severity| filter.least_severity.is_none_or(|least| severity <= least);
    match happening {
        Happening::Pushed(_) | Happening::Deleted(_) => true,
        // A scan that failed says nothing, which is not that there is nothing.
        Happening::Scanned(scan) if scan.failure.is_some() => true,
        Happening::Scanned(scan) => {
            let mut counts = Severity::ALL.into_iter().zip(scan.counts);
            filter.least_severity.is_none()
                || counts.any(|(severity, count)| count > 0 && bad_enough(severity))
        }
        Happening::Vulnerability(change) => {
            let has_fix = || change.packages.iter().any(|one| !one.fixed_in.is_empty());
            let changes = &filter.changes;
            bad_enough(change.severity)
                && (!filter.fixable || has_fix())
                && (changes.is_empty() || changes.contains(&change.change))
        }
    }
}

/// What to do with an event whose list of images was cut off, and none of which fits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unsure {
    Tell,
    /// It may be none of the asker's business.
    Hide,
}

fn in_repositories(
    happening: Happening,
    fits: impl Fn(&RepositoryName) -> bool,
    unsure: Unsure,
) -> Option<Happening> {
    let cut = |places: Vec<ImagePlace>, complete: bool| {
        let mut places = places;
        places.retain(|place| fits(&place.repository));
        let passes = !places.is_empty() || (!complete && unsure == Unsure::Tell);
        passes.then_some(places)
    };
    Some(match happening {
        Happening::Pushed(action) if fits(&action.repository) => Happening::Pushed(action),
        Happening::Deleted(action) if fits(&action.repository) => Happening::Deleted(action),
        Happening::Pushed(_) | Happening::Deleted(_) => return None,
        Happening::Scanned(scan) => Happening::Scanned(ScanEnded {
            places: cut(scan.places, scan.complete)?,
            ..scan
        }),
        Happening::Vulnerability(change) => Happening::Vulnerability(VulnerabilityChange {
            places: cut(change.places, change.complete)?,
            ..change
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::tests::{pushed, scanned, vulnerability};

    /// The repositories that are left, or `-` where nothing is.
    fn left(happening: Option<Happening>) -> String {
        let of = |places: &[ImagePlace]| {
            let names = places.iter().map(|place| place.repository.as_str());
            names.collect::<Vec<_>>().join(",")
        };
        match happening {
            None => "-".to_owned(),
            Some(Happening::Pushed(action) | Happening::Deleted(action)) => {
                action.repository.to_string()
            }
            Some(Happening::Scanned(scan)) => of(&scan.places),
            Some(Happening::Vulnerability(change)) => of(&change.places),
        }
    }

    fn incomplete(mut happening: Happening) -> Happening {
        if let Happening::Vulnerability(change) = &mut happening {
            change.complete = false;
        }
        happening
    }

    fn filter(json: &str) -> EventFilter {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_not_asked_for_is_left_out() {
        let high = || vulnerability("CVE-1", Severity::High, &["team/a", "b"], &["1.2"]);
        let unfixed = || vulnerability("CVE-1", Severity::Low, &["b"], &[]);
        let cases = [
            ("{}", high(), "team/a,b"),
            (r#"{"kinds":["pushed"]}"#, high(), "-"),
            (r#"{"kinds":["pushed"]}"#, pushed("b", "t"), "b"),
            (r#"{"least_severity":"critical"}"#, high(), "-"),
            (r#"{"least_severity":"high"}"#, high(), "team/a,b"),
            (r#"{"least_severity":"high"}"#, pushed("b", "t"), "b"),
            (
                r#"{"least_severity":"high"}"#,
                scanned("b", [0, 1, 0, 0, 0, 0]),
                "b",
            ),
            (
                r#"{"least_severity":"high"}"#,
                scanned("b", [0, 0, 9, 9, 9, 9]),
                "-",
            ),
            (r#"{"fixable":true}"#, high(), "team/a,b"),
            (r#"{"fixable":true}"#, unfixed(), "-"),
            (r#"{"changes":["gone"]}"#, high(), "-"),
            (r#"{"changes":["gone","found"]}"#, high(), "team/a,b"),
            (r#"{"repositories":["team/*"]}"#, high(), "team/a"),
            (r#"{"repositories":["team/*"]}"#, unfixed(), "-"),
            (r#"{"repositories":["team/*"]}"#, incomplete(unfixed()), ""),
            (r#"{"repositories":["team/*"]}"#, pushed("b", "t"), "-"),
        ];
        for (json, happening, expected) in cases {
            assert_eq!(left(narrow(&filter(json), happening)), expected, "{json}");
        }
    }

    #[test]
    fn one_sees_what_one_may_read() {
        let mut principal = Principal::anonymous();
        principal.grants = vec!["scan-reader:team/*".parse().unwrap()];
        let high = || vulnerability("CVE-1", Severity::High, &["team/a", "b"], &[]);
        let hidden = || vulnerability("CVE-1", Severity::High, &["b"], &[]);
        assert_eq!(left(visible(&principal, high())), "team/a");
        assert_eq!(left(visible(&principal, hidden())), "-");
        assert_eq!(left(visible(&principal, incomplete(hidden()))), "-");
        assert_eq!(left(visible(&principal, pushed("b", "t"))), "-");
        assert_eq!(left(visible(&Principal::anonymous(), high())), "team/a,b");
    }

    #[test]
    fn a_failed_scan_passes_any_severity() {
        let mut happening = scanned("b", [0; 6]);
        if let Happening::Scanned(scan) = &mut happening {
            scan.failure = Some("broken".to_owned());
        }
        let filter = filter(r#"{"least_severity":"critical"}"#);
        assert_eq!(left(narrow(&filter, happening)), "b");
    }
}
