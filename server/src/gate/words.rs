//! Verdicts in words, for those who pull.

use model::{Digest, RepositoryName};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use policy::{About, Effect, Reason};

use super::judge::Judged;
use crate::app::App;

/// How many findings a message names.
const NAMED: usize = 5;
/// How many other reasons it names beside them.
const OTHERS: usize = 3;
/// The longest text of one reason, in characters: names are strangers' words.
const LONGEST: usize = 300;
/// What stands as it is in a query: a repository's name is readable so.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.');

/// The page that explains what is said of an image.
pub fn page(app: &App, repository: &RepositoryName, digest: &Digest) -> String {
    let name = utf8_percent_encode(repository.as_str(), IN_QUERY);
    let endpoint = app.settings.endpoint();
    format!("{endpoint}/images/{digest}?repository={name}")
}

/// What who may not pull is told: the worst findings with what helps, and where more is said.
pub fn denial(judged: &Judged, page: &str) -> String {
    let summary = summary(judged, Effect::Deny);
    format!("this image may not be pulled: {summary}. More: {page}")
}

/// What who may pull it all the same is told.
pub fn warning(judged: &Judged, page: &str) -> String {
    let summary = match &judged.pass {
        Some(pass) => format!(
            "pulled past the policies by a pass of {} until {}: {}",
            pass.who, pass.ends_at, pass.reason
        ),
        None => summary(judged, judged.verdict.effect),
    };
    format!("{}. More: {page}", shown(&summary, 3 * LONGEST))
}

/// The reasons with an effect: of findings the worst, of others the first, and how many more.
fn summary(judged: &Judged, effect: Effect) -> String {
    let mut causes: Vec<(bool, String)> = Vec::new();
    let mut policies: Vec<String> = Vec::new();
    let reasons = judged.verdict.reasons.iter();
    for reason in reasons.filter(|reason| reason.effect == effect) {
        let is_finding = matches!(reason.about, About::Finding { .. });
        let cause = (is_finding, shown(&cause(reason), LONGEST));
        // Two rules can have the same against it.
        if !causes.contains(&cause) {
            causes.push(cause);
        }
        let rule = format!("'{}' ({})", reason.policy, reason.rule);
        if !policies.contains(&rule) {
            policies.push(rule);
        }
    }
    let of = |findings: bool, most: usize| {
        let each = causes.iter().filter(move |(is, _)| *is == findings);
        each.take(most).map(|(_, text)| text.as_str())
    };
    let named: Vec<&str> = of(true, NAMED).chain(of(false, OTHERS)).collect();
    let more = match causes.len() - named.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let policies = shown(&policies.join(", "), LONGEST);
    format!("policy {policies}: {}{more}", named.join("; "))
}

fn cause(reason: &Reason) -> String {
    let notes = match reason.notes.is_empty() {
        true => String::new(),
        false => format!(" ({})", reason.notes.join(", ")),
    };
    format!("{}{notes}: {}", reason.cause.text, reason.cause.fix)
}

/// Strangers' words, fit for a terminal and not too long.
fn shown(text: &str, most: usize) -> String {
    let plain = report::text::plain(text);
    match plain.chars().count() > most {
        true => plain.chars().take(most).chain(['…']).collect(),
        false => plain,
    }
}

/// A text as the value of a `Warning` header, which container clients show to people: the
/// distribution specification, "Warnings", after RFC 9110's quoted strings.
pub fn warning_header(text: &str) -> String {
    let quoted = text.chars().flat_map(|one| match one {
        '"' | '\\' => vec!['\\', one],
        ' '..='~' => vec![one],
        _ => vec!['?'],
    });
    format!("299 - \"{}\"", quoted.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_holds_no_more_than_it_can() {
        assert_eq!(warning_header("a \"b\" \\ ü\n"), r#"299 - "a \"b\" \\ ??""#);
    }

    #[test]
    fn strangers_words_are_cut_and_made_plain() {
        assert_eq!(shown("a\u{1b}[31mb", 9), "a\u{fffd}[31mb");
        assert_eq!(shown("abcdef", 3), "abc…");
    }
}
