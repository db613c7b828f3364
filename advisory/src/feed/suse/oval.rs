//! SUSE's OVAL: `ftp.suse.com/pub/projects/security/oval`, a file per product line. Of each there
//! are three: `…-affected.xml` with a definition per weakness, also where nothing is mended yet,
//! `….xml` with the same of what is mended, and `…-patch.xml` with a definition per bulletin.

use std::rc::Rc;

use super::DISTROS;
use super::product::{self, Place};
use crate::feed::oval::criteria::Circumstances;
use crate::feed::oval::{self, Check, Definition, Document};
use crate::feed::{Feed, FeedFile, Parsed};
use crate::{Limits, Record};
use model::Ecosystem;

/// The feed.
pub const FEED: Feed = Feed {
    name: "suse-oval",
    // The documents of CSAF, which are fetched, say the same in one archive.
    remotes: &[],
    recognises: |source| source.starts_with("suse-oval"),
    wants: |_, path| is_one(path),
    parse: |file: &FeedFile<'_>, limits: &Limits| -> Parsed {
        oval::parse(file, limits, |document, definition| {
            record(document, definition, limits)
        })
    },
    publishes: DISTROS,
    claims: |_, _, path| claims(path),
    missing: |_| Vec::new(),
};

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn is_one(path: &str) -> bool {
    let name = name(path);
    let line = ["suse.linux.", "opensuse."];
    name.ends_with(".xml") && line.iter().any(|line| name.starts_with(line))
}

/// What a file answers for: one that holds only what is mended says nothing of the rest.
fn claims(path: &str) -> Vec<String> {
    let name = name(path);
    let Some(line) = name.strip_suffix("-affected.xml") else {
        return Vec::new();
    };
    // Longer names before those that they begin with.
    let lines = [
        ("opensuse.leap.micro.", "opensuse-leap-micro"),
        ("opensuse.leap.", "opensuse-leap"),
        ("opensuse.tumbleweed", "opensuse-tumbleweed"),
        ("opensuse.", "opensuse"),
        ("suse.linux.enterprise.micro.", "sle-micro"),
        ("suse.linux.micro.", "sl-micro"),
        ("suse.linux.enterprise.desktop.", "sled"),
        ("suse.linux.enterprise.server.", "sles"),
        ("suse.linux.enterprise.", "sles"),
    ];
    let found = lines.iter().find(|(start, _)| line.starts_with(start));
    let both = found.is_some_and(|(start, _)| *start == "suse.linux.enterprise.");
    let desktop = both.then_some("sled");
    let ids = found.map(|(_, id)| *id).into_iter().chain(desktop);
    ids.map(|id| format!("{id}:*")).collect()
}

fn record(
    document: &Document,
    definition: &Definition,
    limits: &Limits,
) -> Result<Option<Record>, String> {
    let statements = document.statements(definition)?;
    let mut rows = Vec::new();
    let mut is_told = false;
    // Statements of one place stand together, and have the same circumstances.
    let mut last: Option<(&Circumstances<'_>, Vec<Place>)> = None;
    for statement in &statements {
        let same = last.as_ref().is_some_and(|(list, _)| {
            list.len() == statement.within.len()
                && list
                    .iter()
                    .zip(&statement.within)
                    .all(|(one, other)| Rc::ptr_eq(one, other))
        });
        if !same {
            let named = places(statement.checks());
            // Documents of some years name the product in the definition's head alone.
            let named = named.or_else(|| all(definition.platforms.iter().map(String::as_str)));
            is_told |= named.is_some();
            last = Some((&statement.within, named.unwrap_or_default()));
        }
        let places = last.as_ref().map_or(&[][..], |(_, places)| places);
        if rows.len() + places.len() > limits.rows {
            return Err(format!("it has more than {} rows", limits.rows));
        }
        let architectures = statement.architectures();
        for (stream, channel) in places {
            let ecosystem = Ecosystem::Distro(stream.clone());
            let mut row = oval::row(&ecosystem, statement.package, statement.bound);
            row.architectures.clone_from(&architectures);
            row.channel = channel.clone();
            rows.push(row);
        }
    }
    if !is_told {
        return Err("it does not say for which product it is".to_owned());
    }
    let mut record = head(definition);
    record.affected = oval::joined(rows);
    Ok((!record.affected.is_empty()).then_some(record))
}

/// The record without its rows: of a weakness by its name, of a bulletin by its number. What was
/// mended before a release came out has no number, and is known by the definition's identifier.
fn head(definition: &Definition) -> Record {
    let cve = definition
        .cves
        .iter()
        .find(|(id, _)| *id == definition.title);
    if let (Some((id, _)), true) = (cve, definition.class != "patch") {
        let mut record = definition.record(id);
        record.url = super::page(id);
        return record;
    }
    match definition.reference("SUSE-SU") {
        Some(bulletin) => {
            let mut record = definition.record(&bulletin.id);
            record.url = bulletin.url.replace("http://", "https://");
            record
        }
        None => definition.record(&definition.id),
    }
}

/// The places of the products among circumstances; `None` where no product is named at all.
fn places<'a>(checks: impl Iterator<Item = &'a Check<'a>>) -> Option<Vec<Place>> {
    let mut is_told = false;
    let mut out = Vec::new();
    for check in checks {
        let Some(name) = check.comment.strip_suffix(" is installed") else {
            continue;
        };
        is_told = true;
        let place = product::of_name(name);
        out.extend(place.or_else(|| product::of_word(name, check.package, check.version)));
    }
    out.sort();
    out.dedup();
    is_told.then_some(out)
}

