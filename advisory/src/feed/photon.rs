//! VMware's Photon OS: its bulletins (PHSA) in OVAL, and the list of its weaknesses by package in
//! JSON, `packages.vmware.com/photon`. The list also knows what is unfixed and not affected.

use model::{Ecosystem, Problem, ProblemKind, Severity, Stream};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::oval::{self, Definition, Document};
use super::position::Lines;
use super::{Feed, FeedFile, Parsed, Remote, rating, shown};
use crate::identifier;
use crate::{Affected, Limits, Range, Record, Score, State, Weakness};

macro_rules! release {
    ($oval:literal, $list:literal) => {
        [
            Remote::file(
                "photon",
                $oval,
                concat!(
                    "https://packages.vmware.com/photon/photon_oval_definitions/",
                    $oval
                ),
            ),
            Remote::file(
                "photon",
                $list,
                concat!(
                    "https://packages.vmware.com/photon/photon_cve_metadata/",
                    $list
                ),
            ),
        ]
    };
}

const ONE: [Remote; 2] = release!("com.vmware.phsa-photon1.xml.gz", "cve_data_photon1.0.json");
const TWO: [Remote; 2] = release!("com.vmware.phsa-photon2.xml.gz", "cve_data_photon2.0.json");
const THREE: [Remote; 2] = release!("com.vmware.phsa-photon3.xml.gz", "cve_data_photon3.0.json");
const FOUR: [Remote; 2] = release!("com.vmware.phsa-photon4.xml.gz", "cve_data_photon4.0.json");
const FIVE: [Remote; 2] = release!("com.vmware.phsa-photon5.xml.gz", "cve_data_photon5.0.json");

const REMOTES: &[Remote] = &[
    ONE[0], ONE[1], TWO[0], TWO[1], THREE[0], THREE[1], FOUR[0], FOUR[1], FIVE[0], FIVE[1],
];

/// The feed.
pub const FEED: Feed = Feed {
    name: "photon",
    remotes: REMOTES,
    recognises: |source| source == "photon" || source.starts_with("photon-"),
    wants: |_, path| stream(path).is_some(),
    parse,
    publishes: &["photon"],
    claims: |_, _, path| stream(path).iter().map(Stream::to_string).collect(),
    missing: |_| Vec::new(),
};

/// The stream that a file's name says: `com.vmware.phsa-photon3.xml`, `cve_data_photon5.0.json`.
fn stream(path: &str) -> Option<Stream> {
    let name = path.rsplit('/').next()?;
    let oval = name
        .strip_prefix("com.vmware.phsa-photon")
        .and_then(|rest| rest.strip_suffix(".xml"));
    let list = name
        .strip_prefix("cve_data_photon")
        .and_then(|rest| rest.strip_suffix(".json"));
    let release = oval.or(list)?;
    let major = release.strip_suffix(".0").unwrap_or(release);
    let is_number = !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit());
    // VERSION_ID of Photon 3 is `3.0`.
    is_number.then(|| Stream::new("photon", format!("{major}.0")))
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let Some(stream) = stream(file.path) else {
        let detail = "its name says no release: expected com.vmware.phsa-photon5.xml";
        return Parsed::failure(Problem::new(ProblemKind::Malformed, file.place(), detail));
    };
    let streams = vec![stream.to_string()];
    let ecosystem = Ecosystem::Distro(stream);
    let parsed = match file.path.ends_with(".json") {
        true => list(file, limits, &ecosystem),
        false => oval::parse(file, limits, |document, definition| {
            bulletin(document, definition, &ecosystem)
        }),
    };
    Parsed { streams, ..parsed }
}

fn bulletin(
    document: &Document,
    definition: &Definition,
    ecosystem: &Ecosystem,
) -> Result<Option<Record>, String> {
    let reference = definition.reference("PHSA");
    let id = reference.and_then(|one| identifier(definition, &one.id));
    // Some have no bulletin yet, only their number in this list.
    let id = id.or_else(|| Some(definition.title.split_whitespace().next()?.to_owned()));
    let id = id.ok_or("it has neither a PHSA nor a title")?;
    let statements = document.statements(definition)?;
    let mut record = definition.record(&id);
    record.url = reference.map_or_else(String::new, |one| one.url.clone());
    let rows = statements
        .iter()
        .map(|one| oval::row(ecosystem, one.package, one.bound).of_source());
    record.affected = oval::joined(rows.collect());
    Ok(Some(record))
}

