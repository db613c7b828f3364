//! A list of problems that cannot grow without end.

use model::{Problem, ProblemKind};

/// Problems of one file, layer or tree: the first ones are kept, later ones counted.
pub struct Problems {
    kept: Vec<Problem>,
    limit: usize,
    left_out: u64,
}

impl Problems {
    /// A list that keeps up to `limit` problems.
    pub fn new(limit: usize) -> Problems {
        Problems {
            kept: Vec::new(),
            limit,
            left_out: 0,
        }
    }

    /// Adds a problem at a place.
    pub fn add(&mut self, kind: ProblemKind, place: impl Into<String>, detail: impl Into<String>) {
        match self.kept.len() < self.limit {
            true => self.kept.push(Problem::new(kind, place, detail)),
            false => self.left_out += 1,
        }
    }

    /// All that were kept; a last one says how many were not.
    pub fn finish(mut self, place: &str) -> Vec<Problem> {
        if self.left_out > 0 {
            let detail = format!("{} more problems are left out", self.left_out);
            self.kept
                .push(Problem::new(ProblemKind::Limit, place, detail));
        }
        self.kept
    }
}
