//! A record of the schema to a [`Record`].

use jiff::Timestamp;
use model::Severity;

use super::schema::{Reference, Vulnerability};
use super::{affected, rebuild, severity};
use crate::feed::{cut, rating, shown, time};
use crate::identifier;
use crate::{Limits, Record, Weakness};

/// The record, and remarks on parts of it that could not be read.
///
/// # Errors
///
/// What is wrong with it, where nothing of it can be taken.
pub fn from(read: Vulnerability, limits: &Limits) -> Result<(Record, Vec<String>), String> {
    if read.id.trim().is_empty() {
        return Err("the record has no id".to_owned());
    }
    let mut remarks = Vec::new();
    let mut record = Record::new(read.id.as_str());
    record.bulletin = identifier::is_bulletin(&read.id);
    let aliases = read.aliases.unwrap_or_default();
    let upstream = read.upstream.unwrap_or_default();
    let rebuild = rebuild::is_one(&read.id);
    let related = read.related.filter(|_| rebuild).unwrap_or_default();
    record.weaknesses = match rebuild {
        true => weaknesses(&read.id, &aliases, &related),
        false => weaknesses(&read.id, &aliases, &upstream),
    };
    record.withdrawn = read.withdrawn.is_some();
    record.published = date("published", read.published, &mut remarks);
    record.modified = date("modified", read.modified, &mut remarks);
    let specific = read.database_specific.unwrap_or_default();
    record.severity = rating::first([specific.severity.as_str()]);
    let ratings = read.severity.unwrap_or_default();
    if record.severity == Severity::Unknown {
        record.severity = severity::rated(&ratings);
    }
    let heading = rebuild::Heading::read(read.summary.as_deref().filter(|_| rebuild));
    if record.severity == Severity::Unknown {
        record.severity = heading.severity;
    }
    let mut packages = read.affected.unwrap_or_default();
    if rebuild && !rebuild::is_of_security(&read.id, &record.weaknesses) {
        packages.clear();
    }
    let of_packages = packages.iter().filter_map(|one| one.severity.as_deref());
    let worst = || of_packages.filter_map(severity::scored).max();
    record.score = severity::scored(&ratings).or_else(worst);
    let references = read.references.unwrap_or_default();
    record.url = address(&read.id, &references, specific.url.as_str());
    let summary = read.summary.as_deref();
    let summary = summary.filter(|text| !text.trim().is_empty());
    let description = summary.or(read.details.as_deref()).unwrap_or_default();
    record.description = cut(description, limits.description_bytes);
    for one in packages {
        match affected::from(one) {
            Ok(row) => record
                .affected
                .extend(row.map(|row| heading.of_module(row))),
            Err(remark) => remarks.push(format!("{}: {remark}", read.id)),
        }
    }
    Ok((record, remarks))
}

/// A date, or a remark. Dates before 1970 stand for "none" (the Go database writes the year 1).
fn date(member: &str, text: Option<String>, remarks: &mut Vec<String>) -> Option<Timestamp> {
    let text = text?;
    // Some publishers name a day and no time, against the schema.
    match text.parse().ok().or_else(|| time::read_day(&text)) {
        Some(date) => Some(date).filter(|date| *date >= Timestamp::UNIX_EPOCH),
        None => {
            remarks.push(format!("{member} '{}' is no date", shown(&text)));
            None
        }
    }
}

/// The weaknesses that a record speaks of.
///
/// `aliases` are the same weakness by the schema's words, but bulletins list there what they fix;
/// `upstream` are weaknesses that the record takes over, each of its own. `related` is neither.
fn weaknesses(id: &str, aliases: &[String], upstream: &[String]) -> Vec<Weakness> {
    let cves = |ids: &[String]| -> Vec<String> {
        let mut cves: Vec<_> = ids
            .iter()
            .filter_map(|one| identifier::cve(one))
            .map(str::to_owned)
            .collect();
        cves.sort();
        cves.dedup();
        cves
    };
    let bulletin = identifier::is_bulletin(id);
    let own: Vec<String> = match bulletin {
        true => aliases.to_vec(),
        false => std::iter::once(id.to_owned())
            .chain(aliases.iter().cloned())
            .collect(),
    };
    let taken_over = cves(upstream);
    let same = cves(&own);
    if !bulletin && (!same.is_empty() || taken_over.len() < 2) {
        let all = own.into_iter().chain(upstream.iter().cloned());
        return vec![named(id, same.into_iter().chain(taken_over).next(), all)];
    }
    let mut each: Vec<String> = same.into_iter().chain(taken_over).collect();
    each.sort();
    each.dedup();
    if each.is_empty() {
        each = own.iter().chain(upstream).take(1).cloned().collect();
    }
    let of = |cve: String| {
        let wrapped = own.iter().chain(upstream).filter(|one| {
            !bulletin && identifier::cve(one).is_none() || identifier::cve(one) == Some(&cve)
        });
        named(id, Some(cve.clone()), wrapped.cloned())
    };
    match each.is_empty() {
        true => vec![Weakness::new(id)],
        false => each.into_iter().map(of).collect(),
    }
}

