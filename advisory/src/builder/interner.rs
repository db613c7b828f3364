//! Strings kept once.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

/// A string's number.
pub type Symbol = u32;

/// Strings by number, each once.
#[derive(Default)]
pub struct Interner {
    text: String,
    ends: Vec<usize>,
    /// The last string of each hash; earlier ones of the same hash hang behind it.
    by_hash: HashMap<u64, Symbol>,
    earlier: Vec<Option<Symbol>>,
}

impl Interner {
    /// The number of a string, new or known.
    pub fn symbol(&mut self, text: &str) -> Symbol {
        let hash = xxh3_64(text.as_bytes());
        let newest = self.by_hash.get(&hash).copied();
        let mut candidate = newest;
        while let Some(symbol) = candidate {
            if self.get(symbol) == text {
                return symbol;
            }
            candidate = self.earlier.get(symbol as usize).copied().flatten();
        }
        let symbol = Symbol::try_from(self.ends.len()).unwrap_or(Symbol::MAX);
        self.text.push_str(text);
        self.ends.push(self.text.len());
        self.earlier.push(newest);
        self.by_hash.insert(hash, symbol);
        symbol
    }

    /// The string of a number; empty for a number that was never given.
    pub fn get(&self, symbol: Symbol) -> &str {
        let at = symbol as usize;
        let start = match at.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or_default(),
            None => 0,
        };
        let end = self.ends.get(at).copied().unwrap_or_default();
        self.text.get(start..end).unwrap_or_default()
    }

    /// Every number in the order of its string, and for each number its place in that order.
    pub fn ranks(&self) -> (Vec<Symbol>, Vec<u32>) {
        let mut sorted: Vec<Symbol> = (0..self.ends.len() as u32).collect();
        sorted.sort_unstable_by(|a, b| self.get(*a).cmp(self.get(*b)));
        let mut ranks = vec![0; sorted.len()];
        for (rank, symbol) in sorted.iter().enumerate() {
            if let Some(place) = ranks.get_mut(*symbol as usize) {
                *place = rank as u32;
            }
        }
        (sorted, ranks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_has_one_number() {
        let mut strings = Interner::default();
        let numbers: Vec<_> = ["b", "", "a", "b"].map(|text| strings.symbol(text)).into();
        assert_eq!(numbers, [0, 1, 2, 0]);
        assert_eq!(strings.get(2), "a");
        assert_eq!(strings.get(99), "");
        assert_eq!(strings.ranks(), (vec![1, 2, 0], vec![2, 0, 1]));
    }
}
