//! OVAL, the form in which several distributions publish: definitions whose criteria name tests,
//! and tests that hold a package (the object) against a version (the state).
//!
//! A criteria tree is read as what it says of each package: everything that stands beside a
//! package under an `AND` (the product, the architecture, the key) is the circumstances in which
//! the word holds. Two packages under one `AND` are two words: the stricter reading would have to
//! look at a whole image, and a finding too many is better than one too few.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use model::{Ecosystem, Problem, ProblemKind, Severity};

use super::xml::{self, Element};
use super::{FeedFile, Parsed, cut, rating, time};
use crate::identifier;
use crate::{Affected, Cve, CveFacts, Limits, Range, Record, State, Weakness};

pub mod criteria;

pub use criteria::{Bound, Check, Mention, Statement};
use criteria::{Criteria, MOST_ALTERNATIVES, Tests};

/// The elements that are read; all else is passed over.
const ELEMENTS: &[&str] = &[
    "timestamp",
    "definition",
    "rpminfo_test",
    "rpminfo_object",
    "rpminfo_state",
    "dpkginfo_test",
    "dpkginfo_object",
    "dpkginfo_state",
    "textfilecontent54_test",
    "constant_variable",
];

/// A reference of a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Whose identifier it is: `CVE`, `ELSA`.
    pub source: String,
    /// The identifier.
    pub id: String,
    /// Where it is explained.
    pub url: String,
}

/// One definition: what a publisher says in one place.
#[derive(Clone, Debug, Default)]
pub struct Definition {
    /// Its identifier in the document: `oval:com.oracle.elsa:def:20070057`.
    pub id: String,
    /// What it is: `patch`, `vulnerability`, `inventory`.
    pub class: String,
    /// Its title, in one line.
    pub title: String,
    /// The products that are meant, in the publisher's words.
    pub platforms: Vec<String>,
    /// Its references, in order.
    pub references: Vec<Reference>,
    /// What it is about, cut.
    pub description: String,
    /// The publisher's word for how bad it is.
    pub severity: String,
    /// Azure's word on whether there is a fix; empty for others.
    pub patchable: String,
    /// When it appeared.
    pub published: Option<Timestamp>,
    /// When it last changed.
    pub modified: Option<Timestamp>,
    /// Its CVEs with what it says of each, sorted.
    pub cves: Vec<(String, CveFacts)>,
    /// How bad it says each of its CVEs to be, where it rates them one by one.
    pub priorities: BTreeMap<String, Severity>,
    /// Versions of which Ubuntu's description says that only subscribers get them, sorted; empty
    /// for others.
    pub subscribers: Vec<String>,
    criteria: Criteria,
}

/// A document, read whole.
#[derive(Default)]
pub struct Document {
    /// Its definitions, in order.
    pub definitions: Vec<Definition>,
    /// When it was made.
    pub date: Option<Timestamp>,
    /// What could not be read of it.
    pub problems: Vec<Problem>,
    tests: Tests,
}

/// Reads a document.
///
/// # Errors
///
/// The problem of a file in which there is no definition.
pub fn read(file: &FeedFile<'_>, limits: &Limits) -> Result<Document, Problem> {
    let mut document = Document::default();
    let mut over = 0_usize;
    let read = xml::read(file.bytes, ELEMENTS, limits, |element, _| {
        match element.name.as_str() {
            "timestamp" if document.date.is_none() => document.date = time::read(&element.text),
            "definition" if document.definitions.len() >= limits.records => over += 1,
            "definition" => document.definitions.push(definition(&element, limits)),
            _ => document.tests.add(&element, limits),
        }
    });
    if over > 0 {
        let detail = format!(
            "{over} definitions more than the limit of {}",
            limits.records
        );
        let problem = Problem::new(ProblemKind::Limit, file.place(), detail);
        document.problems.push(problem);
    }
    match read {
        Err(detail) if document.definitions.is_empty() => {
            Err(Problem::new(ProblemKind::Malformed, file.place(), detail))
        }
        // Tests stand after the definitions: what was cut off is what says which version.
        Err(detail) => {
            let problem = Problem::new(ProblemKind::Malformed, file.place(), detail);
            document.problems.push(problem);
            Ok(document)
        }
        Ok(()) if document.definitions.is_empty() => {
            let detail = "it holds no definition: fetch it anew";
            Err(Problem::new(ProblemKind::Malformed, file.place(), detail))
        }
        Ok(()) => Ok(document),
    }
}

/// Reads a document and turns each definition into a record. `record` answers `None` for a
/// definition that says nothing of this feed's, and a text for one that cannot be read.
pub fn parse(
    file: &FeedFile<'_>,
    limits: &Limits,
    record: impl Fn(&Document, &Definition) -> Result<Option<Record>, String>,
) -> Parsed {
    parse_each(file, limits, |document, definition| {
        record(document, definition).map(|one| one.into_iter().collect())
    })
}

