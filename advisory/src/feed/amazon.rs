//! Amazon Linux, `updateinfo.xml` of its repositories: the core of 2018.03, 2 and 2023, and the
//! extras of 2, each of which is a channel.

use super::updateinfo::{self, Owner, Place};
use super::{Feed, FeedFile, Parsed, Protocol, Remote};
use crate::Limits;

const fn mirrored(path: &'static str, url: &'static str) -> Remote {
    Remote {
        source: "amazon",
        path,
        url,
        protocol: Protocol::MirrorList,
    }
}

/// The core repositories. Of the extras each would be one; those that are mirrored are read.
const REMOTES: &[Remote] = &[
    mirrored(
        "2",
        "https://cdn.amazonlinux.com/2/core/latest/x86_64/mirror.list",
    ),
    mirrored(
        "2023",
        "https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list",
    ),
];

const OWNER: Owner = Owner { place, page };

/// The feed.
pub const FEED: Feed = Feed {
    name: "amazon-updateinfo",
    remotes: REMOTES,
    recognises: |source| source == "amazon" || source.starts_with("amazon-linux"),
    wants: |_, path| updateinfo::is_one(path),
    parse: |file: &FeedFile<'_>, limits: &Limits| -> Parsed {
        updateinfo::parse(file, limits, &OWNER)
    },
    publishes: &["amzn"],
    claims: |_, _, _| vec!["amzn:*".to_owned()],
    missing: |_| Vec::new(),
};

/// The release of a collection; what follows behind three hyphens is the name of an extra.
fn place(collection: &str, release: &str) -> Option<Place> {
    let of = |line: &str, channel: &str| {
        Some(Place {
            ecosystem: format!("amzn:{line}"),
            channel: channel.to_owned(),
        })
    };
    match collection {
        "amazon-linux-ami" | "amazon-linux" => of("2018.03", ""),
        "amazon-linux-2" => of("2", ""),
        other => match other.strip_prefix("amazon-linux-2---") {
            Some(extra) => of("2", extra),
            None => match other.strip_prefix("amazon-linux-") {
                Some(year) if year.bytes().all(|byte| byte.is_ascii_digit()) => of(year, ""),
                Some(named) if named.starts_with("2023---") => {
                    of("2023", named.trim_start_matches("2023---"))
                }
                _ if release.contains(".amzn2023") => of("2023", ""),
                _ if release.contains(".amzn2") => of("2", ""),
                _ => None,
            },
        },
    }
}

fn page(id: &str) -> String {
    let (directory, name) = match id.split_once('-') {
        Some(("ALAS2023", rest)) => ("AL2023/", format!("ALAS{rest}")),
        Some(("ALAS2", rest)) => ("AL2/", format!("ALAS-{rest}")),
        _ => ("", id.to_owned()),
    };
    format!("https://alas.aws.amazon.com/{directory}{name}.html")
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn told(feed: &Feed, text: &str) -> String {
        let file = FeedFile::plain("x", "2/updateinfo.xml", text.as_bytes());
        let parsed = feed.read(&file, &Limits::default());
        let mut lines = Vec::new();
        for record in &parsed.records {
            let names: Vec<&str> = record
                .weaknesses
                .iter()
                .map(|one| one.id.as_str())
                .collect();
            let published = record
                .published
                .map_or(String::new(), |time| time.to_string());
            let (id, severity, withdrawn) = (&record.id, record.severity, record.withdrawn);
            lines.push(format!(
                "{id} {severity} {published} {withdrawn} {}",
                names.join(" ")
            ));
            for row in &record.affected {
                let (place, channel, name) = (&row.ecosystem, &row.channel, &row.package);
                let architectures = row.architectures.join(",");
                lines.push(format!(
                    "  {place} {channel} {name} {:?} {architectures}",
                    row.ranges[0].end
                ));
            }
        }
        lines.extend(parsed.problems.iter().map(ToString::to_string));
        lines.join("\n")
    }

    // After ALAS2023-2023-001 (2023-02-17) and a bulletin of the extra 'docker', shortened.
    const TEXT: &str = r#"<?xml version="1.0" ?><updates>
        <update status="final" type="security"><id>ALAS2023-2023-001</id>
        <issued date="2023-02-17 20:41" /><updated date="2023-02-22 23:22" /><severity>Important</severity>
        <description>Package updates</description>
        <references><reference id="CVE-2014-3634" type="cve" /><reference id="CVE-2022-24903" type="cve" /></references>
        <pkglist><collection short="amazon-linux-2023"><name>Amazon Linux 2023</name>
        <package name="rsyslog" version="8.2204.0" release="3.amzn2023.0.2" epoch="0" arch="x86_64"/>
        <package name="rsyslog" version="8.2204.0" release="3.amzn2023.0.2" epoch="0" arch="aarch64"/>
        <package name="rsyslog-doc" version="8.2204.0" release="3.amzn2023.0.2" epoch="0" arch="noarch"/>
        <package name="rsyslog-debuginfo" version="8.2204.0" release="3.amzn2023.0.2" epoch="0" arch="x86_64"/>
        </collection></pkglist></update>
        <update type="security"><id>ALAS2DOCKER-2021-001</id><severity>medium</severity>
        <pkglist><collection short="amazon-linux-2---docker">
        <package name="docker" version="20.10" release="1.amzn2" epoch="2" arch="x86_64"/>
        </collection></pkglist></update>
        <update type="bugfix"><id>ALAS2-2021-002</id></update>
        <update type="security"><title>no id</title></update></updates>"#;

    #[test]
    fn bulletins_are_rows_by_package_and_version() {
        assert_eq!(
            told(&FEED, TEXT),
            "ALAS2023-2023-001 high 2023-02-17T20:41:00Z false CVE-2014-3634 CVE-2022-24903\n  \
             amzn:2023  rsyslog Fixed(\"8.2204.0-3.amzn2023.0.2\") aarch64,x86_64\n  \
             amzn:2023  rsyslog-doc Fixed(\"8.2204.0-3.amzn2023.0.2\") \n\
             ALAS2DOCKER-2021-001 medium  false ALAS2DOCKER-2021-001\n  \
             amzn:2 docker docker Fixed(\"2:20.10-1.amzn2\") x86_64\n\
             x/2/updateinfo.xml: byte 1290: an update without an id (malformed)"
        );
    }

    #[test]
    fn what_is_no_list_is_a_failure() {
        for text in [
            "",
            "<updates/>",
            "<html>maintenance</html>",
            "<updates><update type='security'>",
        ] {
            let told = told(&FEED, text);
            assert!(told.contains("x/2/updateinfo.xml"), "{text}: {told}");
        }
    }

    #[test]
    fn pages_are_amazons() {
        assert_eq!(
            page("ALAS2023-2023-001"),
            "https://alas.aws.amazon.com/AL2023/ALAS2023-001.html"
        );
        assert_eq!(
            page("ALAS2-2018-939"),
            "https://alas.aws.amazon.com/AL2/ALAS-2018-939.html"
        );
        assert_eq!(
            page("ALAS-2018-939"),
            "https://alas.aws.amazon.com/ALAS-2018-939.html"
        );
    }
}
