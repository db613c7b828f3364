//! Gentoo's security announcements (GLSA), `security.gentoo.org/glsa`: one XML file each, as they
//! lie in `metadata/glsa` of the package tree.
//!
//! A package (`category/name`) lists the versions that are vulnerable and those that are not;
//! what is vulnerable and not also unaffected is affected. `rge` and its like speak of one version
//! and its revisions only. A slot holds one of several versions that are installed side by side:
//! each has a row of its own, with the slot as its module.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use model::{Ecosystem, Problem, ProblemKind, Stream};
use version::Scheme;

use super::interval::{Cut, Interval, Set};
use super::xml::{self, Element};
use super::{Feed, FeedFile, Parsed, rating, time};
use crate::identifier;
use crate::{Affected, End, Limits, Range, Record, State, Weakness};

const STREAM: &str = "gentoo:rolling";

/// The feed. Its publisher offers it as a git repository and with the package tree, not as a file.
pub const FEED: Feed = Feed {
    name: "gentoo-glsa",
    remotes: &[],
    recognises: |source| source == "gentoo" || source.starts_with("gentoo-glsa"),
    wants: |_, path| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.starts_with("glsa-") && name.ends_with(".xml")
    },
    parse,
    publishes: &["gentoo"],
    claims: |_, _, _| vec![STREAM.to_owned()],
    missing: |_| Vec::new(),
};

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let mut parsed = Parsed {
        streams: vec![STREAM.to_owned()],
        ..Parsed::default()
    };
    let mut problems = Vec::new();
    let read = xml::read(file.bytes, &["glsa"], limits, |element, _| {
        match record(&element, limits) {
            Ok((record, remarks)) => {
                parsed.records.push(record);
                problems.extend(remarks);
            }
            Err(detail) => problems.push(detail),
        }
    });
    problems.extend(read.err());
    if problems.is_empty() && parsed.records.is_empty() {
        problems.push("it holds no announcement".to_owned());
    }
    let problem = |detail| Problem::new(ProblemKind::Malformed, file.place(), detail);
    parsed.problems.extend(problems.into_iter().map(problem));
    parsed
}

/// The record, and remarks on packages that could not be read.
fn record(glsa: &Element, limits: &Limits) -> Result<(Record, Vec<String>), String> {
    let number = glsa.attribute("id");
    if number.is_empty() {
        return Err("the announcement has no id".to_owned());
    }
    let mut record = Record::new(format!("GLSA-{number}"));
    record.bulletin = true;
    record.url = format!("https://security.gentoo.org/glsa/{number}");
    record.description = super::cut(glsa.text_of("synopsis"), limits.description_bytes);
    record.published = date(glsa.text_of("announced"));
    record.modified = date(glsa.text_of("revised"));
    let impact = glsa.child("impact").map_or("", |one| one.attribute("type"));
    record.severity = rating::word(if impact == "normal" { "medium" } else { impact });
    let references = glsa.child("references");
    let uris = references.into_iter().flat_map(|one| one.all("uri"));
    let cves: BTreeSet<_> = uris
        .filter_map(|uri| identifier::cve(&uri.text).or_else(|| linked(uri.attribute("link"))))
        .map(Weakness::new)
        .collect();
    if !cves.is_empty() {
        record.weaknesses = cves.into_iter().collect();
    }
    let mut remarks = Vec::new();
    let affected = glsa.child("affected");
    for package in affected.into_iter().flat_map(|one| one.all("package")) {
        match rows(package) {
            Ok(rows) => record.affected.extend(rows),
            Err(detail) => remarks.push(format!("{}: {detail}", record.id)),
        }
    }
    record.affected.sort();
    Ok((record, remarks))
}

/// The CVE that an address ends with, as in `https://nvd.nist.gov/vuln/detail/CVE-2017-18640`.
fn linked(address: &str) -> Option<&str> {
    let end = address.rsplit(['/', '=']).next().unwrap_or_default();
    identifier::cve(end)
}

/// A day as its first moment: `2023-05-21`, in old announcements `May 26, 2007: 01`.
fn date(text: &str) -> Option<Timestamp> {
    let bare = text.split(':').next().unwrap_or_default().trim();
    let english = || time::first_moment(Date::strptime("%B %d, %Y", bare).ok()?);
    time::read_day(bare).or_else(english)
}

/// More versions than this of one package are no person's list.
const MAX_VERSIONS: usize = 512;