/// The same where a definition can be several records.
pub fn parse_each(
    file: &FeedFile<'_>,
    limits: &Limits,
    mut records: impl FnMut(&Document, &Definition) -> Result<Vec<Record>, String>,
) -> Parsed {
    let mut document = match read(file, limits) {
        Ok(document) => document,
        Err(problem) => return Parsed::failure(problem),
    };
    let mut parsed = Parsed {
        date: document.date,
        problems: std::mem::take(&mut document.problems),
        ..Parsed::default()
    };
    let mut rows = 0_usize;
    for definition in &document.definitions {
        let wrong = match records(&document, definition) {
            Ok(records) => {
                let more: usize = records.iter().map(|one| one.affected.len()).sum();
                if rows + more <= limits.rows {
                    rows += more;
                    let known = (!records.is_empty()).then(|| facts(definition));
                    parsed.cves.extend(known.into_iter().flatten());
                    parsed.records.extend(records);
                    continue;
                }
                let detail = format!("more than {} rows", limits.rows);
                (ProblemKind::Limit, detail)
            }
            Err(detail) => (ProblemKind::Malformed, detail),
        };
        let place = format!("{}: {}", file.place(), definition.id);
        parsed.problems.push(Problem::new(wrong.0, place, wrong.1));
    }
    parsed
}

/// What a definition says of each of its CVEs: of several, one score would be wrong for most.
fn facts(definition: &Definition) -> impl Iterator<Item = (Cve, CveFacts)> {
    let known = definition.cves.iter();
    known
        .filter_map(|(id, facts)| Some((Cve::of(id)?, facts.clone())))
        .filter(|(_, facts)| *facts != CveFacts::default())
}

impl Document {
    /// What a definition says of each package, in order.
    ///
    /// # Errors
    ///
    /// Where it says nothing of any, or for more circumstances than can be looked at.
    pub fn statements<'a>(
        &'a self,
        definition: &'a Definition,
    ) -> Result<Vec<Statement<'a>>, String> {
        let statements = self.tests.statements(&definition.criteria);
        let lists = || statements.iter().flat_map(|statement| &statement.within);
        if statements.is_empty() {
            Err("it names no package and version".to_owned())
        } else if lists().any(|list| list.len() > MOST_ALTERNATIVES) {
            Err(format!("it is for more than {MOST_ALTERNATIVES} products"))
        } else {
            Ok(statements)
        }
    }

    /// Every test of a definition with its comment, for publishers that say there what is meant.
    pub fn mentions<'a>(&'a self, definition: &'a Definition) -> Vec<Mention<'a>> {
        self.tests.mentions(&definition.criteria)
    }
}

impl Definition {
    /// The reference of a source, be it written large or small.
    pub fn reference(&self, source: &str) -> Option<&Reference> {
        let mut all = self.references.iter();
        all.find(|one| one.source.eq_ignore_ascii_case(source))
    }

    /// A record with what every publisher's definition says: rating, text, dates and CVEs. Where
    /// it has no CVE, the identifier is the weakness.
    pub fn record(&self, id: &str) -> Record {
        let mut record = Record::new(id);
        record.severity = rating::word(&self.severity);
        record.description = self.description.clone();
        record.published = self.published;
        record.modified = self.modified;
        record.bulletin = !self.cves.iter().any(|(cve, _)| cve == id);
        if !self.cves.is_empty() {
            let weakness = |(cve, _): &(String, CveFacts)| Weakness::new(cve.as_str());
            record.weaknesses = self.cves.iter().map(weakness).collect();
        }
        if let [(_, only)] = self.cves.as_slice() {
            record.score = only.score;
        }
        record
    }
}

/// A row with what a bound says of a package.
pub fn row(ecosystem: &Ecosystem, package: &str, bound: Bound<'_>) -> Affected {
    match bound {
        Bound::Before(version) => {
            Affected::new(ecosystem, package, State::Fixed).range(Range::before(evr(version)))
        }
        Bound::UpTo(version) => {
            let range = Range {
                introduced: None,
                end: crate::End::Last(evr(version)),
            };
            Affected::new(ecosystem, package, State::Affected).range(range)
        }
        Bound::Every => Affected::new(ecosystem, package, State::Affected).range(Range::all()),
        Bound::Nothing => Affected::new(ecosystem, package, State::NotAffected),
    }
}

/// A version as packages carry it: an epoch of `0` is none.
pub fn evr(version: &str) -> String {
    version.strip_prefix("0:").unwrap_or(version).to_owned()
}

/// A row per package and version of a channel, with the architectures of all of them; sorted.
pub fn joined(mut rows: Vec<Affected>) -> Vec<Affected> {
    for row in &mut rows {
        row.architectures.sort();
    }
    rows.sort_by(|one, other| key(one).cmp(&key(other)));
    let mut out: Vec<Affected> = Vec::with_capacity(rows.len());
    for row in rows {
        match out.last_mut() {
            Some(last) if key(last) == key(&row) => {
                // No architecture at all means every one of them.
                let all = last.architectures.is_empty() || row.architectures.is_empty();
                match all {
                    true => last.architectures.clear(),
                    false => last.architectures.extend(row.architectures),
                }
            }
            _ => out.push(row),
        }
    }
    for row in &mut out {
        row.architectures.sort();
        row.architectures.dedup();
    }
    out
}

