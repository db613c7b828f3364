//! Ubuntu's OVAL, `security-metadata.canonical.com/oval`: of one release and channel the tracker's
//! lines, written out, by weakness (`com.ubuntu.jammy.cve.oval.xml`) or by package (`.pkg.`).
//!
//! What is said stands in the comments; so does the source package, which the tests do not know:
//! they name what is built of it. So bulletins (`.usn.`), whose comments say nothing, are not read.

use std::collections::BTreeMap;

use model::{Problem, ProblemKind, Stream};

use super::status::{self, Line, Place, Said};
use crate::feed::oval::{self, Bound, Definition, Document, Mention};
use crate::feed::{Feed, FeedFile, Parsed, shown};
use crate::{Limits, Record};

/// The feed. Nothing of it is fetched: the tracker says the same.
pub const FEED: Feed = Feed {
    name: "ubuntu-oval",
    remotes: &[],
    recognises: |source| source.starts_with("ubuntu-oval"),
    wants: |_, path| content(path).is_some(),
    parse,
    publishes: &["ubuntu"],
    claims: |_, _, path| stream(path).iter().map(Stream::to_string).collect(),
    missing: |_| Vec::new(),
};

/// What a definition is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Weakness,
    Package,
}

/// What a file's name says: `oci.com.ubuntu.fips-updates_jammy.cve.oval.xml`.
fn content(path: &str) -> Option<(Kind, Place<'_>)> {
    let name = path.rsplit('/').next()?.strip_suffix(".oval.xml")?;
    let name = name.strip_prefix("oci.").unwrap_or(name);
    let (place, kind) = name.strip_prefix("com.ubuntu.")?.rsplit_once('.')?;
    let kind = match kind {
        "cve" => Kind::Weakness,
        "pkg" => Kind::Package,
        _ => return None,
    };
    let (channel, codename) = place.split_once('_').unwrap_or(("", place));
    let (release, none) = status::released(codename)?;
    none.is_empty().then_some((kind, (release, channel)))
}

/// The stream that a file answers for; what is built for some alone answers for none.
fn stream(path: &str) -> Option<Stream> {
    let (_, (release, channel)) = content(path)?;
    channel.is_empty().then(|| Stream::new("ubuntu", release))
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let Some((kind, place)) = content(file.path) else {
        let detail = "its name says no release: expected com.ubuntu.jammy.cve.oval.xml";
        return Parsed::failure(Problem::new(ProblemKind::Malformed, file.place(), detail));
    };
    let mut problems = Vec::new();
    let mut parsed = oval::parse_each(file, limits, |document, definition| {
        // That a release is installed.
        if definition.class == "inventory" {
            return Ok(Vec::new());
        }
        let mut wrong = Vec::new();
        let records = match kind {
            Kind::Weakness => weakness(document, definition, place, &mut wrong),
            Kind::Package => package(document, definition, place, &mut wrong),
        };
        problems.extend(wrong.into_iter().map(|detail| {
            let place = format!("{}: {}", file.place(), definition.id);
            Problem::new(ProblemKind::Malformed, place, detail)
        }));
        records
    });
    parsed.problems.extend(problems);
    parsed.streams = stream(file.path).iter().map(Stream::to_string).collect();
    parsed
}

/// A weakness and the packages that may have it.
fn weakness(
    document: &Document,
    definition: &Definition,
    place: Place<'_>,
    problems: &mut Vec<String>,
) -> Result<Vec<Record>, String> {
    let reference = definition.reference("CVE").ok_or("it names no CVE")?;
    let mut lines = Vec::new();
    for (_, line) in told(document, definition, place)? {
        match line {
            Ok(line) => lines.extend(line),
            Err(detail) => problems.push(detail),
        }
    }
    let mut record = definition.record(&reference.id);
    record.bulletin = false;
    record.url = super::address(&reference.id);
    let own = definition.priorities.get(&reference.id);
    record.severity = own.copied().unwrap_or(record.severity);
    record.affected = oval::joined(status::rows(&lines, |_| model::Severity::Unknown));
    Ok(vec![record])
}

