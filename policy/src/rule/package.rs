//! `package`: the package's name, that of its source, or its package URL fits one of the patterns.
//! Alone it is about every package of that name, whether something is wrong with it or not.

use super::{Case, Condition, Kind, Looks, Outcome};
use crate::Pattern;

pub const KIND: Kind = Kind {
    name: "package",
    looks: Looks::AtPackage,
    read: |reading, value, place| {
        let patterns = reading.patterns(value, place)?;
        Some(Box::new(Package(patterns)))
    },
};

#[derive(Clone, Debug)]
struct Package(Vec<Pattern>);

impl Condition for Package {
    fn test(&self, case: &Case<'_>) -> Outcome {
        let Some(package) = case.package else {
            return Outcome::Not;
        };
        Outcome::of(self.0.iter().any(|one| fits(one, package, case.purl)))
    }
}

/// Whether a pattern fits a package by one of its names.
pub fn fits(pattern: &Pattern, package: &model::Package, purl: Option<&str>) -> bool {
    pattern.matches(&package.name)
        || pattern.matches(package.source_name())
        || purl.is_some_and(|purl| pattern.matches(purl))
}
