//! How long a database takes to open and a lookup in it: for `bench/database`.
//!
//! Arguments: a database file, and a file of `ecosystem<TAB>package` lines. Prints nanoseconds as
//! JSON: the median of opening it, the mean of a lookup once every piece has been compared, and the
//! median of matching an inventory of 1,000 packages, spread over the names, with the findings that
//! it has.

use std::time::Instant;

use advisory::{AgeLimits, Database, Key};
use model::{Distro, Ecosystem, Installed, Inventory, Ownership, Package, PackageType, distro};

const OPENINGS: usize = 51;
const ROUNDS: usize = 5;
const MATCHINGS: usize = 21;
const PACKAGES: usize = 1000;

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
    let (matching, findings) = matching(&database, &names);
    println!(
        r#"{{"opening":{opening},"lookup":{lookup},"asked":{asked},"found":{found},"matching":{matching},"findings":{findings}}}"#
    );
    Ok(())
}

fn version(place: usize) -> &'static str {
    match place % 20 {
        0 => "1.0.5-1",
        _ => "99.9-1",
    }
}

/// The median of matching an inventory, and how many findings it has.
fn matching(database: &Database, names: &str) -> (u128, usize) {
    let inventory = inventory(names);
    let now = jiff::Timestamp::UNIX_EPOCH;
    let mut took = Vec::with_capacity(MATCHINGS);
    let mut count = 0;
    for _ in 0..MATCHINGS {
        let begun = Instant::now();
        let (findings, _) = advisory::findings(&inventory, database, now, &AgeLimits::default());
        took.push(begun.elapsed().as_nanos());
        count = findings.len();
    }
    took.sort_unstable();
    (took.get(MATCHINGS / 2).copied().unwrap_or_default(), count)
}

/// Packages of the first distribution that is named, and of languages: one of twenty is old and has
/// whatever is known of it, the others are newer than what was mended.
fn inventory(names: &str) -> Inventory {
    let lines: Vec<&str> = names.lines().collect();
    let mut inventory = Inventory::default();
    for line in lines.iter().step_by((lines.len() / PACKAGES).max(1)) {
        let Some((ecosystem, name)) = line.split_once('\t') else {
            continue;
        };
        let kind = match ecosystem.split_once(':') {
            None => ecosystem.parse().unwrap_or(PackageType::Generic),
            Some((id, release)) => {
                let known = inventory
                    .distro
                    .get_or_insert_with(|| Distro::new(id, release));
                match distro::row(&known.id) {
                    Some(row) => row.kind,
                    None => continue,
                }
            }
        };
        inventory.packages.push(Installed {
            package: Package::new(kind, name, version(inventory.packages.len())),
            path: String::new(),
            layer: None,
            ownership: Ownership::Own,
            licence: String::new(),
        });
    }
    inventory
}
