//! `grace`: how long after its publication a finding does not count yet, by severity. A severity
//! that is not named has none. A finding of an unknown date counts: its grace cannot be shown to
//! run.

use model::Severity;

use super::published::day;
use super::{Case, Condition, Kind, Looks, Outcome};
use crate::Span;
use crate::reading::under;

pub const KIND: Kind = Kind {
    name: "grace",
    looks: Looks::AtFinding,
    read: |reading, value, place| {
        let known = Severity::ALL.map(Severity::as_str);
        let table = reading.table(value, place, &known)?;
        let mut spans = Vec::new();
        for severity in Severity::ALL {
            if let Some(value) = table.get(severity.as_str()) {
                let span = reading.span(value, &under(place, severity.as_str()))?;
                spans.push((severity, span));
            }
        }
        if spans.is_empty() {
            reading.malformed(place, "it names no severity");
        }
        Some(Box::new(Grace(spans)))
    },
};

#[derive(Clone, Debug)]
struct Grace(Vec<(Severity, Span)>);

impl Condition for Grace {
    fn test(&self, case: &Case<'_>) -> Outcome {
        let Some((finding, _)) = case.finding else {
            return Outcome::Not;
        };
        let named = self.0.iter().find(|(one, _)| *one == finding.severity);
        let span = named.map_or(Span::NONE, |(_, span)| *span);
        if span == Span::NONE {
            return Outcome::of(true);
        }
        let Some(published) = finding.published else {
            let text = format!(
                "its grace of {span} counts as over, since its date of publication is not known"
            );
            return Outcome::noting(text, "");
        };
        match span.after(published) {
            Some(end) if end > case.now => Outcome::From(end),
            Some(end) => Outcome::noting(format!("its grace ended on {}", day(end)), ""),
            None => Outcome::Not,
        }
    }
}
