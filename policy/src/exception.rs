//! Exceptions: findings that somebody takes out of account for a time, with a reason.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{Finding, Problem, Wildcard};
use serde_json::Value;

use crate::document::value;
use crate::reading::Reading;
use crate::rule::package::fits;
use crate::{Form, Limits, Pattern};

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Its identifier, which the registry gives.
    pub id: String,
    /// Of which weaknesses.
    pub vulnerability: Pattern,
    /// In which packages; in all where there is no pattern.
    pub package: Option<Pattern>,
    /// In which repositories.
    pub repository: Wildcard,
    /// Until when.
    pub expires_at: Timestamp,
    /// Why.
    pub reason: String,
    /// Who made it.
    pub who: String,
    /// When.
    pub created_at: Timestamp,
}

const KEYS: [&str; 5] = [
    "vulnerability",
    "package",
    "repository",
    "expires_at",
    "reason",
];

impl Exception {
    /// Reads what somebody asks for; identifier, name and time are the registry's.
    ///
    /// # Errors
    ///
    /// What is wrong with it, each with its place.
    pub fn read(
        text: &str,
        (id, who, created_at): (&str, &str, Timestamp),
        limits: &Limits,
    ) -> Result<Exception, Vec<Problem>> {
        let mut reading = Reading::new(limits);
        let made = value(&mut reading, text, Form::Json)
            .and_then(|value| read(&mut reading, &value))
            .map(|read| Exception {
                id: id.to_owned(),
                who: who.to_owned(),
                created_at,
                ..read
            });
        match (made, reading.into_problems()) {
            (Some(made), problems) if problems.is_empty() => Ok(made),
            (_, problems) => Err(problems),
        }
    }

    /// Whether it ran out before that time or at it.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    /// Whether it speaks of a repository; one for all speaks of images in none as well.
    fn is_for(&self, repository: Option<&str>) -> bool {
        let everywhere = self.repository.as_str() == "*";
        repository.map_or(everywhere, |name| self.repository.matches(name))
    }

    /// Whether it speaks of a finding.
    fn covers(&self, finding: &Finding) -> bool {
        let mut names = finding.identifiers();
        let purl = finding.purl.as_deref();
        names.any(|name| self.vulnerability.matches(name))
            && self
                .package
                .as_ref()
                .is_none_or(|pattern| fits(pattern, &finding.package, purl))
    }
}

/// All exceptions, with an index of the weaknesses that they name outright.
#[derive(Clone, Debug, Default)]
pub struct Exceptions {
    all: Vec<Exception>,
    by_name: BTreeMap<String, Vec<usize>>,
    /// Those whose pattern fits more than one name.
    wide: Vec<usize>,
}

impl Exceptions {
    /// All of these.
    pub fn new(exceptions: impl IntoIterator<Item = Exception>) -> Exceptions {
        let mut made = Exceptions {
            all: exceptions.into_iter().collect(),
            ..Exceptions::default()
        };
        for (at, one) in made.all.iter().enumerate() {
            let name = one.vulnerability.as_str();
            match name.contains('*') {
                true => made.wide.push(at),
                false => made
                    .by_name
                    .entry(name.to_ascii_uppercase())
                    .or_default()
                    .push(at),
            }
        }
        made
    }

    /// Those that speak of a finding of an image in a repository, whether they still hold or not.
    pub(crate) fn of(&self, finding: &Finding, repository: Option<&str>) -> Vec<&Exception> {
        if self.all.is_empty() {
            return Vec::new();
        }
        let names = finding.identifiers();
        let named = names.filter_map(|name| self.by_name.get(&name.to_ascii_uppercase()));
        let mut places: Vec<usize> = named.flatten().chain(&self.wide).copied().collect();
        places.sort_unstable();
        places.dedup();
        let each = places.into_iter().filter_map(|at| self.all.get(at));
        each.filter(|one| one.is_for(repository) && one.covers(finding))
            .collect()
    }
}

fn read(reading: &mut Reading<'_>, value: &Value) -> Option<Exception> {
    let table = reading.table(value, "", &KEYS)?;
    let reason = reading.required(table, "reason", "");
    let expires_at = match table.get("expires_at") {
        Some(value) => reading.time(value, "expires_at"),
        None => {
            reading.malformed("expires_at", "missing: an exception has an end");
            None
        }
    };
    let vulnerability = match table.get("vulnerability") {
        Some(value) => reading.word(value, "vulnerability"),
        None => {
            reading.malformed("vulnerability", "missing: a pattern of identifiers");
            None
        }
    };
    let package = match table.get("package") {
        Some(value) => Some(reading.word(value, "package")?),
        None => None,
    };
    let repository = match table.get("repository") {
        Some(value) => reading.word(value, "repository")?,
        None => Wildcard::any(),
    };
    Some(Exception {
        id: String::new(),
        vulnerability: vulnerability?,
        package,
        repository,
        expires_at: expires_at?,
        reason: reason?,
        who: String::new(),
        created_at: Timestamp::UNIX_EPOCH,
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn check(text: &str) -> String {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        match Exception::read(text, ("e1", "anna", now), &Limits::default()) {
            Ok(read) => format!(
                "{} {:?} {} {} {} {}",
                read.vulnerability,
                read.package.map(|one| one.to_string()),
                read.repository,
                read.expires_at,
                read.reason,
                read.who
            ),
            Err(problems) => {
                let each = problems
                    .iter()
                    .map(|one| format!("{}: {}", one.place, one.detail));
                each.collect::<Vec<_>>().join("\n")
            }
        }
    }

    #[test]
    fn an_exception_has_an_end_and_a_reason() {
        expect!["CVE-2026-1 None * 2026-02-01T00:00:00Z not reachable anna"].assert_eq(&check(
            r#"{"vulnerability": "CVE-2026-1", "expires_at": "2026-02-01T00:00:00Z",
                "reason": "not reachable"}"#,
        ));
        expect![[r#"
            pakage: no such key; there are vulnerability, package, repository, expires_at, reason
            reason: missing: it must say something
            expires_at: expected a time such as 2026-12-31T00:00:00Z
            vulnerability: missing: a pattern of identifiers"#]]
        .assert_eq(&check(
            r#"{"expires_at": "tomorrow", "reason": " ", "pakage": "curl"}"#,
        ));
        expect!["document: expected a table of keys and values"].assert_eq(&check("[]"));
    }
}