/// A row for each slot of a package that is spoken of, or one for all.
fn rows(package: &Element) -> Result<Vec<Affected>, String> {
    let name = package.attribute("name").trim();
    if !name.contains('/') {
        let shown: String = name.chars().take(60).collect();
        return Err(format!("'{shown}' is no category and name"));
    }
    if package.children.len() > MAX_VERSIONS {
        return Err(format!("{name}: more than {MAX_VERSIONS} versions"));
    }
    let slots: BTreeSet<&str> = package.children.iter().map(slot).collect();
    let named = slots.iter().any(|slot| !slot.is_empty());
    let mut rows = Vec::new();
    for wanted in slots.into_iter().filter(|slot| !named || !slot.is_empty()) {
        let (vulnerable, unaffected) = sets(package, |one| one.is_empty() || one == wanted)
            .map_err(|detail| format!("{name}: {detail}"))?;
        rows.extend(row(name, package, wanted, vulnerable, &unaffected));
    }
    if named {
        // What is said without a slot holds in slots that are not named, too.
        let (vulnerable, unaffected) =
            sets(package, str::is_empty).map_err(|detail| format!("{name}: {detail}"))?;
        rows.extend(row(name, package, "", vulnerable, &unaffected));
    }
    Ok(rows)
}

/// The slot that a version is of; empty for any.
fn slot(version: &Element) -> &str {
    match version.attribute("slot") {
        "*" => "",
        slot => slot,
    }
}

fn row(
    name: &str,
    package: &Element,
    slot: &str,
    vulnerable: Set,
    unaffected: &Set,
) -> Option<Affected> {
    let ecosystem = Ecosystem::Distro(Stream::new("gentoo", "rolling"));
    let mut row = Affected::new(&ecosystem, name, State::Affected);
    row.module = slot.to_owned();
    let architectures = package.attribute("arch").split_whitespace();
    row.architectures = architectures
        .filter(|one| *one != "*")
        .map(str::to_owned)
        .collect();
    let open = vulnerable.without(unaffected).drawn_out(unaffected);
    row.ranges = open.ranges(unaffected, next_revision);
    let is_fixed = |range: &Range<String>| matches!(range.end, End::Fixed(_));
    if row.ranges.iter().any(is_fixed) {
        row.state = State::Fixed;
    }
    (!row.ranges.is_empty()).then_some(row)
}

/// What is vulnerable and what is not, of the slots that are wanted.
fn sets(package: &Element, wanted: impl Fn(&str) -> bool) -> Result<(Set, Set), String> {
    let mut vulnerable = Vec::new();
    let mut unaffected = Vec::new();
    for version in package.children.iter().filter(|one| wanted(slot(one))) {
        match version.name.as_str() {
            "vulnerable" => vulnerable.push(interval(version)?),
            "unaffected" => unaffected.push(interval(version)?),
            _ => {}
        }
    }
    Ok((Set::of(vulnerable, order), Set::of(unaffected, order)))
}

/// Gentoo's order.
fn order(a: &str, b: &str) -> Ordering {
    version::compare(Scheme::Portage, a, b).unwrap_or_else(|_| a.cmp(b))
}

fn is_version(text: &str) -> bool {
    let number = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_digit());
    number && version::compare(Scheme::Portage, text, text).is_ok()
}

fn interval(element: &Element) -> Result<Interval, String> {
    let written = element.text.as_str();
    let shown = || written.chars().take(60).collect::<String>();
    let range = element.attribute("range");
    if range == "eq" && written.ends_with('*') {
        return line(written).ok_or_else(|| format!("'{}' is no line of versions", shown()));
    }
    if !is_version(written) {
        return Err(format!("'{}' is no version", shown()));
    }
    let (base, _) = revision(written);
    // A version and its revisions: from its first to what can follow on its last.
    let first = || Cut::below(base);
    let after = || Cut::below(format!("{base}_p"));
    let (from, to) = match range {
        "eq" => (Cut::below(written), Cut::above(written)),
        "lt" => (None, Cut::below(written)),
        "le" => (None, Cut::above(written)),
        "gt" => (Cut::above(written), None),
        "ge" => (Cut::below(written), None),
        "rlt" => (first(), Cut::below(written)),
        "rle" => (first(), Cut::above(written)),
        "rgt" => (Cut::above(written), after()),
        "rge" => (Cut::below(written), after()),
        _ => {
            return Err(format!(
                "range '{}' is not known",
                range.chars().take(20).collect::<String>()
            ));
        }
    };
    Ok(Interval { from, to })
}

