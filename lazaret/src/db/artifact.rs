//! An advisory database as an OCI artifact: what `db push` and `db pull` move.
//!
//! The configuration blob is the [`Document`]: which sections make the database, and by which
//! *steps* each can be had, whole or from an older one. The layers are the steps. The document is
//! signed; it names every blob and every section by a digest, so that its signature covers all.
//! `docs/database.md` draws the form.

use std::collections::{BTreeMap, BTreeSet};

use model::Digest;
use serde::{Deserialize, Serialize};

pub mod archive;
pub mod keys;
pub mod pack;
pub mod pull;
pub mod push;
pub mod registry;
pub mod transport;

/// The artifact's type.
pub const ARTIFACT: &str = "application/vnd.lazaret.database.v1";
/// The media type of the configuration blob, a [`Document`].
pub const DOCUMENT: &str = "application/vnd.lazaret.database.document.v1+json";
/// The media type of a layer, a step.
pub const STEP: &str = "application/vnd.lazaret.database.step.v1+zstd";
/// The annotation of the manifest that holds the signature of the document's bytes.
pub const SIGNATURE: &str = "org.lazaret.database.signature";
/// The schema that is written and read.
pub const SCHEMA: &str = "lazaret.database/1";

/// The longest document and manifest that are read, in bytes.
pub const MOST_DOCUMENT: u64 = 16 << 20;
/// The largest blob that is read, in bytes.
pub const MOST_BLOB: u64 = 1 << 30;
/// The largest section that is unpacked, in bytes.
pub const MOST_SECTION: u64 = 4 << 30;
/// The most steps that are kept for a section.
const MOST_STEPS: usize = 64;

/// What an artifact holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// Grows with every push: nobody goes back to an older one unasked.
    pub version: u64,
    /// The database's revision.
    pub revision: String,
    /// The newest date in the database's input.
    pub built: Option<String>,
    /// In the file's order.
    pub sections: Vec<Section>,
}

/// One section of the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// What it holds, by its number in the file.
    pub kind: u32,
    /// Its source, or what it holds.
    pub name: String,
    /// BLAKE3 of its bytes in the file, in hexadecimal digits.
    pub checksum: String,
    /// Its bytes in the file.
    pub length: u64,
    /// How it can be had. One step at least begins with nothing, or leads on from one that does.
    pub steps: Vec<Step>,
}

/// A blob that makes a section, whole or out of another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The checksum of the section that has to be there; none where this is a whole one.
    pub from: Option<String>,
    /// The checksum of the section that it makes.
    pub to: String,
    /// The blob.
    pub blob: Digest,
    /// Its bytes.
    pub size: u64,
}

impl Section {
    /// The shortest way to this section from one of those that are there, or from nothing.
    pub fn way(&self, there: &BTreeSet<String>) -> Option<Vec<&Step>> {
        // The cheapest way to each section, by what it costs and its last step.
        let mut known: BTreeMap<&str, (u64, Option<&Step>)> = BTreeMap::new();
        for checksum in there {
            known.insert(checksum, (0, None));
        }
        for _ in 0..self.steps.len() {
            for step in &self.steps {
                let before = match &step.from {
                    None => 0,
                    Some(from) => match known.get(from.as_str()) {
                        Some((cost, _)) => *cost,
                        None => continue,
                    },
                };
                let cost = before.saturating_add(step.size);
                if known
                    .get(step.to.as_str())
                    .is_none_or(|(best, _)| cost < *best)
                {
                    known.insert(&step.to, (cost, Some(step)));
                }
            }
        }
        let mut way = Vec::new();
        let mut at = Some(self.checksum.as_str());
        while let Some(checksum) = at {
            let (_, step) = known.get(checksum)?;
            let Some(step) = step else { break };
            if way.len() > self.steps.len() {
                return None;
            }
            way.push(*step);
            at = step.from.as_deref();
        }
        way.reverse();
        Some(way)
    }

