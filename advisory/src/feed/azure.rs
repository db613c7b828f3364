//! Microsoft's Azure Linux and its forerunner CBL-Mariner, in OVAL: one definition per weakness
//! and package, `github.com/microsoft/AzureLinuxVulnerabilityData`.
//!
//! `patchable` says what is known: `true` (the version with the fix), `false` (the last version
//! that is known to be affected) or `Not Applicable` (the package never had it, or no longer).

use model::{Ecosystem, ProblemKind, Stream};

use super::oval::{self, Definition, Document};
use super::{Feed, FeedFile, Parsed, Remote};
use crate::{Affected, Limits, Record, State};

macro_rules! remote {
    ($name:literal) => {
        Remote::file(
            "azurelinux",
            $name,
            concat!(
                "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/",
                $name
            ),
        )
    };
}

const REMOTES: &[Remote] = &[
    remote!("azurelinux-3.0-oval.xml"),
    remote!("cbl-mariner-2.0-oval.xml"),
    remote!("cbl-mariner-1.0-oval.xml"),
];

/// The feed.
pub const FEED: Feed = Feed {
    name: "azurelinux-oval",
    remotes: REMOTES,
    recognises: |source| source == "azurelinux" || source.starts_with("azurelinux-"),
    wants: |_, path| stream(path).is_some(),
    parse,
    publishes: &["azurelinux", "mariner"],
    claims: |_, _, path| stream(path).iter().map(Stream::to_string).collect(),
    missing: |_| Vec::new(),
};

/// The stream that a file's name says: `cbl-mariner-2.0-oval.xml`. Files of earlier builds of a
/// release (`cbl-mariner-2.0-preview-…`) are of none.
fn stream(path: &str) -> Option<Stream> {
    let name = path.rsplit('/').next()?.strip_suffix("-oval.xml")?;
    let (id, release) = match name.strip_prefix("cbl-mariner-") {
        Some(release) => ("mariner", release),
        None => ("azurelinux", name.strip_prefix("azurelinux-")?),
    };
    let is_release = release
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    (is_release && !release.is_empty()).then(|| Stream::new(id, release))
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let Some(stream) = stream(file.path) else {
        let detail = "its name says no release: expected azurelinux-3.0-oval.xml";
        let problem = model::Problem::new(ProblemKind::Malformed, file.place(), detail);
        return Parsed::failure(problem);
    };
    let streams = vec![stream.to_string()];
    let ecosystem = Ecosystem::Distro(stream);
    let parsed = oval::parse(file, limits, |document, definition| {
        record(document, definition, &ecosystem)
    });
    Parsed { streams, ..parsed }
}

