//! The Ruby Advisory Database, `rubysec/ruby-advisory-db`: one YAML file per gem and weakness
//! under `gems/`, and per interpreter and weakness under `rubies/`.
//!
//! It names what is patched and what was never affected, by RubyGems' requirements. Everything
//! else is affected.

use model::{Cvss, Ecosystem, PackageType, Severity};
use serde::Deserialize;

use super::requirement::{after_gem, any_of, gem, order};
use super::{Feed, FeedFile, Parsed, Remote, rating, time, yaml};
use crate::{Affected, End, Limits, Range, Record, Score, State, Weakness};

const REMOTES: &[Remote] = &[Remote::file(
    "ruby-advisory-db",
    "ruby-advisory-db.tar.gz",
    "https://github.com/rubysec/ruby-advisory-db/archive/refs/heads/master.tar.gz",
)];

/// The feed.
pub const FEED: Feed = Feed {
    name: "ruby-advisory-db",
    remotes: REMOTES,
    recognises: |source| source == "rubysec" || source.starts_with("ruby-advisory-db"),
    wants: |_, path| path.ends_with(".yml") && kind(path).is_some(),
    parse,
    publishes: &[],
    claims: |_, _, _| vec![PackageType::Gem.to_string()],
    missing: |_| Vec::new(),
};

/// What a path's folder holds: gems, or interpreters, which no package manager knows.
fn kind(path: &str) -> Option<PackageType> {
    path.split('/')
        .rev()
        .skip(2)
        .find_map(|folder| match folder {
            "gems" => Some(PackageType::Gem),
            "rubies" => Some(PackageType::Generic),
            _ => None,
        })
}

#[derive(Deserialize)]
struct Advisory {
    #[serde(alias = "engine")]
    gem: String,
    cve: Option<String>,
    ghsa: Option<String>,
    osvdb: Option<u64>,
    title: Option<String>,
    description: Option<String>,
    date: Option<String>,
    cvss_v2: Option<f64>,
    cvss_v3: Option<f64>,
    cvss_v4: Option<f64>,
    patched_versions: Option<Vec<String>>,
    unaffected_versions: Option<Vec<String>>,
}

fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let mut parsed = Parsed::default();
    let read = yaml::read::<Advisory>(file.bytes, limits);
    match read.and_then(|advisory| record(file.path, advisory, limits)) {
        Ok((record, remark)) => {
            parsed.records.push(record);
            if let Some(remark) = remark {
                parsed.malformed(file.place(), remark);
            }
        }
        Err(detail) => parsed.malformed(file.place(), detail),
    }
    parsed
}

/// The record, and what of it could not be read.
fn record(path: &str, read: Advisory, limits: &Limits) -> Result<(Record, Option<String>), String> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.strip_suffix(".yml").unwrap_or(name);
    if read.gem.is_empty() {
        return Err("it names no gem".to_owned());
    }
    let mut record = Record::new(stem);
    record.weaknesses = vec![weakness(stem, &read)];
    record.url = format!("https://rubysec.com/advisories/{stem}/");
    record.score = score(&read);
    record.severity = record.score.map_or(Severity::Unknown, rating::of_score);
    let text = read.title.as_deref().or(read.description.as_deref());
    record.description = super::cut(text.unwrap_or_default(), limits.description_bytes);
    let mut remark = None;
    if let Some(text) = &read.date {
        record.published = time::read_day(text);
        if record.published.is_none() {
            remark = Some(format!("date '{}' is no date", super::shown(text)));
        }
    }
    let kind = kind(path).unwrap_or(PackageType::Gem);
    let row = affected(kind, &read)?;
    match row.ranges.is_empty() {
        // Its lists contradict each other: that is no word for "not affected".
        true => remark = Some(format!("{stem}: no version is left that is affected")),
        false => record.affected.push(row),
    }
    Ok((record, remark))
}

