//! Oracle Linux, in OVAL: `linux.oracle.com/security/oval`, one definition per bulletin (ELSA).
//!
//! Packages are built several times over: for Ksplice, whose versions say `.ksplice1.`, and with
//! validated cryptography, whose versions say `_fips`. Both look newer than the fix that everybody
//! gets, so that each is a channel of its own.

use model::{Ecosystem, Stream};

use super::oval::criteria::Statement;
use super::oval::{self, Definition, Document};
use super::{Feed, FeedFile, Parsed, Remote};
use crate::{End, Limits, Record};

const REMOTES: &[Remote] = &[Remote::file(
    "oracle",
    "com.oracle.elsa-all.xml.bz2",
    "https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2",
)];

/// The feed.
pub const FEED: Feed = Feed {
    name: "oracle-oval",
    remotes: REMOTES,
    recognises: |source| source == "oracle" || source.starts_with("oracle-linux"),
    wants: |_, path| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.starts_with("com.oracle.elsa-") && name.ends_with(".xml")
    },
    parse: |file: &FeedFile<'_>, limits: &Limits| -> Parsed { oval::parse(file, limits, record) },
    publishes: &["ol"],
    claims: |_, _, _| vec!["ol:*".to_owned()],
    missing: |_| Vec::new(),
};

fn record(document: &Document, definition: &Definition) -> Result<Option<Record>, String> {
    let reference = definition.reference("elsa").ok_or("it names no ELSA")?;
    let statements = document.statements(definition)?;
    let mut record = definition.record(&reference.id);
    record.url = reference.url.replace("http://", "https://");
    let mut rows = Vec::new();
    for statement in &statements {
        let release = release(statement).ok_or("it does not say for which release it is")?;
        let ecosystem = Ecosystem::Distro(Stream::new("ol", release));
        let mut row = oval::row(&ecosystem, statement.package, statement.bound);
        row.architectures = statement.architectures();
        row.channel = match row.ranges.first().map(|range| &range.end) {
            Some(End::Fixed(version)) => flavour(version).to_owned(),
            _ => String::new(),
        };
        rows.push(row);
    }
    record.affected = oval::joined(rows);
    Ok(Some(record))
}

/// The release of `Oracle Linux 8 is installed`.
fn release(statement: &Statement<'_>) -> Option<String> {
    let said = |comment: &str| {
        let rest = comment.strip_prefix("Oracle Linux ")?;
        let number = rest.split_whitespace().next()?;
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        (is_number && rest.ends_with("is installed")).then(|| number.to_owned())
    };
    statement.checks().find_map(|check| said(check.comment))
}

fn flavour(version: &str) -> &'static str {
    if version.contains(".ksplice") {
        "ksplice"
    } else if version.contains("_fips") {
        "fips"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After ELSA-2018-1196-1 (2018-08-03), shortened to one package.
    fn document(comment: &str, version: &str) -> String {
        format!(
            r#"<oval_definitions xmlns:l="x"><generator><t:timestamp>2018-08-03T00:00:00
            </t:timestamp></generator><definitions><definition class="patch" id="d:1"><metadata>
            <title>ELSA-2018-1196-1:  kernel security and bug fix update (IMPORTANT)</title>
            <reference source="elsa" ref_id="ELSA-2018-1196-1"
             ref_url="http://linux.oracle.com/errata/ELSA-2018-1196-1.html"/>
            <reference source="CVE" ref_id="CVE-2017-5715" ref_url="http://linux.oracle.com/x"/>
            <description>kernel</description><advisory><severity>IMPORTANT</severity>
            <issued date="2018-08-03"/><cve>CVE-2017-5715</cve></advisory></metadata>
            <criteria operator="AND"><criterion test_ref="t:0" comment="{comment}"/>
            <criteria operator="OR"><criteria operator="AND">
            <criterion test_ref="t:1" comment="kernel is earlier than it"/>
            </criteria></criteria></criteria></definition></definitions><tests>
            <l:rpminfo_test id="t:0"><l:object object_ref="o:0"/><l:state state_ref="s:0"/></l:rpminfo_test>
            <l:rpminfo_test id="t:1"><l:object object_ref="o:1"/><l:state state_ref="s:1"/></l:rpminfo_test>
            </tests><objects><l:rpminfo_object id="o:0"><l:name>oraclelinux-release</l:name></l:rpminfo_object>
            <l:rpminfo_object id="o:1"><l:name>kernel</l:name></l:rpminfo_object></objects><states>
            <l:rpminfo_state id="s:0"><l:version operation="pattern match">^5</l:version></l:rpminfo_state>
            <l:rpminfo_state id="s:1"><l:evr operation="less than">{version}</l:evr></l:rpminfo_state>
            </states></oval_definitions>"#
        )
    }

    fn told(text: &str) -> String {
        let file = FeedFile::plain("oracle", "com.oracle.elsa-all.xml", text.as_bytes());
        let parsed = FEED.read(&file, &Limits::default());
        let mut lines = Vec::new();
        for record in &parsed.records {
            let names: Vec<&str> = record
                .weaknesses
                .iter()
                .map(|one| one.id.as_str())
                .collect();
            for row in &record.affected {
                let (place, channel, name) = (&row.ecosystem, &row.channel, &row.package);
                let (id, severity) = (&record.id, record.severity);
                let end = &row.ranges[0].end;
                lines.push(format!(
                    "{id} {severity} {} {place} {channel} {name} {end:?}",
                    names.join(" ")
                ));
            }
        }
        lines.extend(parsed.problems.iter().map(|problem| problem.detail.clone()));
        lines.join("\n")
    }

    #[test]
    fn flavours_are_channels() {
        let installed = "Oracle Linux 5 is installed";
        for (version, channel, said) in [
            ("0:2.6.18-419.0.0.0.10.el5", "", "2.6.18-419.0.0.0.10.el5"),
            (
                "2:2.17-157.ksplice1.el7",
                "ksplice",
                "2:2.17-157.ksplice1.el7",
            ),
            (
                "10:3.6.16-4.0.1.el8_fips",
                "fips",
                "10:3.6.16-4.0.1.el8_fips",
            ),
        ] {
            assert_eq!(
                told(&document(installed, version)),
                format!(
                    "ELSA-2018-1196-1 high CVE-2017-5715 ol:5 {channel} kernel Fixed(\"{said}\")"
                )
            );
        }
    }

    #[test]
    fn a_bulletin_for_no_release_is_a_problem() {
        let text = document("something else", "0:1-1");
        assert!(told(&text).contains("for which release"), "{}", told(&text));
        assert!(!told("<html/>").is_empty());
    }
}
