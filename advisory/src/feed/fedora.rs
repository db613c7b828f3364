//! Fedora and EPEL, `updateinfo.xml` of their repositories of updates. The release is told by the
//! packages themselves: `.fc40`, `.el9`.

use super::updateinfo::{self, Owner, Place};
use super::{Feed, FeedFile, Parsed, Protocol, Remote};
use crate::Limits;

const OWNER: Owner = Owner { place, page };

const fn repository(path: &'static str, url: &'static str) -> Remote {
    Remote {
        source: "fedora",
        path,
        url,
        protocol: Protocol::Repository,
    }
}

/// The repositories of updates of the releases that are maintained. They are moved to an archive
/// when a release ends: what was fetched until then is kept.
const REMOTES: &[Remote] = &[
    repository(
        "42",
        "https://dl.fedoraproject.org/pub/fedora/linux/updates/42/Everything/x86_64/",
    ),
    repository(
        "43",
        "https://dl.fedoraproject.org/pub/fedora/linux/updates/43/Everything/x86_64/",
    ),
    repository(
        "44",
        "https://dl.fedoraproject.org/pub/fedora/linux/updates/44/Everything/x86_64/",
    ),
    repository(
        "epel-8",
        "https://dl.fedoraproject.org/pub/epel/8/Everything/x86_64/",
    ),
    repository(
        "epel-9",
        "https://dl.fedoraproject.org/pub/epel/9/Everything/x86_64/",
    ),
    repository(
        "epel-10",
        "https://dl.fedoraproject.org/pub/epel/10/Everything/x86_64/",
    ),
];

/// The feed.
pub const FEED: Feed = Feed {
    name: "fedora-updateinfo",
    remotes: REMOTES,
    recognises: |source| source == "fedora" || source.starts_with("fedora-updateinfo"),
    wants: |_, path| updateinfo::is_one(path),
    parse: |file: &FeedFile<'_>, limits: &Limits| -> Parsed {
        updateinfo::parse(file, limits, &OWNER)
    },
    publishes: &["fedora"],
    claims: |_, _, _| vec!["fedora:*".to_owned()],
    missing: |_| Vec::new(),
};

fn place(_: &str, release: &str) -> Option<Place> {
    let number = |mark: &str| {
        let (_, rest) = release.rsplit_once(mark)?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        (!digits.is_empty()).then_some(digits)
    };
    if let Some(number) = number(".fc") {
        return Some(Place {
            ecosystem: format!("fedora:{number}"),
            channel: String::new(),
        });
    }
    number(".el").map(|number| Place {
        ecosystem: format!("rhel:{number}"),
        channel: "epel".to_owned(),
    })
}

fn page(id: &str) -> String {
    format!("https://bodhi.fedoraproject.org/updates/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    // After a bulletin of Fedora 40, whose references name CVEs in their titles.
    #[test]
    fn cves_stand_in_titles_and_releases_in_packages() {
        let text = r#"<updates><update status="stable" type="security"><id>FEDORA-2024-aaa1111111</id>
            <severity>Moderate</severity><references>
            <reference id="2254210" type="bugzilla" title="CVE-2023-48795 ssh: Terrapin, and CVE-2023-0001"/>
            </references><pkglist><collection short="F40">
            <package name="libssh" version="0.10.6" release="1.fc40" epoch="0" arch="x86_64"/>
            <package name="libssh" version="0.10.6" release="1.el9" epoch="0" arch="x86_64"/>
            <package name="odd" version="1" release="1" epoch="0" arch="x86_64"/>
            </collection></pkglist></update></updates>"#;
        let file = FeedFile::plain("fedora", "updateinfo.xml", text.as_bytes());
        let parsed = FEED.read(&file, &Limits::default());
        let record = &parsed.records[0];
        let names: Vec<&str> = record
            .weaknesses
            .iter()
            .map(|one| one.id.as_str())
            .collect();
        assert_eq!(names, ["CVE-2023-0001", "CVE-2023-48795"]);
        let places: Vec<String> = record
            .affected
            .iter()
            .map(|row| format!("{} {}", row.ecosystem, row.channel))
            .collect();
        assert_eq!(places, ["fedora:40 ", "rhel:9 epel"]);
    }
}
