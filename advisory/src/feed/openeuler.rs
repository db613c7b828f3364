//! openEuler's security committee: a document per weakness or per bulletin in the Common Security
//! Advisory Framework (`repo.openeuler.org/security/data/csaf`).
//!
//! Each service pack is a stream of its own (`openeuler:22.03-lts-sp3`): all of them build the same
//! version under releases that do not follow one another.

use model::{Ecosystem, Stream};

use super::csaf::package::{self, Package};
use super::csaf::{self, Meaning, Product, Publisher, Status, Subject};
use super::{Feed, FeedFile, Parsed};
use crate::Limits;

/// The feed.
pub const FEED: Feed = Feed {
    name: "openeuler-csaf",
    // An index lists the documents one by one, and nothing offers all of them in one file.
    remotes: &[],
    recognises: |source| source == "openeuler" || source.starts_with("openeuler-csaf"),
    wants: |_, path| path.ends_with(".json"),
    parse: |file: &FeedFile<'_>, limits: &Limits| -> Parsed {
        csaf::parse(file, limits, &PUBLISHER)
    },
    publishes: &["openeuler"],
    claims: |_, _, path| match path.is_empty() {
        true => Vec::new(),
        false => vec!["openeuler:*".to_owned()],
    },
    missing: |_| Vec::new(),
};

const PUBLISHER: Publisher = Publisher {
    meaning,
    affected: csaf::affected,
    address: |id| format!("https://www.openeuler.org/en/security/cve/detail/?cveId={id}"),
    bulletin,
};

/// `openEuler-SA-2025-1333` of `https://www.openeuler.org/…/detail/?id=openEuler-SA-2025-1333`.
fn bulletin(url: &str) -> Option<&str> {
    let (_, id) = url.split_once("?id=")?;
    id.starts_with("openEuler-SA-").then_some(id)
}

fn meaning(product: &Product<'_>, status: Status) -> Meaning {
    let Some(component) = &product.component else {
        return Meaning::Other;
    };
    let release = product
        .platform
        .cpe
        .strip_prefix("cpe:/a:openEuler:openEuler:");
    let Some(release) = release.filter(|release| !release.is_empty()) else {
        return Meaning::Other;
    };
    let is_build = status == Status::Fixed || !component.architecture.is_empty();
    let named = match is_build {
        true => package::of_file_name(component.id, true),
        false => Some(Package::unversioned(component.id, "src")),
    };
    let Some(package) = named else {
        return Meaning::Unclear("are mended in no version that could be read");
    };
    Meaning::Package(Subject {
        ecosystem: Ecosystem::Distro(Stream::new("openeuler", release.to_ascii_lowercase())),
        channel: String::new(),
        module: String::new(),
        version: package.full_version(),
        architecture: Some(package.architecture.to_owned()),
        package: package.name.into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;

    fn read(text: &str) -> Parsed {
        let file = FeedFile::plain(
            "openeuler",
            "cve/2025/csaf-openeuler-cve-2025-30346.json",
            text.as_bytes(),
        );
        FEED.read(&file, &Limits::default())
    }

    // After csaf-openeuler-cve-2025-30346.json of 2025; the word on what is not mended is made up
    // in the same form.
    const DOCUMENT: &str = r#"{"document": {"category": "csaf_vex",
      "aggregate_severity": {"text": "MEDIUM"},
      "tracking": {"id": "CVE-2025-30346", "current_release_date": "2025-03-28T20:00:00+08:00"}},
     "product_tree": {"branches": [{"category": "vendor", "name": "openEuler", "branches": [
      {"category": "product_name", "name": "openEuler", "branches": [{"category":
        "product_version", "name": "s", "product": {"product_id": "sp1",
        "product_identification_helper": {"cpe": "cpe:/a:openEuler:openEuler:24.03-LTS-SP1"}}}]},
      {"category": "product_version", "name": "n", "product": {"product_id": "varnish"}},
      {"category": "architecture", "name": "src", "branches": [{"category": "product_version",
        "name": "v", "product": {"product_id": "varnish-7.4.3-2.oe2403sp1.src.rpm"}}]},
      {"category": "architecture", "name": "noarch", "branches": [{"category": "product_version",
        "name": "h", "product": {"product_id": "varnish-help-7.4.3-2.oe2403sp1.noarch.rpm"}}]}]}],
      "relationships": [
       {"full_product_name": {"product_id": "sp1:src"}, "category": "default_component_of",
        "product_reference": "varnish-7.4.3-2.oe2403sp1.src.rpm",
        "relates_to_product_reference": "sp1"},
       {"full_product_name": {"product_id": "sp1:all"}, "category": "default_component_of",
        "product_reference": "varnish", "relates_to_product_reference": "sp1"},
       {"full_product_name": {"product_id": "sp1:help"}, "category": "default_component_of",
        "product_reference": "varnish-help-7.4.3-2.oe2403sp1.noarch.rpm",
        "relates_to_product_reference": "sp1"}]},
     "vulnerabilities": [{"cve": "CVE-2025-30346", "product_status": STATUS,
      "remediations": [{"category": "vendor_fix", "product_ids": ["sp1:src", "sp1:help"], "url":
       "https://www.openeuler.org/zh/security/detail/?id=openEuler-SA-2025-1333"}]
      }]}"#;

    #[test]
    fn builds_are_of_a_service_pack() {
        for (status, id, package, architectures, state, ranges) in [
            (
                r#"{"fixed": ["sp1:src", "sp1:help"]}"#,
                "openEuler-SA-2025-1333",
                "varnish-help",
                "",
                State::Fixed,
                1,
            ),
            (
                r#"{"fixed": ["sp1:src"]}"#,
                "openEuler-SA-2025-1333",
                "varnish",
                "src",
                State::Fixed,
                1,
            ),
            (
                r#"{"known_affected": ["sp1:all"]}"#,
                "CVE-2025-30346",
                "varnish",
                "src",
                State::Affected,
                0,
            ),
            (
                r#"{"known_not_affected": ["sp1:all"]}"#,
                "CVE-2025-30346",
                "varnish",
                "src",
                State::NotAffected,
                0,
            ),
        ] {
            let parsed = read(&DOCUMENT.replace("STATUS", status));
            assert_eq!(
                (parsed.records.len(), parsed.problems.len()),
                (1, 0),
                "{status}"
            );
            let record = &parsed.records[0];
            let one = &record.affected[0];
            assert_eq!((record.id.as_str(), one.package.as_str()), (id, package));
            assert_eq!(one.ecosystem, "openeuler:24.03-lts-sp1");
            assert_eq!(
                (one.architectures.join(","), one.state),
                (architectures.to_owned(), state)
            );
            assert_eq!((one.ranges.len(), record.affected.len()), (ranges, 1));
            assert_eq!(record.severity, model::Severity::Medium);
            assert_eq!(record.weaknesses[0].id, "CVE-2025-30346");
        }
    }

    #[test]
    fn broken_documents_are_told() {
        // One of the publisher's documents of 2024 has a comma too many.
        for text in ["", "{}", r#"{"document": {"tracking": {"id": "CVE-1"}},}"#] {
            assert!(read(text).failed, "{text}");
        }
        let parsed = read(&DOCUMENT.replace("STATUS", r#"{"fixed": ["sp1:all", "sp1"]}"#));
        assert_eq!(parsed.problems.len(), 1);
    }
}
