//! How long a database takes to open and a lookup in it: for `bench/database`.
//!
//! Arguments: a database file, and a file of `ecosystem<TAB>package` lines. Prints nanoseconds as
//! JSON: the median of opening it, and the mean of a lookup once every piece has been compared.

use std::time::Instant;

use advisory::{Database, Key};
use model::Ecosystem;

const OPENINGS: usize = 51;
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(database), Some(names)) = (arguments.next(), arguments.next()) else {
        return Err("usage: lookups DATABASE NAMES".into());
    };
    let bytes: &'static [u8] = std::fs::read(database)?.leak();
    let mut openings = Vec::with_capacity(OPENINGS);
    for _ in 0..OPENINGS {
        let begun = Instant::now();
        Database::open(bytes)?;
        openings.push(begun.elapsed().as_nanos());
    }
    openings.sort_unstable();
    let database = Database::open(bytes)?;
    let names = std::fs::read_to_string(names)?;
    let key = |line: &str| {
        let (ecosystem, name) = line.split_once('\t')?;
        Some(Key::new(&ecosystem.parse::<Ecosystem>().ok()?, name))
    };
    let keys: Vec<Key> = names.lines().filter_map(key).collect();
    let (mut found, mut least) = (0_usize, u128::MAX);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let is_there = |key: &&Key| database.statements(key).next().is_some();
        found = keys.iter().filter(is_there).count();
        least = least.min(begun.elapsed().as_nanos());
    }
    let lookup = least / keys.len().max(1) as u128;
    let opening = openings.get(OPENINGS / 2).copied().unwrap_or_default();
    let asked = keys.len();
    println!(r#"{{"opening":{opening},"lookup":{lookup},"asked":{asked},"found":{found}}}"#);
    Ok(())
}
