//! `lazaret.toml`: findings that whoever looks wants left out, with a reason, and until when.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{Finding, Problem, ProblemKind, Suppression};
use toml::de::{DeTable, DeValue};

use crate::rule::package::fits;
use crate::{Limits, Pattern};

/// A rule: it fits a finding that all of its conditions fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    /// Where it stands: `lazaret.toml line 3`.
    pub place: String,
    /// Patterns of identifiers; one of them fits one of the finding's. Any where there is none.
    pub ids: Vec<Pattern>,
    /// Patterns of a package's name, its source's name, or its package URL.
    pub packages: Vec<Pattern>,
    /// Patterns of paths, `*` standing for any run of characters; every place of the finding fits
    /// one of them.
    pub paths: Vec<String>,
    /// Until when; for ever where it does not say.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

/// All rules of a file.
#[derive(Clone, Debug, Default)]
pub struct Ignores {
    rules: Vec<Ignore>,
}

const FILE_KEYS: [&str; 1] = ["ignore"];
const KEYS: [&str; 5] = ["id", "package", "path", "until", "reason"];

impl Ignore {
    fn has_expired(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|end| end <= now)
    }

    fn fits(&self, finding: &Finding) -> bool {
        let is_one_of = |patterns: &[Pattern], is: &dyn Fn(&Pattern) -> bool| {
            patterns.is_empty() || patterns.iter().any(is)
        };
        let purl = finding.purl.as_deref();
        is_one_of(&self.ids, &|one| {
            finding.identifiers().any(|name| one.matches(name))
        }) && is_one_of(&self.packages, &|one| fits(one, &finding.package, purl))
            && (self.paths.is_empty() || self.holds_all_places(finding))
    }

    /// A finding that also lies elsewhere is not meant.
    fn holds_all_places(&self, finding: &Finding) -> bool {
        let is_meant = |path: &str| {
            let mut each = self.paths.iter();
            each.any(|pattern| model::wildcard::fits(pattern, path))
        };
        let places = &finding.locations;
        !places.is_empty() && places.iter().all(|place| is_meant(&place.path))
    }

    pub(crate) fn suppression(&self) -> Suppression {
        Suppression::Ignore {
            rule: self.place.clone(),
            reason: self.reason.clone(),
            expires_at: self.until,
        }
    }
}

impl Ignores {
    /// Reads a file; `file` is what it is called in places and problems. There are rules only
    /// where nothing is wrong: one that is passed over would be missed, and nobody would know why.
    ///
    /// # Errors
    ///
    /// What is wrong with it, each with its line.
    pub fn read(text: &str, file: &str, limits: &Limits) -> Result<Ignores, Vec<Problem>> {
        let mut reader = Reader {
            text,
            file,
            limits,
            problems: Vec::new(),
        };
        let rules = reader.read();
        match reader.problems.is_empty() {
            true => Ok(Ignores { rules }),
            false => Err(reader.problems),
        }
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The first rule that fits a finding and still holds, and what is to be said of those that
    /// ran out.
    pub(crate) fn of(&self, finding: &Finding, now: Timestamp) -> (Option<&Ignore>, Vec<String>) {
        let fitting = self.rules.iter().filter(|rule| rule.fits(finding));
        let (over, valid): (Vec<&Ignore>, Vec<&Ignore>) =
            fitting.partition(|rule| rule.has_expired(now));
        let note = |rule: &Ignore| {
            let end = rule.until.map(|end| end.to_string()).unwrap_or_default();
            format!("{} ran out at {end}", rule.place)
        };
        (valid.first().copied(), over.into_iter().map(note).collect())
    }

    /// What is to be said of rules that suppress nothing: those that ran out, and those that fit
    /// none of these findings.
    pub fn idle(&self, findings: &[Finding], now: Timestamp) -> Vec<String> {
        let mut notes = Vec::new();
        for rule in &self.rules {
            let count = findings.iter().filter(|finding| rule.fits(finding)).count();
            let place = &rule.place;
            match (&rule.until, count) {
                (Some(end), 0) if *end <= now => notes.push(format!(
                    "{place}: the rule ran out at {end} and fits no finding; remove it"
                )),
                (Some(end), count) if *end <= now => notes.push(format!(
                    "{place}: the rule ran out at {end} and suppresses none of the findings that it \
                     fits, {count}, any more; look at them, and remove the rule or give it a new \
                     end"
                )),
                (_, 0) => notes.push(format!(
                    "{place}: the rule fits no finding; remove it, or check its id, package and \
                     path"
                )),
                _ => {}
            }
        }
        notes
    }
}

struct Reader<'r> {
    text: &'r str,
    file: &'r str,
    limits: &'r Limits,
    problems: Vec<Problem>,
}

/// A value with the line in which it begins.
type Fields<'t> = BTreeMap<String, (usize, &'t DeValue<'t>)>;

