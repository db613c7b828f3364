//! SUSE's product security, of SUSE Linux Enterprise and openSUSE: a document per weakness
//! (`ftp.suse.com/pub/projects/security/csaf-vex`) or per bulletin (`…/csaf`), in the Common
//! Security Advisory Framework.
//!
//! Packages are named as they are built and have no package URLs: `ctdb-4.19.2-1.1` of what is
//! mended, `ctdb` of all else.

use model::Ecosystem;

use super::csaf::package::{self, Package};
use super::csaf::{self, Meaning, Product, Publisher, Status, Subject};
use super::{Feed, FeedFile, Parsed, Remote};
use crate::Limits;

pub mod oval;
mod product;

/// The distributions that SUSE speaks of, by what os-release calls them.
const DISTROS: &[&str] = &[
    "opensuse",
    "opensuse-leap",
    "opensuse-leap-micro",
    "opensuse-tumbleweed",
    "sl-micro",
    "sle-micro",
    "sled",
    "sles",
];

/// All documents on weaknesses, in one archive.
const REMOTES: &[Remote] = &[Remote::file(
    "suse",
    "csaf-vex.tar.bz2",
    "https://ftp.suse.com/pub/projects/security/csaf-vex.tar.bz2",
)];

/// The feed.
pub const FEED: Feed = Feed {
    name: "suse-csaf",
    remotes: REMOTES,
    recognises: |source| source == "suse" || source.starts_with("suse-csaf"),
    wants: |_, path| path.ends_with(".json") && !path.ends_with("provider-metadata.json"),
    parse,
    publishes: DISTROS,
    claims: |_, _, path| match is_document(path) {
        true => DISTROS.iter().map(|id| format!("{id}:*")).collect(),
        false => Vec::new(),
    },
    missing: |_| Vec::new(),
};

const PUBLISHER: Publisher = Publisher {
    meaning,
    affected: csaf::affected,
    address: page,
    bulletin: |_| None,
};

/// The page on a weakness.
fn page(id: &str) -> String {
    format!("https://www.suse.com/security/cve/{id}")
}

/// Whether a path is that of a document on one weakness: those on bulletins do not say what is
/// not mended.
fn is_document(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.starts_with("cve-") && name.ends_with(".json")
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    csaf::parse(file, limits, &PUBLISHER)
}

fn meaning(product: &Product<'_>, status: Status) -> Meaning {
    let Some(component) = &product.component else {
        return Meaning::Other;
    };
    let Some((stream, channel)) = product::of_cpe(product.platform.cpe) else {
        return Meaning::Other;
    };
    let has_architecture = !component.architecture.is_empty();
    let named = match (status, has_architecture) {
        (Status::Fixed, _) | (_, true) => package::of_file_name(component.id, has_architecture),
        _ => Some(bare(component.id)),
    };
    let Some(package) = named else {
        return Meaning::Unclear("are mended in no version that could be read");
    };
    Meaning::Package(Subject {
        ecosystem: Ecosystem::Distro(stream),
        channel,
        module: String::new(),
        version: package.full_version(),
        architecture: Some(package.architecture)
            .filter(|architecture| !architecture.is_empty())
            .map(str::to_owned),
        package: package.name.into_owned(),
    })
}