/// A package and the weaknesses that it may have: a record for each.
fn package(
    document: &Document,
    definition: &Definition,
    place: Place<'_>,
    problems: &mut Vec<String>,
) -> Result<Vec<Record>, String> {
    let mut by_cve: BTreeMap<&str, Vec<Line<'_>>> = BTreeMap::new();
    for (cve, line) in told(document, definition, place)? {
        match line {
            Ok(_) if cve.is_empty() => problems.push("a comment names no CVE".to_owned()),
            Ok(line) => by_cve.entry(cve).or_default().extend(line),
            Err(detail) => problems.push(detail),
        }
    }
    let record = |(id, lines): (&str, Vec<Line<'_>>)| {
        let mut record = Record::new(id);
        record.url = super::address(id);
        let own = definition.priorities.get(id);
        record.severity = own.copied().unwrap_or(record.severity);
        let facts = definition.cves.iter().find(|(cve, _)| cve == id);
        record.score = facts.and_then(|(_, facts)| facts.score);
        record.affected = oval::joined(status::rows(&lines, |_| model::Severity::Unknown));
        record
    };
    Ok(by_cve.into_iter().map(record).collect())
}

type Told<'a> = (&'a str, Result<Option<Line<'a>>, String>);

/// What the comments of a definition say, each with the CVE that it names.
fn told<'a>(
    document: &'a Document,
    definition: &'a Definition,
    place: Place<'a>,
) -> Result<Vec<Told<'a>>, String> {
    let mentions = document.mentions(definition);
    let read = |mention: &Mention<'a>| {
        let comment = mention.comment.trim();
        let (cve, comment) = match comment
            .strip_prefix('(')
            .and_then(|one| one.split_once(')'))
        {
            Some((cve, rest)) => (cve, rest.trim_start()),
            None => ("", comment),
        };
        let package = match subject(comment) {
            Some(package) => package,
            None if word(comment).is_some() => {
                return Some((cve, Err(format!("'{}' names no package", shown(comment)))));
            }
            // Others ask which kernel is running.
            None => return None,
        };
        let line = said(comment, mention.bound).map(|said| {
            let version = match said? {
                Said::Fixed(version) => version,
                _ => "",
            };
            let mut channel = super::channel(place.1, version);
            if channel.is_empty() && definition.subscribers.iter().any(|one| one == version) {
                channel = "esm";
            }
            Some(Line {
                release: place.0,
                channel,
                package,
                said: said?,
            })
        });
        Some((cve, line))
    };
    let all: Vec<_> = mentions.iter().filter_map(read).collect();
    match all.is_empty() {
        true => Err("no comment of it names a package".to_owned()),
        false => Ok(all),
    }
}

/// The source package of `openssh package in jammy …`, of `The 'openssh' package in trusty …` or of
/// `gcc-9: while related to the CVE …`.
fn subject(comment: &str) -> Option<&str> {
    let ends = [" package in ", ": while related "];
    let name = ends.iter().find_map(|end| comment.split_once(end));
    let (name, _) = name?;
    let name = name.rsplit_once('\'').map_or(name, |(_, last)| last);
    let name = match name.is_empty() {
        true => comment.split('\'').nth(1)?,
        false => name,
    };
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    is_name.then_some(name)
}

/// What the comments say, and the tracker's word of which they are made.
const WORDS: &[(&str, &str)] = &[
    ("was vulnerable but has been fixed", "released"),
    ("was vulnerable and has been fixed", "released"),
    (
        "is related to the CVE in some way and has been fixed",
        "not-affected",
    ),
    ("is not affected", "not-affected"),
    ("decision has been made to ignore", "ignored"),
    ("decision has been made to defer", "deferred"),
    ("is pending publication", "pending"),
    ("affected and needs fixing", "needed"),
    ("affected and may need fixing", "needs-triage"),
    ("is not known", "needs-triage"),
    ("does not exist", "DNE"),
];

/// The tracker's word that a comment stands for.
fn word(comment: &str) -> Option<&'static str> {
    let mut all = WORDS.iter();
    let found = all.find(|(phrase, _)| comment.contains(phrase));
    found.map(|(_, word)| *word)
}

