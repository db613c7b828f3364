//! The Exploit Prediction Scoring System of the Forum of Incident Response and Security Teams,
//! `first.org/epss`: how probable it is that a weakness is exploited within 30 days. It knows no
//! packages.
//!
//! Read are FIRST's own files (a comment with the date, a header, commas) and lists by year
//! without a header (`CVE;epss;percentile`). The percentile follows from the scores and is not
//! kept.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use model::{Epss, Exploitation, Problem, ProblemKind};

use super::{Feed, FeedFile, Parsed, Remote, shown};
use crate::{Cve, Limits};

const REMOTES: &[Remote] = &[Remote::file(
    "epss",
    "epss_scores-current.csv.gz",
    "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
)];

/// The feed.
pub const FEED: Feed = Feed {
    name: "epss",
    remotes: REMOTES,
    recognises: |source| source == "epss" || source.starts_with("epss-"),
    wants: |_, path| path.ends_with(".csv"),
    parse,
    publishes: &[],
    claims: |_, _, _| Vec::new(),
    missing: |_| Vec::new(),
};

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let mut reader = Reader {
        file,
        limits,
        column: None,
        wrong: 0,
        parsed: Parsed {
            date: date_of_name(file.path),
            ..Parsed::default()
        },
    };
    for (number, line) in file.bytes.split(|byte| *byte == b'\n').enumerate() {
        let text = String::from_utf8_lossy(line);
        let read = match text.trim() {
            "" => Ok(()),
            text => match text.strip_prefix('#') {
                Some(comment) => reader.comment(comment),
                None => reader.line(number + 1, text),
            },
        };
        if let Err(problem) = read {
            return Parsed::failure(problem);
        }
    }
    reader.finish()
}

struct Reader<'a> {
    file: &'a FeedFile<'a>,
    limits: &'a Limits,
    /// Where in a row the score stands, once the first row has told it.
    column: Option<usize>,
    /// Rows that could not be read, of which the first so many are problems of their own.
    wrong: usize,
    parsed: Parsed,
}

impl Reader<'_> {
    fn comment(&mut self, comment: &str) -> Result<(), Problem> {
        self.parsed.date = date_of_comment(comment).or(self.parsed.date);
        Ok(())
    }

    /// A header or a row. An error where the rest of the file is not to be read.
    fn line(&mut self, number: usize, text: &str) -> Result<(), Problem> {
        let fields: Vec<&str> = text.split([',', ';']).map(str::trim).take(8).collect();
        let Some(column) = self.column else {
            return self.first(number, text, &fields);
        };
        self.row(number, text, &fields, column)
    }

    fn first(&mut self, number: usize, text: &str, fields: &[&str]) -> Result<(), Problem> {
        if fields.first().is_some_and(|id| Cve::of(id).is_some()) {
            self.column = Some(1);
            return self.row(number, text, fields, 1);
        }
        let place = |name| fields.iter().position(|field| *field == name);
        self.column = place("epss").filter(|_| place("cve") == Some(0));
        let detail = "its first row has neither a CVE nor columns cve and epss: fetch it anew";
        self.column
            .map(drop)
            .ok_or_else(|| self.problem(ProblemKind::Malformed, detail))
    }

    fn row(
        &mut self,
        number: usize,
        text: &str,
        fields: &[&str],
        column: usize,
    ) -> Result<(), Problem> {
        if self.parsed.exploitation.len() >= self.limits.records {
            let detail = format!("more than {} rows", self.limits.records);
            return Err(self.problem(ProblemKind::Limit, detail));
        }
        if let Some(row) = row(fields, column) {
            self.parsed.exploitation.push(row);
            return Ok(());
        }
        self.wrong += 1;
        if self.wrong <= self.limits.problems {
            let place = format!("{}: line {number}", self.file.place());
            let detail = format!("'{}' is no CVE with a probability", shown(text));
            self.parsed.malformed(place, detail);
        }
        Ok(())
    }

    fn finish(mut self) -> Parsed {
        if self.parsed.exploitation.is_empty() {
            let detail = "it holds no score: fetch it anew";
            return Parsed::failure(self.problem(ProblemKind::Malformed, detail));
        }
        let more = self.wrong.saturating_sub(self.limits.problems);
        if more > 0 {
            let detail = format!("{more} more rows could not be read");
            let problem = self.problem(ProblemKind::Malformed, detail);
            self.parsed.problems.push(problem);
        }
        self.parsed
    }

    fn problem(&self, kind: ProblemKind, detail: impl Into<String>) -> Problem {
        Problem::new(kind, self.file.place(), detail)
    }
}

fn row(fields: &[&str], column: usize) -> Option<(Cve, Exploitation)> {
    let cve = Cve::of(fields.first()?)?;
    let probability: f64 = fields.get(column)?.parse().ok()?;
    let fits = (0.0..=1.0).contains(&probability);
    let parts = (probability * f64::from(Epss::ONE)).round();
    let known = Exploitation {
        known_since: None,
        epss: Epss::from_parts(fits.then_some(parts as u32)?),
    };
    Some((cve, known))
}