/// The bulletin as its page names it, `PHSA-2019-3.0-0036`: of the title `PHSA-2020:00001 …` the
/// year is that of the list, so that of the bulletin's day counts; of the reference
/// `PHSA:00001:3.0:0036` the release and the number.
fn identifier(definition: &Definition, reference: &str) -> Option<String> {
    let mut parts = reference.rsplit(':');
    let number = parts.next().filter(|part| !part.is_empty())?;
    let release = parts.next()?;
    let year = definition.published?.to_string();
    Some(format!("PHSA-{}-{release}-{number}", year.get(..4)?))
}

#[derive(Deserialize)]
struct Entry {
    cve_id: String,
    pkg: String,
    #[serde(default)]
    cve_score: Option<f64>,
    #[serde(default)]
    res_ver: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

fn list(file: &FeedFile<'_>, limits: &Limits, ecosystem: &Ecosystem) -> Parsed {
    let failure = |kind, detail: String| Parsed::failure(Problem::new(kind, file.place(), detail));
    let entries: Vec<&RawValue> = match serde_json::from_slice(file.bytes) {
        Ok(entries) => entries,
        Err(error) => return failure(ProblemKind::Malformed, error.to_string()),
    };
    if entries.len() > limits.records {
        let detail = format!("more than {} entries", limits.records);
        return failure(ProblemKind::Limit, detail);
    }
    let mut parsed = Parsed::default();
    let lines = Lines::new(file.bytes);
    for text in entries {
        let read = serde_json::from_str::<Entry>(text.get()).map_err(|error| error.to_string());
        let read = read.and_then(|entry| listed(entry, ecosystem, limits));
        parsed.take(read, || lines.place_of(file, text.get()));
    }
    parsed
}

fn listed(entry: Entry, ecosystem: &Ecosystem, limits: &Limits) -> Result<Record, String> {
    if !identifier::looks_like_one(&entry.cve_id) {
        return Err(format!("'{}' is no identifier", shown(&entry.cve_id)));
    }
    let fixed = entry
        .res_ver
        .filter(|version| !version.is_empty() && version != "NA");
    let long = [&entry.pkg, &entry.cve_id]
        .iter()
        .any(|text| text.len() > limits.string_bytes)
        || fixed
            .as_ref()
            .is_some_and(|version| version.len() > limits.string_bytes);
    if entry.pkg.is_empty() || long {
        return Err("its package, identifier or version is empty or too long".to_owned());
    }
    let status = entry.status.unwrap_or_default();
    let state = match (status.as_str(), &fixed) {
        ("Not Affected", _) => State::NotAffected,
        ("Fixed" | "", Some(_)) => State::Fixed,
        ("Fixed", None) => return Err("fixed without res_ver".to_owned()),
        ("Not Fixed" | "Open" | "Affected" | "", None) => State::Affected,
        (other, _) => return Err(format!("status '{}' is not known", shown(other))),
    };
    let mut record = Record::new(&entry.cve_id);
    record.weaknesses = vec![Weakness::new(&entry.cve_id)];
    record.score = entry.cve_score.and_then(score);
    record.severity = record.score.map_or(Severity::Unknown, rating::of_score);
    let mut row = Affected::new(ecosystem, entry.pkg, state).of_source();
    match (state, fixed) {
        (State::Fixed, Some(version)) => row = row.range(Range::before(version)),
        (State::Affected, _) => row = row.range(Range::all()),
        _ => {}
    }
    record.affected.push(row);
    Ok(record)
}

/// A bare number: which version of CVSS it follows is not said, and the list began with version 3.
fn score(number: f64) -> Option<Score> {
    let tenths = (number * 10.0).round();
    let fits = tenths > 0.0 && tenths <= 100.0;
    Some(Score {
        modern: true,
        base: model::Cvss::from_tenths(fits.then_some(tenths as u8)?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, text: &str) -> Parsed {
        let file = FeedFile::plain("photon", path, text.as_bytes());
        FEED.read(&file, &Limits::default())
    }

    // After com.vmware.phsa-photon3.xml of 2020-02-20.
    #[test]
    fn a_bulletin_has_its_weaknesses_and_packages() {
        let text = r#"<o><definitions><definition class="patch" id="d:1"><metadata>
            <title>PHSA-2020:00001 sqlite Security Update. (Important)</title>
            <reference ref_id="PHSA:00001:3.0:0036" ref_url="https://u" source="PHSA"/>
            <reference ref_id="CVE:00001:CVE-2019-16168" ref_url="https://v" source="CVE"/>
            <description>This update</description><advisory><severity>Important</severity>
            <issued date="2019-10-23"/><updated date="2019-10-24"/><cve>CVE-2019-16168</cve>
            </advisory></metadata><criteria operator="AND"><criterion comment="Photon OS 3 is
            installed" test_ref="t:0"/><criteria operator="OR"><criteria operator="AND">
            <criterion test_ref="t:1"/><criterion test_ref="t:2"/></criteria></criteria></criteria>
            </definition></definitions><tests><rpminfo_test id="t:0"><object object_ref="o:0"/>
            <state state_ref="s:0"/></rpminfo_test><rpminfo_test id="t:1"><object
            object_ref="o:1"/><state state_ref="s:1"/></rpminfo_test><rpminfo_test id="t:2"><object
            object_ref="o:1"/><state state_ref="s:2"/></rpminfo_test></tests><objects>
            <rpminfo_object id="o:1"><name>sqlite</name></rpminfo_object></objects><states>
            <rpminfo_state id="s:1"><evr operation="less than">0:3.27.2-5.ph3</evr></rpminfo_state>
            <rpminfo_state id="s:2"><signature_keyid operation="equals">c0</signature_keyid>
            </rpminfo_state></states></o>"#;
        let parsed = read("com.vmware.phsa-photon3.xml", text);
        assert_eq!(parsed.problems, []);
        let record = &parsed.records[0];
        assert_eq!(record.id, "PHSA-2019-3.0-0036");
        assert!(record.bulletin);
        assert_eq!(record.weaknesses, [Weakness::new("CVE-2019-16168")]);
        assert_eq!(record.severity, Severity::High);
        assert_eq!(record.modified, "2019-10-24T00:00:00Z".parse().ok());
        let row = &record.affected[0];
        assert_eq!(
            (row.ecosystem.as_str(), row.package.as_str()),
            ("photon:3.0", "sqlite")
        );
        assert_eq!(row.ranges, [Range::before("3.27.2-5.ph3".to_owned())]);
        assert_eq!(record.affected.len(), 1);
        // Real ones without a bulletin yet: its reference and its days are missing.
        let unnumbered = text
            .replace("source=\"PHSA\"", "source=\"\"")
            .replace("2019-10-23", "");
        let parsed = read("com.vmware.phsa-photon3.xml", &unnumbered);
        assert_eq!(parsed.records[0].id, "PHSA-2020:00001");
        assert_eq!((parsed.records.len(), parsed.problems.len()), (1, 0));
    }

    // After cve_data_photon5.0.json of 2025.
    #[test]
    fn the_list_says_fixed_affected_and_not_affected() {
        let text = r#"[{"cve_id": "CVE-2023-5115", "pkg": "ansible", "cve_score": 6.3,
            "aff_ver": "all versions before 2.14.12-1.ph5 are vulnerable",
            "res_ver": "2.14.12-1.ph5", "status": "Fixed"},
            {"cve_id": "BDSA-2025-13833", "pkg": "consul", "cve_score": 10.0, "aff_ver": "NA",
            "res_ver": "NA", "status": "Not Affected"},
            {"cve_id": "CVE-2023-5116", "pkg": "linux", "res_ver": "NA", "status": "Not Fixed"},
            {"cve_id": "Re", "pkg": "linux", "res_ver": "NA", "status": "Not Affected"},
            {"cve_id": "CVE-2023-5117", "pkg": "linux", "res_ver": "NA", "status": "Fixed"},
            {"cve_id": "CVE-2023-5118", "pkg": "linux", "status": "odd"}, 7]"#;
        let parsed = read("cve_data_photon5.0.json", text);
        let states = parsed.records.iter().map(|record| record.affected[0].state);
        let expected = [State::Fixed, State::NotAffected, State::Affected];
        assert_eq!(states.collect::<Vec<_>>(), expected);
        assert_eq!(parsed.problems.len(), 4);
        assert_eq!(parsed.records[0].severity, Severity::Medium);
        assert_eq!(parsed.streams, ["photon:5.0"]);
        for text in ["", "{}", "[1", "[[[["] {
            assert!(read("cve_data_photon5.0.json", text).failed, "{text}");
        }
    }
}
