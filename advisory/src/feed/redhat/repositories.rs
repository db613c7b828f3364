//! Which products Red Hat's package repositories serve.

use std::collections::BTreeMap;

use model::{Problem, ProblemKind};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Limits;
use crate::feed::{FeedFile, Parsed};

/// The name of the file.
pub const NAME: &str = "repository-to-cpe.json";

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    data: BTreeMap<String, &'a RawValue>,
}

#[derive(Deserialize)]
struct Repository {
    cpes: Vec<String>,
}

/// Reads the file. A repository that is not of the known form is a problem of its own.
pub fn parse(file: &FeedFile<'_>, limits: &Limits) -> Parsed {
    let failure = |kind, detail: String| Parsed::failure(Problem::new(kind, file.place(), detail));
    let all: File<'_> = match serde_json::from_slice(file.bytes) {
        Ok(all) => all,
        Err(error) => return failure(ProblemKind::Malformed, error.to_string()),
    };
    if all.data.is_empty() {
        let detail = "it lists no repository: fetch it anew".to_owned();
        return failure(ProblemKind::Malformed, detail);
    }
    let mut parsed = Parsed::default();
    for (id, text) in all.data {
        let place = || {
            let id: String = id.chars().take(80).collect();
            format!("{}: {id}", file.place())
        };
        let mut cpes = match serde_json::from_str::<Repository>(text.get()) {
            Ok(repository) => repository.cpes,
            Err(error) => {
                let detail = error.to_string();
                let problem = Problem::new(ProblemKind::Malformed, place(), detail);
                parsed.problems.push(problem);
                continue;
            }
        };
        let is_long = |text: &String| text.len() > limits.string_bytes;
        if is_long(&id) || cpes.iter().any(is_long) {
            let detail = format!("a name of more than {} bytes", limits.string_bytes);
            let problem = Problem::new(ProblemKind::Limit, place(), detail);
            parsed.problems.push(problem);
            continue;
        }
        cpes.sort();
        cpes.dedup();
        parsed.repositories.push((id, cpes));
    }
    parsed
}