/// `model_version:v2025.03.14,score_date:2025-08-01T00:00:00+0000`.
fn date_of_comment(comment: &str) -> Option<Timestamp> {
    let date = comment.split_once("score_date:")?.1;
    let date = date.split(',').next()?.trim();
    date.parse().ok()
}

/// `epss_scores-2021-04-14.csv`: the oldest files have no comment.
fn date_of_name(path: &str) -> Option<Timestamp> {
    let name = path.rsplit('/').next()?;
    let day = name.strip_prefix("epss_scores-")?.strip_suffix(".csv")?;
    let day: Date = day.parse().ok()?;
    Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, text: &str, limits: Limits) -> Parsed {
        let file = FeedFile::plain("epss", path, text.as_bytes());
        FEED.read(&file, &limits)
    }

    fn told(path: &str, text: &str) -> String {
        let parsed = read(path, text, Limits::default());
        let day = |date: Timestamp| date.strftime("%F").to_string();
        let known = parsed.exploitation.iter().map(|(cve, known)| {
            let parts = known.epss.map(Epss::parts).unwrap_or_default();
            format!("{}-{} {parts}", cve.year, cve.number)
        });
        let problem = |one: &Problem| format!("{}: {}", one.place, one.detail);
        let all = parsed.date.map(day).into_iter().chain(known);
        let all = all.chain(parsed.problems.iter().map(problem));
        all.collect::<Vec<_>>().join("\n")
    }

    // After FIRST's files of 2021-04-14 and 2025-02-20, and lists by year of 2026-08-16.
    #[test]
    fn each_layout_is_read() {
        for (path, text, expected) in [
            (
                "CVE_2021_EPSS.csv",
                "CVE-2021-47987;0.001200000;0.021680000\r\nCVE-2021-44228;0.999990000;1.0\n",
                "2021-47987 120\n2021-44228 99999",
            ),
            (
                "epss.csv",
                "#model_version:v2023.03.01,score_date:2025-02-20T00:00:00+0000\n\
                 cve,epss,percentile\nCVE-1999-0001,0.00383,0.73075\nCVE-1999-0005,1,1\n",
                "2025-02-20\n1999-1 383\n1999-5 100000",
            ),
            (
                "epss_scores-2021-04-14.csv",
                "cve,epss\nCVE-2020-5902,0.65117\n",
                "2021-04-14\n2020-5902 65117",
            ),
            (
                "a.csv",
                "cve,percentile,epss\nCVE-2020-5902,0.9,4.3e-4",
                "2020-5902 43",
            ),
            (
                "a.csv",
                "cve,epss\nCVE-2020-1111,0.5\nnone,0.5\nCVE-2020-1112,1.5\nCVE-2020-1113,NaN\n\
                 CVE-2020-1114\n\nCVE-2020-1115,0.00001",
                "2020-1111 50000\n2020-1115 1\n\
                 epss/a.csv: line 3: 'none,0.5' is no CVE with a probability\n\
                 epss/a.csv: line 4: 'CVE-2020-1112,1.5' is no CVE with a probability\n\
                 epss/a.csv: line 5: 'CVE-2020-1113,NaN' is no CVE with a probability\n\
                 epss/a.csv: line 6: 'CVE-2020-1114' is no CVE with a probability",
            ),
            (
                "a.csv",
                "invalid,header,format\nCVE-2024-6775,0.00043,0.09291\n",
                "epss/a.csv: its first row has neither a CVE nor columns cve and epss: fetch it anew",
            ),
            (
                "a.csv",
                "CVE-2020-1111;none;0.1\nCVE-2020-1112;0.5;0.1\n",
                "2020-1112 50000\n\
                 epss/a.csv: line 1: 'CVE-2020-1111;none;0.1' is no CVE with a probability",
            ),
            (
                "a.csv",
                "cve,epss\n",
                "epss/a.csv: it holds no score: fetch it anew",
            ),
        ] {
            assert_eq!(told(path, text), expected);
        }
    }

    #[test]
    fn limits_are_problems() {
        let text = "CVE-2020-1111,0.5\n1\n2\n3\nCVE-2020-1112,0.5\nCVE-2020-1113,0.5\n";
        let few = Limits {
            problems: 1,
            ..Limits::default()
        };
        let parsed = read("a.csv", text, few);
        assert_eq!((parsed.exploitation.len(), parsed.problems.len()), (3, 2));
        assert_eq!(parsed.problems[1].detail, "2 more rows could not be read");
        let short = Limits {
            records: 2,
            ..Limits::default()
        };
        let parsed = read("a.csv", text, short);
        assert!(parsed.failed && parsed.exploitation.is_empty());
        assert_eq!(parsed.problems[0].kind, ProblemKind::Limit);
    }
}
