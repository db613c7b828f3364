//! Policies as people write them.

use model::{Problem, Wildcard};
use serde_json::{Map, Value};

use crate::reading::{Reading, under};
use crate::{Effect, Limits, Rule};

/// What a policy makes of an image that cannot be scanned.
pub type Unscannable = Effect;

/// The form in which a policy is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `application/json`.
    Json,
    /// `application/toml`.
    Toml,
}

/// What is asked of some images.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What it is called: letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The repositories that it is about.
    pub repositories: Vec<Wildcard>,
    /// The tags that it is about.
    pub tags: Vec<Wildcard>,
    /// What it makes of an image that cannot be scanned.
    pub unscannable: Unscannable,
    /// Its rules, each of which has its effect alone.
    pub rules: Vec<Rule>,
}

const KEYS: [&str; 6] = [
    "name",
    "description",
    "repositories",
    "tags",
    "unscannable",
    "rules",
];

impl Policy {
    /// Reads a policy. There is one only where nothing is wrong: half a policy would let through
    /// what its other half denies.
    ///
    /// # Errors
    ///
    /// What is wrong with it, each with its place.
    pub fn read(text: &str, form: Form, limits: &Limits) -> Result<Policy, Vec<Problem>> {
        let mut reading = Reading::new(limits);
        let policy =
            value(&mut reading, text, form).and_then(|value| read_policy(&mut reading, &value));
        match (policy, reading.into_problems()) {
            (Some(policy), problems) if problems.is_empty() => Ok(policy),
            (_, problems) => Err(problems),
        }
    }

    /// Whether one of its rules has a condition of that name.
    pub fn asks(&self, condition: &str) -> bool {
        let asks = |rule: &Rule| rule.conditions().any(|name| name == condition);
        self.rules.iter().any(asks)
    }
}

/// A document as a value of JSON's kinds.
pub(crate) fn value(reading: &mut Reading<'_>, text: &str, form: Form) -> Option<Value> {
    let most = reading.limits.bytes;
    if text.len() > most {
        reading.beyond("document", format!("it is longer than {most} bytes"));
        return None;
    }
    let read = match form {
        Form::Json => serde_json::from_str(text).map_err(|error| error.to_string()),
        Form::Toml => toml::from_str(text).map_err(|error| error.to_string()),
    };
    let said = |reading: &mut Reading<'_>, error: String| {
        reading.malformed("document", error.trim_end());
    };
    read.map_err(|error| said(reading, error)).ok()
}

fn read_policy(reading: &mut Reading<'_>, value: &Value) -> Option<Policy> {
    let table = reading.table(value, "", &KEYS)?;
    let name = reading.required(table, "name", "").unwrap_or_default();
    if !name.is_empty() && !is_name(&name) {
        let detail = "expected letters, digits, '.', '_' and '-', 1 to 64, a letter or digit first";
        reading.malformed("name", detail);
    }
    let description = match table.get("description") {
        Some(value) => reading.text(value, "description").unwrap_or_default(),
        None => String::new(),
    };
    Some(Policy {
        name,
        description,
        repositories: scope(reading, table, "repositories"),
        tags: scope(reading, table, "tags"),
        unscannable: unscannable(reading, table),
        rules: rules(reading, table),
    })
}

/// Whether a text can be a policy's name, which stands in addresses.
fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let first = text.bytes().next().unwrap_or_default();
    text.len() <= 64 && text.bytes().all(allowed) && first.is_ascii_alphanumeric()
}

fn scope(reading: &mut Reading<'_>, table: &Map<String, Value>, key: &str) -> Vec<Wildcard> {
    match table.get(key) {
        Some(value) => reading.words(value, key).unwrap_or_default(),
        None => vec![Wildcard::any()],
    }
}

fn unscannable(reading: &mut Reading<'_>, table: &Map<String, Value>) -> Unscannable {
    let Some(value) = table.get("unscannable") else {
        return Effect::Deny;
    };
    let word = reading.text(value, "unscannable").unwrap_or_default();
    Effect::from_word(&word).unwrap_or_else(|| {
        reading.malformed("unscannable", "expected deny, warn, audit or allow");
        Effect::Deny
    })
}

fn rules(reading: &mut Reading<'_>, table: &Map<String, Value>) -> Vec<Rule> {
    let Some(list) = table.get("rules") else {
        return Vec::new();
    };
    let Some(list) = list.as_array() else {
        reading.malformed("rules", "expected a list of rules");
        return Vec::new();
    };
    let most = reading.limits.rules;
    if list.len() > most {
        reading.beyond("rules", format!("there are more than {most} rules"));
        return Vec::new();
    }
    let mut rules = Vec::new();
    for (at, value) in list.iter().enumerate() {
        let place = format!("rules[{at}]");
        let Some(mut rule) = Rule::read(reading, value, &place) else {
            continue;
        };
        if rule.name.is_empty() {
            rule.name = format!("rule {}", at + 1);
        }
        if rules.iter().any(|other: &Rule| other.name == rule.name) {
            reading.malformed(&under(&place, "name"), "another rule has that name");
        }
        rules.push(rule);
    }
    rules
}

#[cfg(test)]
mod tests;