impl Reader<'_> {
    fn read(&mut self) -> Vec<Ignore> {
        let most = self.limits.bytes;
        if self.text.len() > most {
            let detail = format!("the file is longer than {most} bytes");
            self.problem(ProblemKind::Limit, 1, detail);
            return Vec::new();
        }
        let table = match DeTable::parse(self.text) {
            Ok(table) => table,
            Err(error) => {
                let line = error.span().map_or(1, |span| self.line(span.start));
                self.malformed(line, error.message());
                return Vec::new();
            }
        };
        let fields = self.fields(table.get_ref(), &FILE_KEYS);
        let Some((line, value)) = fields.get("ignore") else {
            return Vec::new();
        };
        let DeValue::Array(list) = value else {
            self.malformed(*line, "expected a list of tables: [[ignore]]");
            return Vec::new();
        };
        if list.len() > self.limits.ignores {
            let detail = format!("there are more than {} rules", self.limits.ignores);
            self.problem(ProblemKind::Limit, *line, detail);
            return Vec::new();
        }
        let mut rules = Vec::new();
        for one in list {
            let line = self.line(one.span().start);
            match one.get_ref() {
                DeValue::Table(table) => rules.extend(self.rule(table, line)),
                _ => self.malformed(line, "expected a table: [[ignore]]"),
            }
        }
        rules
    }

    fn rule(&mut self, table: &DeTable<'_>, line: usize) -> Option<Ignore> {
        let fields = self.fields(table, &KEYS);
        let ids = self.patterns(&fields, "id");
        let packages = self.patterns(&fields, "package");
        let paths = self.texts(&fields, "path");
        let (reason_line, reason) = match fields.get("reason") {
            Some((line, DeValue::String(text))) => (*line, self.clip(text)),
            Some((line, _)) => (*line, String::new()),
            None => (line, String::new()),
        };
        if reason.trim().is_empty() {
            self.malformed(reason_line, "reason is missing: say why this is left out");
        }
        let is_there = |key: &str| fields.contains_key(key);
        if !["id", "package", "path"].into_iter().any(is_there) {
            let detail = "the rule would fit everything: give it an id, a package or a path";
            self.malformed(line, detail);
        }
        let until = fields
            .get("until")
            .map(|(line, value)| self.end(*line, value));
        Some(Ignore {
            place: format!("{} line {line}", self.file),
            ids,
            packages,
            paths: paths
                .into_iter()
                .map(|(_, path)| path.trim_start_matches('/').to_owned())
                .collect(),
            until: match until {
                Some(end) => Some(end?),
                None => None,
            },
            reason,
        })
    }

    /// The fields of a table, of which it knows the keys.
    fn fields<'t>(&mut self, table: &'t DeTable<'t>, known: &[&str]) -> Fields<'t> {
        let mut fields = Fields::new();
        for (key, value) in table {
            let line = self.line(key.span().start);
            let name = key.get_ref();
            if known.contains(&name.as_ref()) {
                fields.insert(name.to_string(), (line, value.get_ref()));
            } else {
                let (name, known) = (self.clip(name), known.join(", "));
                self.malformed(line, format!("no such key: {name}; there are {known}"));
            }
        }
        fields
    }

    /// A text or a list of texts, none of them empty.
    fn texts(&mut self, fields: &Fields<'_>, key: &str) -> Vec<(usize, String)> {
        let Some((line, value)) = fields.get(key) else {
            return Vec::new();
        };
        let found: Option<Vec<String>> = match value {
            DeValue::String(text) => Some(vec![text.to_string()]),
            DeValue::Array(list) if list.len() <= self.limits.patterns => list
                .iter()
                .map(|one| one.get_ref().as_str().map(str::to_owned))
                .collect(),
            _ => None,
        };
        let most = self.limits.text;
        let is_text = |text: &String| {
            !text.trim().is_empty() && text.chars().count() <= most && !text.contains('\n')
        };
        match found.filter(|all| !all.is_empty() && all.iter().all(is_text)) {
            Some(all) => all.into_iter().map(|text| (*line, text)).collect(),
            None => {
                let most = self.limits.patterns;
                let detail = format!("{key}: expected a pattern, or a list of 1 to {most}");
                self.malformed(*line, detail);
                Vec::new()
            }
        }
    }

    fn patterns(&mut self, fields: &Fields<'_>, key: &str) -> Vec<Pattern> {
        let mut patterns = Vec::new();
        for (line, text) in self.texts(fields, key) {
            match text.parse() {
                Ok(pattern) => patterns.push(pattern),
                Err(error) => self.malformed(line, format!("{key}: {error}")),
            }
        }
        patterns
    }

    /// The end: of a day, that of the day in UTC, so that the rule holds through it.
    fn end(&mut self, line: usize, value: &DeValue<'_>) -> Option<Timestamp> {
        let text = match value {
            DeValue::Datetime(time) => time.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => String::new(),
        };
        let day = text.parse::<Date>().ok().filter(|_| text.len() == 10);
        let end = match day {
            Some(day) => day
                .tomorrow()
                .and_then(|next| next.to_zoned_datetime(TimeZone::UTC))
                .map(|midnight| midnight.timestamp())
                .ok(),
            None => text.parse().ok(),
        };
        if end.is_none() {
            let detail = "until: expected a day such as 2026-12-31, or a time such as \
                          2026-12-31T12:00:00Z";
            self.malformed(line, detail);
        }
        end
    }

    fn clip(&self, text: &str) -> String {
        text.chars().take(self.limits.text).collect()
    }

    /// The line of a place in the text, from 1.
    fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    fn malformed(&mut self, line: usize, detail: impl Into<String>) {
        self.problem(ProblemKind::Malformed, line, detail.into());
    }

    fn problem(&mut self, kind: ProblemKind, line: usize, detail: String) {
        if self.problems.len() < self.limits.problems {
            let place = format!("{} line {line}", self.file);
            self.problems.push(Problem::new(kind, place, detail));
        }
    }
}

#[cfg(test)]
mod tests;
