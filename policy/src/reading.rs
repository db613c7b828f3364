//! Documents as values, and what is wrong with them: every problem is named with its place.

use std::str::FromStr;

use jiff::Timestamp;
use model::{Problem, ProblemKind};
use serde_json::{Map, Value};

use crate::{Limits, Pattern, Span};

/// One document that is being read.
pub(crate) struct Reading<'l> {
    pub limits: &'l Limits,
    problems: Vec<Problem>,
}

impl<'l> Reading<'l> {
    pub fn new(limits: &'l Limits) -> Reading<'l> {
        Reading {
            limits,
            problems: Vec::new(),
        }
    }

    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Names what is wrong.
    pub fn malformed(&mut self, place: &str, detail: impl Into<String>) {
        self.add(ProblemKind::Malformed, place, detail.into());
    }

    /// Names what is too much.
    pub fn beyond(&mut self, place: &str, detail: impl Into<String>) {
        self.add(ProblemKind::Limit, place, detail.into());
    }

    fn add(&mut self, kind: ProblemKind, place: &str, detail: String) {
        if self.problems.len() < self.limits.problems {
            self.problems.push(Problem::new(kind, place, detail));
        }
    }

    /// The table at a place, with no other keys than those that are known.
    pub fn table<'v>(
        &mut self,
        value: &'v Value,
        place: &str,
        known: &[&str],
    ) -> Option<&'v Map<String, Value>> {
        let Some(table) = value.as_object() else {
            let place = if place.is_empty() { "document" } else { place };
            self.malformed(place, "expected a table of keys and values");
            return None;
        };
        for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
            let key: String = key.chars().take(64).collect();
            let known = known.join(", ");
            self.malformed(
                &under(place, &key),
                format!("no such key; there are {known}"),
            );
        }
        Some(table)
    }

    /// A text within the limit.
    pub fn text(&mut self, value: &Value, place: &str) -> Option<String> {
        let Some(text) = value.as_str() else {
            self.malformed(place, "expected a text");
            return None;
        };
        if text.chars().count() > self.limits.text {
            let most = self.limits.text;
            self.beyond(place, format!("the text is longer than {most} characters"));
            return None;
        }
        Some(text.to_owned())
    }

    /// The beginning of a text, as far as the limit goes: for words that are only shown.
    pub fn clip(&self, text: &str) -> String {
        text.chars().take(self.limits.text).collect()
    }

    /// A text that is only shown, as far as the limit goes.
    pub fn clipped(&mut self, value: &Value, place: &str) -> Option<String> {
        match value.as_str() {
            Some(text) => Some(self.clip(text)),
            None => {
                self.malformed(place, "expected a text");
                None
            }
        }
    }

    /// A text that must be there and say something.
    pub fn required(
        &mut self,
        table: &Map<String, Value>,
        key: &str,
        place: &str,
    ) -> Option<String> {
        let place = under(place, key);
        let text = match table.get(key) {
            Some(value) => self.text(value, &place)?,
            None => String::new(),
        };
        if text.trim().is_empty() {
            self.malformed(&place, "missing: it must say something");
            return None;
        }
        Some(text)
    }

    /// A word that has a meaning.
    pub fn word<T>(&mut self, value: &Value, place: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: std::fmt::Display,
    {
        let text = self.text(value, place)?;
        match text.parse() {
            Ok(meaning) => Some(meaning),
            Err(error) => {
                self.malformed(place, error.to_string());
                None
            }
        }
    }

    /// Yes or no.
    pub fn flag(&mut self, value: &Value, place: &str) -> Option<bool> {
        if value.as_bool().is_none() {
            self.malformed(place, "expected true or false");
        }
        value.as_bool()
    }

    /// A point in time.
    pub fn time(&mut self, value: &Value, place: &str) -> Option<Timestamp> {
        let text = self.text(value, place)?;
        let read = text.parse().ok();
        if read.is_none() {
            self.malformed(place, "expected a time such as 2026-12-31T00:00:00Z");
        }
        read
    }

    /// A length of time.
    pub fn span(&mut self, value: &Value, place: &str) -> Option<Span> {
        self.word(value, place)
    }

    /// A number within bounds, in parts of one: for scores that are kept as whole numbers.
    pub fn parts(&mut self, value: &Value, place: &str, most: u32, parts: u32) -> Option<u32> {
        let inside = |number: &f64| (0.0..=f64::from(most)).contains(number);
        let Some(number) = value.as_f64().filter(inside) else {
            self.malformed(place, format!("expected a number from 0 to {most}"));
            return None;
        };
        Some((number * f64::from(parts)).round() as u32)
    }

    /// One word or a list of words that is not empty.
    pub fn words<T>(&mut self, value: &Value, place: &str) -> Option<Vec<T>>
    where
        T: FromStr,
        T::Err: std::fmt::Display,
    {
        let Some(list) = value.as_array() else {
            return self.word(value, place).map(|one| vec![one]);
        };
        if list.is_empty() {
            self.malformed(place, "the list is empty: it would fit nothing");
        }
        if list.len() > self.limits.patterns {
            let most = self.limits.patterns;
            self.beyond(place, format!("the list holds more than {most} patterns"));
            return None;
        }
        let read = list.iter().enumerate();
        let read: Vec<T> = read
            .filter_map(|(at, value)| self.word(value, &format!("{place}[{at}]")))
            .collect();
        (!read.is_empty() && read.len() == list.len()).then_some(read)
    }

    /// One pattern or a list of them.
    pub fn patterns(&mut self, value: &Value, place: &str) -> Option<Vec<Pattern>> {
        self.words(value, place)
    }
}

/// The place of a key in a table.
pub(crate) fn under(place: &str, key: &str) -> String {
    match place.is_empty() {
        true => key.to_owned(),
        false => format!("{place}.{key}"),
    }
}