/// Its names: the CVE before the GHSA before the number in the former OSVDB before the file's.
fn weakness(stem: &str, read: &Advisory) -> Weakness {
    let mut names = Vec::new();
    names.extend(read.cve.as_ref().map(|id| format!("CVE-{id}")));
    names.extend(read.ghsa.as_ref().map(|id| format!("GHSA-{id}")));
    names.extend(read.osvdb.map(|id| format!("OSVDB-{id}")));
    if names.is_empty() {
        return Weakness::new(stem);
    }
    let mut weakness = Weakness::new(names.remove(0));
    names.sort();
    weakness.aliases = names;
    weakness
}

/// The score of the newest version that is given.
fn score(read: &Advisory) -> Option<Score> {
    let given = [
        (true, read.cvss_v4),
        (true, read.cvss_v3),
        (false, read.cvss_v2),
    ];
    let (modern, score) = given
        .into_iter()
        .find_map(|(modern, score)| Some((modern, score?)))?;
    let tenths = (score * 10.0).round();
    let fits = (0.0..=100.0).contains(&tenths);
    let base = Cvss::from_tenths(fits.then_some(tenths as u8)?)?;
    Some(Score { modern, base })
}

fn affected(kind: PackageType, read: &Advisory) -> Result<Affected, String> {
    let set = |list: &Option<Vec<String>>| any_of(list.as_deref().unwrap_or_default(), order, gem);
    let patched = set(&read.patched_versions)?;
    let unaffected = set(&read.unaffected_versions)?;
    let open = patched.clone().or(unaffected).complement();
    let mut row = Affected::new(
        &Ecosystem::Language(kind),
        read.gem.as_str(),
        State::Affected,
    );
    row.ranges = open.ranges(&patched, after_gem);
    let is_fixed = |range: &Range<String>| matches!(range.end, End::Fixed(_));
    if row.ranges.iter().any(is_fixed) {
        row.state = State::Fixed;
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::interval::shown;

    fn read(path: &str, text: &str) -> Parsed {
        let file = FeedFile::plain("ruby-advisory-db", path, text.as_bytes());
        FEED.read(&file, &Limits::default())
    }

    // After rubysec/ruby-advisory-db, gems/activesupport/CVE-2020-8165.yml, 2026-08-22.
    const YAML: &str = "---\ngem: activesupport\nframework: rails\ncve: 2020-8165\n\
        ghsa: 2p68-f74v-9wc6\nurl: https://groups.google.com/x\n\
        title: Potentially unintended unmarshalling\n  of user-provided objects\n\
        date: 2020-05-18\ndescription: |\n  There is\ncvss_v3: 9.8\ncvss_v2: 7.5\n\
        patched_versions:\n  - \"~> 5.2.4, >= 5.2.4.3\"\n  - \">= 6.0.3.1\"\n\
        related:\n  url:\n  - https://x\n";

    #[test]
    fn what_is_neither_patched_nor_unaffected_is_affected() {
        let parsed = read("gems/activesupport/CVE-2020-8165.yml", YAML);
        assert_eq!(parsed.problems, []);
        let record = &parsed.records[0];
        assert_eq!(record.weaknesses[0].id, "CVE-2020-8165");
        assert_eq!(record.weaknesses[0].aliases, ["GHSA-2p68-f74v-9wc6"]);
        assert_eq!(record.url, "https://rubysec.com/advisories/CVE-2020-8165/");
        assert_eq!(record.published, "2020-05-18T00:00:00Z".parse().ok());
        let score = record.score.unwrap();
        assert_eq!(
            (score.modern, score.base.to_string()),
            (true, "9.8".to_owned())
        );
        let title = "Potentially unintended unmarshalling of user-provided objects";
        assert_eq!(record.description, title);
        let row = &record.affected[0];
        assert_eq!(
            (row.ecosystem.as_str(), row.package.as_str()),
            ("gem", "activesupport")
        );
        assert_eq!(row.state, State::Fixed);
        assert_eq!(shown(&row.ranges), "[..5.2.4.3) [5.3.a..6.0.3.1)");
    }

    #[test]
    fn lists_become_ranges() {
        for (patched, unaffected, state, expected) in [
            ("['>= 1.2']", "['< 1.0']", State::Fixed, "[1.0..1.2)"),
            (
                "['~> 3.2.17', '>= 4.0.3']",
                "['~> 3.2.0', '>= 5']",
                State::Fixed,
                "[..3.2.0| [3.3.a..4.0.3)",
            ),
            ("['> 0.16.0']", "[]", State::Affected, "[..0.16.0]"),
            ("[]", "['> 4.2.2']", State::Affected, "[..4.2.2]"),
            ("[]", "['<= 0.12.1']", State::Affected, "[0.12.1.0.1..)"),
            (
                "['= 1.6.0', '>= 1.6.3']",
                "['>= 1.6.0, < 1.6.2']",
                State::Fixed,
                "[..1.6.0) [1.6.2..1.6.3)",
            ),
            ("~", "~", State::Affected, "[..)"),
        ] {
            let text =
                format!("gem: a\npatched_versions: {patched}\nunaffected_versions: {unaffected}\n");
            let parsed = read("gems/a/GHSA-1.yml", &text);
            let row = &parsed.records[0].affected[0];
            assert_eq!(shown(&row.ranges), expected, "{text}");
            assert_eq!(row.state, state, "{text}");
        }
    }

    #[test]
    fn lists_that_leave_nothing_are_a_problem() {
        let text = "gem: a\npatched_versions: ['>= 1']\nunaffected_versions: ['< 1']\n";
        let parsed = read("gems/a/CVE-2020-0001.yml", text);
        assert_eq!(
            (parsed.records[0].affected.len(), parsed.problems.len()),
            (0, 1)
        );
    }

    #[test]
    fn interpreters_are_programs_and_names_have_an_order() {
        let text = "engine: jruby\nosvdb: 77\npatched_versions: ['>= 1.7']\ndate: soon\n";
        let parsed = read("ruby-advisory-db-master/rubies/jruby/OSVDB-77.yml", text);
        let record = &parsed.records[0];
        assert_eq!(record.weaknesses[0].id, "OSVDB-77");
        let row = &record.affected[0];
        assert_eq!(
            (row.ecosystem.as_str(), row.package.as_str()),
            ("generic", "jruby")
        );
        assert_eq!(parsed.problems[0].detail, "date 'soon' is no date");
        let nameless = read("gems/a/x.yml", "gem: a\ncvss_v2: 1e300\ncvss_v4: .nan\n");
        assert_eq!(nameless.records[0].weaknesses[0].id, "x");
        assert_eq!(nameless.records[0].score, None);
        let wants = FEED.wants;
        assert!(wants("", "x/gems/a/b.yml") && wants("", "rubies/ruby/b.yml"));
        assert!(!wants("", "spec/a.yml") && !wants("", "gems/a/b.md") && !wants("", "gems.yml"));
    }

    #[test]
    fn what_is_no_advisory_is_a_problem_of_its_own() {
        let deep = "- ".repeat(10_000);
        for text in [
            "",
            "gem: 7: 8",
            "gem: ''",
            "title: a",
            "gem: a\npatched_versions: ['soon']",
            "gem: a\npatched_versions: {}",
            deep.as_str(),
        ] {
            let parsed = read("gems/a/CVE-2020-0001.yml", text);
            assert!(
                parsed.records.is_empty() && parsed.problems.len() == 1,
                "{text:.30}"
            );
            assert_eq!(
                parsed.problems[0].place,
                "ruby-advisory-db/gems/a/CVE-2020-0001.yml"
            );
        }
        for end in 0..YAML.len() {
            read("gems/a/b.yml", YAML.get(..end).unwrap_or_default());
        }
    }
}