fn said<'a>(comment: &'a str, bound: Option<Bound<'a>>) -> Result<Option<Said<'a>>, String> {
    let word = word(comment).ok_or_else(|| format!("'{}' is no state", shown(comment)))?;
    let note = comment.split_once("(note: '").map_or("", |(_, note)| note);
    let note = note.rsplit_once('\'').map_or(note, |(note, _)| note);
    if word != "released" {
        return status::said(word, note);
    }
    // The test's version is that of what is built, which is the source's but for a few.
    let first = note.split_whitespace().next().unwrap_or_default();
    match bound {
        Some(Bound::Before(version)) if !status::is_version(first) => {
            status::said(word, version.strip_prefix("0:").unwrap_or(version))
        }
        _ => status::said(word, first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::ubuntu::told_of;

    /// After oci.com.ubuntu.jammy.cve.oval.xml and .pkg.oval.xml of 2024-10-10 (openssh, libssh,
    /// python-asyncssh), with comments of other releases' files.
    fn document(comments: &[&str], reference: &str) -> String {
        let criterion = |comment: &&str| {
            format!(
                "<criterion test_ref=\"t:1\" comment=\"{comment}\"/><criterion test_ref=\"t:2\"/>"
            )
        };
        let criteria: String = comments.iter().map(criterion).collect();
        format!(
            r#"<oval_definitions xmlns:l="x"><generator><o:timestamp>2024-10-10T00:44:14</o:timestamp>
            </generator><definitions><definition class="inventory" id="d:0"><metadata/></definition>
            <definition class="vulnerability" id="d:1"><metadata><title>CVE-2023-48795 on
            Ubuntu 22.04 LTS (jammy) - medium</title><description>The SSH transport protocol.

            Update Instructions:

            Run `sudo pro fix CVE-2023-48795` to fix the vulnerability. The problem can be
            corrected by updating your system:

            openssh-client - 1:8.9p1-3ubuntu0.5
            both - 3-3
            No subscription required

            linux-image-generic - 5.15.0-1.2
            other - 3-3
            Available with Ubuntu Pro: https://ubuntu.com/pro</description>
            <reference source="{reference}" ref_id="CVE-2023-48795" ref_url="https://x"/><advisory>
            <severity>Low</severity><public_date>2023-12-18 15:00:00 UTC</public_date><cve
            priority="medium" cvss_score="5.9" cvss_vector="CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:N"
            >CVE-2023-48795</cve></advisory></metadata><criteria><criteria operator="OR">{criteria}
            </criteria></criteria></definition></definitions><tests><l:dpkginfo_test id="t:1">
            <l:object object_ref="o:1"/><l:state state_ref="s:1"/></l:dpkginfo_test></tests><objects>
            <l:dpkginfo_object id="o:1"><l:name var_ref="v:1"/></l:dpkginfo_object></objects><states>
            <l:dpkginfo_state id="s:1"><l:evr operation="less than">0:9.9-1</l:evr></l:dpkginfo_state>
            </states><variables><constant_variable id="v:1"><value>ssh</value></constant_variable>
            </variables></oval_definitions>"#
        )
    }

    fn read(path: &str, text: &str) -> Parsed {
        let file = FeedFile::plain("ubuntu-oval", path, text.as_bytes());
        FEED.read(&file, &Limits::default())
    }

    fn told(path: &str, comment: &str) -> String {
        let parsed = read(path, &document(&[comment], "CVE"));
        told_of(&parsed)
    }

    #[test]
    fn comments_are_the_lines_of_the_tracker() {
        for (comment, expected) in [
            (
                "openssh package in jammy was vulnerable but has been fixed (note: '1:8.9p1-3ubuntu0.5').",
                " openssh Fixed Fixed(\"1:8.9p1-3ubuntu0.5\")",
            ),
            (
                "a package in jammy was vulnerable but has been fixed (note: '2.5-1ubuntu0.1~esm1').",
                "esm a Fixed Fixed(\"2.5-1ubuntu0.1~esm1\")",
            ),
            (
                "linux package in jammy was vulnerable but has been fixed (note: '5.15.0-1.2').",
                "esm linux Fixed Fixed(\"5.15.0-1.2\")",
            ),
            (
                "both package in jammy was vulnerable but has been fixed (note: '3-3').",
                " both Fixed Fixed(\"3-3\")",
            ),
            (
                "firefox package in jammy was vulnerable and has been fixed, but no release version.",
                " firefox Fixed Fixed(\"9.9-1\")",
            ),
            (
                "gcc package in jammy, is related to the CVE in some way and has been fixed (note: '1-1').",
                " gcc NotAffected",
            ),
            (
                "a package in jammy is affected and needs fixing.",
                " a Affected Never",
            ),
            (
                "The 'a' package in trusty is affected and needs fixing.",
                " a Affected Never",
            ),
            (
                "a package in jammy is affected and may need fixing.",
                " a UnderInvestigation Never",
            ),
            (
                "The vulnerability of the 'a' package in jammy is not known (status: 'needs-triage').",
                " a UnderInvestigation Never",
            ),
            (
                "a package in jammy is affected, but a decision has been made to defer addressing it \
                 (note: '2019-01-01').",
                " a Deferred Never",
            ),
            (
                "a package in jammy is affected. An update containing the fix has been completed and \
                 is pending publication (note: '1-2').",
                " a Affected Never",
            ),
            (
                "gcc-9: while related to the CVE in some way, a decision has been made to ignore \
                 this issue (note: 'code-not-compiled').",
                " gcc-9 WillNotFix Never",
            ),
            (
                "a: while related to the CVE in some way, a decision has been made to ignore this \
                 issue (note: 'end of life, was needed').",
                " a EndOfLife Never",
            ),
        ] {
            let expected = format!("ubuntu:22.04 {expected}");
            assert_eq!(told("com.ubuntu.jammy.cve.oval.xml", comment), expected);
            let named = format!("(CVE-2023-48795) {comment}");
            assert_eq!(told("oci.com.ubuntu.jammy.pkg.oval.xml", &named), expected);
        }
    }

    #[test]
    fn what_is_not_understood_is_a_problem() {
        for (comment, expected) in [
            (
                "Is kernel linux running?",
                "no comment of it names a package",
            ),
            (
                "a package in jammy went fishing",
                "'a package in jammy went fishing' is no state",
            ),
            ("It is affected and needs fixing.", "names no package"),
        ] {
            let told = told("com.ubuntu.jammy.cve.oval.xml", comment);
            assert!(told.contains(expected), "{comment}: {told}");
        }
        let comment = "a package in jammy is affected and needs fixing.";
        assert_eq!(
            told("com.ubuntu.jammy.pkg.oval.xml", comment),
            "a comment names no CVE"
        );
        let parsed = read(
            "com.ubuntu.jammy.cve.oval.xml",
            &document(&[comment], "RHSA"),
        );
        assert_eq!(parsed.problems[0].detail, "it names no CVE");
        assert_eq!(
            parsed.problems[0].place,
            "ubuntu-oval/com.ubuntu.jammy.cve.oval.xml: d:1"
        );
    }

    #[test]
    fn one_broken_comment_hides_no_other() {
        let comments = [
            "a package in jammy went fishing",
            "b package in jammy is affected and needs fixing.",
        ];
        let parsed = read("com.ubuntu.jammy.cve.oval.xml", &document(&comments, "CVE"));
        let record = &parsed.records[0];
        assert_eq!((record.affected.len(), parsed.problems.len()), (1, 1));
        assert_eq!(record.severity, model::Severity::Medium);
        assert_eq!(record.description, "The SSH transport protocol.");
        assert_eq!(record.published, "2023-12-18T00:00:00Z".parse().ok());
        assert_eq!(record.score.unwrap().base.to_string(), "5.9");
        assert_eq!(parsed.cves[0].1.score, record.score);
        assert_eq!(record.url, "https://ubuntu.com/security/CVE-2023-48795");
        assert!(!record.bulletin);
    }

    #[test]
    fn names_of_files_are_streams_and_channels() {
        for (path, wanted, claims) in [
            ("com.ubuntu.jammy.cve.oval.xml", true, "ubuntu:22.04"),
            ("a/oci.com.ubuntu.jammy.pkg.oval.xml", true, "ubuntu:22.04"),
            ("com.ubuntu.fips-updates_jammy.cve.oval.xml", true, ""),
            ("com.ubuntu.jammy.usn.oval.xml", false, ""),
            ("com.ubuntu.nosuch.cve.oval.xml", false, ""),
            ("com.ubuntu.a/b_jammy.cve.oval.xml", false, ""),
            ("README.md", false, ""),
        ] {
            assert_eq!((FEED.wants)("ubuntu-oval", path), wanted, "{path}");
            let claimed = (FEED.claims)("ubuntu-oval", None, path).concat();
            assert_eq!(claimed, claims, "{path}");
        }
        let comment = "a package in jammy was vulnerable but has been fixed (note: '1-1').";
        let told = told("com.ubuntu.fips-updates_jammy.cve.oval.xml", comment);
        assert_eq!(told, "ubuntu:22.04 fips-updates a Fixed Fixed(\"1-1\")");
    }

    #[test]
    fn what_is_broken_is_a_problem_and_no_panic() {
        let comment = "a package in jammy is affected and needs fixing.";
        let whole = document(&[comment], "CVE");
        for end in 0..whole.len() {
            let cut = whole.get(..end).unwrap_or_default();
            let parsed = read("com.ubuntu.jammy.cve.oval.xml", cut);
            assert!(!parsed.problems.is_empty(), "{end}");
        }
    }
}
