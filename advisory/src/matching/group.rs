//! Statements of several records on the same weakness.
//!
//! Two CVEs are one weakness only where one record names both as such. Any other identifier joins
//! a record without a CVE to one that shares it, but never two CVEs with each other: bulletins and
//! vendors' numbers (XSA-313) stand beside several.

use std::collections::{BTreeSet, HashMap};

use super::Asked;
use crate::identifier;

/// One weakness of one package, with every statement on it.
pub struct Group<'h, 'a> {
    /// The CVE, or the publisher's identifier.
    pub id: String,
    /// Every other name, of the weakness and of the records that speak of it.
    pub aliases: Vec<String>,
    /// In the database's order.
    pub asked: Vec<&'h Asked<'a>>,
}

impl Group<'_, '_> {
    /// Whether it is the weakness of that identifier, which may be any of its names.
    pub fn is(&self, id: &str) -> bool {
        let names = std::iter::once(&self.id).chain(&self.aliases);
        names
            .into_iter()
            .any(|name| name == id || identifier::cve(name) == Some(id))
    }
}

/// One weakness of one record.
struct Item<'h, 'a> {
    asked: &'h Asked<'a>,
    names: &'h [&'a str],
}

impl<'a> Item<'_, 'a> {
    fn cves(&self) -> impl Iterator<Item = &'a str> {
        self.names.iter().filter_map(|name| identifier::cve(name))
    }
}

/// Sets of items, joined step by step.
struct Sets {
    parent: Vec<usize>,
    has_cve: Vec<bool>,
}

impl Sets {
    fn root(&self, mut item: usize) -> usize {
        while let Some(parent) = self
            .parent
            .get(item)
            .copied()
            .filter(|parent| *parent != item)
        {
            item = parent;
        }
        item
    }

    fn cve(&self, root: usize) -> bool {
        self.has_cve.get(root).copied().unwrap_or_default()
    }

    /// The lower root wins, so that chains stay short and the order of the database decides.
    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        let (low, high) = (a.min(b), a.max(b));
        let either = self.cve(a) || self.cve(b);
        if let Some(parent) = self.parent.get_mut(high) {
            *parent = low;
        }
        if let Some(has) = self.has_cve.get_mut(low) {
            *has = either;
        }
    }
}

/// Puts together what speaks of the same weakness, in the order of their identifiers.
pub fn by_weakness<'h, 'a>(all: &'h [Asked<'a>]) -> Vec<Group<'h, 'a>> {
    let mut items = Vec::new();
    for asked in all {
        for names in &asked.hit.statement.advisory.weaknesses {
            items.push(Item { asked, names });
        }
    }
    let mut sets = Sets {
        parent: (0..items.len()).collect(),
        has_cve: items
            .iter()
            .map(|item| item.cves().next().is_some())
            .collect(),
    };
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    for (number, item) in items.iter().enumerate() {
        for cve in item.cves() {
            match by_name.get(cve) {
                Some(other) => sets.join(number, *other),
                None => drop(by_name.insert(cve, number)),
            }
        }
    }
    for (number, item) in items
        .iter()
        .enumerate()
        .filter(|(_, item)| item.cves().next().is_some())
    {
        for name in item.names {
            by_name.entry(name).or_insert(number);
        }
    }
    for (number, item) in items
        .iter()
        .enumerate()
        .filter(|(_, item)| item.cves().next().is_none())
    {
        for name in item.names {
            let Some(other) = by_name.get(name).copied() else {
                by_name.insert(name, number);
                continue;
            };
            let both = sets.cve(sets.root(number)) && sets.cve(sets.root(other));
            if !both {
                sets.join(number, other);
            }
        }
    }
    collect(&items, &sets)
}

fn collect<'h, 'a>(items: &[Item<'h, 'a>], sets: &Sets) -> Vec<Group<'h, 'a>> {
    let mut by_root: HashMap<usize, Vec<&Item<'h, 'a>>> = HashMap::new();
    for (number, item) in items.iter().enumerate() {
        by_root.entry(sets.root(number)).or_default().push(item);
    }
    let mut groups: Vec<_> = by_root.values().map(|members| named(members)).collect();
    groups.sort_by(|a, b| a.id.cmp(&b.id).then_with(|| a.aliases.cmp(&b.aliases)));
    groups
}

/// A group under its smallest CVE, or the smallest identifier that a record gives it.
fn named<'h, 'a>(members: &[&Item<'h, 'a>]) -> Group<'h, 'a> {
    let cve = members.iter().flat_map(|item| item.cves()).min();
    let first = members.iter().filter_map(|item| item.names.first()).min();
    let id = cve.or(first.copied()).unwrap_or_default();
    let records = members
        .iter()
        .map(|item| item.asked.hit.statement.advisory.id);
    let names = members.iter().flat_map(|item| item.names.iter().copied());
    let aliases: BTreeSet<&str> = names.chain(records).filter(|name| *name != id).collect();
    let mut asked: Vec<&'h Asked<'a>> = Vec::new();
    for item in members {
        if !asked.iter().any(|one| std::ptr::eq(*one, item.asked)) {
            asked.push(item.asked);
        }
    }
    Group {
        id: id.to_owned(),
        aliases: aliases.into_iter().map(str::to_owned).collect(),
        asked,
    }
}
