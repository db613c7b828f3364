//! Wolfi's security database, `packages.wolfi.dev/os/security.json`, read by [`super::secdb`]: one
//! file, since the distribution has no branches.

use super::{Feed, Remote, secdb};

const REMOTES: &[Remote] = &[Remote::file(
    "wolfi",
    "security.json",
    "https://packages.wolfi.dev/os/security.json",
)];

/// The feed.
pub const FEED: Feed = Feed {
    name: "wolfi-secdb",
    remotes: REMOTES,
    recognises: |source| source == "wolfi" || source.starts_with("wolfi-secdb"),
    wants: |_, path| secdb::is_security(path),
    parse: |file, limits| secdb::rolling(file, limits, "wolfi"),
    publishes: &["wolfi"],
    claims: |_, _, _| vec!["wolfi:rolling".to_owned()],
    missing: |_| Vec::new(),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{FeedFile, Parsed, chainguard, minimos};
    use crate::{Limits, State};

    fn read(feed: &Feed, text: &str) -> Parsed {
        let file = FeedFile::plain("wolfi", "security.json", text.as_bytes());
        feed.read(&file, &Limits::default())
    }

    // After packages.wolfi.dev/os/security.json, 2025: facts of aactl.
    const JSON: &str = r#"{"apkurl": "{{urlprefix}}/{{reponame}}/x.apk", "archs": ["x86_64"],
      "reponame": "os", "urlprefix": "https://packages.wolfi.dev", "packages": [
      {"pkg": {"name": "aactl", "secfixes": {"0": ["CVE-2023-45283", "GHSA-vvjp-q62m-2vph"],
        "0.4.12-r10": ["CVE-2024-24557"], "0.4.12-r11": null}}},
      {"pkg": {"name": 7}}]}"#;

    #[test]
    fn the_three_that_roll_are_read_alike() {
        for (feed, ecosystem) in [
            (&FEED, "wolfi:rolling"),
            (&chainguard::FEED, "chainguard:rolling"),
            (&minimos::FEED, "minimos:rolling"),
        ] {
            let parsed = read(feed, JSON);
            let rows: Vec<_> = parsed
                .records
                .iter()
                .map(|record| (record.id.as_str(), record.affected[0].state))
                .collect();
            assert_eq!(
                rows,
                [
                    ("CVE-2023-45283", State::NotAffected),
                    ("GHSA-vvjp-q62m-2vph", State::NotAffected),
                    ("CVE-2024-24557", State::Fixed),
                ]
            );
            assert_eq!(parsed.streams, [ecosystem]);
            assert_eq!(parsed.records[2].affected[0].ecosystem, ecosystem);
            assert_eq!(parsed.problems.len(), 1);
            assert_eq!((feed.claims)("x", None, ""), [ecosystem]);
        }
    }

    #[test]
    fn what_lists_no_package_is_a_failure() {
        for text in ["", "{}", "[]", "{\"packages\": []}", "{\"packages\": 7}"] {
            assert!(read(&FEED, text).failed, "{text}");
        }
        for end in 0..JSON.len() {
            assert!(read(&FEED, JSON.get(..end).unwrap_or_default()).failed);
        }
    }
}