fn record(
    document: &Document,
    definition: &Definition,
    ecosystem: &Ecosystem,
) -> Result<Option<Record>, String> {
    let reference = definition.reference("CVE").ok_or("it names no CVE")?;
    let statements = document.statements(definition)?;
    let mut record = definition.record(&reference.id);
    record.bulletin = false;
    record.url = reference.url.clone();
    let rows = statements.iter().map(|one| {
        // The files name what is built from.
        let row = oval::row(ecosystem, one.package, one.bound).of_source();
        match definition.patchable.to_ascii_lowercase().as_str() {
            "not applicable" => {
                Affected::new(ecosystem, one.package, State::NotAffected).of_source()
            }
            "false" => Affected {
                state: State::Affected,
                ..row
            },
            _ => row,
        }
    });
    record.affected = oval::joined(rows.collect());
    Ok(Some(record))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{End, Range};

    /// After azurelinux-3.0-oval.xml and cbl-mariner-2.0-oval.xml of 2024: oath-toolkit, syslinux,
    /// nghttp2.
    fn document(patchable: &str, operation: &str) -> String {
        format!(
            r#"<oval_definitions xmlns:l="x"><generator><t:timestamp>2024-10-10T12:04:24.5Z
            </t:timestamp></generator><definitions><definition class="vulnerability" id="d:1">
            <metadata><title>t</title>
            <reference ref_id="CVE-2024-47191" ref_url="https://nvd.nist.gov/x" source="CVE"/>
            <patchable>{patchable}</patchable><advisory_date>2024-07-23T22:05:39Z</advisory_date>
            <severity>High</severity><description>It is one.</description></metadata>
            <criteria operator="AND"><criterion comment="c" test_ref="t:1"/></criteria>
            </definition><definition id="d:2"><metadata><reference ref_id="CVE-2024-1234"
            source="CVE"/></metadata></definition></definitions><tests><l:rpminfo_test id="t:1">
            <l:object object_ref="o:1"/><l:state state_ref="s:1"/></l:rpminfo_test></tests>
            <objects><l:rpminfo_object id="o:1"><l:name>oath-toolkit</l:name></l:rpminfo_object>
            </objects><states><l:rpminfo_state id="s:1"><l:evr operation="{operation}"
            >0:2.6.7-3.azl3</l:evr></l:rpminfo_state></states></oval_definitions>"#
        )
    }

    fn read(path: &str, text: &str) -> Parsed {
        let file = FeedFile::plain("azurelinux", path, text.as_bytes());
        FEED.read(&file, &Limits::default())
    }

    #[test]
    fn each_word_of_patchable_is_a_state() {
        let version = "2.6.7-3.azl3".to_owned();
        let last = Range {
            introduced: None,
            end: End::Last(version.clone()),
        };
        for (patchable, operation, state, ranges) in [
            (
                "true",
                "less than",
                State::Fixed,
                vec![Range::before(version)],
            ),
            ("false", "less than or equal", State::Affected, vec![last]),
            ("Not Applicable", "less than", State::NotAffected, vec![]),
        ] {
            let parsed = read("azurelinux-3.0-oval.xml", &document(patchable, operation));
            let record = &parsed.records[0];
            let row = &record.affected[0];
            assert_eq!((row.state, &row.ranges), (state, &ranges), "{patchable}");
            assert_eq!(row.ecosystem, "azurelinux:3.0");
            assert_eq!(row.package, "oath-toolkit");
            assert_eq!(record.weaknesses[0].id, "CVE-2024-47191");
            assert_eq!(record.severity, model::Severity::High);
            assert_eq!(record.published, "2024-07-23T22:05:39Z".parse().ok());
            assert!(!record.bulletin);
            let problem = &parsed.problems[0];
            assert_eq!(problem.place, "azurelinux/azurelinux-3.0-oval.xml: d:2");
            assert_eq!((parsed.records.len(), parsed.problems.len()), (1, 1));
        }
    }

    #[test]
    fn names_of_files_are_streams() {
        for (path, expected) in [
            ("azurelinux-3.0-oval.xml", "azurelinux:3.0"),
            ("a/cbl-mariner-2.0-oval.xml", "mariner:2.0"),
            ("cbl-mariner-2.0-preview-oval.xml", ""),
            ("azurelinux--oval.xml", ""),
            ("README.md", ""),
        ] {
            let claims = (FEED.claims)("azurelinux", None, path);
            assert_eq!(claims.concat(), expected, "{path}");
        }
    }

    #[test]
    fn what_is_broken_is_a_problem_and_no_panic() {
        let whole = document("true", "less than");
        let deep = "<a>".repeat(10_000);
        for text in ["", "x", "<a/>", "\u{0}", deep.as_str(), "<definition/>"] {
            let parsed = read("azurelinux-3.0-oval.xml", text);
            assert!(
                parsed.records.is_empty() && !parsed.problems.is_empty(),
                "{text}"
            );
        }
        for end in 0..whole.len() {
            let cut = whole.get(..end).unwrap_or_default();
            let parsed = read("azurelinux-3.0-oval.xml", cut);
            assert!(!parsed.problems.is_empty(), "{end}");
        }
    }
}