/// `1.2*`: from the first version that begins so to the first of the next number.
fn line(written: &str) -> Option<Interval> {
    let stem = written.trim_end_matches('*').trim_end_matches('.');
    if stem.is_empty() {
        return Some(Interval {
            from: None,
            to: None,
        });
    }
    let (front, last) = match stem.rsplit_once('.') {
        Some((front, last)) => (format!("{front}."), last),
        None => (String::new(), stem),
    };
    let next = last.parse::<u64>().ok()?.checked_add(1)?;
    is_version(stem).then(|| Interval {
        from: Cut::below(format!("{stem}_alpha")),
        to: Cut::below(format!("{front}{next}_alpha")),
    })
}

/// A version without its revision, and the revision: `1.2-r3` is `1.2` and 3.
fn revision(version: &str) -> (&str, u64) {
    version
        .rsplit_once("-r")
        .and_then(|(base, number)| Some((base, number.parse().ok()?)))
        .unwrap_or((version, 0))
}

/// What follows on a version: its next revision.
fn next_revision(version: &str) -> String {
    let (base, number) = revision(version);
    format!("{base}-r{}", number.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::interval::shown;

    fn read(text: &str) -> Parsed {
        let file = FeedFile::plain("gentoo", "glsa-202305-28.xml", text.as_bytes());
        FEED.read(&file, &Limits::default())
    }

    // After glsa-202305-28.xml, 2023-05-21.
    const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <!DOCTYPE glsa SYSTEM \"http://www.gentoo.org/dtd/glsa.dtd\">\n<glsa id=\"202305-28\">\
        <title>snakeyaml: Multiple Vulnerabilities</title>\
        <synopsis>Multiple vulnerabilities have been found in snakeyaml.</synopsis>\
        <product type=\"ebuild\">snakeyaml</product><announced>2023-05-21</announced>\
        <revised count=\"1\">May 22, 2023: 01</revised><bug>776796</bug><affected>\
        <package name=\"dev-java/snakeyaml\" auto=\"yes\" arch=\"*\">\
        <unaffected range=\"ge\">1.33</unaffected><vulnerable range=\"lt\">1.33</vulnerable>\
        </package><package name=\"dev-java/old\" arch=\"x86 amd64\">\
        <vulnerable range=\"le\">2.1-r2</vulnerable></package></affected>\
        <impact type=\"normal\"><p>x</p></impact><references>\
        <uri link=\"https://nvd.nist.gov/vuln/detail/CVE-2022-38749\">CVE-2022-38749</uri>\
        <uri link=\"https://nvd.nist.gov/vuln/detail/CVE-2017-18640\">first</uri>\
        <uri link=\"https://example.org/\">other</uri></references></glsa>";

    #[test]
    fn an_announcement_is_a_bulletin() {
        let parsed = read(XML);
        assert_eq!(parsed.problems, []);
        let record = &parsed.records[0];
        assert_eq!(
            (record.id.as_str(), record.bulletin),
            ("GLSA-202305-28", true)
        );
        let ids: Vec<_> = record
            .weaknesses
            .iter()
            .map(|one| one.id.as_str())
            .collect();
        assert_eq!(ids, ["CVE-2017-18640", "CVE-2022-38749"]);
        assert_eq!(record.severity, model::Severity::Medium);
        assert_eq!(record.url, "https://security.gentoo.org/glsa/202305-28");
        assert_eq!(record.published, "2023-05-21T00:00:00Z".parse().ok());
        assert_eq!(record.modified, "2023-05-22T00:00:00Z".parse().ok());
        let [new, old] = record.affected.as_slice() else {
            panic!("two packages")
        };
        assert_eq!(
            (old.package.as_str(), old.state),
            ("dev-java/old", State::Affected)
        );
        assert_eq!(old.architectures, ["x86", "amd64"]);
        assert_eq!(shown(&old.ranges), "[..2.1-r2]");
        assert_eq!((new.ecosystem.as_str(), new.state), (STREAM, State::Fixed));
        assert_eq!(shown(&new.ranges), "[..1.33)");
    }

    fn rows_of(versions: &str) -> String {
        let text = format!(
            "<glsa id='1'><affected><package name='a/b' arch='*'>{versions}</package></affected></glsa>"
        );
        let parsed = read(&text);
        let row = |row: &Affected| format!("{}:{}", row.module, shown(&row.ranges));
        let mut all: Vec<_> = parsed.records[0].affected.iter().map(row).collect();
        all.extend(parsed.problems.iter().map(|one| one.detail.clone()));
        all.join(" ; ")
    }

    #[test]
    fn ranges_are_of_versions_or_of_revisions() {
        for (versions, expected) in [
            (
                "<vulnerable range='lt'>2</vulnerable><unaffected range='ge'>2</unaffected>\
              <unaffected range='rge'>1.2-r3</unaffected>",
                ":[..1.2-r3) [1.2_p..2)",
            ),
            (
                "<vulnerable range='rlt'>1.2.3-r5</vulnerable>\
              <unaffected range='rge'>1.2.3-r5</unaffected>",
                ":[1.2.3..1.2.3-r5)",
            ),
            (
                "<vulnerable range='rle'>1.2-r1</vulnerable>",
                ":[1.2..1.2-r1]",
            ),
            (
                "<vulnerable range='rgt'>1.2-r1</vulnerable>",
                ":[1.2-r2..1.2_p|",
            ),
            ("<vulnerable range='gt'>1.2</vulnerable>", ":[1.2-r1..)"),
            ("<vulnerable range='eq'>1.2</vulnerable>", ":[1.2..1.2]"),
            (
                "<vulnerable range='eq'>1.2*</vulnerable>",
                ":[1.2_alpha..1.3_alpha|",
            ),
            ("<vulnerable range='eq'>*</vulnerable>", ":[..)"),
            (
                "<vulnerable range='lt'>0.9.6k</vulnerable><unaffected range='gt'>0.9.6k</unaffected>",
                ":[..0.9.6k|",
            ),
            (
                "<vulnerable range='le'>1.1</vulnerable><unaffected range='ge'>1.2</unaffected>",
                ":[..1.2)",
            ),
            ("<unaffected range='ge'>1.2</unaffected>", ""),
            (
                "<vulnerable range='xx'>1</vulnerable>",
                "GLSA-1: a/b: range 'xx' is not known",
            ),
            (
                "<vulnerable range='lt'>one</vulnerable>",
                "GLSA-1: a/b: 'one' is no version",
            ),
            (
                "<vulnerable range='eq'>a*</vulnerable>",
                "GLSA-1: a/b: 'a*' is no line of versions",
            ),
        ] {
            assert_eq!(rows_of(versions), expected, "{versions}");
        }
    }

    // After glsa-202003-26.xml, where each line of Python is a slot.
    #[test]
    fn slots_are_modules() {
        let slots = "<unaffected range='ge' slot='3.7'>3.7.7</unaffected>\
            <unaffected range='ge' slot='3.8'>3.8.2</unaffected>\
            <vulnerable range='lt' slot='3.7'>3.7.7</vulnerable>\
            <vulnerable range='lt' slot='3.8'>3.8.2</vulnerable>";
        assert_eq!(rows_of(slots), "3.7:[..3.7.7) ; 3.8:[..3.8.2)");
        let mixed = "<vulnerable range='lt'>3</vulnerable>\
            <unaffected range='ge' slot='2'>2.5</unaffected>\
            <unaffected range='ge' slot='*'>3</unaffected>";
        assert_eq!(rows_of(mixed), ":[..3) ; 2:[..2.5)");
    }

    #[test]
    fn what_is_broken_is_a_problem() {
        let many = format!(
            "<glsa id='1'><affected><package name='a/b'>{}</package></affected></glsa>",
            "<vulnerable range='lt'>1</vulnerable>".repeat(1000)
        );
        for (text, records) in [
            ("", 0),
            ("<glsa/>", 0),
            ("<html></html>", 0),
            ("<glsa id='1'>", 0),
            (
                "<glsa id='1'><affected><package name='b'/></affected></glsa>",
                1,
            ),
            (many.as_str(), 1),
            ("<a><a>".repeat(500).as_str(), 0),
        ] {
            let parsed = read(text);
            assert_eq!(
                (parsed.records.len(), parsed.problems.len()),
                (records, 1),
                "{text:.60}"
            );
        }
        for end in 0..XML.len() {
            read(XML.get(..end).unwrap_or_default());
        }
    }
}
