//! Bottlerocket, `advisories.bottlerocket.aws`: an `updateinfo.xml` of its own.

use super::updateinfo::{self, Owner, Place};
use super::{Feed, FeedFile, Parsed, Remote};
use crate::Limits;

const REMOTES: &[Remote] = &[Remote::file(
    "bottlerocket",
    "updateinfo.xml.gz",
    "https://advisories.bottlerocket.aws/updateinfo.xml.gz",
)];

const OWNER: Owner = Owner {
    place: |_, _| {
        Some(Place {
            ecosystem: "bottlerocket:rolling".to_owned(),
            channel: String::new(),
        })
    },
    page: |id| format!("https://advisories.bottlerocket.aws/#{id}"),
};

/// The feed.
pub const FEED: Feed = Feed {
    name: "bottlerocket-updateinfo",
    remotes: REMOTES,
    recognises: |source| source == "bottlerocket" || source.starts_with("bottlerocket-"),
    wants: |_, path| updateinfo::is_one(path),
    parse: |file: &FeedFile<'_>, limits: &Limits| -> Parsed {
        updateinfo::parse(file, limits, &OWNER)
    },
    publishes: &["bottlerocket"],
    claims: |_, _, _| vec!["bottlerocket:rolling".to_owned()],
    missing: |_| Vec::new(),
};

#[cfg(test)]
mod tests {
    use super::*;

    // After BRSA-1bwujdrkn6nc (2025-06-11), shortened.
    #[test]
    fn a_bulletin_is_read() {
        let text = r#"<updates><update status="final" type="security"><id>BRSA-1bwujdrkn6nc</id>
            <issued date="2025-06-11T19:52:52Z" /><severity>medium</severity><references>
            <reference id="CVE-2024-43840" type="cve" /></references><pkglist>
            <collection short="bottlerocket"><package arch="x86_64" name="kernel-6.1"
            version="6.1.140" release="1.br1" epoch="0" /></collection></pkglist></update></updates>"#;
        let file = FeedFile::plain("bottlerocket", "updateinfo.xml", text.as_bytes());
        let parsed = FEED.read(&file, &Limits::default());
        let (record, row) = (&parsed.records[0], &parsed.records[0].affected[0]);
        assert_eq!(record.weaknesses[0].id, "CVE-2024-43840");
        let told = format!("{} {}", row.ecosystem, row.package);
        assert_eq!(told, "bottlerocket:rolling kernel-6.1");
    }
}