/// The places of products by their names; `None` where none is named.
fn all<'a>(names: impl Iterator<Item = &'a str>) -> Option<Vec<Place>> {
    let mut names = names.peekable();
    names.peek()?;
    let mut out: Vec<Place> = names.filter_map(product::of_name).collect();
    out.sort();
    out.dedup();
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    // After suse.linux.enterprise.15-affected.xml of January 2026 (CVE-2009-0316), shortened, with
    // a package that is not mended and one that is not affected.
    const TEXT: &str = r#"<oval_definitions xmlns:x="x"><generator><x:timestamp>2026-01-22T06:09:00
        </x:timestamp></generator><definitions><definition id="d:1" class="CLASS"><metadata>
        <title>TITLE</title>
        <reference ref_id="Mitre CVE-2009-0316" ref_url="https://cve.mitre.org/x" source="CVE"/>
        <reference ref_id="SUSE CVE-2009-0316" ref_url="https://www.suse.com/x" source="SUSE CVE"/>
        REFERENCE<description>Untrusted search path</description><advisory>
        <issued date="2024-10-18"/><updated date="2025-07-19"/><severity>Moderate</severity>
        <cve impact="high" cvss3="7.5/CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H">CVE-2009-0316
        at SUSE</cve></advisory></metadata><criteria operator="OR">
        <criteria operator="AND"><criteria operator="OR">
        <criterion test_ref="t:0" comment="SUSE Manager Server 4.3 is installed"/>
        <criterion test_ref="t:0" comment="PRODUCT is installed"/>
        <criterion test_ref="t:0" comment="SUSE Linux Enterprise Server 15 SP1-LTSS is installed"/>
        </criteria><criteria operator="OR">
        <criterion test_ref="t:1" comment="vim-small-9.0-5.25.1 is installed"/>
        <criterion test_ref="t:2" comment="gvim is affected"/></criteria></criteria>
        <criteria operator="AND"><criterion test_ref="t:0" comment="openSUSE Leap 15.4 is installed"/>
        <criteria operator="AND"><criterion test_ref="t:3" comment="vim is not affected"/>
        <criterion test_ref="t:4" comment="vim is signed with openSUSE key"/></criteria>
        </criteria></criteria></definition></definitions><tests>
        <rpminfo_test id="t:0"><object object_ref="o:0"/><state state_ref="s:0"/></rpminfo_test>
        <rpminfo_test id="t:1"><object object_ref="o:1"/><state state_ref="s:1"/></rpminfo_test>
        <rpminfo_test id="t:2"><object object_ref="o:2"/><state state_ref="s:2"/></rpminfo_test>
        <rpminfo_test id="t:3"><object object_ref="o:3"/><state state_ref="s:3"/></rpminfo_test>
        <rpminfo_test id="t:4"><object object_ref="o:3"/><state state_ref="s:4"/></rpminfo_test>
        </tests><objects><rpminfo_object id="o:0"><name>sles-release</name></rpminfo_object>
        <rpminfo_object id="o:1"><name>vim-small</name></rpminfo_object>
        <rpminfo_object id="o:2"><name>gvim</name></rpminfo_object>
        <rpminfo_object id="o:3"><name>vim</name></rpminfo_object></objects><states>
        <rpminfo_state id="s:0"><version operation="equals">15.1</version></rpminfo_state>
        <rpminfo_state id="s:1"><arch operation="pattern match">(aarch64|x86_64)</arch>
        <evr operation="less than">0:9.0-5.25.1</evr></rpminfo_state>
        <rpminfo_state id="s:2"><evr operation="greater than">0:0-0</evr></rpminfo_state>
        <rpminfo_state id="s:3"><version operation="equals">0</version></rpminfo_state>
        <rpminfo_state id="s:4"><signature_keyid operation="equals">b8</signature_keyid>
        </rpminfo_state></states></oval_definitions>"#;

    fn read(class: &str, title: &str, reference: &str, product: &str) -> Parsed {
        let text = TEXT
            .replace("CLASS", class)
            .replace("TITLE", title)
            .replace("REFERENCE", reference)
            .replace("PRODUCT", product);
        let path = "suse.linux.enterprise.15-affected.xml";
        let file = FeedFile::plain("suse-oval", path, text.as_bytes());
        FEED.read(&file, &Limits::default())
    }

    fn told(record: &Record) -> Vec<String> {
        let rows = record.affected.iter().map(|row| {
            let (place, channel, name) = (&row.ecosystem, &row.channel, &row.package);
            let end = row.ranges.first().map(|range| &range.end);
            let architectures = row.architectures.join(",");
            format!(
                "{place} {channel} {name} {:?} {end:?} {architectures}",
                row.state
            )
        });
        rows.collect()
    }

    #[test]
    fn a_word_holds_for_each_product_that_is_known() {
        let name = "SUSE Linux Enterprise Module for Basesystem 15 SP1";
        let parsed = read("vulnerability", "CVE-2009-0316", "", name);
        assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
        let record = &parsed.records[0];
        assert_eq!(record.id, "CVE-2009-0316");
        assert_eq!(
            record.url,
            "https://www.suse.com/security/cve/CVE-2009-0316"
        );
        assert_eq!(record.severity, model::Severity::Medium);
        assert!(!record.bulletin && record.score.is_some());
        let fixed = "Fixed Some(Fixed(\"9.0-5.25.1\")) aarch64,x86_64";
        let expected = [
            "opensuse-leap:15.4  vim NotAffected None ".to_owned(),
            "sles:15.1  gvim Affected Some(Never) ".to_owned(),
            format!("sles:15.1  vim-small {fixed}"),
            "sles:15.1 sles-ltss gvim Affected Some(Never) ".to_owned(),
            format!("sles:15.1 sles-ltss vim-small {fixed}"),
        ];
        let mut rows = told(record);
        rows.sort();
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_bulletin_is_known_by_its_number() {
        let reference = r#"<reference ref_id="SUSE-SU-2022:4619-1" source="SUSE-SU"
            ref_url="https://lists.suse.com/013343.html"/>"#;
        let title = "Security update for vim (Moderate)";
        for (reference, id, url) in [
            (
                reference,
                "SUSE-SU-2022:4619-1",
                "https://lists.suse.com/013343.html",
            ),
            ("", "d:1", ""),
        ] {
            let parsed = read("patch", title, reference, "openSUSE Leap 15.3");
            let record = &parsed.records[0];
            assert_eq!((record.id.as_str(), record.url.as_str()), (id, url));
            assert!(record.bulletin);
            assert_eq!(record.weaknesses[0].id, "CVE-2009-0316");
        }
    }

    #[test]
    fn a_definition_for_nobody_is_passed_over_and_one_without_a_product_is_a_problem() {
        let text = TEXT.replace("is installed\"/>", "\"/>");
        let file = FeedFile::plain("suse-oval", "opensuse.11.xml", text.as_bytes());
        let parsed = FEED.read(&file, &Limits::default());
        assert!(parsed.records.is_empty());
        assert!(parsed.problems[0].detail.contains("which product"));
        // After opensuse.12.1.xml of 2013, where the head alone names the product.
        let head = "<affected><platform>openSUSE 12.1</platform></affected></metadata>";
        let text = text.replace("</metadata>", head);
        let file = FeedFile::plain("suse-oval", "opensuse.12.1.xml", text.as_bytes());
        let parsed = FEED.read(&file, &Limits::default());
        let rows = &parsed.records[0].affected;
        assert!(rows.iter().all(|row| row.ecosystem == "opensuse:12.1"));
        let text = TEXT.replace("openSUSE Leap 15.4", "SUSE Manager Proxy 4.3");
        let text = text.replace("SUSE Linux Enterprise Server 15 SP1-LTSS", "SUSE CaaS 4.0");
        let text = text.replace("sles-release", "manager-release");
        let file = FeedFile::plain("suse-oval", "opensuse.11.xml", text.as_bytes());
        let parsed = FEED.read(&file, &Limits::default());
        assert!(parsed.records.is_empty() && parsed.problems.is_empty());
    }

    #[test]
    fn only_lists_of_what_is_not_mended_answer_for_releases() {
        for (path, expected) in [
            (
                "x/suse.linux.enterprise.15-sp4-affected.xml",
                "sles:* sled:*",
            ),
            (
                "suse.linux.enterprise.micro.5.0-affected.xml",
                "sle-micro:*",
            ),
            ("suse.linux.micro.6-affected.xml", "sl-micro:*"),
            ("opensuse.leap.15.4-affected.xml", "opensuse-leap:*"),
            (
                "opensuse.leap.micro.5.2-affected.xml",
                "opensuse-leap-micro:*",
            ),
            ("opensuse.tumbleweed-affected.xml", "opensuse-tumbleweed:*"),
            ("suse.linux.enterprise.15.xml", ""),
            ("opensuse.leap.15.4-patch.xml", ""),
            ("", ""),
        ] {
            assert_eq!(
                (FEED.claims)("suse-oval", None, path).join(" "),
                expected,
                "{path}"
            );
            assert_eq!(is_one(path), !path.is_empty(), "{path}");
        }
        assert!(!is_one("suse.caasp.4.0.xml") && !is_one("org.opensuse.CVE-2008-5679.xml"));
    }
}