/// A weakness under its best name, with all others as aliases.
fn named(id: &str, best: Option<String>, all: impl Iterator<Item = String>) -> Weakness {
    let best = best.unwrap_or_else(|| id.to_owned());
    let mut aliases: Vec<_> = all.filter(|one| *one != best && !one.is_empty()).collect();
    aliases.sort();
    aliases.dedup();
    Weakness { id: best, aliases }
}

/// Where the publisher explains it: the page of its own that names it, or the schema's own site.
fn address(id: &str, references: &[Reference], own: &str) -> String {
    if id.starts_with("GHSA-") {
        return format!("https://github.com/advisories/{id}");
    }
    if id.starts_with("RUSTSEC-") {
        return format!("https://rustsec.org/advisories/{id}.html");
    }
    let is_web = |url: &&str| url.starts_with("https://") || url.starts_with("http://");
    let advisory = references
        .iter()
        .filter(|reference| reference.kind == "ADVISORY")
        .map(|reference| reference.url.as_str());
    Some(own)
        .into_iter()
        .chain(advisory)
        .find(is_web)
        .map_or_else(
            || format!("https://osv.dev/vulnerability/{id}"),
            str::to_owned,
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(id: &str, aliases: &[&str], upstream: &[&str]) -> String {
        let owned = |words: &[&str]| {
            words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        let all = weaknesses(id, &owned(aliases), &owned(upstream));
        let one = |weakness: &Weakness| format!("{}={}", weakness.id, weakness.aliases.join(","));
        all.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_cve_names_the_weakness() {
        for (id, aliases, upstream, expected) in [
            (
                "GHSA-1",
                &["CVE-2019-17400"][..],
                &[][..],
                "CVE-2019-17400=GHSA-1",
            ),
            ("GHSA-1", &[], &[], "GHSA-1="),
            (
                "GHSA-1",
                &["CVE-2020-0002", "CVE-2020-0001"],
                &[],
                "CVE-2020-0001=CVE-2020-0002,GHSA-1",
            ),
            (
                "UBUNTU-CVE-2001-1593",
                &[],
                &["CVE-2001-1593"],
                "CVE-2001-1593=UBUNTU-CVE-2001-1593",
            ),
            ("DSA-3029-1", &["CVE-2014-3616"], &[], "CVE-2014-3616="),
            (
                "DSA-1",
                &["CVE-2014-0001", "CVE-2014-0002"],
                &[],
                "CVE-2014-0001= CVE-2014-0002=",
            ),
            (
                "USN-5614-1",
                &[],
                &["UBUNTU-CVE-2021-3782", "CVE-2021-3782"],
                "CVE-2021-3782=UBUNTU-CVE-2021-3782",
            ),
            (
                "USN-1",
                &[],
                &["UBUNTU-CVE-2021-0001", "CVE-2021-0002"],
                "CVE-2021-0001=UBUNTU-CVE-2021-0001 CVE-2021-0002=",
            ),
            ("ALSA-1", &[], &[], "ALSA-1="),
            (
                "CVE-2020-0001",
                &["GHSA-1"],
                &["GO-1"],
                "CVE-2020-0001=GHSA-1,GO-1",
            ),
            (
                "X-1",
                &["Y-1"],
                &["CVE-2020-0001", "CVE-2020-0002"],
                "CVE-2020-0001=X-1,Y-1 CVE-2020-0002=X-1,Y-1",
            ),
        ] {
            assert_eq!(shown(id, aliases, upstream), expected, "{id}");
        }
    }
}