type Key<'a> = (
    &'a str,
    &'a str,
    &'a str,
    &'a str,
    State,
    &'a [Range<String>],
);

fn key(row: &Affected) -> Key<'_> {
    (
        &row.ecosystem,
        &row.package,
        &row.channel,
        &row.module,
        row.state,
        &row.ranges,
    )
}

fn definition(element: &Element, limits: &Limits) -> Definition {
    let mut out = Definition {
        id: element.attribute("id").to_owned(),
        class: element.attribute("class").to_owned(),
        ..Definition::default()
    };
    if let Some(criteria) = element.child("criteria") {
        out.criteria = Criteria::of(criteria);
    }
    let Some(metadata) = element.child("metadata") else {
        return out;
    };
    out.title = cut(metadata.text_of("title"), limits.string_bytes);
    let (description, instructions) = parts(metadata.text_of("description"));
    out.description = cut(description, limits.description_bytes);
    out.subscribers = for_subscribers(instructions);
    let platforms = metadata.all("affected").flat_map(|one| one.all("platform"));
    out.platforms = platforms.map(|one| one.text.clone()).collect();
    out.references = metadata.all("reference").map(reference).collect();
    out.patchable = metadata.text_of("patchable").to_owned();
    let advisory = metadata.child("advisory").unwrap_or(metadata);
    out.severity = advisory.text_of("severity").to_owned();
    let date = |name: &str| time::read(advisory.child(name)?.attribute("date"));
    out.published = date("issued")
        .or_else(|| time::read(metadata.text_of("advisory_date")))
        .or_else(|| time::read_day(advisory.text_of("public_date")));
    out.modified = date("updated");
    out.cves = cves(&out.references, advisory);
    let rated = advisory.all("cve").filter_map(|one| {
        let priority = rating::word(one.attribute("priority"));
        Some((named(&one.text)?, priority))
    });
    let is_rated = |one: &(String, Severity)| one.1 != Severity::Unknown;
    out.priorities = rated.filter(is_rated).collect();
    out
}

/// What a definition is about, and what Ubuntu writes behind it: which versions to install.
fn parts(description: &str) -> (&str, &str) {
    let found = description.split_once("Update Instructions:");
    found.unwrap_or((description, ""))
}

/// The versions of the paragraphs of `package - version` that end with `Available with Ubuntu
/// Pro`, less those that others get as well.
fn for_subscribers(instructions: &str) -> Vec<String> {
    let (mut theirs, mut everybodys, mut open) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for line in instructions.lines().map(str::trim) {
        if line.starts_with("Available with Ubuntu Pro") {
            theirs.extend(open.drain(..));
        } else if line.starts_with("No subscription required") {
            everybodys.extend(open.drain(..));
        } else if let Some((_, version)) = line.split_once(" - ") {
            open.push(version);
        }
    }
    let only = theirs.difference(&everybodys);
    only.map(|version| (*version).to_owned()).collect()
}

fn reference(element: &Element) -> Reference {
    Reference {
        source: element.attribute("source").to_owned(),
        id: element.attribute("ref_id").to_owned(),
        url: element.attribute("ref_url").to_owned(),
    }
}

/// The CVEs of references and of `cve` elements; the first vector of each counts, which is the
/// publisher's own where others' stand beside it.
fn cves(references: &[Reference], advisory: &Element) -> Vec<(String, CveFacts)> {
    let of_element = |one: &Element| {
        let score = ["cvss4", "cvss3", "cvss2"]
            .iter()
            .find_map(|name| scored(one.attribute(name)))
            .or_else(|| rating::score(one.attribute("cvss_vector")));
        let facts = CveFacts {
            score,
            ..CveFacts::default()
        };
        Some((named(&one.text)?, facts))
    };
    let elements = advisory.all("cve").filter_map(of_element);
    let others = references.iter().filter(|one| {
        let source = one.source.to_ascii_uppercase();
        source.ends_with("CVE") || source.is_empty()
    });
    let others = others.filter_map(|one| Some((named(&one.id)?, CveFacts::default())));
    let mut all: Vec<_> = elements.chain(others).collect();
    // The order among equals stays, so that the first that scores is the one that is kept.
    all.sort_by(|one, other| {
        (&one.0, one.1.score.is_none()).cmp(&(&other.0, other.1.score.is_none()))
    });
    all.dedup_by(|later, earlier| later.0 == earlier.0);
    all
}

/// The CVE in a word of any form: `Mitre CVE-2010-2322`, `CVE:00001:CVE-2019-16168`,
/// `CVE-1999-0077 at SUSE`.
fn named(text: &str) -> Option<String> {
    let mut words = text.split([' ', ':']);
    words.find_map(identifier::cve).map(str::to_owned)
}

/// The score of `7.8/AV:N/AC:L/…`: a number before its vector.
fn scored(text: &str) -> Option<crate::Score> {
    rating::score(text.split_once('/')?.1)
}
