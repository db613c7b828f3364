//! Digests in order, read from the directories without holding them all.

use std::fs;
use std::path::Path;

use model::Digest;
use model::digest::Algorithm;

use super::{Places, failed, present};
use crate::StoreError;

/// The names in a directory, sorted; none where the directory is not there.
pub fn names(path: &Path) -> Result<Vec<String>, StoreError> {
    let fail = |cause| failed("list", path, cause);
    let Some(entries) = present(fs::read_dir(path)).map_err(fail)? else {
        return Ok(Vec::new());
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.map_err(fail)?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

/// Up to `limit` digests after one. One shard's names are in memory at a time.
pub fn digests(
    places: &Places,
    after: Option<&Digest>,
    limit: usize,
) -> Result<Vec<Digest>, StoreError> {
    let mut digests = Vec::new();
    for algorithm in Algorithm::ALL {
        let directory = places.algorithm(algorithm);
        let passed = |shard: &String| {
            let last = format!("{}:{shard}g", algorithm.as_str());
            after.is_some_and(|after| last.as_str() < after.as_str())
        };
        let shards = names(&directory)?;
        for shard in shards
            .iter()
            .filter(|shard| shard.len() == 2 && !passed(shard))
        {
            let found = names(&directory.join(shard))?.into_iter();
            let parsed = found.filter_map(|hex| digest(algorithm, &hex));
            digests.extend(parsed.filter(|digest| after.is_none_or(|after| digest > after)));
            if digests.len() >= limit {
                digests.truncate(limit);
                return Ok(digests);
            }
        }
    }
    Ok(digests)
}

fn digest(algorithm: Algorithm, hex: &str) -> Option<Digest> {
    format!("{}:{hex}", algorithm.as_str()).parse().ok()
}
