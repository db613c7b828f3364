//! What counts only where nothing else is said of the same: a publisher's two forms of one
//! knowledge, of which one has the word.

use std::collections::{HashMap, HashSet};

use super::gathered::{Advisory, Gathered, Row};
use super::interner::{Interner, Symbol};
use crate::Range;

/// A weakness in a package of a stream: ecosystem, package, identifier.
type Subject = (Symbol, Symbol, Symbol);

impl Gathered {
    /// Takes what a spare says of weaknesses in packages of which nothing is said here, bulletins
    /// aside, and counts the weaknesses in packages that it took.
    pub fn fill_in(&mut self, spare: Gathered) -> u64 {
        let spoken_of = self.subjects();
        let Gathered {
            strings,
            advisories,
            rows,
            ..
        } = spare;
        let advisories = by_number(&advisories);
        let mut numbers = HashMap::new();
        let mut taken = HashSet::new();
        for row in rows {
            let Some(advisory) = advisories.get(&row.advisory) else {
                continue;
            };
            let mut here = |symbol: Symbol| self.strings.symbol(strings.get(symbol));
            let (ecosystem, package) = (here(row.ecosystem), here(row.package));
            let mut names = advisory.weaknesses.iter().flatten();
            if names.any(|name| spoken_of.contains(&(ecosystem, package, here(*name)))) {
                continue;
            }
            taken.insert((row.advisory, package));
            let number = match numbers.get(&row.advisory) {
                Some(number) => *number,
                None => {
                    let advisory = moved(advisory, &strings, &mut self.strings);
                    let number = self.number(advisory);
                    numbers.insert(row.advisory, number);
                    number
                }
            };
            let row = moved_row(row, number, &strings, &mut self.strings);
            self.rows.push(row);
        }
        taken.len() as u64
    }

    /// Every weakness in a package of a stream that a record speaks of, bulletins aside.
    fn subjects(&self) -> HashSet<Subject> {
        let advisories = by_number(&self.advisories);
        let mut subjects = HashSet::new();
        for row in &self.rows {
            let advisory = advisories.get(&row.advisory);
            let firm = advisory.filter(|advisory| !advisory.bulletin);
            let names = firm
                .into_iter()
                .flat_map(|advisory| advisory.weaknesses.iter().flatten());
            subjects.extend(names.map(|name| (row.ecosystem, row.package, *name)));
        }
        subjects
    }
}

fn by_number(advisories: &HashMap<Advisory, u32>) -> HashMap<u32, &Advisory> {
    let turned = advisories
        .iter()
        .map(|(advisory, number)| (*number, advisory));
    turned.collect()
}

fn moved(advisory: &Advisory, from: &Interner, to: &mut Interner) -> Advisory {
    let mut here = |symbol: &Symbol| to.symbol(from.get(*symbol));
    let mut moved = advisory.clone();
    for symbol in [&mut moved.id, &mut moved.url, &mut moved.description] {
        *symbol = here(symbol);
    }
    for symbol in moved.weaknesses.iter_mut().flatten() {
        *symbol = here(symbol);
    }
    moved
}

fn moved_row(mut row: Row, advisory: u32, from: &Interner, to: &mut Interner) -> Row {
    let mut here = |symbol: &Symbol| to.symbol(from.get(*symbol));
    for symbol in [&mut row.ecosystem, &mut row.package, &mut row.scope] {
        *symbol = here(symbol);
    }
    let ranges: Vec<Range<Symbol>> = row.ranges.iter().map(|one| one.map(&mut here)).collect();
    row.ranges = ranges.into();
    for symbol in &mut row.versions {
        *symbol = here(symbol);
    }
    row.advisory = advisory;
    row
}