/// A package without a version; `.src` marks a source.
fn bare(id: &str) -> Package<'_> {
    let (name, architecture) = match id.strip_suffix(".src") {
        Some(name) => (name, "src"),
        None => (id, ""),
    };
    Package::unversioned(name, architecture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;

    fn read(path: &str, text: &str) -> Parsed {
        let file = FeedFile::plain("suse", path, text.as_bytes());
        FEED.read(&file, &Limits::default())
    }

    // After cve-2023-5568.json and suse-su-2015_0011-2.json of 2024.
    const DOCUMENT: &str = r#"{"document": {"category": "csaf_vex",
      "references": [{"category": "self", "url": "https://ftp.suse.com/x.json"},
        {"category": "self", "url": "https://www.suse.com/support/update/x/"}],
      "tracking": {"id": "ID", "current_release_date": "2024-07-26T00:00:00Z"}},
     "product_tree": {"branches": [{"category": "vendor", "name": "SUSE", "branches": [
      {"category": "product_name", "name": "t", "product": {"product_id": "openSUSE Tumbleweed",
        "product_identification_helper": {"cpe": "cpe:/o:opensuse:tumbleweed"}}},
      {"category": "product_name", "name": "s", "product": {"product_id": "SLES 15 SP4",
        "product_identification_helper": {"cpe": "cpe:/o:suse:sles:15:sp4"}}},
      {"category": "product_version", "name": "a", "product": {"product_id":
        "ctdb-4.19.2+git.322.7e9201cef5-1.1"}},
      {"category": "product_version", "name": "b", "product": {"product_id": "libdcerpc0"}},
      {"category": "architecture", "name": "x86_64", "branches": [{"category": "product_version",
        "name": "c", "product": {"product_id": "bind-libs-9.9.4P2-0.6.1.x86_64"}}]}]}],
      "relationships": [
       {"full_product_name": {"product_id": "t:ctdb"}, "category": "default_component_of",
        "product_reference": "ctdb-4.19.2+git.322.7e9201cef5-1.1",
        "relates_to_product_reference": "openSUSE Tumbleweed"},
       {"full_product_name": {"product_id": "s:bind"}, "category": "default_component_of",
        "product_reference": "bind-libs-9.9.4P2-0.6.1.x86_64",
        "relates_to_product_reference": "SLES 15 SP4"},
       {"full_product_name": {"product_id": "s:libdcerpc0"}, "category": "default_component_of",
        "product_reference": "libdcerpc0", "relates_to_product_reference": "SLES 15 SP4"}]},
     "vulnerabilities": [{"cve": "CVE-2023-5568",
      "notes": [{"category": "general", "text": "A heap-based Buffer Overflow"}],
      "product_status": STATUS, "remediations": [REMEDY],
      "threats": [{"category": "impact", "details": "moderate"}]}]}"#;

    fn document(id: &str, status: &str, remedy: &str) -> String {
        DOCUMENT
            .replace("\"ID\"", &format!("\"{id}\""))
            .replace("STATUS", status)
            .replace("REMEDY", remedy)
    }

    #[test]
    fn packages_are_read_off_their_names() {
        let status = r#"{"recommended": ["t:ctdb", "s:bind", "s:libdcerpc0"]}"#;
        let parsed = read("cve-2023-5568.json", &document("CVE-2023-5568", status, ""));
        let record = &parsed.records[0];
        let told = record.affected.iter().map(|one| {
            let range = one.ranges[0].clone();
            (
                one.ecosystem.as_str(),
                one.package.as_str(),
                one.architectures.join(","),
                range,
            )
        });
        let before = |text: &str| crate::Range::before(text.to_owned());
        let ctdb = before("4.19.2+git.322.7e9201cef5-1.1");
        let expected = [
            ("opensuse-tumbleweed:rolling", "ctdb", String::new(), ctdb),
            (
                "sles:15.4",
                "bind-libs",
                "x86_64".to_owned(),
                before("9.9.4P2-0.6.1"),
            ),
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
        assert_eq!(parsed.problems.len(), 1);
        assert_eq!(
            record.url,
            "https://www.suse.com/security/cve/CVE-2023-5568"
        );
        assert_eq!(record.severity, model::Severity::Medium);
        assert_eq!(record.description, "A heap-based Buffer Overflow");
    }

    #[test]
    fn a_bulletin_has_its_own_page() {
        let text = document("SUSE-SU-2015:0011-2", r#"{"recommended": ["s:bind"]}"#, "");
        let parsed = read("suse-su-2015_0011-2.json", &text);
        let record = &parsed.records[0];
        assert_eq!(record.id, "SUSE-SU-2015:0011-2");
        assert_eq!(record.url, "https://www.suse.com/support/update/x/");
        assert_eq!(record.weaknesses[0].id, "CVE-2023-5568");
    }

    #[test]
    fn each_status_is_kept() {
        let refused = r#"{"category": "no_fix_planned", "product_ids": ["s:libdcerpc0"]}"#;
        for (heading, remedy, state) in [
            ("known_affected", "", State::Affected),
            ("known_affected", refused, State::WillNotFix),
            ("known_not_affected", "", State::NotAffected),
            ("under_investigation", "", State::UnderInvestigation),
        ] {
            let status = format!(r#"{{"{heading}": ["s:libdcerpc0"]}}"#);
            let parsed = read("cve-1.json", &document("CVE-2023-5568", &status, remedy));
            let affected = &parsed.records[0].affected;
            assert_eq!((affected.len(), affected[0].state), (1, state), "{heading}");
            assert!(affected[0].ranges.is_empty() && parsed.problems.is_empty());
        }
        for text in ["", "[]", "{}"] {
            assert!(read("cve-1.json", text).failed, "{text}");
        }
    }
}
