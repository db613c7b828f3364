//! Things that were asked for lately, kept under digests up to a weight in bytes.
//!
//! What is kept comes from images, so that its size is for strangers to say: it is weighed, not
//! counted.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::Digest;
use serde::Serialize;

/// A bounded cache. What was not asked for the longest makes room.
pub struct Cache<V> {
    kept: Mutex<Kept<V>>,
    most: usize,
}

struct Kept<V> {
    rows: HashMap<Digest, Row<V>>,
    weight: usize,
    asked: u64,
}

struct Row<V> {
    value: Arc<V>,
    weight: usize,
    /// The number of the question that it last answered.
    asked: u64,
}

impl<V> Cache<V> {
    /// Room for so many bytes.
    pub fn new(most: usize) -> Cache<V> {
        Cache {
            kept: Mutex::new(Kept {
                rows: HashMap::new(),
                weight: 0,
                asked: 0,
            }),
            most,
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept<V>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept under a digest.
    pub fn get(&self, digest: &Digest) -> Option<Arc<V>> {
        let mut kept = self.kept();
        kept.asked += 1;
        let asked = kept.asked;
        let row = kept.rows.get_mut(digest)?;
        row.asked = asked;
        Some(row.value.clone())
    }

    /// Keeps something in the place of what was there. What weighs more than half of the room is
    /// not kept, so that it cannot drive everything else out.
    pub fn put(&self, digest: &Digest, value: Arc<V>, weight: usize) {
        let mut kept = self.kept();
        kept.forget(digest);
        if weight > self.most / 2 {
            return;
        }
        if kept.weight.saturating_add(weight) > self.most {
            kept.forget_until(self.most / 2);
        }
        kept.asked += 1;
        kept.weight += weight;
        let asked = kept.asked;
        let row = Row {
            value,
            weight,
            asked,
        };
        kept.rows.insert(digest.clone(), row);
    }
}

impl<V> Kept<V> {
    fn forget(&mut self, digest: &Digest) {
        if let Some(row) = self.rows.remove(digest) {
            self.weight -= row.weight;
        }
    }

    /// Forgets those that were not asked for the longest. To forget many at a time costs less than
    /// to look for the oldest each time.
    fn forget_until(&mut self, weight: usize) {
        let rows = self.rows.iter();
        let mut oldest: Vec<(u64, Digest)> =
            rows.map(|(key, row)| (row.asked, key.clone())).collect();
        oldest.sort();
        for (_, digest) in oldest {
            if self.weight <= weight {
                break;
            }
            self.forget(&digest);
        }
    }
}

/// About how many bytes something takes in memory: as many as its JSON.
pub fn weigh(value: &impl Serialize) -> usize {
    let mut counter = Counter(0);
    // Writing to a counter cannot fail; what cannot be written weighs what was written of it.
    drop(serde_json::to_writer(&mut counter, value));
    counter.0
}

struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(name: &str) -> Digest {
        Digest::of(name.as_bytes())
    }

    fn there(cache: &Cache<String>) -> String {
        let names = ["a", "b", "c", "d", "e"];
        let kept = |name: &&str| cache.kept().rows.contains_key(&digest(name));
        names.into_iter().filter(kept).collect()
    }

    #[test]
    fn what_was_not_asked_for_the_longest_makes_room_and_giants_are_not_kept() {
        let cache: Cache<String> = Cache::new(10);
        let put = |name: &str, weight| cache.put(&digest(name), Arc::new(name.to_owned()), weight);
        for name in ["a", "b", "c"] {
            put(name, 3);
        }
        assert_eq!(cache.get(&digest("a")).unwrap().as_str(), "a");
        put("d", 3);
        assert_eq!(there(&cache), "ad");
        put("e", 6);
        assert_eq!(there(&cache), "ad", "a giant drives nobody out");
        put("a", 1);
        put("b", 5);
        assert_eq!(there(&cache), "abd");
        assert_eq!(cache.kept().weight, 9);
        put("a", 6);
        assert_eq!(there(&cache), "bd", "what it was before is not kept either");
    }

    #[test]
    fn a_thing_weighs_what_its_names_do() {
        assert_eq!(weigh(&["ab", "c"]), r#"["ab","c"]"#.len());
    }
}