    /// Whether a whole one should be offered anew: who begins with nothing would otherwise move
    /// much more than is needed.
    pub fn is_worn(&self) -> bool {
        let whole: u64 = self.sizes(|step| step.from.is_none());
        let changes: u64 = self.sizes(|step| step.from.is_some());
        whole == 0 || changes > whole / 4 || self.steps.len() >= MOST_STEPS
    }

    fn sizes(&self, of: impl Fn(&Step) -> bool) -> u64 {
        let steps = self.steps.iter().filter(|step| of(step));
        steps.map(|step| step.size).sum()
    }

    /// Adds a whole one. Steps from older ones stay as long as they are less than it, newest
    /// first.
    pub fn renew(&mut self, whole: Step) {
        let mut kept = 0;
        let mut changes: Vec<Step> = Vec::new();
        for step in self.steps.drain(..).rev() {
            kept += step.size;
            if step.from.is_some() && kept <= whole.size && changes.len() + 2 < MOST_STEPS {
                changes.push(step);
            } else {
                break;
            }
        }
        changes.reverse();
        self.steps = changes;
        self.steps.push(whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(from: &str, to: &str, size: u64) -> Step {
        Step {
            from: (!from.is_empty()).then(|| from.to_owned()),
            to: to.to_owned(),
            blob: Digest::of(format!("{from}{to}").as_bytes()),
            size,
        }
    }

    fn section(steps: &[(&str, &str, u64)]) -> Section {
        let steps: Vec<Step> = steps.iter().map(|(a, b, size)| step(a, b, *size)).collect();
        Section {
            kind: 2,
            name: "s".to_owned(),
            checksum: steps.last().map_or(String::new(), |last| last.to.clone()),
            length: 1,
            steps,
        }
    }

    fn way(section: &Section, there: &[&str]) -> Option<String> {
        let there = there.iter().map(|one| (*one).to_owned()).collect();
        let way = section.way(&there)?;
        let words = way.iter().map(|step| {
            let from = step.from.as_deref().unwrap_or("-");
            format!("{from}{}", step.to)
        });
        Some(words.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_shortest_way_is_taken() {
        let chain = section(&[("", "a", 100), ("a", "b", 5), ("b", "c", 5)]);
        for (there, expected) in [
            (&[][..], "-a ab bc"),
            (&["a"], "ab bc"),
            (&["b", "a"], "bc"),
            (&["x"], "-a ab bc"),
            (&["c"], ""),
        ] {
            assert_eq!(way(&chain, there).as_deref(), Some(expected), "{there:?}");
        }
        let both = section(&[("a", "b", 60), ("b", "c", 60), ("", "c", 100)]);
        assert_eq!(
            way(&both, &["a"]).as_deref(),
            Some("-c"),
            "the whole is less"
        );
        assert_eq!(way(&both, &["b"]).as_deref(), Some("bc"));
    }

    #[test]
    fn a_way_that_is_not_there_is_none() {
        assert_eq!(way(&section(&[("a", "b", 1)]), &[]), None);
        assert_eq!(way(&section(&[("a", "b", 1), ("b", "a", 1)]), &["x"]), None);
    }

    #[test]
    fn a_whole_one_is_offered_anew_when_the_changes_have_grown() {
        assert!(section(&[]).is_worn(), "there is none yet");
        let mut section = section(&[("", "a", 100), ("a", "b", 20), ("b", "c", 5)]);
        assert!(!section.is_worn());
        section.steps.push(step("c", "d", 5));
        section.checksum = "d".to_owned();
        assert!(section.is_worn());
        section.renew(step("", "d", 29));
        assert_eq!(way(&section, &[]).as_deref(), Some("-d"));
        assert_eq!(way(&section, &["b"]).as_deref(), Some("bc cd"));
        assert_eq!(
            way(&section, &["a"]).as_deref(),
            Some("-d"),
            "that one is forgotten"
        );
        assert!(!section.steps.iter().any(|step| step.size == 100));
    }
}
