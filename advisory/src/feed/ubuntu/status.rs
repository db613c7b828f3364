//! A line of the tracker, `esm-infra/xenial_sudo: released (1.8.16-0ubuntu1.10+esm1)`, and what
//! lines say together. The publisher's other formats are made from these lines, so that they are
//! brought back to them.

use std::collections::BTreeSet;

use model::{Ecosystem, Severity, Stream, distro};

use crate::feed::shown;
use crate::{Affected, Range, State};

/// A release's line and a channel, empty for what everybody gets: `16.04`, `esm-infra`.
pub type Place<'a> = (&'static str, &'a str);

/// What a line says of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The release's line: `16.04`.
    pub release: &'static str,
    /// The channel, empty for what everybody gets.
    pub channel: &'a str,
    /// The source package.
    pub package: &'a str,
    /// What is said.
    pub said: Said<'a>,
}

/// What is said of a package in a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// Every version is in that state.
    All(State),
    /// The version holds the fix.
    Fixed(&'a str),
    /// The release has reached its end: what is said of its extended channel says more.
    Ended,
}

/// Reads a line; nothing where it speaks of no package in a release that is known here.
///
/// # Errors
///
/// What is wrong with a line that speaks of one.
pub fn read(line: &str) -> Result<Option<Line<'_>>, String> {
    let Some((key, value)) = line.split_once(':') else {
        return Ok(None);
    };
    let Some((place, package)) = key.split_once('_') else {
        return Ok(None);
    };
    let Some((release, channel)) = released(place).filter(|_| !package.is_empty()) else {
        return Ok(None);
    };
    let value = value.trim();
    let (word, detail) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    let detail = detail
        .trim()
        .trim_start_matches('(')
        .trim_end_matches(')')
        .trim();
    let Some(said) = said(word, detail)? else {
        return Ok(None);
    };
    Ok(Some(Line {
        release,
        channel,
        package,
        said,
    }))
}

/// The release and the channel of `xenial`, `esm-infra/xenial` or `trusty/esm`.
pub fn released(place: &str) -> Option<Place<'_>> {
    let row = distro::row("ubuntu")?;
    let line = |codename: &str| row.release(codename).map(|release| release.line);
    match place.split_once('/') {
        None => Some((line(place)?, "")),
        Some((codename, "esm")) => Some((line(codename)?, "esm")),
        Some((channel, codename)) => Some((line(codename)?, channel)),
    }
}

/// What one of the tracker's words says, with what stands in brackets behind it; nothing where it
/// is none on a package of that release.
///
/// # Errors
///
/// What is wrong with them.
pub fn said<'a>(word: &str, detail: &'a str) -> Result<Option<Said<'a>>, String> {
    let ended = || {
        let ends = [
            "end of life",
            "end of standard support",
            "end-of-life",
            "out of standard",
            "end of kernel support",
        ];
        ends.iter().any(|end| detail.contains(end))
    };
    Ok(Some(match word {
        "released" if is_version(detail) => Said::Fixed(detail),
        "released" => {
            return Err(format!(
                "it is fixed in '{}', which is no version",
                shown(detail)
            ));
        }
        "needed" | "pending" | "active" => Said::All(State::Affected),
        "needs-triage" => Said::All(State::UnderInvestigation),
        "deferred" => Said::All(State::Deferred),
        "not-affected" => Said::All(State::NotAffected),
        "ignored" if detail.contains("was not-affected") => Said::All(State::NotAffected),
        "ignored" if ended() => Said::Ended,
        "ignored" => Said::All(State::WillNotFix),
        "DNE" if detail.contains("was not-affected") => Said::All(State::NotAffected),
        // It is not in that release, or not Ubuntu's to mend.
        "DNE" | "not-ue" | "" => return Ok(None),
        other => return Err(format!("'{}' is no state", shown(other))),
    }))
}

/// A row for each line, with the rating that `severity` knows of it.
pub fn rows(lines: &[Line<'_>], severity: impl Fn(&Line<'_>) -> Severity) -> Vec<Affected> {
    // Where the extended channel of a release that has ended is not affected, the release was
    // not either. Other channels hold builds of their own, which may well be another thing.
    let extended = |is_it: fn(&Said<'_>) -> bool| -> BTreeSet<(&str, &str)> {
        let lines = lines.iter();
        let lines = lines.filter(|line| line.channel.starts_with("esm") && is_it(&line.said));
        lines.map(|line| (line.release, line.package)).collect()
    };
    let mended = extended(|said| matches!(said, Said::Fixed(_)));
    let mut sound = extended(|said| *said == Said::All(State::NotAffected));
    sound.retain(|place| !mended.contains(place));
    let row = |line: &Line<'_>| {
        let ecosystem = Ecosystem::Distro(Stream::new("ubuntu", line.release));
        let is_sound = || sound.contains(&(line.release, line.package));
        let state = match line.said {
            Said::Fixed(_) => State::Fixed,
            Said::All(state) => state,
            Said::Ended if is_sound() => State::NotAffected,
            Said::Ended => State::EndOfLife,
        };
        let mut row = Affected::new(&ecosystem, line.package, state);
        row.channel = line.channel.to_owned();
        row.severity = severity(line);
        match line.said {
            Said::Fixed(version) => row.range(Range::before(version.to_owned())),
            _ if state == State::NotAffected => row,
            _ => row.range(Range::all()),
        }
    };
    lines.iter().map(row).collect()
}

/// Whether a text is a version, which begins with a digit.
pub fn is_version(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_digit()) && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        for (line, expected) in [
            (
                "xenial_sudo: released (1.8.16-0ubuntu1.10)",
                "16.04  sudo Fixed(\"1.8.16-0ubuntu1.10\")",
            ),
            (
                "esm-infra/xenial_bash: not-affected (code not present)",
                "16.04 esm-infra bash All(NotAffected)",
            ),
            ("trusty/esm_bash: needed", "14.04 esm bash All(Affected)"),
            (
                "jammy_bash: needs-triage",
                "22.04  bash All(UnderInvestigation)",
            ),
            (
                "jammy_bash: deferred (2023-05-01)",
                "22.04  bash All(Deferred)",
            ),
            (
                "jammy_bash: pending (5.1-6ubuntu1.1)",
                "22.04  bash All(Affected)",
            ),
            (
                "jammy_bash: ignored (abandoned)",
                "22.04  bash All(WillNotFix)",
            ),
            (
                "xenial_bash: ignored (end of standard support, was needed)",
                "16.04  bash Ended",
            ),
            (
                "xenial_bash: ignored (end of life, was not-affected)",
                "16.04  bash All(NotAffected)",
            ),
            ("jammy_bash: DNE", "nothing"),
            ("upstream_bash: released (5.2)", "nothing"),
            ("devel_bash: needed", "nothing"),
            ("snap_bash: needed", "nothing"),
            ("vivid/ubuntu-core_bash: DNE", "nothing"),
            ("Patches_bash:", "nothing"),
            ("Priority: low", "nothing"),
            ("no line", "nothing"),
            ("jammy_: needed", "nothing"),
            (
                "jammy_bash: released",
                "it is fixed in '', which is no version",
            ),
            (
                "jammy_bash: released (see notes)",
                "it is fixed in 'see notes', which is no version",
            ),
            ("jammy_bash: gone fishing", "'gone' is no state"),
        ] {
            let told = match read(line) {
                Ok(Some(read)) => format!(
                    "{} {} {} {:?}",
                    read.release, read.channel, read.package, read.said
                ),
                Ok(None) => "nothing".to_owned(),
                Err(error) => error,
            };
            assert_eq!(told, expected, "{line}");
        }
    }
}
